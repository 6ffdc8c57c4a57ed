//! What the farm needs of a worker: the port that `worker` fills.

use super::protocol::{Batch, Death, Done, HookFailure, Payload};
use std::time::Duration;

/// What a worker says.
pub(crate) enum WorkerReport {
    /// `initialize_remote` has been run.
    Ready,
    /// A batch is done.
    Done(Done, Payload),
    /// What was to do a batch has died of it, and there is another in its place.
    Died(Death),
    /// A hook failed: the worker has ended.
    Failed(HookFailure),
    /// Another rank's output has been added.
    Absorbed,
    /// A piece of the output.
    Piece(Vec<u8>),
    /// The last piece.
    LastPiece(Vec<u8>),
}

/// The worker of a rank: does batches, and adds up what comes of them. Nothing here waits for it but `poll`.
pub(crate) trait Worker {
    /// How many batches it does at a time.
    fn slots(&self) -> usize;
    /// The processes that it has, besides this one.
    fn processes(&self) -> Vec<i32>;
    /// Gives it a batch to process after those it has.
    fn submit(&mut self, batch: Batch, items: Payload);
    /// Announces another rank's output, whose pieces come by [`give`](Self::give).
    fn absorb(&mut self);
    /// A piece of the output announced; given back if it has to wait.
    fn give(&mut self, piece: Vec<u8>, last: bool) -> Result<(), Vec<u8>>;
    /// Asks for its output. With `always`, there is one even if there were no items.
    fn emit(&mut self, always: bool);
    /// What it has to say, waiting so long for it.
    fn poll(&mut self, wait: Duration) -> Option<WorkerReport>;
    /// ZygoteEnds it after a job that went well; how long it had waited for items.
    fn finish(self: Box<Self>) -> Duration;
}
