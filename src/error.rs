//! What can go wrong in a job, as sentences that say what failed, where, and what to do.

use std::fmt;
use std::path::PathBuf;

/// Any error.
pub(crate) type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// The result of a [`Task`](crate::Task) hook: any error will do, and `?` and `.into()` make one.
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

/// The result of a job: give it back from `main`, and it becomes the exit status.
pub type JobResult = std::result::Result<crate::Summary, Error>;

/// Why a job stopped.
///
/// Both `Display` and `Debug` print the sentence, so that `fn main() -> JobResult` shows it to the user as it stands.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `process` failed on an item as often as `--retries` allows, and `--on-error` is `abort`.
    #[error(
        "item {item}{description} failed on rank {rank} ({host}), at attempt {attempts}: {message}. \
         The job was stopped; --on-error skip goes on without such items"
    )]
    Item {
        /// The item's number, from 0.
        item: u64,
        /// The item itself, shortened, with a space before it.
        description: String,
        /// The rank whose worker tried it last.
        rank: usize,
        /// That rank's host.
        host: String,
        /// How often it was tried.
        attempts: u32,
        /// What `process` said.
        message: String,
    },
    /// Another hook of the task failed.
    #[error("{hook} failed on rank {rank} ({host}): {message}. The job was stopped")]
    Hook {
        /// The hook's name.
        hook: String,
        /// The rank it ran on.
        rank: usize,
        /// That rank's host.
        host: String,
        /// What it said.
        message: String,
    },
    /// A job cannot begin: its input or its description is not what it should be.
    #[error("{0}")]
    Job(String),
    /// `process` was called again after the job had been stopped.
    #[error(
        "the job was stopped by an earlier error, and its other ranks have ended: no further items can be processed"
    )]
    Stopped,
    /// Another rank's program went on without the call of `process` that rank 0 has made.
    #[error(
        "rank {rank} ({host}) has left the job while rank 0 called WorkManager::process once more: \
         every rank has to make the same calls, so look for a call that depends on the rank"
    )]
    Left {
        /// The rank that left.
        rank: usize,
        /// Its host.
        host: String,
    },
    /// A rank could not take over rank 0's working directory.
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
        /// What the system said.
        message: String,
    },
    /// A signal asked the job to stop. Whatever `main` makes of this, the process ends with status 128 and the signal's
    /// number.
    #[error("stopped by {name}, sent to rank {rank} ({host}), before all items were done")]
    Interrupted {
        /// The signal's number.
        signal: u8,
        /// The signal's name.
        name: String,
        /// The rank that told of it first.
        rank: usize,
        /// Its host.
        host: String,
    },
    /// A rank was not heard of for as long as `--lost-after` says.
    #[error(
        "rank {rank} ({host}) has not been heard of for {seconds} s: its process is frozen, or its host or the network is down. \
         The job was stopped; --lost-after sets the time"
    )]
    Lost {
        /// The rank.
        rank: usize,
        /// Its host.
        host: String,
        /// For how long.
        seconds: f64,
    },
    /// Something could not be encoded or decoded for its way between ranks.
    #[error("{what} cannot travel between ranks: {message}")]
    Wire {
        /// What it was.
        what: String,
        /// What the encoder said.
        message: String,
    },
    /// The MPI library cannot do what is needed.
    #[error("MPI: {0}")]
    Mpi(String),
    /// A file could not be read or written.
    #[error("cannot {action} {path}: {source}")]
    File {
        /// `read`, `write`, …
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something that the program did around its jobs failed: any error becomes this one by `?`, by way of [`Result`].
    #[error(transparent)]
    Program(#[from] Box<dyn std::error::Error + Send + Sync>),
    /// Processes for `--workers` could not be made.
    #[error("{0}")]
    Fork(String),
    /// An option has a value that makes no sense.
    #[error("{0}")]
    Options(String),
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In one piece: a launcher that says something itself might do so between two.
        f.write_str(&self.to_string())
    }
}
