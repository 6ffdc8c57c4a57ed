//! [`WorkManager`]: the one entry point, and the one place where it is decided what a rank does.

use crate::environment::{self, host};
use crate::farm::agent::{self, Ended};
use crate::farm::coordinator::{Coordinator, Parent, Results, hook_error};
use crate::farm::idle::Idle;
use crate::farm::message::{Batch, Body, HookFailure, Message, Order, Pass, Report, Waits, pack, unpack};
use crate::farm::reduce::{Control, Reduced, reduce};
use crate::farm::transport::{Tag, Transport};
use crate::farm::wire;
use crate::guard::guard;
use crate::progress::Progress;
use crate::worker::{ForkedWorkers, Helper, InlineWorker, Side, Worker, Zygote, collect};
use crate::{Error, Options, Statistics, Summary, Task};
use crate::{allocator, logging, report};
use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Runs tasks on all ranks that the program was started on.
///
/// Every rank runs the same program, and makes the same calls. Rank 0 decides: its options, its task and its items are
/// the ones that count, and what the other ranks pass is ignored. A program that was not started by an MPI launcher is
/// rank 0 alone.
///
/// When a job fails, or rank 0 is through with it, the other ranks end quietly, and rank 0 has the error or the
/// summary. So code that follows [`process`](WorkManager::process) and has to run once asks
/// [`is_root`](WorkManager::is_root) first.
///
/// See [`Task`] for an example.
pub struct WorkManager {
    options: Options,
    transport: Transport,
    /// What forks this rank's workers.
    helper: Option<Rc<RefCell<Helper>>>,
    /// In a process that is such a helper: what it is.
    zygote: Option<Zygote>,
    /// The host of each rank; on rank 0 only.
    hosts: Vec<String>,
    created: Instant,
    passes: u64,
    skipped: bool,
    /// The other ranks have been sent home.
    ended: bool,
}

/// How long the other ranks may take to stop before they are killed.
const PATIENCE: Duration = Duration::from_secs(5);

impl WorkManager {
    /// Joins the ranks of the job; each of them takes over rank 0's environment, unless the options say otherwise.
    ///
    /// # Errors
    /// If the options make no sense, MPI cannot do what is needed, or a rank cannot enter rank 0's working directory; or if the file for the
    /// statistics cannot be written.
    pub fn new(options: Options) -> Result<Self, Error> {
        options.check()?;
        allocator::keep_freed_memory();
        let created = Instant::now();
        // Before MPI is initialised: after that, it is not safe.
        let (helper, zygote) = match options.workers {
            0 => (None, None),
            _ => match Helper::fork(&options)? {
                Side::Rank(helper) => (Some(Rc::new(RefCell::new(helper))), None),
                Side::Zygote(zygote) => (None, Some(zygote)),
            },
        };
        let transport = match &zygote {
            Some(zygote) => Transport::aside(zygote.rank(), zygote.size()),
            None => Transport::new()?,
        };
        logging::start(&options, transport.rank());
        let mut manager = Self {
            options,
            transport,
            helper,
            zygote,
            hosts: Vec::new(),
            created,
            passes: 0,
            skipped: false,
            ended: false,
        };
        if manager.zygote.is_some() {
            return Ok(manager);
        }
        if manager.is_root() {
            manager.gather_ranks()?;
            manager.tell_helper(Vec::new(), None)?;
            if let Some(path) = &manager.options.json
                && let Err(error) = report::check_json(path)
            {
                // Nothing can be written there, the failure neither.
                manager.options.json = None;
                return Err(manager.fail(error, Results::default()));
            }
        } else {
            manager.take_over_environment()?
        }
        log::debug!("rank {} of {} on {}", manager.rank(), manager.size(), host());
        Ok(manager)
    }

    /// This process's number in the job, from 0.
    pub fn rank(&self) -> usize {
        self.transport.rank()
    }

    /// The number of ranks.
    pub fn size(&self) -> usize {
        self.transport.size()
    }

    /// Whether this is rank 0, where results arrive. (With `--workers`, a rank is two processes that run the program:
    /// the one that forks workers is never the root.)
    pub fn is_root(&self) -> bool {
        self.rank() == 0 && self.zygote.is_none()
    }

    /// The options of the job.
    pub fn options(&self) -> &Options {
        &self.options
    }

    fn gather_ranks(&mut self) -> Result<(), Error> {
        let order = if self.options.no_clone_env {
            Order::Environment {
                variables: Vec::new(),
                directory: None,
            }
        } else {
            match environment::directory() {
                Ok(directory) => Order::Environment {
                    variables: environment::variables(),
                    directory: Some(directory),
                },
                Err(source) => {
                    let error = Error::File {
                        action: "find the path of",
                        path: ".".into(),
                        source,
                    };
                    return Err(self.fail(error, Results::default()));
                }
            }
        };
        for rank in 1..self.size() {
            self.transport.send(rank, Tag::Control, pack(&order, &[])?);
        }
        self.hosts = vec![host(); self.size()];
        let mut missing = self.size() - 1;
        let mut idle = Idle::default();
        let mut failed = None;
        while missing > 0 {
            let Some(message) = self.transport.try_receive()? else {
                idle.pause(self.transport.is_sending());
                continue;
            };
            missing -= 1;
            match unpack(message.bytes)?.0 {
                Report::Present { host } => self.hosts[message.from] = host,
                Report::NoDirectory { host, message: why } => failed = failed.or(Some((message.from, host, why))),
                other => {
                    return Err(Error::Mpi(format!(
                        "rank {} began with {other:?}: do all ranks run the same program?",
                        message.from
                    )));
                }
            }
        }
        match (failed, order) {
            (
                Some((rank, host, message)),
                Order::Environment {
                    directory: Some(directory),
                    ..
                },
            ) => Err(self.fail(
                Error::Directory {
                    rank,
                    host,
                    directory,
                    message,
                },
                Results::default(),
            )),
            _ => Ok(()),
        }
    }

    /// Tells what forks this rank's workers what the rank's environment has become.
    fn tell_helper(&self, variables: Vec<(String, String)>, directory: Option<PathBuf>) -> Result<(), Error> {
        match &self.helper {
            Some(helper) => helper
                .borrow_mut()
                .belong(self.rank(), self.size(), variables, directory),
            None => Ok(()),
        }
    }

    fn take_over_environment(&mut self) -> Result<(), Error> {
        let (mut variables_taken, mut directory_taken) = (Vec::new(), None);
        let taken = match agent::await_order(&mut self.transport)?.0 {
            Order::Environment {
                variables,
                directory: Some(directory),
            } => {
                let taken = environment::take_over(&variables, &directory);
                (variables_taken, directory_taken) = (variables, Some(directory));
                taken
            }
            Order::Stop => {
                agent::stop(&mut self.transport)?;
                self.leave()
            }
            Order::Goodbye => self.leave(),
            _ => Ok(()),
        };
        let report = match taken {
            Ok(()) => {
                self.tell_helper(variables_taken, directory_taken)?;
                Report::Present { host: host() }
            }
            Err(error) => Report::NoDirectory {
                host: host(),
                message: error.to_string(),
            },
        };
        agent::say(&mut self.transport, &report, &[])
    }

    /// Processes the items with the task on all ranks.
    ///
    /// On rank 0 the items are taken from `items` and the task has, afterwards, what its own `initialize_local`,
    /// `local_process` and `finalize` made of it. On the other ranks, `task` and `items` are not touched.
    ///
    /// # Errors
    /// If a hook of the task fails, or an item fails for good and the options do not say to skip it. Then the job is
    /// over on all ranks.
    pub fn process<T: Task>(
        &mut self,
        task: &mut T,
        items: impl IntoIterator<Item = T::Item>,
    ) -> Result<Summary, Error> {
        if self.ended {
            return Err(Error::Stopped);
        }
        let pass = Pass {
            number: self.passes,
            seed: self.options.seed,
        };
        self.passes += 1;
        if let Some(zygote) = &mut self.zygote {
            match zygote.serve::<T>() {
                Ok(true) => return Ok(Summary::default()),
                Ok(false) => std::process::exit(0),
                Err(error) => {
                    log::error!("the process that forks the workers cannot go on: {error}");
                    std::process::exit(1)
                }
            }
        }
        if !self.is_root() {
            let (helper, options) = (&self.helper, &self.options);
            let spawn = |task, pass| start_worker::<T>(helper, options, task, pass);
            let served = agent::serve(&mut self.transport, spawn).or_else(|error| {
                // Rank 0 waits for this rank: it must not go without a word.
                agent::fail(&mut self.transport, HookFailure::new("the farm", error))
            });
            return match served? {
                Ended::Finished => Ok(Summary::default()),
                Ended::Goodbye => self.leave(),
            };
        }
        let mut results = Results::default();
        match self.lead(task, items, pass, &mut results) {
            Ok(statistics) => {
                self.skipped |= !results.skipped.is_empty();
                report::print(&statistics, &results.skipped, self.options.quiet);
                if let Some(path) = &self.options.json {
                    report::write_json(path, &statistics, &results.skipped, None)?;
                }
                Ok(Summary {
                    statistics,
                    skipped: results.skipped,
                    any_skipped: self.skipped,
                })
            }
            Err(error) => Err(self.fail(error, results)),
        }
    }

    /// Rank 0's part of a job; the statistics that `finalize` was given. What is known of a job that fails is left in
    /// `results`.
    fn lead<T: Task>(
        &mut self,
        task: &mut T,
        items: impl IntoIterator<Item = T::Item>,
        pass: Pass,
        results: &mut Results,
    ) -> Result<Statistics, Error> {
        let host = self.hosts[0].clone();
        let here = |failure| hook_error(0, &host, failure);
        guard(|| task.initialize_local()).map_err(|message| here(HookFailure::new("initialize_local", message)))?;
        let bytes =
            guard(|| Ok(wire::encode(task)?)).map_err(|message| here(HookFailure::new("sending the task", message)))?;
        let items: Vec<T::Item> = items.into_iter().collect();
        self.transport.take_traffic();
        let start = Instant::now();
        for rank in 1..self.size() {
            self.transport
                .send(rank, Tag::Control, pack(&Order::Start(pass), &bytes)?);
        }
        let mut worker = start_worker::<T>(&self.helper, &self.options, bytes.into(), pass).map_err(here)?;
        {
            let progress = Progress::new(&self.options, items.len() as u64);
            let mut parent = TypedParent {
                task,
                items: &items,
                progress,
            };
            let mut coordinator = Coordinator::new(
                &self.options,
                &self.hosts,
                &mut self.transport,
                &mut *worker,
                &mut parent,
            );
            let ended = coordinator.run();
            *results = coordinator.into_results();
            ended?;
        }
        let output = self.reduce::<T>(worker, results)?;
        let statistics = Statistics::new(results.ranks.clone(), start.elapsed(), self.created.elapsed());
        guard(|| task.finalize(output, &statistics)).map_err(|message| here(HookFailure::new("finalize", message)))?;
        Ok(statistics)
    }

    /// The sum of all ranks' outputs; completes the statistics.
    fn reduce<T: Task>(&mut self, mut worker: Box<dyn Worker>, results: &mut Results) -> Result<T::Output, Error> {
        for rank in 1..self.transport.size() {
            let memory = self.options.memory;
            self.transport
                .send(rank, Tag::Control, pack(&Order::Reduce { memory }, &[])?);
        }
        let memory = self.options.memory.then(|| agent::memory_in_use(&*worker));
        let mut waits = vec![Waits::default(); self.transport.size()];
        let finished = Cell::new(1);
        let hosts = &self.hosts;
        let mut control = |message: Message| {
            match unpack(message.bytes)?.0 {
                Report::Finished(wait) => {
                    waits[message.from] = wait;
                    finished.set(finished.get() + 1);
                }
                Report::Failed(failure) => return Err(hook_error(message.from, &hosts[message.from], failure)),
                Report::Left => {
                    return Err(Error::Left {
                        rank: message.from,
                        host: hosts[message.from].clone(),
                    });
                }
                // A worker that was ready too late for any item.
                Report::Ready { .. } => {}
                report => {
                    return Err(Error::Mpi(format!(
                        "rank {} reports out of turn: {report:?}; a fault in gaudi-mpi",
                        message.from
                    )));
                }
            }
            Ok(Control::Continue)
        };
        if let Reduced::Failed(failure) = reduce(&mut self.transport, &mut *worker, false, &mut control)? {
            return Err(hook_error(0, &hosts[0], failure));
        }
        let output = collect::<T>(&mut *worker).map_err(|failure| hook_error(0, &hosts[0], failure))?;
        let mut idle = Idle::default();
        while finished.get() < self.transport.size() {
            match self.transport.try_receive()? {
                Some(message) => {
                    control(message)?;
                }
                None => idle.pause(self.transport.is_sending()),
            }
        }
        let (bytes_in, bytes_out) = self.transport.take_traffic();
        waits[0] = Waits {
            waiting: worker.finish(),
            memory,
            bytes_in,
            bytes_out,
        };
        for (statistics, wait) in results.ranks.iter_mut().zip(waits) {
            (statistics.waiting, statistics.memory) = (wait.waiting, wait.memory);
            (statistics.bytes_in, statistics.bytes_out) = (wait.bytes_in, wait.bytes_out);
        }
        Ok(output)
    }

    /// Ends the job on all ranks; gives back the error for the user, who hears of it from rank 0 alone.
    fn fail(&mut self, error: Error, results: Results) -> Error {
        if let Some(path) = &self.options.json {
            let statistics = Statistics::new(results.ranks, Duration::ZERO, self.created.elapsed());
            if let Err(error) = report::write_json(path, &statistics, &results.skipped, Some(&error)) {
                log::error!("{error}");
            }
        }
        self.ended = true;
        match agent::stop_all(&mut self.transport, PATIENCE) {
            Ok(true) => error,
            Ok(false) | Err(_) => {
                // There may be no later: the launcher ends this rank, too.
                eprintln!("Error: {error}");
                log::error!("some ranks did not stop within {PATIENCE:?} and are killed");
                self.transport.abort(1)
            }
        }
    }

    /// Ends the job on all ranks for an error that rank 0 has met before [`process`](Self::process).
    pub(crate) fn fail_before(&mut self, error: Error) -> Error {
        self.fail(error, Results::default())
    }

    /// Ends a rank whose job is over. Its status says nothing, so that rank 0's is the job's.
    fn leave(&mut self) -> ! {
        self.ended = true;
        self.helper = None;
        self.transport.finalize();
        std::process::exit(0)
    }
}

impl Drop for WorkManager {
    fn drop(&mut self) {
        if self.zygote.is_some() {
            // What the program does without its manager is the rank's business.
            std::process::exit(if std::thread::panicking() { 101 } else { 0 });
        }
        if self.ended {
            return;
        }
        // Others may wait for this rank at any point of the job. A rank that is alone unwinds as any program does.
        if std::thread::panicking() && self.size() > 1 {
            self.transport.abort(101);
        }
        let ended = if self.is_root() {
            agent::say_goodbye(&mut self.transport)
        } else {
            agent::await_goodbye(&mut self.transport)
        };
        if let Err(error) = ended {
            log::error!("{error}");
            self.transport.abort(1);
        }
    }
}

/// Starts what does this rank's work.
fn start_worker<T: Task>(
    helper: &Option<Rc<RefCell<Helper>>>,
    options: &Options,
    task: Body,
    pass: Pass,
) -> Result<Box<dyn Worker>, HookFailure> {
    Ok(match helper {
        Some(helper) => Box::new(ForkedWorkers::start(helper, task.into_vec(), pass, options)?),
        None => Box::new(InlineWorker::spawn::<T>(task, pass)?),
    })
}

/// A task and its items, as the coordinator sees them.
struct TypedParent<'a, T: Task> {
    task: &'a mut T,
    items: &'a [T::Item],
    progress: Progress,
}

impl<T: Task> Parent for TypedParent<'_, T> {
    fn total(&self) -> u64 {
        self.items.len() as u64
    }

    fn encode(&self, batch: Batch) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        for number in batch.items() {
            wire::encode_onto(&self.items[number as usize], &mut bytes)?;
        }
        Ok(bytes)
    }

    fn deliver(&mut self, batch: &mut Batch, replies: &mut &[u8], until: Instant) -> Result<(), HookFailure> {
        guard(|| {
            // Looking at the clock takes longer than handing over an empty reply.
            while batch.count > 0 && (!batch.count.is_multiple_of(16) || Instant::now() < until) {
                let reply = wire::decode_front(replies)?;
                self.task.local_process(&self.items[batch.first as usize], reply)?;
                batch.first += 1;
                batch.count -= 1;
            }
            Ok(())
        })
        .map_err(|message| {
            HookFailure::new(
                "local_process",
                format!("{message} (item {}{})", batch.first, self.describe(batch.first)),
            )
        })
    }

    fn describe(&self, item: u64) -> String {
        const LONGEST: usize = 80;
        let text = serde_json::to_string(&self.items[item as usize]).unwrap_or_default();
        let mut short: String = text.chars().take(LONGEST).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        if short.is_empty() { short } else { format!(" ({short})") }
    }

    fn progress(&mut self, settled: u64) {
        self.progress.update(settled);
    }
}
