//! Receives messages from the zygote, the workers and the accumulator, and acts on them.

use super::{ForkedWorkers, Warming};
use crate::farm::protocol::{Batch, Done, Failure, Payload};
use crate::farm::worker::WorkerReport;
use crate::worker::fork::channel::RankChannel;
use crate::worker::fork::error::WorkersError;
use crate::worker::fork::messages::{WorkerAnswer, ZygoteOrder, ZygoteReport};
use crate::worker::fork::worker_slot::State;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// The sender of a message.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sender {
    Zygote,
    Accumulator,
    Worker(usize),
}

impl ForkedWorkers {
    /// Waits until there are messages, or room to send more, but not longer than `wait`. Returns the channels
    /// concerned.
    pub(super) fn wait_for_messages(&self, wait: Duration) -> Vec<Sender> {
        let zygote = self.zygote.borrow();
        // While too many outputs are waiting for the accumulator, no further outputs are accepted from workers.
        let congested = self.accumulator.is_congested();
        let workers = self.slots.iter().enumerate();
        let workers = workers.filter_map(|(slot, worker)| Some((Sender::Worker(slot), worker.channel.as_ref()?)));
        let accumulator = self.accumulator.channel().map(|channel| (Sender::Accumulator, channel));
        let (mut senders, mut sockets) = (Vec::new(), Vec::new());
        for (sender, channel) in [(Sender::Zygote, zygote.channel())]
            .into_iter()
            .chain(accumulator)
            .chain(workers)
        {
            let mut flags = PollFlags::empty();
            let waits = match sender {
                Sender::Worker(slot) => congested && self.slots[slot].state == State::Ready,
                Sender::Zygote | Sender::Accumulator => false,
            };
            flags.set(PollFlags::POLLIN, !waits);
            flags.set(PollFlags::POLLOUT, channel.pending() > 0);
            if !flags.is_empty() && !channel.is_closed() {
                senders.push(sender);
                sockets.push(PollFd::new(channel.as_fd(), flags));
            }
        }
        // `ppoll` returns early if a signal interrupts it, or if memory is short.
        if ppoll(&mut sockets, Some(TimeSpec::from(wait)), None).is_err() {
            return Vec::new();
        }
        let is_ready = |socket: &PollFd| socket.revents().is_some_and(|events| !events.is_empty());
        let ready = sockets.iter().map(is_ready);
        senders
            .into_iter()
            .zip(ready)
            .filter(|(_, ready)| *ready)
            .map(|(sender, _)| sender)
            .collect()
    }

    pub(super) fn receive(&mut self, wait: Duration) -> Result<(), WorkersError> {
        for sender in self.wait_for_messages(wait) {
            match sender {
                Sender::Zygote => self.receive_from_zygote()?,
                Sender::Accumulator => self.accumulator.receive(&mut self.reports)?,
                Sender::Worker(slot) => self.receive_from_worker(slot)?,
            }
        }
        self.check_time_limits()?;
        self.assign()?;
        self.wind_up()
    }

    pub(super) fn receive_from_zygote(&mut self) -> Result<(), WorkersError> {
        self.zygote.borrow_mut().flush();
        loop {
            let received = self.zygote.borrow_mut().receive()?;
            let Some((report, _)) = received else { break };
            match report {
                ZygoteReport::Ready => {
                    self.initializing = None;
                    self.fork(self.slots.len())?;
                    let first = match self.warming {
                        // There are no items left to process.
                        _ if self.finalizing && self.queue.is_empty() => 0,
                        Warming::Done => self.slots.len(),
                        Warming::Trying | Warming::UnderWay(_) => 1,
                    };
                    (0..first).try_for_each(|slot| self.fork(slot))?;
                }
                ZygoteReport::WarmedUp => {
                    self.warming = Warming::Done;
                    if self.finalizing && self.queue.is_empty() {
                        continue;
                    }
                    // The worker that tried the item was forked before the zygote processed it, so this worker is
                    // replaced.
                    self.slots[0].retires = true;
                    self.slots[0].finalize()?;
                    (1..self.slots.len()).try_for_each(|slot| self.fork(slot))?;
                }
                ZygoteReport::Forked { child, pid } => {
                    let channel = RankChannel::new(self.zygote.borrow().receive_socket()?)?;
                    if self.ending {
                        // Dropping the channel makes the child exit.
                        continue;
                    }
                    match self.slots.get_mut(child) {
                        Some(slot) => slot.fill(pid, channel),
                        None => self.accumulator.started(pid, channel)?,
                    }
                }
                ZygoteReport::Gone { child, ended } => self.gone(child, ended),
                ZygoteReport::Failed(failure) => return Err(failure.into()),
                ZygoteReport::Ended => self.over = true,
            }
        }
        if self.zygote.borrow().channel().is_closed() && !self.over {
            let hook = match self.initializing {
                Some(_) => "initialize_remote",
                None => "forking workers",
            };
            let ended = self.zygote.borrow_mut().end();
            return Err(Failure::hook(hook, format!("the process that forks the workers {ended}")).into());
        }
        Ok(())
    }

    pub(super) fn fork(&mut self, child: usize) -> Result<(), WorkersError> {
        if let Some(slot) = self.slots.get_mut(child) {
            (slot.state, slot.channel) = (State::Requested, None);
        }
        Ok(self
            .zygote
            .borrow_mut()
            .order(&ZygoteOrder::Fork { child }, Vec::new())?)
    }

    pub(super) fn receive_from_worker(&mut self, number: usize) -> Result<(), WorkersError> {
        let slot = &mut self.slots[number];
        let Some(channel) = &mut slot.channel else {
            return Ok(());
        };
        channel.flush();
        let Some((answer, payload)) = channel.receive()? else {
            return match channel.is_closed() {
                true => self.replace(number),
                false => Ok(()),
            };
        };
        match answer {
            WorkerAnswer::Ready => {
                slot.state = State::Ready;
                slot.failed_starts = 0;
                if let Some(died) = slot.died.take() {
                    log::debug!(
                        "worker {number} was replaced after {:.3} ms",
                        died.elapsed().as_secs_f64() * 1e3
                    );
                }
                if !std::mem::replace(&mut self.ready, true) {
                    self.reports.push_back(WorkerReport::Ready);
                }
            }
            WorkerAnswer::Output => slot.output = Some(payload.into_vec()),
            WorkerAnswer::Done(done, buffered) => {
                let replies = match buffered {
                    None => payload,
                    Some(buffered) => self
                        .zygote
                        .borrow()
                        .reply_buffers
                        .take(number, buffered)
                        .map(Payload::from)
                        .ok_or_else(|| Failure::bug("the replies of a batch are not where a worker has put them"))?,
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
            WorkerAnswer::Failed(failure) => return Err(failure.into()),
        }
        Ok(())
    }

    pub(super) fn done(&mut self, number: usize, mut done: Done, replies: Payload) -> Result<(), WorkersError> {
        let slot = &mut self.slots[number];
        let (Some((batch, items)), Some(output)) = (slot.batches.pop_front(), slot.output.take()) else {
            return Err(Failure::bug("a worker has done a batch that it had not been given").into());
        };
        if batch != done.batch {
            return Err(Failure::bug("a worker has done another batch than its next one").into());
        }
        self.deaths = 0;
        self.accumulator.add(output)?;
        // A single accumulator adds up the outputs of all workers.
        done.accumulating = self.accumulator.time() * self.slots.len() as u32;
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
            self.zygote.borrow_mut().order(&ZygoteOrder::WarmUp(first), items)?;
        }
        self.reports.push_back(WorkerReport::Done(done, replies));
        Ok(())
    }
}
