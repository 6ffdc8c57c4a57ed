//! What a rank and its children say to each other. A message is a header, encoded, and a body of raw bytes.

use super::process::Ended;
use super::reply_buffers::Place;
use crate::farm::protocol::{Batch, Done, HookFailure, Pass};
use crate::job::options::ForkAfter;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// From a rank to its zygote.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ZygoteOrder {
    /// First of all: who you belong to, and what its environment has become.
    Belong {
        rank: usize,
        size: usize,
        variables: Vec<(String, String)>,
        directory: Option<PathBuf>,
    },
    /// A call of `process` begins. Payload: the task.
    Start { pass: Pass, fork_after: ForkAfter },
    /// Process this item, and forget what comes of it. Payload: the item.
    WarmUp(Batch),
    /// Fork the child with this number, after the one before has been seen off.
    Fork { child: usize },
    /// The call of `process` ends.
    End,
}

/// From a zygote to its rank.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ZygoteReport {
    /// The task has been initialised, as far as that is to be done before forking.
    Ready,
    /// The item has been processed.
    Warm,
    /// There is a new child; its socket comes along.
    Forked { child: usize, pid: i32 },
    /// How the child before it has ended, if there was one.
    Gone { child: usize, ended: Ended },
    /// A hook failed.
    Failed(HookFailure),
    /// The call of `process` has ended here, too.
    Ended,
}

/// From a rank to a worker. A worker whose socket is closed ends.
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
    /// Payload: the output of the batch that is told of next.
    Output,
    /// A batch is done. Payload: the replies, unless they are on the shelf.
    Done(Done, Option<Place>),
    /// `finalize_remote` has been run; how long the worker had waited for items.
    Finalized(Duration),
    /// A hook failed.
    Failed(HookFailure),
}

/// From a rank to its keeper.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum AccumulatorOrder {
    /// Payload: an output of a worker's, or a piece of another rank's.
    Add { last: bool },
    /// Give the sum away. With `always`, there is one even if there were no items.
    Emit { always: bool },
}

/// From a keeper to its rank.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum AccumulatorAnswer {
    /// An output has been added, which took so long.
    Added(Duration),
    /// Payload: a piece of the sum.
    Piece,
    /// Payload: the last piece.
    LastPiece,
    /// The merging failed.
    Failed(HookFailure),
}
