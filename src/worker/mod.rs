//! Where the task runs: in a [thread](inline) of its rank or in [forked processes](fork), but never on the thread that
//! calls MPI. Both implement [`Worker`], the farm's interface to workers.

mod fork;
mod inline;
mod pieces;
mod processor;

pub use fork::{ForkHooks, set_fork_hooks};
pub(crate) use fork::{Forked, ForkedWorkers, Zygote, ZygoteHandle};
pub(crate) use inline::InlineWorker;

use crate::farm::protocol::Failure;
use crate::farm::worker::{Worker, WorkerReport};
use crate::job::task::Task;
use std::io;
use std::time::Duration;

/// Collects a worker's complete output. Calls `goes_on` while waiting for the worker, and gives up when `goes_on`
/// returns false.
pub(crate) fn collect<T: Task>(
    worker: &mut dyn Worker,
    mut goes_on: impl FnMut() -> bool,
) -> Result<T::Output, Failure> {
    const POLL: Duration = Duration::from_millis(20);
    worker.emit(true);
    let mut failed = None;
    let output = processor::collect::<T>(|| {
        loop {
            match worker.poll(POLL) {
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
