//! What becomes of workers and batches: who gets which, what takes too long, who dies, and the end.

use super::{ForkedWorkers, Warming};
use crate::farm::protocol::{Death, HookFailure};
use crate::farm::worker::WorkerReport;
use crate::job::options::ForkAfter;
use crate::worker::fork::error::WorkerError;
use crate::worker::fork::process::Ended;
use crate::worker::fork::worker_slot::{State, WorkerSlot};
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Workers that die so often, one after the other, never get anything done.
const HOPELESS: u32 = 100;

impl ForkedWorkers {
    /// A worker has died. The zygote knows of what, and forks another.
    pub(super) fn replace(&mut self, number: usize) -> Result<(), WorkerError> {
        let slot = &mut self.slots[number];
        (slot.died_in, slot.died) = (slot.state, Some(Instant::now()));
        if slot.state == State::Finalized {
            // It has done all there was to do.
            slot.peer = None;
            return Ok(());
        }
        self.fork(number)
    }

    /// How a worker has ended that another takes the place of.
    pub(super) fn gone(&mut self, number: usize, ended: Ended) {
        let Some(slot) = self.slots.get_mut(number) else { return };
        let place = self.helper.borrow().roster.place(number).swap(0, Ordering::Relaxed);
        self.helper.borrow().shelf.clear(number);
        if slot.retires {
            return;
        }
        let cause = match slot.doom.take() {
            Some(doom) => doom,
            None => cause(ended, self.memory),
        };
        self.deaths += 1;
        let hopeless = match slot.died_in {
            State::Starting(_) if self.fork_after == ForkAfter::None => {
                slot.stillborn += 1;
                (slot.stillborn > self.retries).then_some("initialize_remote")
            }
            State::Finalizing => {
                slot.deaths_in_finalize += 1;
                (slot.deaths_in_finalize > self.retries).then_some("finalize_remote")
            }
            _ => (self.deaths > HOPELESS).then_some("starting workers"),
        };
        if let Some(hook) = hopeless {
            let failure = HookFailure::new(hook, format!("a worker {cause}"));
            self.reports.push_back(WorkerReport::Failed(failure));
            return;
        }
        let mut batches = std::mem::take(&mut slot.batches);
        if let Some((batch, _)) = batches.pop_front() {
            self.reports.push_back(WorkerReport::Died(Death {
                batch,
                item: place.checked_sub(1),
                cause,
            }));
        } else {
            log::warn!("a worker without items {cause}; there is another in its place");
        }
        for batch in batches.into_iter().rev() {
            self.queue.push_front(batch);
        }
    }

    /// ZygoteEnds what takes longer than it may.
    pub(super) fn look_at_clock(&mut self) -> Result<(), WorkerError> {
        let now = Instant::now();
        let limits = self.limits;
        let too_long = |since: Instant| {
            limits
                .initialize
                .is_some_and(|limit| now.saturating_duration_since(since) > limit)
        };
        let late = || {
            let limit = limits.initialize.unwrap_or_default().as_secs_f64();
            WorkerError::hook(
                "initialize_remote",
                format!("it takes longer than --init-timeout allows, which is {limit} s"),
            )
        };
        if self.initializing.is_some_and(too_long) {
            return Err(late());
        }
        if let (Warming::UnderWay(since), Some(limit)) = (self.warming, limits.first_item.or(limits.item))
            && now.saturating_duration_since(since) > limit
        {
            let limit = limit.as_secs_f64();
            return Err(WorkerError::hook(
                "processing the first item before forking",
                format!("it takes longer than --first-item-timeout or --item-timeout allows, which is {limit} s"),
            ));
        }
        let helper = self.helper.borrow();
        for (number, slot) in self.slots.iter_mut().enumerate() {
            match slot.state {
                State::Starting(since) if too_long(since) => return Err(late()),
                State::Ready if !slot.batches.is_empty() => {
                    let place = helper.roster.place(number).load(Ordering::Relaxed);
                    if let Some(reason) = slot.watch.look(place, now, &limits) {
                        slot.end(reason);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Gives batches to workers.
    pub(super) fn assign(&mut self) -> Result<(), WorkerError> {
        // While a worker is on its way, others need not have what it could do.
        let all_there = self.slots.iter().all(|slot| slot.state == State::Ready);
        let (allowed, depth) = match self.warming {
            Warming::Done => (self.slots.len(), if all_there { self.depth } else { 1 }),
            // One batch at a time, until the first good item is known.
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
                .filter(|(number, slot)| slot.takes(depth) && Some(*number) != avoid)
                .map(|(_, slot)| slot)
                .min_by_key(|slot| slot.batches.len());
            let Some(slot) = free else { break };
            if let Some((batch, items)) = self.queue.pop_front() {
                slot.process(batch, items)?;
            }
        }
        Ok(())
    }

    /// When there are no more items: has all workers finalise their tasks, and then the keeper say what it has.
    pub(super) fn wind_up(&mut self) -> Result<(), WorkerError> {
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
            self.keeper.emit(always)?;
        }
        Ok(())
    }
}

/// What a worker has died of, as the end of a sentence.
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
