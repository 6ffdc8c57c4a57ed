//! Where `process` runs: never on the thread that talks to MPI.

mod fork;
mod inline;
mod pieces;
mod processor;

pub(crate) use fork::{ForkedWorkers, Side, Zygote, ZygoteHandle};
pub(crate) use inline::InlineWorker;

use crate::farm::protocol::HookFailure;
use crate::farm::worker::{Worker, WorkerReport};
use crate::job::task::Task;
use std::io;
use std::time::Duration;

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
