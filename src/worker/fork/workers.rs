//! A rank's forked workers and their keeper, as the rank sees them.

use super::fault::Fault;
use super::helper::Helper;
use super::keeper::Keeper;
use super::link::Peer;
use super::messages::{WorkerAnswer, ZygoteOrder, ZygoteReport};
use super::process::Ended;
use super::slot::{Slot, State};
use super::watch::Limits;
use crate::farm::message::{Batch, Body, Death, Done, HookFailure, Pass};
use crate::options::{ForkAfter, Options};
use crate::worker::{Worker, WorkerReport};
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::os::fd::AsFd;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// The forked workers of a rank, in one call of `process`.
pub(crate) struct ForkedWorkers {
    helper: Rc<RefCell<Helper>>,
    slots: Vec<Slot>,
    keeper: Keeper,
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
    /// There are no more items; so many workers have died of that.
    finalizing: Option<u32>,
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
    /// The zygote does it, too.
    Warming,
    /// That has been done, or is not to be done.
    Done,
}

/// Who has something to say.
#[derive(Debug, Clone, Copy)]
enum Speaker {
    Zygote,
    Keeper,
    Worker(usize),
}

/// Workers that die so often, one after the other, never get anything done.
const HOPELESS: u32 = 100;

impl ForkedWorkers {
    /// Has the zygote initialise the task, and fork workers.
    pub(crate) fn start(
        helper: &Rc<RefCell<Helper>>,
        task: Vec<u8>,
        pass: Pass,
        options: &Options,
    ) -> Result<Self, HookFailure> {
        let fork_after = options.fork_after;
        let order = ZygoteOrder::Start { pass, fork_after };
        helper
            .borrow_mut()
            .order(&order, task)
            .map_err(|error| HookFailure::new("sending the task", error))?;
        Ok(Self {
            helper: Rc::clone(helper),
            slots: (0..options.workers).map(|_| Slot::new()).collect(),
            keeper: Keeper::default(),
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
            finalizing: None,
            emit: None,
            waiting: Duration::ZERO,
            over: false,
            failed: false,
        })
    }

    /// Waits until somebody says something, or has room for more, at most so long; who it is.
    fn listen(&self, wait: Duration) -> Vec<Speaker> {
        let helper = self.helper.borrow();
        // While outputs wait for the keeper, workers must wait with theirs.
        let congested = self.keeper.is_congested();
        let workers = self.slots.iter().enumerate();
        let workers = workers.filter_map(|(slot, worker)| Some((Speaker::Worker(slot), worker.peer.as_ref()?)));
        let keeper = self.keeper.peer().map(|keeper| (Speaker::Keeper, keeper));
        let (mut speakers, mut sockets) = (Vec::new(), Vec::new());
        for (speaker, peer) in [(Speaker::Zygote, helper.peer())]
            .into_iter()
            .chain(keeper)
            .chain(workers)
        {
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::POLLIN, !(congested && matches!(speaker, Speaker::Worker(_))));
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

    fn hear(&mut self, wait: Duration) -> Result<(), Fault> {
        for speaker in self.listen(wait) {
            match speaker {
                Speaker::Zygote => self.hear_zygote()?,
                Speaker::Keeper => self.keeper.hear(&mut self.reports)?,
                Speaker::Worker(slot) => self.hear_worker(slot)?,
            }
        }
        self.look_at_clock()?;
        self.assign()?;
        self.wind_up()
    }

    fn hear_zygote(&mut self) -> Result<(), Fault> {
        self.helper.borrow_mut().flush();
        loop {
            let heard = self.helper.borrow_mut().hear()?;
            let Some((report, _)) = heard else { break };
            match report {
                ZygoteReport::Ready => {
                    self.initializing = None;
                    self.fork(self.slots.len())?;
                    let first = match self.warming {
                        Warming::Done => self.slots.len(),
                        Warming::Trying | Warming::Warming => 1,
                    };
                    (0..first).try_for_each(|slot| self.fork(slot))?;
                }
                ZygoteReport::Warm => {
                    self.warming = Warming::Done;
                    // The worker that tried is as the zygote was before: it ends as it should, and makes room.
                    self.slots[0].retires = true;
                    self.slots[0].finalize()?;
                    (1..self.slots.len()).try_for_each(|slot| self.fork(slot))?;
                }
                ZygoteReport::Forked { child, pid } => {
                    let peer = Peer::new(self.helper.borrow().socket()?)?;
                    match self.slots.get_mut(child) {
                        Some(slot) => slot.take(pid, peer),
                        None => self.keeper.take(pid, peer)?,
                    }
                }
                ZygoteReport::Gone { child, ended } => self.gone(child, ended),
                ZygoteReport::Failed(failure) => return Err(Fault::Hook(failure)),
                ZygoteReport::Ended => self.over = true,
            }
        }
        if self.helper.borrow().peer().is_closed() && !self.over {
            let hook = match self.initializing {
                Some(_) => "initialize_remote",
                None => "forking workers",
            };
            let ended = self.helper.borrow_mut().end();
            return Err(Fault::Hook(HookFailure::new(
                hook,
                format!("the process that forks the workers {ended}"),
            )));
        }
        Ok(())
    }

    fn fork(&mut self, child: usize) -> Result<(), Fault> {
        if let Some(slot) = self.slots.get_mut(child) {
            (slot.state, slot.peer) = (State::Asked, None);
        }
        Ok(self
            .helper
            .borrow_mut()
            .order(&ZygoteOrder::Fork { child }, Vec::new())?)
    }

    fn hear_worker(&mut self, number: usize) -> Result<(), Fault> {
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
                        .map(Body::from)
                        .ok_or_else(|| {
                            Fault::confused("the replies of a batch are not where a worker said they were")
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
            WorkerAnswer::Failed(failure) => return Err(Fault::Hook(failure)),
        }
        Ok(())
    }

    fn done(&mut self, number: usize, mut done: Done, replies: Body) -> Result<(), Fault> {
        let slot = &mut self.slots[number];
        let (Some((batch, items)), Some(output)) = (slot.batches.pop_front(), slot.output.take()) else {
            return Err(Fault::confused("a batch was done that a worker had not been given"));
        };
        if batch != done.batch {
            return Err(Fault::confused("a worker has done another batch than it was given"));
        }
        self.deaths = 0;
        self.keeper.add(output)?;
        // One keeper adds up for all workers.
        let keeping = self.keeper.time() * self.slots.len() as u32;
        done.busy += keeping;
        done.merging += keeping;
        for (item, _) in &done.failed {
            self.failed_by.insert(*item, number);
        }
        let good = done.good.first().is_some_and(|(run, _)| run.first == batch.first);
        if self.warming == Warming::Trying && good {
            self.warming = Warming::Warming;
            let first = Batch {
                first: batch.first,
                count: 1,
            };
            self.helper.borrow_mut().order(&ZygoteOrder::WarmUp(first), items)?;
        }
        self.reports.push_back(WorkerReport::Done(done, replies));
        Ok(())
    }

    /// A worker has died. The zygote knows of what, and forks another.
    fn replace(&mut self, number: usize) -> Result<(), Fault> {
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
    fn gone(&mut self, number: usize, ended: Ended) {
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
        let failed = |hook: &str| WorkerReport::Failed(HookFailure::new(hook, format!("a worker {cause}")));
        match slot.died_in {
            State::Starting(_) if self.fork_after == ForkAfter::None => {
                self.reports.push_back(failed("initialize_remote"));
            }
            State::Finalizing => {
                let deaths = self.finalizing.get_or_insert(0);
                *deaths += 1;
                if *deaths > self.retries {
                    self.reports.push_back(failed("finalize_remote"));
                }
            }
            _ if self.deaths > HOPELESS => self.reports.push_back(failed("starting workers")),
            _ => {}
        }
        let mut batches = std::mem::take(&mut slot.batches);
        if let Some((batch, _)) = batches.pop_front() {
            self.reports.push_back(WorkerReport::Died(Death {
                batch,
                item: place.checked_sub(1),
                cause,
            }));
        } else {
            log::warn!("a worker that had nothing to do {cause}; there is another in its place");
        }
        for batch in batches.into_iter().rev() {
            self.queue.push_front(batch);
        }
    }

    /// Ends what takes longer than it may.
    fn look_at_clock(&mut self) -> Result<(), Fault> {
        let now = Instant::now();
        let limits = self.limits;
        let too_long = |since: Instant| {
            limits
                .initialize
                .is_some_and(|limit| now.saturating_duration_since(since) > limit)
        };
        let late = || {
            let limit = limits.initialize.unwrap_or_default().as_secs_f64();
            Fault::hook(
                "initialize_remote",
                format!("it takes longer than --init-timeout allows, which is {limit} s"),
            )
        };
        if self.initializing.is_some_and(too_long) {
            return Err(late());
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
    fn assign(&mut self) -> Result<(), Fault> {
        // While a worker is on its way, others need not have what it could do.
        let all_there = self.slots.iter().all(|slot| slot.state == State::Ready);
        let (allowed, depth) = match self.warming {
            Warming::Done => (self.slots.len(), if all_there { self.depth } else { 1 }),
            // One batch at a time, until the first good item is known.
            Warming::Trying => (1, 1),
            Warming::Warming => (0, 0),
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
    fn wind_up(&mut self) -> Result<(), Fault> {
        if self.finalizing.is_none() {
            return Ok(());
        }
        for slot in &mut self.slots {
            if slot.state == State::Ready && slot.batches.is_empty() {
                slot.finalize()?;
            }
        }
        let none_needed = self.warming == Warming::Trying;
        let ended = |slot: &Slot| slot.state == State::Finalized || (none_needed && slot.state == State::Empty);
        if self.slots.iter().all(ended)
            && let Some(always) = self.emit.take()
        {
            self.keeper.emit(always)?;
        }
        Ok(())
    }

    /// Keeps what went wrong until it is asked for.
    fn note(&mut self, result: Result<(), Fault>) {
        if let Err(fault) = result
            && !std::mem::replace(&mut self.failed, true)
        {
            self.reports.push_back(WorkerReport::Failed(fault.into()));
        }
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

impl Worker for ForkedWorkers {
    fn slots(&self) -> usize {
        self.slots.len()
    }

    fn processes(&self) -> Vec<i32> {
        let workers = self.slots.iter().filter_map(Slot::process_number);
        let zygote = self.helper.borrow().process_number();
        workers.chain(self.keeper.process_number()).chain([zygote]).collect()
    }

    fn submit(&mut self, batch: Batch, items: Body) {
        self.queue.push_back((batch, items.into_vec()));
        let assigned = self.assign();
        self.note(assigned);
    }

    fn absorb(&mut self) {
        self.finalizing.get_or_insert(0);
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
        self.finalizing.get_or_insert(0);
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
        const PATIENCE: Duration = Duration::from_secs(5);
        self.slots.iter_mut().for_each(|slot| slot.peer = None);
        self.keeper.close();
        let start = Instant::now();
        let mut ended = self
            .helper
            .borrow_mut()
            .order(&ZygoteOrder::End, Vec::new())
            .map_err(Fault::from);
        while ended.is_ok() && !self.over && start.elapsed() < PATIENCE {
            ended = match self.listen(PATIENCE)[..] {
                [] => Ok(()),
                _ => self.hear_zygote(),
            };
        }
        if !self.over {
            // All results are there.
            log::warn!("the forked workers did not end by themselves, and are killed");
        }
        self.waiting
    }
}

impl Drop for ForkedWorkers {
    fn drop(&mut self) {
        if !self.over {
            self.slots.iter_mut().for_each(Slot::kill);
            self.helper.borrow_mut().kill();
        }
    }
}
