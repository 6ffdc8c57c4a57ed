//! The farm's port to a worker, the part of a rank that runs the task.

use super::protocol::{Batch, Death, Done, Failure, Payload};
use std::time::Duration;

/// What a worker reports.
pub(crate) enum WorkerReport {
    /// `initialize_remote` has been run.
    Ready,
    /// A batch is done. With its replies.
    Done(Done, Payload),
    /// A process died while it had a batch, and is being replaced.
    Died(Death),
    /// The worker cannot go on and has ended.
    Failed(Failure),
    /// Another rank's output has been added.
    Absorbed,
    /// A piece of the output.
    Piece(Vec<u8>),
    /// The last piece.
    LastPiece(Vec<u8>),
}

/// The worker of a rank: processes batches and adds up their outputs. Only [`poll`](Self::poll) waits.
pub(crate) trait Worker {
    /// Returns the number of batches that it processes at a time.
    fn slots(&self) -> usize;
    /// Returns its processes, without this one.
    fn processes(&self) -> Vec<i32>;
    /// Queues a batch.
    fn submit(&mut self, batch: Batch, items: Payload);
    /// Announces another rank's output, whose pieces follow by [`give`](Self::give).
    fn absorb(&mut self);
    /// Passes it a piece of the announced output. Returns the piece if there is no room for it now.
    fn give(&mut self, piece: Vec<u8>, last: bool) -> Result<(), Vec<u8>>;
    /// Asks for its output. With `always`, there is one even if there were no items.
    fn emit(&mut self, always: bool);
    /// Returns the next report, waiting for it at most this long.
    fn poll(&mut self, wait: Duration) -> Option<WorkerReport>;
    /// Ends it after a successful pass. Returns how long it waited for items.
    fn finish(self: Box<Self>) -> Duration;
}
