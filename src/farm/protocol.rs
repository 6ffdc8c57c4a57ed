//! What ranks say to each other. A message is a header, encoded, and a body of raw bytes.

use super::heartbeat::Meeting;
use crate::error::Error;
use crate::job::memory::MemoryUse;
use crate::wire;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::ops::{Deref, Range};
use std::path::PathBuf;
use std::time::Duration;

pub(crate) use super::transport::Message;

/// From rank 0 to an agent.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Order {
    /// First of all: be as rank 0 is, unless the environment is not to be cloned.
    Environment {
        variables: Vec<(String, String)>,
        directory: Option<PathBuf>,
        heartbeat: Option<Meeting>,
    },
    /// A call of `process` begins. Payload: the task.
    Start(Pass),
    /// Process these items. Payload: the items.
    Batch(Batch),
    /// All items are done: join your output with the others'. With `memory`, see before how much memory is in use.
    Reduce { memory: bool },
    /// Send your output up the tree: from the rank above, not from rank 0.
    Emit,
    /// The job has failed: forget everything, then say so.
    Stop,
    /// The program ends.
    Goodbye,
}

/// From an agent to rank 0.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Report {
    /// The agent is there.
    Present { host: String },
    /// The agent's worker has run `initialize_remote`, and does so many batches at a time.
    Ready { slots: usize },
    /// A batch is done. Payload: the replies.
    Done(Done),
    /// What was to do a batch has died.
    Died(Death),
    /// A hook of the worker's failed.
    Failed(HookFailure),
    /// The agent's part in the sum, and in `process`, is done.
    Finished(RankUsage),
    /// The agent has heard `Stop`, and sends nothing more.
    Stopped,
    /// The agent's program went on without the call of `process` that rank 0 made.
    Left,
    /// The agent cannot enter rank 0's working directory.
    NoDirectory { host: String, message: String },
}

/// What a call of `process` has in common on all ranks.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Pass {
    /// How many calls went before.
    pub number: u64,
    /// The job's seed.
    pub seed: u64,
}

/// Consecutive items on their way to a worker.
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

/// What became of a batch.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Done {
    pub batch: Batch,
    /// Runs of items that succeeded, in order, each with the length of its replies in the body.
    pub good: Vec<(Batch, u64)>,
    /// Items that failed, and what they said.
    pub failed: Vec<(u64, String)>,
    /// Time spent on the batch.
    pub busy: Duration,
    /// The part of it that went into making, joining and dropping outputs.
    pub merging: Duration,
    /// Time that somebody else spends on joining the batch's output, for all who wait for him.
    pub keeping: Duration,
}

/// The end of a worker in the middle of a batch. Nothing of the batch counts.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Death {
    pub batch: Batch,
    /// The item that was at work, if one was.
    pub item: Option<u64>,
    /// What it died of, as the end of a sentence: `was killed by SIGSEGV`.
    pub cause: String,
}

/// A hook other than `process` that failed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HookFailure {
    pub hook: String,
    pub message: String,
}

impl HookFailure {
    pub(crate) fn new(hook: &str, message: impl ToString) -> Self {
        Self {
            hook: hook.into(),
            message: message.to_string(),
        }
    }
}

/// What only the rank itself knows of its part in a pass.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct RankUsage {
    /// Time the worker waited for items.
    pub waiting: Duration,
    /// Memory in use after the last item, if that was asked for.
    pub memory: Option<MemoryUse>,
    pub bytes_in: u64,
    pub bytes_out: u64,
}

/// The raw part of a message.
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
    /// Its bytes, in a vector of their own.
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

/// A message's bytes.
pub(crate) fn pack<H: Serialize>(header: &H, body: &[u8]) -> Result<Vec<u8>, Error> {
    let mut bytes = wire::encode(header)?;
    bytes.extend_from_slice(body);
    Ok(bytes)
}

/// A message's header and body.
pub(crate) fn unpack<H: DeserializeOwned>(bytes: Vec<u8>) -> Result<(H, Payload), Error> {
    let mut rest = bytes.as_slice();
    let header = wire::decode_front(&mut rest)?;
    let start = bytes.len() - rest.len();
    Ok((header, Payload { bytes, start }))
}
