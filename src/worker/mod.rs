//! Where `process` runs: never on the thread that talks to MPI.

mod fork;
mod inline;
mod memory;
mod pieces;
mod processor;

pub(crate) use fork::{ForkedWorkers, Helper, Side, Zygote};
pub(crate) use inline::InlineWorker;
pub use memory::MemoryUse;

use crate::Task;
use crate::farm::message::{Batch, Body, Death, Done, HookFailure};
use std::io;
use std::time::Duration;

/// What a worker says.
pub(crate) enum WorkerReport {
    /// `initialize_remote` has been run.
    Ready,
    /// A batch is done.
    Done(Done, Body),
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
    fn submit(&mut self, batch: Batch, items: Body);
    /// Announces another rank's output, whose pieces come by [`give`](Self::give).
    fn absorb(&mut self);
    /// A piece of the output announced; given back if it has to wait.
    fn give(&mut self, piece: Vec<u8>, last: bool) -> Result<(), Vec<u8>>;
    /// Asks for its output. With `always`, there is one even if there were no items.
    fn emit(&mut self, always: bool);
    /// What it has to say, waiting so long for it.
    fn poll(&mut self, wait: Duration) -> Option<WorkerReport>;
    /// Ends it after a job that went well; how long it had waited for items.
    fn finish(self: Box<Self>) -> Duration;
}

/// Takes a worker's output, whole; gives up when `goes_on` says no, which is asked while the worker takes its time.
pub(crate) fn collect<T: Task>(
    worker: &mut dyn Worker,
    mut goes_on: impl FnMut() -> bool,
) -> Result<T::Output, HookFailure> {
    const LOOK_AGAIN: Duration = Duration::from_millis(20);
    worker.emit(true);
    let mut failed = None;
    let output = processor::collect::<T>(|| {
        loop {
            match worker.poll(LOOK_AGAIN) {
                Some(WorkerReport::Piece(piece)) => return Ok((piece, false)),
                Some(WorkerReport::LastPiece(piece)) => return Ok((piece, true)),
                Some(WorkerReport::Failed(failure)) => {
                    failed = Some(failure);
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                Some(_) | None if goes_on() => {}
                Some(_) | None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
    });
    failed.map_or(output, Err)
}
