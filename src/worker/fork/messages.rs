//! What a rank and its child processes say to each other. A message is an encoded header and a payload of raw bytes.

use super::process::Ended;
use super::reply_buffers::BufferedReplies;
use crate::farm::protocol::{Batch, Done, Failure, Pass};
use crate::host::environment::Environment;
use crate::job::options::ForkAfter;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// From a rank to its zygote.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ZygoteOrder {
    /// First of all: the rank that the zygote belongs to, and what it has taken over of rank 0's environment.
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
    /// The call of `process` ends.
    End,
}

/// From a zygote to its rank.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ZygoteReport {
    /// The task is initialised, as far as that happens before forking.
    Ready,
    /// The item has been processed.
    WarmedUp,
    /// There is a new child. Its socket is sent separately.
    Forked { child: usize, pid: i32 },
    /// How the child's predecessor has ended.
    Gone { child: usize, ended: Ended },
    /// A hook failed.
    Failed(Failure),
    /// The call of `process` has ended here, too.
    Ended,
}

/// From a rank to a worker. A worker ends when its channel is closed.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum WorkerOrder {
    /// Process these items. Payload: the items.
    Process(Batch),
    /// There are no more items.
    Finalize,
}

/// From a worker to its rank.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum WorkerAnswer {
    /// The task is initialised.
    Ready,
    /// Payload: the output of the batch that the next `Done` is about.
    Output,
    /// A batch is done. Payload: the replies, unless they are in shared memory.
    Done(Done, Option<BufferedReplies>),
    /// `finalize_remote` has been run. With the time that the worker waited for items.
    Finalized(Duration),
    /// A hook failed.
    Failed(Failure),
}

/// From a rank to its accumulator.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum AccumulatorOrder {
    /// Payload: a worker's output, or a piece of another rank's.
    Add { last: bool },
    /// Send the sum. With `always`, there is one even if there were no items.
    Emit { always: bool },
}

/// From an accumulator to its rank.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum AccumulatorAnswer {
    /// An output has been added, in this time.
    Added(Duration),
    /// Payload: a piece of the sum.
    Piece,
    /// Payload: the last piece.
    LastPiece,
    /// Merging failed.
    Failed(Failure),
}
