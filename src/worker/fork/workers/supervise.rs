//! Supervision of the workers: assigning batches, time limits, deaths, and the end of a pass.

use super::{ForkedWorkers, Warming};
use crate::farm::protocol::{Death, Failure};
use crate::farm::worker::WorkerReport;
use crate::job::options::ForkAfter;
use crate::worker::fork::error::WorkersError;
use crate::worker::fork::process::Ended;
use crate::worker::fork::worker_slot::{State, WorkerSlot};
use std::sync::atomic::Ordering;
use std::time::Instant;

/// After this many deaths in a row without a finished batch, the rank gives up starting workers.
const MOST_DEATHS: u32 = 100;

impl ForkedWorkers {
    /// Handles a worker's death. The zygote knows the cause and forks a replacement worker.
    pub(super) fn replace(&mut self, number: usize) -> Result<(), WorkersError> {
        let slot = &mut self.slots[number];
        (slot.died_in, slot.died) = (slot.state, Some(Instant::now()));
        if slot.state == State::Finalized {
            // The worker has finished and needs no replacement.
            slot.channel = None;
            return Ok(());
        }
        self.fork(number)
    }

    /// Handles the exit of a worker that is being replaced.
    pub(super) fn gone(&mut self, number: usize, ended: Ended) {
        let Some(slot) = self.slots.get_mut(number) else { return };
        let item = self.zygote.borrow().current_items.of(number).swap(0, Ordering::Relaxed);
        self.zygote.borrow().reply_buffers.clear(number);
        if slot.retires {
            return;
        }
        let cause = match slot.kill_reason.take() {
            Some(reason) => reason,
            None => cause(ended, self.memory),
        };
        self.deaths += 1;
        let given_up = match slot.died_in {
            State::Starting(_) if self.fork_after == ForkAfter::None => {
                slot.failed_starts += 1;
                (slot.failed_starts > self.retries).then_some("initialize_remote")
            }
            State::Finalizing => {
                slot.deaths_in_finalize += 1;
                (slot.deaths_in_finalize > self.retries).then_some("finalize_remote")
            }
            _ => (self.deaths > MOST_DEATHS).then_some("starting workers"),
        };
        if let Some(hook) = given_up {
            let failure = Failure::hook(hook, format!("a worker {cause}"));
            self.reports.push_back(WorkerReport::Failed(failure));
            return;
        }
        let mut batches = std::mem::take(&mut slot.batches);
        if let Some((batch, _)) = batches.pop_front() {
            self.reports.push_back(WorkerReport::Died(Death {
                batch,
                item: item.checked_sub(1),
                cause,
            }));
        } else {
            log::warn!("a worker without items {cause}; another one takes its place");
        }
        for batch in batches.into_iter().rev() {
            self.queue.push_front(batch);
        }
    }

    /// Kills workers that exceed a time limit. Fails if initialisation exceeds its own time limit.
    pub(super) fn check_time_limits(&mut self) -> Result<(), WorkersError> {
        let now = Instant::now();
        let limits = self.limits;
        let too_long = |since: Instant| {
            limits
                .initialize
                .is_some_and(|limit| now.saturating_duration_since(since) > limit)
        };
        let late = || {
            let limit = limits.initialize.unwrap_or_default().as_secs_f64();
            Failure::hook(
                "initialize_remote",
                format!("it takes longer than --init-timeout allows, which is {limit} s"),
            )
        };
        if self.initializing.is_some_and(too_long) {
            return Err(late().into());
        }
        if let (Warming::UnderWay(since), Some(limit)) = (self.warming, limits.first_item.or(limits.item))
            && now.saturating_duration_since(since) > limit
        {
            let limit = limit.as_secs_f64();
            return Err(Failure::hook(
                "processing the first item before forking",
                format!("it takes longer than --first-item-timeout or --item-timeout allows, which is {limit} s"),
            )
            .into());
        }
        let zygote = self.zygote.borrow();
        for (number, slot) in self.slots.iter_mut().enumerate() {
            match slot.state {
                State::Starting(since) if too_long(since) => return Err(late().into()),
                State::Ready if !slot.batches.is_empty() => {
                    let item = zygote.current_items.of(number).load(Ordering::Relaxed);
                    if let Some(reason) = slot.clock.check(item, now, &limits) {
                        slot.kill(reason);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Assigns queued batches to workers.
    pub(super) fn assign(&mut self) -> Result<(), WorkersError> {
        // While a worker is starting, the others do not take batches that it could process.
        let all_there = self.slots.iter().all(|slot| slot.state == State::Ready);
        let (allowed, depth) = match self.warming {
            Warming::Done => (self.slots.len(), if all_there { self.depth } else { 1 }),
            // Only one batch at a time is assigned until an item succeeds.
            Warming::Trying => (1, 1),
            Warming::UnderWay(_) => (0, 0),
        };
        while let Some((batch, _)) = self.queue.front() {
            let avoid = match batch.count == 1 && allowed > 1 {
                true => self.failed_by.get(&batch.first).copied(),
                false => None,
            };
            let slots = self.slots[..allowed].iter_mut().enumerate();
            let free = slots
                .filter(|(number, slot)| slot.has_room(depth) && Some(*number) != avoid)
                .map(|(_, slot)| slot)
                .min_by_key(|slot| slot.batches.len());
            let Some(slot) = free else { break };
            if let Some((batch, items)) = self.queue.pop_front() {
                slot.process(batch, items)?;
            }
        }
        Ok(())
    }

    /// Once there are no more items: lets all workers finalise their tasks, then asks the accumulator for the sum.
    pub(super) fn wind_up(&mut self) -> Result<(), WorkersError> {
        if !self.finalizing {
            return Ok(());
        }
        for slot in &mut self.slots {
            if slot.state == State::Ready && slot.batches.is_empty() {
                slot.finalize()?;
            }
        }
        let ended = |slot: &WorkerSlot| matches!(slot.state, State::Finalized | State::Empty);
        if self.slots.iter().all(ended)
            && let Some(always) = self.emit.take()
        {
            self.accumulator.emit(always)?;
        }
        Ok(())
    }
}

/// Returns the cause of a worker's death, phrased as the end of a sentence.
fn cause(ended: Ended, memory: Option<u64>) -> String {
    const MB: f64 = 1e6;
    match memory {
        Some(limit) => format!(
            "{ended} (--worker-memory lets it have {:.0} MB more than it began with; it had {:.0} MB in all at most)",
            limit as f64 / MB,
            ended.peak as f64 / MB
        ),
        None => ended.to_string(),
    }
}
