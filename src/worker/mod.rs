//! Where `process` runs: never on the thread that talks to MPI.

mod inline;
mod pieces;
mod processor;

pub(crate) use inline::{InlineWorker, WorkerReport};
