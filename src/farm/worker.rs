//! The farm's port to a worker, the part of a rank that runs the task.

use super::protocol::{Batch, Death, Done, Failure, Payload};
use std::time::Duration;

/// A worker's report.
pub(crate) enum WorkerReport {
    /// The worker has run `initialize_remote`.
    Ready,
    /// A batch is done. Contains its replies.
    Done(Done, Payload),
    /// A process died while it had a batch, and is being replaced.
    Died(Death),
    /// The worker cannot go on and has ended.
    Failed(Failure),
    /// Another rank's output was added.
    Absorbed,
    /// A piece of the output.
    Piece(Vec<u8>),
    /// The last piece.
    LastPiece(Vec<u8>),
}

/// A rank's worker: processes batches and adds up their outputs. Only [`poll`](Self::poll) and
/// [`finish`](Self::finish) block.
pub(crate) trait Worker {
    /// Returns the number of batches that the worker processes at a time.
    fn slots(&self) -> usize;
    /// Returns the worker's processes, except for the rank's own process.
    fn processes(&self) -> Vec<i32>;
    /// Queues a batch.
    fn submit(&mut self, batch: Batch, items: Payload);
    /// Announces another rank's output, whose pieces follow in calls of [`give`](Self::give).
    fn absorb(&mut self);
    /// Passes the worker a piece of the announced output. Returns the piece if there is no room for it now.
    fn give(&mut self, piece: Vec<u8>, last: bool) -> Result<(), Vec<u8>>;
    /// Asks for the worker's output. With `always`, there is an output even if there were no items.
    fn emit(&mut self, always: bool);
    /// Returns the next report, waiting for it no longer than `wait`.
    fn poll(&mut self, wait: Duration) -> Option<WorkerReport>;
    /// Ends the worker after a successful pass. Returns how long it waited for items.
    fn finish(self: Box<Self>) -> Duration;
}
