//! A worker's place at its rank: one process after another may hold it.

use super::channel::RankChannel;
use super::messages::WorkerOrder;
use super::time_limits::ItemClock;
use crate::farm::protocol::Batch;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::VecDeque;
use std::time::Instant;

/// What the process in a place is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// There is none, and none has been asked for.
    Empty,
    /// The zygote has been asked to fork one.
    Asked,
    /// It makes itself ready.
    Starting(Instant),
    /// It takes batches.
    Ready,
    /// It runs `finalize_remote`.
    Finalizing,
    /// It has run `finalize_remote`.
    Finalized,
}

pub(super) struct WorkerSlot {
    pub(super) state: State,
    /// The state in which the process before this one died.
    pub(super) died_in: State,
    /// When that was seen.
    pub(super) died: Option<Instant>,
    /// How many died one after the other before they were ready.
    pub(super) stillborn: u32,
    pub(super) deaths_in_finalize: u32,
    pub(super) peer: Option<RankChannel>,
    pid: Option<Pid>,
    /// Batches that it has been given, the one at work first.
    pub(super) batches: VecDeque<(Batch, Vec<u8>)>,
    /// The output of the batch at work, once it has come.
    pub(super) output: Option<Vec<u8>>,
    pub(super) watch: ItemClock,
    /// Why this rank has ended it.
    pub(super) doom: Option<String>,
    /// It makes room for one that is forked later.
    pub(super) retires: bool,
}

impl WorkerSlot {
    pub(super) fn new() -> Self {
        Self {
            state: State::Empty,
            died_in: State::Empty,
            died: None,
            stillborn: 0,
            deaths_in_finalize: 0,
            peer: None,
            pid: None,
            batches: VecDeque::new(),
            output: None,
            watch: ItemClock::new(),
            doom: None,
            retires: false,
        }
    }

    /// There is a process.
    pub(super) fn take(&mut self, pid: i32, peer: RankChannel) {
        self.pid = Some(Pid::from_raw(pid));
        self.peer = Some(peer);
        self.state = State::Starting(Instant::now());
        self.watch = ItemClock::new();
        self.output = None;
        self.doom = None;
        self.retires = false;
    }

    pub(super) fn process_number(&self) -> Option<i32> {
        self.pid.map(Pid::as_raw)
    }

    /// Whether it can be given a batch, if so many are enough for it.
    pub(super) fn takes(&self, depth: usize) -> bool {
        self.state == State::Ready && !self.retires && self.batches.len() < depth
    }

    pub(super) fn process(&mut self, batch: Batch, items: Vec<u8>) -> std::io::Result<()> {
        if self.batches.is_empty() {
            self.watch.rest();
        }
        if let Some(peer) = &mut self.peer {
            peer.send(&WorkerOrder::Process(batch), items.clone())?;
        }
        self.batches.push_back((batch, items));
        Ok(())
    }

    pub(super) fn finalize(&mut self) -> std::io::Result<()> {
        self.state = State::Finalizing;
        match &mut self.peer {
            Some(peer) => peer.send(&WorkerOrder::Finalize, Vec::new()),
            None => Ok(()),
        }
    }

    /// ZygoteEnds the process, for this reason. (It is the zygote that waits for it, when told to: until then its number is
    /// nobody else's.)
    pub(super) fn end(&mut self, reason: String) {
        if self.doom.is_none() {
            self.doom = Some(reason);
            if let Some(pid) = self.pid {
                let _ = kill(pid, Signal::SIGKILL);
            }
        }
    }
}
