//! The farm's interface to a worker, the part of a rank that runs the task.

use super::protocol::{Batch, Death, Done, Failure, Payload};
use std::time::Duration;

/// A worker's report.
pub(crate) enum WorkerReport {
    /// The worker has run `initialize_remote`.
    Ready,
    /// A batch is done. Contains its replies.
    Done(Done, Payload),
    /// A process died while a batch was assigned to it, and is being replaced.
    Died(Death),
    /// The worker cannot continue and has ended its work.
    Failed(Failure),
    /// Another rank's output was added.
    Absorbed,
    /// A piece of the output.
    Piece(Vec<u8>),
    /// The last piece of the output.
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
    /// Passes the worker a piece of the announced output. Returns the piece if there is currently no room for it.
    fn give(&mut self, piece: Vec<u8>, last: bool) -> Result<(), Vec<u8>>;
    /// Asks for the worker's output. With `always`, an output is produced even if there were no items.
    fn emit(&mut self, always: bool);
    /// Returns the next report, after waiting for at most `wait`.
    fn poll(&mut self, wait: Duration) -> Option<WorkerReport>;
    /// Shuts the worker down after a successful pass. Returns how long the worker waited for items.
    fn finish(self: Box<Self>) -> Duration;
}
