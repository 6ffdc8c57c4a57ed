//! [`WorkManager`]: the entry point of a job, and the only place that decides what a process does.

mod exit;
mod item_stream;
mod join;
mod member;
mod pass;

pub use exit::Exit;

use self::member::Member;
use crate::error::Error;
use crate::farm::agent::{self, Ended};
use crate::farm::coordinator::Results;
use crate::farm::protocol::Pass;
use crate::farm::transport::Transport;
use crate::host::hostname::hostname;
use crate::host::{allocator, logging, signals};
use crate::job::options::Options;
use crate::job::report;
use crate::job::statistics::Statistics;
use crate::job::summary::Summary;
use crate::job::task::Task;
use crate::worker::{Forked, Zygote, ZygoteHandle};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// Runs tasks on all ranks that the program was started on.
///
/// Every rank runs the same program and makes the same calls. Only rank 0's options, task and items are used; those of
/// the other ranks are ignored, except for the options that control how each rank forks workers. A program that was not
/// started by an MPI launcher runs as rank 0 alone.
///
/// When a job fails, or when rank 0 has finished it, the other ranks exit silently; only rank 0 gets the error or the
/// summary. Therefore, code after [`process`](WorkManager::process) that should run only once has to check
/// [`is_root`](WorkManager::is_root) first.
///
/// See [`Task`] for an example.
///
/// # Programs that control their own exit
///
/// [`new`](Self::new), [`process`](Self::process) and dropping a manager may end the process, on ranks other than 0 and
/// in the processes that fork workers. A host program that has to control its own exit, such as an interpreter with
/// buffers to flush, calls [`join`](Self::join), [`run`](Self::run) and [`leave`](Self::leave) instead: these return
/// [`Exit`] instead of ending the process. Forked workers end through [`ForkHooks::exit_child`](crate::ForkHooks).
///
/// ```
/// use gaudi_mpi::prelude::*;
/// use std::ops::ControlFlow::{Break, Continue};
///
/// # #[derive(Serialize, Deserialize)]
/// # struct Count;
/// # impl Task for Count {
/// #     type Item = u64;
/// #     type Output = u64;
/// #     type Reply = ();
/// #     fn new_output(&self) -> u64 { 0 }
/// #     fn process(&mut self, item: &u64, output: &mut u64) -> Result<()> { *output += item; Ok(()) }
/// # }
/// /// Returns the status that the host program ends with.
/// fn job() -> Result<i32> {
///     let mut manager = match WorkManager::join(Options::default().quiet())? {
///         Continue(manager) => manager,
///         Break(exit) => return Ok(exit.status()),
///     };
///     match manager.run(&mut Count, 0..100)? {
///         Continue(summary) if manager.is_root() => assert_eq!(summary.statistics().items(), 100),
///         Continue(_) => {}
///         Break(exit) => return Ok(exit.status()),
///     }
///     match manager.leave() {
///         Continue(()) => Ok(0),
///         Break(exit) => Ok(exit.status()),
///     }
/// }
/// assert_eq!(job()?, 0);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub struct WorkManager {
    options: Options,
    role: Role,
    rank: usize,
    size: usize,
    is_root: bool,
    /// The number of calls of `process` so far.
    passes: u64,
    /// Whether items were skipped in any pass.
    any_skipped: bool,
}

/// This process's role in the job.
enum Role {
    Root(Root),
    /// A rank other than 0.
    Rank(Member),
    /// The process that forks the workers of a rank.
    Zygote(Zygote),
    /// The job is over for this process.
    Over,
}

/// Rank 0.
struct Root {
    member: Member,
    /// The host of each rank.
    hosts: Vec<String>,
    created: Instant,
}

/// How long the other ranks may take to stop before they are killed.
const PATIENCE: Duration = Duration::from_secs(5);

impl WorkManager {
    /// Connects the ranks of the job. The other ranks take over rank 0's environment, unless the options say otherwise.
    ///
    /// # Errors
    /// If the options are invalid, MPI lacks a required feature, a rank cannot enter rank 0's working directory, or the
    /// statistics file cannot be written.
    pub fn new(options: Options) -> Result<Self, Error> {
        continue_or_exit(Self::join(options))
    }

    /// Like [`new`](Self::new), but returns instead of ending the process.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn join(options: Options) -> Result<ControlFlow<Exit, Self>, Error> {
        options.check()?;
        allocator::keep_freed_memory();
        let created = Instant::now();
        let mut zygote = None;
        if options.workers > 0 {
            // This happens before MPI is initialised, because forking is not safe afterwards.
            match ZygoteHandle::fork(&options)? {
                Forked::Rank(handle) => zygote = Some(handle),
                Forked::Zygote(Ok(Some(zygote))) => {
                    logging::start(options.quiet, options.verbose, zygote.rank());
                    let (rank, size) = (zygote.rank(), zygote.size());
                    let manager = Self::with_role(Role::Zygote(zygote), rank, size, options);
                    return Ok(ControlFlow::Continue(manager));
                }
                // The rank ended before the job began and has reported why.
                Forked::Zygote(Ok(None)) => return Ok(ControlFlow::Break(Exit::SUCCESS)),
                Forked::Zygote(Err(error)) => {
                    eprintln!("Error: the process that forks the workers cannot start: {error}");
                    return Ok(ControlFlow::Break(Exit::FAILURE));
                }
            }
        }
        signals::install();
        let transport = Transport::new()?;
        let (rank, size) = (transport.rank(), transport.size());
        logging::start(options.quiet, options.verbose, rank);
        let mut member = Member::new(zygote, transport);
        let role = if rank == 0 {
            Role::Root(Root {
                member,
                hosts: vec![hostname()],
                created,
            })
        } else {
            match member.join_root() {
                Ok(None) => Role::Rank(member),
                Ok(Some(_)) => return Ok(ControlFlow::Break(Exit::SUCCESS)),
                Err(error) => {
                    // Rank 0 waits for this rank to join.
                    eprintln!("Error: rank {rank} ({}) cannot join the job: {error}", hostname());
                    member.transport.abort(1)
                }
            }
        };
        let mut manager = Self::with_role(role, rank, size, options);
        if let Err(error) = manager.prepare_root() {
            return Err(manager.fail(error, Results::default()));
        }
        log::debug!("rank {rank} of {size} on {}", hostname());
        Ok(ControlFlow::Continue(manager))
    }

    fn with_role(role: Role, rank: usize, size: usize, options: Options) -> Self {
        Self {
            options,
            is_root: matches!(role, Role::Root(_)),
            role,
            rank,
            size,
            passes: 0,
            any_skipped: false,
        }
    }

    /// On rank 0: gathers the ranks, and runs the checks that are possible before the first pass.
    fn prepare_root(&mut self) -> Result<(), Error> {
        let Role::Root(root) = &mut self.role else {
            return Ok(());
        };
        root.gather_ranks(&self.options)?;
        match &self.options.json {
            Some(path) => report::check_json(path).inspect_err(|_| {
                // This failure could not be written to that file either.
                self.options.json = None;
            }),
            None => Ok(()),
        }
    }

    /// Returns this process's rank, from 0.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// Returns the number of ranks.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Returns whether this is rank 0, where results arrive. With `--workers`, two processes per rank run the program;
    /// the process that forks workers is never the root.
    pub fn is_root(&self) -> bool {
        self.is_root
    }

    /// Returns the options of the job.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Processes the items with the task on all ranks.
    ///
    /// Items are taken from `items` as they are needed: `items` may be a vector, a range, or an iterator of unknown
    /// length that yields more items than fit into memory. The job ends when the iterator ends. If its end depends on
    /// anything other than the items themselves, such as the time, the result also depends on that.
    ///
    /// On rank 0, `task` afterwards contains all changes made by its own `initialize_local`, `local_process` and
    /// `finalize`. On the other ranks, `task` and `items` are not used.
    ///
    /// # Errors
    /// If a hook of the task fails, or if an item still fails after all retries and `--on-error` is not `skip`. In both
    /// cases, the job is over on all ranks.
    pub fn process<T: Task>(
        &mut self,
        task: &mut T,
        items: impl IntoIterator<Item = T::Item>,
    ) -> Result<Summary, Error> {
        continue_or_exit(self.run(task, items))
    }

    /// Like [`process`](Self::process), but returns instead of ending the process.
    ///
    /// # Errors
    /// As for [`process`](Self::process). The program should then end with the status [`Error::exit_status`].
    pub fn run<T: Task>(
        &mut self,
        task: &mut T,
        items: impl IntoIterator<Item = T::Item>,
    ) -> Result<ControlFlow<Exit, Summary>, Error> {
        let pass = Pass {
            number: self.passes,
            seed: self.options.seed,
        };
        self.passes += 1;
        let nothing = ControlFlow::Continue(Summary::default());
        match &mut self.role {
            Role::Root(root) => {
                let mut results = Results::default();
                match root.run(task, items.into_iter(), pass, &self.options, &mut results) {
                    Ok(statistics) => Ok(ControlFlow::Continue(self.report(statistics, results)?)),
                    Err(error) => Err(self.fail(error, results)),
                }
            }
            Role::Rank(member) => Ok(match member.serve::<T>(&self.options)? {
                Ended::Finished => nothing,
                Ended::Goodbye => {
                    self.role = Role::Over;
                    ControlFlow::Break(Exit::SUCCESS)
                }
            }),
            Role::Zygote(zygote) => Ok(match zygote.serve::<T>() {
                Ok(true) => nothing,
                Ok(false) => {
                    self.role = Role::Over;
                    ControlFlow::Break(Exit::SUCCESS)
                }
                Err(error) => {
                    log::error!("the process that forks the workers cannot go on: {error}");
                    self.role = Role::Over;
                    ControlFlow::Break(Exit::FAILURE)
                }
            }),
            Role::Over => Err(Error::Stopped),
        }
    }

    /// Reports a successful pass.
    fn report(&mut self, statistics: Statistics, results: Results) -> Result<Summary, Error> {
        let skipped = results.skipped;
        self.any_skipped |= !skipped.is_empty();
        report::print(&statistics, &skipped, self.options.quiet);
        if let Some(path) = &self.options.json {
            report::write_json(path, &statistics, &skipped, None)?;
        }
        Ok(Summary {
            statistics,
            skipped,
            any_skipped: self.any_skipped,
        })
    }

    /// On rank 0: ends the job on all ranks. Returns the error for the user; only rank 0 shows it.
    fn fail(&mut self, mut error: Error, results: Results) -> Error {
        let mut root = match std::mem::replace(&mut self.role, Role::Over) {
            Role::Root(root) => root,
            other => {
                self.role = other;
                return error;
            }
        };
        let transport = &mut root.member.transport;
        let _recording = signals::record();
        // A signal that also reaches the workers may first show up as worker deaths.
        if let Err(interrupted) = transport.check() {
            error = interrupted;
        }
        transport.end();
        if let Some(path) = &self.options.json {
            let statistics = Statistics::new(results.ranks, Duration::ZERO, root.created.elapsed());
            if let Err(error) = report::write_json(path, &statistics, &results.skipped, Some(&error)) {
                log::error!("{error}");
            }
        }
        match agent::stop_all(transport, PATIENCE) {
            Ok(true) => error,
            Ok(false) | Err(_) => {
                // Print the error now, because aborting also ends this rank.
                eprintln!("Error: {error}");
                log::error!("some ranks did not stop within {PATIENCE:?} and are killed");
                transport.abort(error.exit_status())
            }
        }
    }

    /// Ends the job on all ranks because of an error that occurred on rank 0 outside [`process`](Self::process).
    /// Returns the error for `main`. Does nothing on other ranks.
    ///
    /// ```
    /// use gaudi_mpi::prelude::*;
    ///
    /// let mut manager = WorkManager::new(Options::default().quiet())?;
    /// let error = manager.stop(gaudi_mpi::Error::Job("there is no calibration for this run".into()));
    /// assert_eq!(error.to_string(), "there is no calibration for this run");
    /// # Ok::<(), gaudi_mpi::Error>(())
    /// ```
    pub fn stop(&mut self, error: Error) -> Error {
        match self.role {
            Role::Root(_) => with_exit_status(self.fail(error, Results::default())),
            Role::Rank(_) | Role::Zygote(_) | Role::Over => error,
        }
    }

    /// Ends this process's part in the job, as dropping the manager does, but returns instead of ending the process.
    /// Rank 0 says goodbye; the other ranks wait for this message.
    pub fn leave(mut self) -> ControlFlow<Exit> {
        self.end()
    }

    fn end(&mut self) -> ControlFlow<Exit> {
        let (mut member, is_root) = match std::mem::replace(&mut self.role, Role::Over) {
            Role::Root(root) => (root.member, true),
            Role::Rank(member) => (member, false),
            // Only the rank, not its zygote, runs the rest of the program.
            Role::Zygote(_) if std::thread::panicking() => return ControlFlow::Break(Exit::PANIC),
            Role::Zygote(_) => return ControlFlow::Break(Exit::SUCCESS),
            Role::Over => return ControlFlow::Continue(()),
        };
        // Other ranks may be waiting for this rank. A single rank unwinds like any other program.
        if std::thread::panicking() && self.size > 1 {
            member.transport.abort(Exit::PANIC.status());
        }
        let ended = match is_root {
            true => agent::say_goodbye(&mut member.transport),
            false => agent::await_goodbye(&mut member.transport),
        };
        if let Err(error) = ended {
            log::error!("{error}");
            member.transport.abort(1);
        }
        ControlFlow::Continue(())
    }
}

impl Drop for WorkManager {
    fn drop(&mut self) {
        if let ControlFlow::Break(exit) = self.end() {
            exit.now()
        }
    }
}

/// Ends the process if its part in the job is over.
fn continue_or_exit<T>(result: Result<ControlFlow<Exit, T>, Error>) -> Result<T, Error> {
    match result {
        Ok(ControlFlow::Continue(value)) => Ok(value),
        Ok(ControlFlow::Break(exit)) => exit.now(),
        Err(error) => Err(with_exit_status(error)),
    }
}

/// If the error is a signal, makes the process end with that signal's status.
fn with_exit_status(error: Error) -> Error {
    if let Error::Interrupted { signal, .. } = error {
        signals::force_exit_status(128 + signal);
    }
    error
}
