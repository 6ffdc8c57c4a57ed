//! Messages between ranks. A message is an encoded header and a payload of raw bytes.
//!
//! # Who may send what, and when
//!
//! An [`Order`] goes from rank 0 to an agent (any other rank), and a [`Report`] goes back. Messages between two ranks
//! arrive in the order in which they were sent; messages from different ranks may arrive in any order.
//!
//! ```text
//! rank 0                                 agent
//! ------                                 -----
//! once, when the ranks join
//!   Join                          -->
//!                                 <--    Present | NoDirectory
//! each call of `process`
//!   Start + task                  -->    starts its worker
//!                                 <--    Ready                 (once the worker is initialised)
//!   Batch + items                 -->                          (any number, only after Ready)
//!                                 <--    Done + replies | Died (one for each Batch, in any order)
//!   Reduce                        -->                          (when all items are settled)
//!   Emit                          -->                          (from the agent's parent in the tree, which may be
//!                                                               another agent; may arrive even before Start)
//!                                  ..    Piece, LastPiece to its parent, as raw messages
//!                                 <--    Finished              (after the last piece has left)
//! at any time
//!                                 <--    Failed                (then the agent ignores all but Stop and Goodbye)
//!   Stop                          -->    drops everything
//!                                 <--    Stopped               (the agent's last message)
//! at the end
//!   Goodbye                       -->    leaves
//!                                 <--    Left                  (its program did not call `process` for a Start)
//! ```
//!
//! An agent that is lost, or that MPI cannot reach, cannot report this itself: see [`transport`](super::transport) and
//! [`heartbeat`](super::heartbeat).

use super::heartbeat::Rendezvous;
use crate::error::Error;
use crate::host::environment::Environment;
use crate::job::memory::MemoryUse;
use crate::wire;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fmt;
use std::ops::{Deref, Range};
use std::time::Duration;

/// A message from rank 0 to an agent.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Join the job: take over rank 0's environment, and send heartbeats.
    Join {
        environment: Option<Environment>,
        heartbeat: Option<Rendezvous>,
    },
    /// A call of `process` starts. Payload: the task.
    Start(Pass),
    /// Process these items. Payload: the items.
    Batch(Batch),
    /// All items are settled: add your output to the others'. With `memory`, measure the memory in use first.
    Reduce { memory: bool },
    /// Send your output to your parent in the tree. This order comes from the parent.
    Emit,
    /// The job has failed: drop everything and report `Stopped`.
    Stop,
    /// The program is ending.
    Goodbye,
}

/// A message from an agent to rank 0.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Report {
    /// The agent has joined.
    Present { host: String },
    /// The agent cannot enter rank 0's working directory.
    NoDirectory { host: String, message: String },
    /// The worker has run `initialize_remote` and processes `slots` batches at a time.
    Ready { slots: usize },
    /// A batch is done. Payload: the replies.
    Done(Done),
    /// The worker died while a batch was assigned to it.
    Died(Death),
    /// The agent cannot continue.
    Failed(Failure),
    /// The agent has completed its part of the call of `process`.
    Finished(RankUsage),
    /// The agent has seen `Stop` and sends nothing more.
    Stopped,
    /// The agent's program did not make a `process` call that rank 0 made.
    Left,
}

/// A call of `process`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Pass {
    /// The number of earlier calls of `process`.
    pub number: u64,
    /// The job's seed.
    pub seed: u64,
}

/// Consecutive items that are sent to a worker together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Batch {
    pub first: u64,
    pub count: u64,
}

impl Batch {
    pub(crate) fn items(&self) -> Range<u64> {
        self.first..self.first + self.count
    }
}

/// The result of a batch.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Done {
    pub batch: Batch,
    /// Runs of items that succeeded, in order, each with the length of its replies in the payload.
    pub good: Vec<(Batch, u64)>,
    /// Items that failed, with their errors.
    pub failed: Vec<(u64, String)>,
    /// Time spent on the batch.
    pub busy: Duration,
    /// The part of that time spent on creating, joining and dropping outputs.
    pub merging: Duration,
    /// Time that another process spends on adding the batch's output, multiplied by the number of workers that wait for
    /// that process.
    pub accumulating: Duration,
}

/// The death of a worker to which a batch was assigned. All results of that batch are discarded.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Death {
    pub batch: Batch,
    /// The item that was being processed, if any.
    pub item: Option<u64>,
    /// The cause, phrased as the end of a sentence: `was killed by SIGSEGV`.
    pub cause: String,
}

/// The reason why a rank or its worker cannot continue.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Failure {
    /// A hook of the task other than `process` failed, or a step involving the task, such as sending it, failed.
    Hook { hook: String, message: String },
    /// Any other reason.
    Rank { message: String },
}

impl Failure {
    pub(crate) fn hook(hook: &str, message: impl ToString) -> Self {
        Self::Hook {
            hook: hook.into(),
            message: message.to_string(),
        }
    }

    pub(crate) fn rank(message: impl ToString) -> Self {
        Self::Rank {
            message: message.to_string(),
        }
    }

    /// Reports a state that should be impossible.
    pub(crate) fn bug(what: &str) -> Self {
        Self::rank(format!("{what}: a bug in gaudi-mpi, please report it"))
    }

    /// Returns the job's error for a failure on a rank.
    pub(crate) fn on(self, rank: usize, host: &str) -> Error {
        let host = host.into();
        match self {
            Self::Hook { hook, message } => Error::Hook {
                hook,
                rank,
                host,
                message,
            },
            Self::Rank { message } => Error::Rank { rank, host, message },
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hook { hook, message } => write!(f, "{hook} failed: {message}"),
            Self::Rank { message } => f.write_str(message),
        }
    }
}

/// The resources that a rank used in a pass and that only the rank itself can measure.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct RankUsage {
    /// Time that the worker waited for items.
    pub waiting: Duration,
    /// Memory in use after the last item, if it was measured.
    pub memory: Option<MemoryUse>,
    pub bytes_in: u64,
    pub bytes_out: u64,
}

/// The raw bytes that follow a message's header.
#[derive(Debug, Default)]
pub(crate) struct Payload {
    bytes: Vec<u8>,
    start: usize,
}

impl Deref for Payload {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

impl Payload {
    pub(crate) fn into_vec(mut self) -> Vec<u8> {
        self.bytes.drain(..self.start);
        self.bytes
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, start: 0 }
    }
}

/// Encodes a message.
pub(crate) fn pack<H: Serialize>(header: &H, payload: &[u8]) -> Result<Vec<u8>, Error> {
    let mut bytes = wire::encode(header)?;
    bytes.extend_from_slice(payload);
    Ok(bytes)
}

/// Decodes a message.
pub(crate) fn unpack<H: DeserializeOwned>(bytes: Vec<u8>) -> Result<(H, Payload), Error> {
    let mut rest = bytes.as_slice();
    let header = wire::decode_front(&mut rest)?;
    let start = bytes.len() - rest.len();
    Ok((header, Payload { bytes, start }))
}
