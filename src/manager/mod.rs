//! [`WorkManager`]: the one entry point, and the one place where it is decided what a process does.

mod join;
mod lead;

use crate::error::Error;
use crate::farm::agent::{self, Ended};
use crate::farm::coordinator::Results;
use crate::farm::heartbeat::HeartbeatThread;
use crate::farm::protocol::{HookFailure, Pass, Payload};
use crate::farm::transport::Transport;
use crate::farm::worker::Worker;
use crate::host::environment::host;
use crate::host::{allocator, logging, signals};
use crate::job::options::Options;
use crate::job::report;
use crate::job::statistics::Statistics;
use crate::job::summary::Summary;
use crate::job::task::Task;
use crate::worker::{ForkedWorkers, InlineWorker, Side, Zygote, ZygoteHandle};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Runs tasks on all ranks that the program was started on.
///
/// Every rank runs the same program, and makes the same calls. Rank 0 decides: its options, its task and its items are
/// the ones that count, and what the other ranks pass is ignored, but for how each rank forks workers. A program that was not started by an MPI launcher is
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
    helper: Option<Rc<RefCell<ZygoteHandle>>>,
    /// In a process that is such a helper: what it is.
    zygote: Option<Zygote>,
    /// Until MPI is left: then others cannot wait for this rank any more.
    heart: Option<HeartbeatThread>,
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
            _ => match ZygoteHandle::fork(&options)? {
                Side::Rank(helper) => (Some(Rc::new(RefCell::new(helper))), None),
                Side::Zygote(zygote) => (None, Some(zygote)),
            },
        };
        if zygote.is_none() {
            signals::watch();
        }
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
            heart: None,
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
            let _attention = signals::attend();
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

    /// ZygoteEnds the job on all ranks; gives back the error for the user, who hears of it from rank 0 alone.
    fn fail(&mut self, mut error: Error, results: Results) -> Error {
        let _attention = signals::attend();
        // A signal that comes to the workers, too, may have shown itself by their end first.
        if let Err(interrupted) = self.transport.check() {
            error = interrupted;
        }
        self.transport.end();
        let status = match error {
            Error::Interrupted { signal, .. } => signals::decide_status(signal),
            _ => 1,
        };
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
                self.transport.abort(status)
            }
        }
    }

    /// ZygoteEnds the job on all ranks for an error that rank 0 has met before [`process`](Self::process).
    pub(crate) fn fail_before(&mut self, error: Error) -> Error {
        self.fail(error, Results::default())
    }

    /// ZygoteEnds a rank whose job is over. Its status says nothing, so that rank 0's is the job's.
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
    helper: &Option<Rc<RefCell<ZygoteHandle>>>,
    options: &Options,
    task: Payload,
    pass: Pass,
) -> Result<Box<dyn Worker>, HookFailure> {
    Ok(match helper {
        Some(helper) => Box::new(ForkedWorkers::start(helper, task.into_vec(), pass, options)?),
        None => Box::new(InlineWorker::spawn::<T>(task, pass)?),
    })
}
