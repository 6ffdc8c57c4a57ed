//! A slot for one of a rank's workers. When the process in it dies, another process can take the slot.

use super::channel::RankChannel;
use super::messages::WorkerOrder;
use super::time_limits::ItemClock;
use crate::farm::protocol::Batch;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::VecDeque;
use std::time::Instant;

/// What the process in a slot is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// There is no process, and none has been requested.
    Empty,
    /// The zygote was told to fork a process.
    Requested,
    /// The process has been starting since this time.
    Starting(Instant),
    /// The process accepts batches.
    Ready,
    /// The process is running `finalize_remote`.
    Finalizing,
    /// The process has run `finalize_remote`.
    Finalized,
}

pub(super) struct WorkerSlot {
    pub(super) state: State,
    /// The state in which the previous process died.
    pub(super) died_in: State,
    /// When the previous process's death was noticed.
    pub(super) died: Option<Instant>,
    /// How many processes in a row died before they were ready.
    pub(super) failed_starts: u32,
    pub(super) deaths_in_finalize: u32,
    pub(super) channel: Option<RankChannel>,
    pid: Option<Pid>,
    /// The worker's batches, starting with the one in process.
    pub(super) batches: VecDeque<(Batch, Vec<u8>)>,
    /// The output of the batch in process, once it has arrived.
    pub(super) output: Option<Vec<u8>>,
    pub(super) clock: ItemClock,
    /// Why this rank killed the process.
    pub(super) kill_reason: Option<String>,
    /// Whether the process will be replaced by one that is forked later.
    pub(super) retires: bool,
}

impl WorkerSlot {
    pub(super) fn new() -> Self {
        Self {
            state: State::Empty,
            died_in: State::Empty,
            died: None,
            failed_starts: 0,
            deaths_in_finalize: 0,
            channel: None,
            pid: None,
            batches: VecDeque::new(),
            output: None,
            clock: ItemClock::new(),
            kill_reason: None,
            retires: false,
        }
    }

    /// Fills the slot with a process that is starting.
    pub(super) fn fill(&mut self, pid: i32, channel: RankChannel) {
        self.pid = Some(Pid::from_raw(pid));
        self.channel = Some(channel);
        self.state = State::Starting(Instant::now());
        self.clock = ItemClock::new();
        self.output = None;
        self.kill_reason = None;
        self.retires = false;
    }

    pub(super) fn pid(&self) -> Option<i32> {
        self.pid.map(Pid::as_raw)
    }

    /// Returns whether the worker can accept another batch, given that it may hold up to `depth` batches.
    pub(super) fn has_room(&self, depth: usize) -> bool {
        self.state == State::Ready && !self.retires && self.batches.len() < depth
    }

    pub(super) fn process(&mut self, batch: Batch, items: Vec<u8>) -> std::io::Result<()> {
        if self.batches.is_empty() {
            self.clock.reset();
        }
        if let Some(channel) = &mut self.channel {
            channel.send(&WorkerOrder::Process(batch), items.clone())?;
        }
        self.batches.push_back((batch, items));
        Ok(())
    }

    pub(super) fn finalize(&mut self) -> std::io::Result<()> {
        self.state = State::Finalizing;
        match &mut self.channel {
            Some(channel) => channel.send(&WorkerOrder::Finalize, Vec::new()),
            None => Ok(()),
        }
    }

    /// Kills the process. The zygote waits for the process when told to; until then, the process ID is not reused.
    pub(super) fn kill(&mut self, reason: String) {
        if self.kill_reason.is_none() {
            self.kill_reason = Some(reason);
            if let Some(pid) = self.pid {
                let _ = kill(pid, Signal::SIGKILL);
            }
        }
    }
}
