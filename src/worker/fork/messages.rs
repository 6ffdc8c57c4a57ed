//! Messages between a rank and its child processes. A message is an encoded header and a payload of raw bytes.

use super::process::Ended;
use super::reply_buffers::BufferedReplies;
use crate::farm::protocol::{Batch, Done, Failure, Pass};
use crate::host::environment::Environment;
use crate::job::options::ForkAfter;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A message from a rank to its zygote.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ZygoteOrder {
    /// The first message: the rank that the zygote belongs to, and the parts of rank 0's environment that this rank has
    /// taken over.
    Join {
        rank: usize,
        size: usize,
        environment: Option<Environment>,
    },
    /// A call of `process` starts. Payload: the task.
    Start { pass: Pass, fork_after: ForkAfter },
    /// Process this item and drop the result. Payload: the item.
    WarmUp(Batch),
    /// Fork the child with this number, after its predecessor has ended.
    Fork { child: usize },
    /// The call of `process` is over.
    End,
}

/// A message from a zygote to its rank.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ZygoteReport {
    /// The part of the task's initialisation that comes before forking is complete.
    Ready,
    /// The item was processed.
    WarmedUp,
    /// A new child was forked. Its socket is sent separately.
    Forked { child: usize, pid: i32 },
    /// How the child's predecessor ended.
    Gone { child: usize, ended: Ended },
    /// A hook failed.
    Failed(Failure),
    /// The zygote has also finished the call of `process`.
    Ended,
}

/// A message from a rank to a worker. A worker exits when its channel is closed.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum WorkerOrder {
    /// Process these items. Payload: the items.
    Process(Batch),
    /// There are no more items.
    Finalize,
}

/// A message from a worker to its rank.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum WorkerAnswer {
    /// The task is initialised.
    Ready,
    /// Payload: the output of the batch reported by the next `Done`.
    Output,
    /// A batch is done. Payload: the replies, unless they are in shared memory.
    Done(Done, Option<BufferedReplies>),
    /// The worker has run `finalize_remote`. Contains the time that the worker spent waiting for items.
    Finalized(Duration),
    /// A hook failed.
    Failed(Failure),
}

/// A message from a rank to its accumulator.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum AccumulatorOrder {
    /// Payload: a worker's output, or a piece of another rank's output.
    Add { last: bool },
    /// Send the sum. With `always`, send a sum even if there were no items.
    Emit { always: bool },
}

/// A message from an accumulator to its rank.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum AccumulatorAnswer {
    /// An output was added. Contains the time spent on adding it.
    Added(Duration),
    /// Payload: a piece of the sum.
    Piece,
    /// Payload: the last piece of the sum.
    LastPiece,
    /// Merging failed.
    Failed(Failure),
}
