//! What the zygote, the workers and the keeper say, and what is done about it.

use super::{ForkedWorkers, Warming};
use crate::farm::protocol::{Batch, Done, HookFailure, Payload};
use crate::farm::worker::WorkerReport;
use crate::worker::fork::channel::RankChannel;
use crate::worker::fork::error::WorkerError;
use crate::worker::fork::messages::{WorkerAnswer, ZygoteOrder, ZygoteReport};
use crate::worker::fork::worker_slot::State;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// Who has something to say.
#[derive(Debug, Clone, Copy)]
pub(super) enum Speaker {
    Zygote,
    Accumulator,
    Worker(usize),
}

impl ForkedWorkers {
    /// RankUsage until somebody says something, or has room for more, at most so long; who it is.
    pub(super) fn listen(&self, wait: Duration) -> Vec<Speaker> {
        let helper = self.helper.borrow();
        // While outputs wait for the keeper, workers must wait with theirs.
        let congested = self.keeper.is_congested();
        let workers = self.slots.iter().enumerate();
        let workers = workers.filter_map(|(slot, worker)| Some((Speaker::Worker(slot), worker.peer.as_ref()?)));
        let keeper = self.keeper.peer().map(|keeper| (Speaker::Accumulator, keeper));
        let (mut speakers, mut sockets) = (Vec::new(), Vec::new());
        for (speaker, peer) in [(Speaker::Zygote, helper.peer())]
            .into_iter()
            .chain(keeper)
            .chain(workers)
        {
            let mut flags = PollFlags::empty();
            let waits = match speaker {
                Speaker::Worker(slot) => congested && self.slots[slot].state == State::Ready,
                Speaker::Zygote | Speaker::Accumulator => false,
            };
            flags.set(PollFlags::POLLIN, !waits);
            flags.set(PollFlags::POLLOUT, peer.waiting() > 0);
            if !flags.is_empty() && !peer.is_closed() {
                speakers.push(speaker);
                sockets.push(PollFd::new(peer.as_fd(), flags));
            }
        }
        // Interrupted by a signal, or failing for want of memory, it comes back early.
        if ppoll(&mut sockets, Some(TimeSpec::from(wait)), None).is_err() {
            return Vec::new();
        }
        let spoke = |socket: &PollFd| socket.revents().is_some_and(|events| !events.is_empty());
        let spoken = sockets.iter().map(spoke);
        speakers
            .into_iter()
            .zip(spoken)
            .filter(|(_, spoke)| *spoke)
            .map(|(speaker, _)| speaker)
            .collect()
    }

    pub(super) fn hear(&mut self, wait: Duration) -> Result<(), WorkerError> {
        for speaker in self.listen(wait) {
            match speaker {
                Speaker::Zygote => self.hear_zygote()?,
                Speaker::Accumulator => self.keeper.hear(&mut self.reports)?,
                Speaker::Worker(slot) => self.hear_worker(slot)?,
            }
        }
        self.look_at_clock()?;
        self.assign()?;
        self.wind_up()
    }

    pub(super) fn hear_zygote(&mut self) -> Result<(), WorkerError> {
        self.helper.borrow_mut().flush();
        loop {
            let heard = self.helper.borrow_mut().hear()?;
            let Some((report, _)) = heard else { break };
            match report {
                ZygoteReport::Ready => {
                    self.initializing = None;
                    self.fork(self.slots.len())?;
                    let first = match self.warming {
                        // Nobody has anything to do.
                        _ if self.finalizing && self.queue.is_empty() => 0,
                        Warming::Done => self.slots.len(),
                        Warming::Trying | Warming::UnderWay(_) => 1,
                    };
                    (0..first).try_for_each(|slot| self.fork(slot))?;
                }
                ZygoteReport::Warm => {
                    self.warming = Warming::Done;
                    if self.finalizing && self.queue.is_empty() {
                        continue;
                    }
                    // The worker that tried is as the zygote was before: it ends as it should, and makes room.
                    self.slots[0].retires = true;
                    self.slots[0].finalize()?;
                    (1..self.slots.len()).try_for_each(|slot| self.fork(slot))?;
                }
                ZygoteReport::Forked { child, pid } => {
                    let peer = RankChannel::new(self.helper.borrow().socket()?)?;
                    if self.ending {
                        // It sees at once that nobody is there.
                        continue;
                    }
                    match self.slots.get_mut(child) {
                        Some(slot) => slot.take(pid, peer),
                        None => self.keeper.take(pid, peer)?,
                    }
                }
                ZygoteReport::Gone { child, ended } => self.gone(child, ended),
                ZygoteReport::Failed(failure) => return Err(WorkerError::Hook(failure)),
                ZygoteReport::Ended => self.over = true,
            }
        }
        if self.helper.borrow().peer().is_closed() && !self.over {
            let hook = match self.initializing {
                Some(_) => "initialize_remote",
                None => "forking workers",
            };
            let ended = self.helper.borrow_mut().end();
            return Err(WorkerError::Hook(HookFailure::new(
                hook,
                format!("the process that forks the workers {ended}"),
            )));
        }
        Ok(())
    }

    pub(super) fn fork(&mut self, child: usize) -> Result<(), WorkerError> {
        if let Some(slot) = self.slots.get_mut(child) {
            (slot.state, slot.peer) = (State::Asked, None);
        }
        Ok(self
            .helper
            .borrow_mut()
            .order(&ZygoteOrder::Fork { child }, Vec::new())?)
    }

    pub(super) fn hear_worker(&mut self, number: usize) -> Result<(), WorkerError> {
        let slot = &mut self.slots[number];
        let Some(peer) = &mut slot.peer else { return Ok(()) };
        peer.flush();
        let Some((answer, body)) = peer.receive()? else {
            return match peer.is_closed() {
                true => self.replace(number),
                false => Ok(()),
            };
        };
        match answer {
            WorkerAnswer::Ready => {
                slot.state = State::Ready;
                slot.stillborn = 0;
                if let Some(died) = slot.died.take() {
                    log::debug!(
                        "worker {number} is replaced after {:.3} ms",
                        died.elapsed().as_secs_f64() * 1e3
                    );
                }
                if !std::mem::replace(&mut self.ready, true) {
                    self.reports.push_back(WorkerReport::Ready);
                }
            }
            WorkerAnswer::Output => slot.output = Some(body.into_vec()),
            WorkerAnswer::Done(done, place) => {
                let replies = match place {
                    None => body,
                    Some(place) => self
                        .helper
                        .borrow()
                        .shelf
                        .take(number, place)
                        .map(Payload::from)
                        .ok_or_else(|| {
                            WorkerError::confused("the replies of a batch are not where a worker said they were")
                        })?,
                };
                self.done(number, done, replies)?
            }
            WorkerAnswer::Finalized(waiting) => {
                self.waiting += waiting;
                match slot.retires {
                    true => return self.fork(number),
                    false => slot.state = State::Finalized,
                }
            }
            WorkerAnswer::Failed(failure) => return Err(WorkerError::Hook(failure)),
        }
        Ok(())
    }

    pub(super) fn done(&mut self, number: usize, mut done: Done, replies: Payload) -> Result<(), WorkerError> {
        let slot = &mut self.slots[number];
        let (Some((batch, items)), Some(output)) = (slot.batches.pop_front(), slot.output.take()) else {
            return Err(WorkerError::confused(
                "a batch was done that a worker had not been given",
            ));
        };
        if batch != done.batch {
            return Err(WorkerError::confused(
                "a worker has done another batch than it was given",
            ));
        }
        self.deaths = 0;
        self.keeper.add(output)?;
        // One keeper adds up for all workers.
        done.keeping = self.keeper.time() * self.slots.len() as u32;
        for (item, _) in &done.failed {
            self.failed_by.insert(*item, number);
        }
        let good = done.good.first().is_some_and(|(run, _)| run.first == batch.first);
        if self.warming == Warming::Trying && good {
            self.warming = Warming::UnderWay(Instant::now());
            let first = Batch {
                first: batch.first,
                count: 1,
            };
            self.helper.borrow_mut().order(&ZygoteOrder::WarmUp(first), items)?;
        }
        self.reports.push_back(WorkerReport::Done(done, replies));
        Ok(())
    }
}
