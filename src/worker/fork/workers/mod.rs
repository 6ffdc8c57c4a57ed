//! The rank's view of its forked workers and their accumulator.

mod receive;
mod supervise;

use super::accumulator::Accumulator;
use super::error::WorkersError;
use super::messages::ZygoteOrder;
use super::time_limits::Limits;
use super::worker_slot::WorkerSlot;
use super::zygote_handle::ZygoteHandle;
use crate::farm::protocol::{Batch, Failure, Pass, Payload};
use crate::farm::worker::{Worker, WorkerReport};
use crate::job::options::{ForkAfter, Options};
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// A rank's forked workers during one call of `process`.
pub(crate) struct ForkedWorkers {
    zygote: Rc<RefCell<ZygoteHandle>>,
    slots: Vec<WorkerSlot>,
    accumulator: Accumulator,
    /// Batches for the next free worker.
    queue: VecDeque<(Batch, Vec<u8>)>,
    /// For each failed item, the worker that failed on it: another worker should retry the item.
    failed_by: HashMap<u64, usize>,
    reports: VecDeque<WorkerReport>,
    limits: Limits,
    memory: Option<u64>,
    /// The maximum number of batches that a worker may hold.
    depth: usize,
    retries: u32,
    fork_after: ForkAfter,
    warming: Warming,
    /// When the zygote began to initialise the task, if it is still doing so.
    initializing: Option<Instant>,
    ready: bool,
    /// The number of worker deaths since the last finished batch.
    deaths: u32,
    /// Whether there are no more items.
    finalizing: bool,
    /// Whether the pass is over and all children are ending.
    ending: bool,
    /// A request for the sum that has not yet been passed on to the accumulator.
    emit: Option<bool>,
    waiting: Duration,
    /// Whether the zygote has confirmed the end of the pass.
    over: bool,
    failed: bool,
}

/// The progress made in processing a first item before the workers are forked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Warming {
    /// A worker tries items until one succeeds.
    Trying,
    /// The zygote has been processing that item since this time.
    UnderWay(Instant),
    /// The zygote has processed the item, or does not need to process it.
    Done,
}

impl ForkedWorkers {
    /// Tells the zygote to initialise the task and fork workers.
    pub(crate) fn start(
        zygote: &Rc<RefCell<ZygoteHandle>>,
        task: Vec<u8>,
        pass: Pass,
        options: &Options,
    ) -> Result<Self, Failure> {
        let fork_after = options.fork_after;
        if zygote.borrow().channel().is_closed() {
            let ended = zygote.borrow_mut().end();
            let message = format!("the process that forks the workers {ended}");
            return Err(Failure::hook("forking workers", message));
        }
        let order = ZygoteOrder::Start { pass, fork_after };
        zygote
            .borrow_mut()
            .order(&order, task)
            .map_err(|error| Failure::hook("sending the task", error))?;
        Ok(Self {
            zygote: Rc::clone(zygote),
            slots: (0..options.workers).map(|_| WorkerSlot::new()).collect(),
            accumulator: Accumulator::default(),
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

    /// Reports an error, but only the first one.
    fn report_error(&mut self, result: Result<(), WorkersError>) {
        if let Err(error) = result
            && !std::mem::replace(&mut self.failed, true)
        {
            self.reports.push_back(WorkerReport::Failed(error.into()));
        }
    }
}

impl Worker for ForkedWorkers {
    fn slots(&self) -> usize {
        self.slots.len()
    }

    fn processes(&self) -> Vec<i32> {
        let workers = self.slots.iter().filter_map(WorkerSlot::pid);
        let zygote = self.zygote.borrow().pid();
        workers.chain(self.accumulator.pid()).chain([zygote]).collect()
    }

    fn submit(&mut self, batch: Batch, items: Payload) {
        self.queue.push_back((batch, items.into_vec()));
        let assigned = self.assign();
        self.report_error(assigned);
    }

    fn absorb(&mut self) {
        self.finalizing = true;
    }

    fn give(&mut self, piece: Vec<u8>, last: bool) -> Result<(), Vec<u8>> {
        match self.accumulator.give(piece, last) {
            Ok(given) => given,
            Err(error) => {
                self.report_error(Err(error));
                Ok(())
            }
        }
    }

    fn emit(&mut self, always: bool) {
        self.finalizing = true;
        self.emit = Some(always);
        let done = self.wind_up();
        self.report_error(done);
    }

    fn poll(&mut self, wait: Duration) -> Option<WorkerReport> {
        if self.reports.is_empty() {
            if self.failed {
                std::thread::sleep(wait);
            } else {
                let received = self.receive(wait);
                self.report_error(received);
            }
        }
        self.reports.pop_front()
    }

    fn finish(mut self: Box<Self>) -> Duration {
        // Dropping a large task may take a long time.
        const PATIENCE: Duration = Duration::from_secs(30);
        self.ending = true;
        self.slots.iter_mut().for_each(|slot| slot.channel = None);
        self.accumulator.close();
        let start = Instant::now();
        let mut ended = self
            .zygote
            .borrow_mut()
            .order(&ZygoteOrder::End, Vec::new())
            .map_err(WorkersError::from);
        while ended.is_ok() && !self.over && start.elapsed() < PATIENCE {
            ended = match self.wait_for_messages(PATIENCE)[..] {
                [] => Ok(()),
                _ => self.receive_from_zygote(),
            };
        }
        // The results are complete, so the job has not failed.
        match ended {
            Ok(()) if self.over => {}
            Ok(()) => log::warn!("the forked workers did not end within {PATIENCE:?} and are killed"),
            Err(error) => log::warn!("the forked workers did not end in order: {}", Failure::from(error)),
        }
        self.waiting
    }
}

impl Drop for ForkedWorkers {
    fn drop(&mut self) {
        if !self.over {
            // Killing the zygote also kills its children.
            self.zygote.borrow_mut().kill();
        }
    }
}
