//! [`WorkManager`]: the entry point of a job, and the one place that decides what a process does.

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
/// Every rank runs the same program and makes the same calls. Rank 0 decides: its options, task and items count, and those
/// of the other ranks are ignored, except for how each rank forks workers. A program that was not started by an MPI
/// launcher is rank 0 alone.
///
/// When a job fails, or rank 0 is finished with it, the other ranks end silently; rank 0 has the error or the summary. So
/// code after [`process`](WorkManager::process) that is to run once asks [`is_root`](WorkManager::is_root) first.
///
/// See [`Task`] for an example.
///
/// # Programs that end themselves
///
/// [`new`](Self::new), [`process`](Self::process) and dropping a manager may end the process, on ranks other than 0 and in
/// the processes that fork workers. A host program that has to end by itself, such as an interpreter with buffers to flush,
/// calls [`join`](Self::join), [`run`](Self::run) and [`leave`](Self::leave) instead: they return [`Exit`] where the others
/// end the process. Forked workers end by [`ForkHooks::exit_child`](crate::ForkHooks).
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
    /// Some items were skipped, in any pass.
    any_skipped: bool,
}

/// What this process is to the job.
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
    /// Joins the ranks of the job. The other ranks take over rank 0's environment, unless the options say otherwise.
    ///
    /// # Errors
    /// If the options make no sense, MPI cannot do what is needed, a rank cannot enter rank 0's working directory, or the
    /// file for the statistics cannot be written.
    pub fn new(options: Options) -> Result<Self, Error> {
        continue_or_exit(Self::join(options))
    }

    /// Like [`new`](Self::new), and returns instead of ending the process.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn join(options: Options) -> Result<ControlFlow<Exit, Self>, Error> {
        options.check()?;
        allocator::keep_freed_memory();
        let created = Instant::now();
        let mut zygote = None;
        if options.workers > 0 {
            // Before MPI is initialised: forking is not safe afterwards.
            match ZygoteHandle::fork(&options)? {
                Forked::Rank(handle) => zygote = Some(handle),
                Forked::Zygote(Ok(Some(zygote))) => {
                    logging::start(options.quiet, options.verbose, zygote.rank());
                    let (rank, size) = (zygote.rank(), zygote.size());
                    let manager = Self::with_role(Role::Zygote(zygote), rank, size, options);
                    return Ok(ControlFlow::Continue(manager));
                }
                // The rank has ended before the job began, and has said why.
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

    /// On rank 0: gathers the ranks, and checks what can be checked before the first pass.
    fn prepare_root(&mut self) -> Result<(), Error> {
        let Role::Root(root) = &mut self.role else {
            return Ok(());
        };
        root.gather_ranks(&self.options)?;
        match &self.options.json {
            Some(path) => report::check_json(path).inspect_err(|_| {
                // The failure cannot be written there either.
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

    /// Returns whether this is rank 0, where results arrive. With `--workers`, two processes of a rank run the program: the
    /// one that forks workers is never the root.
    pub fn is_root(&self) -> bool {
        self.is_root
    }

    /// Returns the options of the job.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Processes the items with the task on all ranks.
    ///
    /// Items are taken from `items` as they are needed: it may be a vector, a range, or an iterator of unknown length that
    /// yields more than fits into memory. The job ends when the iterator does. If that depends on anything but the items
    /// themselves, such as the time, so does the result.
    ///
    /// On rank 0, the task has afterwards what its own `initialize_local`, `local_process` and `finalize` made of it. On the
    /// other ranks, `task` and `items` are not used.
    ///
    /// # Errors
    /// If a hook of the task fails, or if an item fails for good and the options do not say to skip it. Then the job is over
    /// on all ranks.
    pub fn process<T: Task>(
        &mut self,
        task: &mut T,
        items: impl IntoIterator<Item = T::Item>,
    ) -> Result<Summary, Error> {
        continue_or_exit(self.run(task, items))
    }

    /// Like [`process`](Self::process), and returns instead of ending the process.
    ///
    /// # Errors
    /// As for [`process`](Self::process). [`Error::exit_status`] is the status that the program should end with.
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

    /// Reports a pass that succeeded.
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

    /// On rank 0: ends the job on all ranks. Returns the error for the user, who sees it from rank 0 alone.
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
        // A signal that reaches the workers, too, may show as their deaths first.
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
                // Now or never: aborting ends this rank, too.
                eprintln!("Error: {error}");
                log::error!("some ranks did not stop within {PATIENCE:?} and are killed");
                transport.abort(error.exit_status())
            }
        }
    }

    /// Ends the job on all ranks because of an error that rank 0 has met outside [`process`](Self::process). Returns the
    /// error for `main`. Does nothing on other ranks.
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

    /// Ends this process's part in the job, as dropping the manager does, and returns instead of ending the process. Rank 0
    /// says goodbye; other ranks wait for that.
    pub fn leave(mut self) -> ControlFlow<Exit> {
        self.end()
    }

    fn end(&mut self) -> ControlFlow<Exit> {
        let (mut member, is_root) = match std::mem::replace(&mut self.role, Role::Over) {
            Role::Root(root) => (root.member, true),
            Role::Rank(member) => (member, false),
            // What the program does without its manager is the business of the rank.
            Role::Zygote(_) if std::thread::panicking() => return ControlFlow::Break(Exit::PANIC),
            Role::Zygote(_) => return ControlFlow::Break(Exit::SUCCESS),
            Role::Over => return ControlFlow::Continue(()),
        };
        // Other ranks may wait for this one. A single rank unwinds like any program.
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

/// Makes the process end with the status of a signal, if that is the error.
fn with_exit_status(error: Error) -> Error {
    if let Error::Interrupted { signal, .. } = error {
        signals::force_exit_status(128 + signal);
    }
    error
}
