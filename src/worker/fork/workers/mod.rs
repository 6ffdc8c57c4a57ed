//! A rank's forked workers and their keeper, as the rank sees them.

mod receive;
mod supervise;

use super::accumulator::Accumulator;
use super::error::WorkerError;
use super::messages::ZygoteOrder;
use super::rank_side::ZygoteHandle;
use super::time_limits::Limits;
use super::worker_slot::WorkerSlot;
use crate::farm::protocol::{Batch, HookFailure, Pass, Payload};
use crate::farm::worker::{Worker, WorkerReport};
use crate::job::options::{ForkAfter, Options};
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// The forked workers of a rank, in one call of `process`.
pub(crate) struct ForkedWorkers {
    helper: Rc<RefCell<ZygoteHandle>>,
    slots: Vec<WorkerSlot>,
    keeper: Accumulator,
    /// Batches for whoever is free.
    queue: VecDeque<(Batch, Vec<u8>)>,
    /// Which worker failed on an item: another one shall try it.
    failed_by: HashMap<u64, usize>,
    reports: VecDeque<WorkerReport>,
    limits: Limits,
    memory: Option<u64>,
    /// How many batches a worker may have.
    depth: usize,
    retries: u32,
    fork_after: ForkAfter,
    warming: Warming,
    /// When the zygote began to initialise the task, until it has.
    initializing: Option<Instant>,
    ready: bool,
    /// Deaths since a batch was done.
    deaths: u32,
    /// There are no more items.
    finalizing: bool,
    /// All is done, and everybody ends.
    ending: bool,
    /// The sum is asked for, though not of the keeper yet.
    emit: Option<bool>,
    waiting: Duration,
    /// The zygote has heard that this call of `process` is over.
    over: bool,
    failed: bool,
}

/// The state of forking after the first item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Warming {
    /// A worker tries items, until one is good.
    Trying,
    /// The zygote does it, too, since then.
    UnderWay(Instant),
    /// That has been done, or is not to be done.
    Done,
}

impl ForkedWorkers {
    /// Has the zygote initialise the task, and fork workers.
    pub(crate) fn start(
        helper: &Rc<RefCell<ZygoteHandle>>,
        task: Vec<u8>,
        pass: Pass,
        options: &Options,
    ) -> Result<Self, HookFailure> {
        let fork_after = options.fork_after;
        if helper.borrow().peer().is_closed() {
            let ended = helper.borrow_mut().end();
            let message = format!("the process that forks the workers {ended}");
            return Err(HookFailure::new("forking workers", message));
        }
        let order = ZygoteOrder::Start { pass, fork_after };
        helper
            .borrow_mut()
            .order(&order, task)
            .map_err(|error| HookFailure::new("sending the task", error))?;
        Ok(Self {
            helper: Rc::clone(helper),
            slots: (0..options.workers).map(|_| WorkerSlot::new()).collect(),
            keeper: Accumulator::default(),
            queue: VecDeque::new(),
            failed_by: HashMap::new(),
            reports: VecDeque::new(),
            limits: Limits {
                item: options.item_timeout,
                first_item: options.first_item_timeout,
                initialize: options.init_timeout,
            },
            memory: options.worker_memory,
            depth: options.prefetch + 1,
            retries: options.retries,
            fork_after,
            warming: match fork_after {
                ForkAfter::FirstItem => Warming::Trying,
                ForkAfter::None | ForkAfter::Init => Warming::Done,
            },
            initializing: Some(Instant::now()),
            ready: false,
            deaths: 0,
            finalizing: false,
            ending: false,
            emit: None,
            waiting: Duration::ZERO,
            over: false,
            failed: false,
        })
    }

    /// Keeps what went wrong until it is asked for.
    fn note(&mut self, result: Result<(), WorkerError>) {
        if let Err(fault) = result
            && !std::mem::replace(&mut self.failed, true)
        {
            self.reports.push_back(WorkerReport::Failed(fault.into()));
        }
    }
}

impl Worker for ForkedWorkers {
    fn slots(&self) -> usize {
        self.slots.len()
    }

    fn processes(&self) -> Vec<i32> {
        let workers = self.slots.iter().filter_map(WorkerSlot::process_number);
        let zygote = self.helper.borrow().process_number();
        workers.chain(self.keeper.process_number()).chain([zygote]).collect()
    }

    fn submit(&mut self, batch: Batch, items: Payload) {
        self.queue.push_back((batch, items.into_vec()));
        let assigned = self.assign();
        self.note(assigned);
    }

    fn absorb(&mut self) {
        self.finalizing = true;
    }

    fn give(&mut self, piece: Vec<u8>, last: bool) -> Result<(), Vec<u8>> {
        match self.keeper.give(piece, last) {
            Ok(given) => given,
            Err(fault) => {
                self.note(Err(fault));
                Ok(())
            }
        }
    }

    fn emit(&mut self, always: bool) {
        self.finalizing = true;
        self.emit = Some(always);
        let done = self.wind_up();
        self.note(done);
    }

    fn poll(&mut self, wait: Duration) -> Option<WorkerReport> {
        if self.reports.is_empty() {
            if self.failed {
                std::thread::sleep(wait);
            } else {
                let heard = self.hear(wait);
                self.note(heard);
            }
        }
        self.reports.pop_front()
    }

    fn finish(mut self: Box<Self>) -> Duration {
        // Large tasks may take long to be dropped.
        const PATIENCE: Duration = Duration::from_secs(30);
        self.ending = true;
        self.slots.iter_mut().for_each(|slot| slot.peer = None);
        self.keeper.close();
        let start = Instant::now();
        let mut ended = self
            .helper
            .borrow_mut()
            .order(&ZygoteOrder::End, Vec::new())
            .map_err(WorkerError::from);
        while ended.is_ok() && !self.over && start.elapsed() < PATIENCE {
            ended = match self.listen(PATIENCE)[..] {
                [] => Ok(()),
                _ => self.hear_zygote(),
            };
        }
        // All results are there: this job is none the worse for it.
        match ended {
            Ok(()) if self.over => {}
            Ok(()) => log::warn!("the forked workers did not end within {PATIENCE:?}, and are killed"),
            Err(fault) => log::warn!("{}", HookFailure::from(fault).message),
        }
        self.waiting
    }
}

impl Drop for ForkedWorkers {
    fn drop(&mut self) {
        if !self.over {
            // Its children go with it.
            self.helper.borrow_mut().kill();
        }
    }
}
