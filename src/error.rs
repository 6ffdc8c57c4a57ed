//! A job's errors, worded as sentences that say what failed, where it failed, and what to do about it.

use std::fmt;
use std::path::PathBuf;

/// An error of any type.
pub(crate) type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// The result of a [`Task`](crate::Task) hook. Any error type will do: `?` and `.into()` convert the error.
///
/// ```
/// use gaudi_mpi::Result;
///
/// fn charge(text: &str) -> Result<i32> {
///     let charge: i32 = text.parse()?;
///     if charge.abs() > 2 {
///         return Err(format!("a charge of {charge} e is not one of a particle").into());
///     }
///     Ok(charge)
/// }
/// assert!(charge("two").is_err() && charge("7").is_err() && charge("-1").is_ok());
/// ```
pub type Result<T, E = BoxedError> = std::result::Result<T, E>;

/// Why a job stopped.
///
/// Both `Display` and `Debug` print the same sentence, so `fn main() -> JobResult` shows it to the user unchanged.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `process` failed on an item more often than `--retries` allows, and `--on-error` is `abort`.
    #[error(
        "item {item}{description} failed on rank {rank} ({host}), at attempt {attempts}: {}\
         The job was stopped; --on-error skip goes on without such items",
        ended(message)
    )]
    Item {
        /// The item's number, from 0.
        item: u64,
        /// A shortened description of the item, enclosed in parentheses and preceded by a space.
        description: String,
        /// The rank that made the last attempt.
        rank: usize,
        /// That rank's host.
        host: String,
        /// The number of attempts.
        attempts: u32,
        /// The error that `process` returned, or its panic message.
        message: String,
    },
    /// Another hook of the task failed.
    #[error("{hook} failed on rank {rank} ({host}): {}The job was stopped", ended(message))]
    Hook {
        /// The hook's name.
        hook: String,
        /// The rank on which it failed.
        rank: usize,
        /// That rank's host.
        host: String,
        /// The error that the hook returned, or its panic message.
        message: String,
    },
    /// A rank or one of its workers cannot do its part, for a reason unrelated to the task.
    #[error("rank {rank} ({host}) cannot go on: {}The job was stopped", ended(message))]
    Rank {
        /// The rank.
        rank: usize,
        /// Its host.
        host: String,
        /// The reason.
        message: String,
    },
    /// A job cannot start: its input or its description is wrong.
    #[error("{0}")]
    Job(String),
    /// `process` was called after the job had been stopped.
    #[error("the job was stopped by an earlier error and its other ranks have left: no more items can be processed")]
    Stopped,
    /// Another rank's program did not make a `process` call that rank 0 made.
    #[error(
        "rank {rank} ({host}) left the job although rank 0 called WorkManager::process again: \
         every rank has to make the same calls, so look for a call that depends on the rank"
    )]
    Left {
        /// The rank that made no such call.
        rank: usize,
        /// Its host.
        host: String,
    },
    /// A rank cannot enter rank 0's working directory.
    #[error(
        "rank {rank} ({host}) cannot enter rank 0's working directory {directory}: {message}. \
         Start the job in a folder that all hosts share, or use --no-clone-env"
    )]
    Directory {
        /// The rank.
        rank: usize,
        /// Its host.
        host: String,
        /// The directory.
        directory: PathBuf,
        /// The system's error.
        message: String,
    },
    /// A signal stopped the job. Whatever `main` returns after `WorkManager::process`, the process ends with
    /// status 128 plus the signal's number, as [`exit_status`](Self::exit_status) returns it.
    #[error("stopped by {name}, sent to rank {rank} ({host}), before all items were done")]
    Interrupted {
        /// The signal's number.
        signal: u8,
        /// The signal's name.
        name: String,
        /// The rank that reported it first.
        rank: usize,
        /// Its host.
        host: String,
    },
    /// A rank was silent for longer than `--lost-after`.
    #[error(
        "rank {rank} ({host}) has not been heard of for {seconds} s: its process is frozen, or its host or the network is \
         down. The job was stopped; --lost-after sets the time"
    )]
    Lost {
        /// The rank.
        rank: usize,
        /// Its host.
        host: String,
        /// How long it was silent, in seconds.
        seconds: f64,
    },
    /// A value cannot be encoded or decoded for transfer between ranks.
    #[error("{what} cannot travel between ranks: {message}")]
    Wire {
        /// A description of the value.
        what: String,
        /// The encoder's error.
        message: String,
    },
    /// The MPI library failed or lacks a feature.
    #[error("MPI: {0}")]
    Mpi(String),
    /// A file cannot be read or written.
    #[error("cannot {action} {path}: {source}")]
    File {
        /// The operation that failed: `read`, `write`, …
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// An error from the program's own code outside the job: `?` turns the error of a [`Result`] into this variant.
    #[error(transparent)]
    Program(#[from] Box<dyn std::error::Error + Send + Sync>),
    /// The processes for `--workers` cannot be created.
    #[error("{0}")]
    Fork(String),
    /// An option has an invalid value.
    #[error("{0}")]
    Options(String),
}

/// Terminates a message so that another sentence can follow, on the same line or, if the message quotes lines of a
/// file, on a new line.
fn ended(message: &str) -> String {
    match message.contains('\n') {
        true => format!("{}\n", message.trim_end()),
        false => format!("{message}. "),
    }
}

impl Error {
    /// Returns the program's exit status: 128 plus the number of the signal that stopped the job, or 1 for any other
    /// error.
    ///
    /// ```
    /// assert_eq!(gaudi_mpi::Error::Stopped.exit_status(), 1);
    /// ```
    pub fn exit_status(&self) -> i32 {
        match self {
            Self::Interrupted { signal, .. } => 128 + i32::from(*signal),
            _ => 1,
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The message is printed in a single write, because the launcher's own messages could come between two writes.
        f.write_str(&self.to_string())
    }
}
