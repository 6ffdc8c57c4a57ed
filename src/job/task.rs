//! [`Task`]: what a user writes.

use crate::error::Result;
use crate::job::statistics::Statistics;
use crate::numbers::merge::Merge;
use serde::{Serialize, de::DeserializeOwned};

/// What is done once, what is done for each item, and what is done with the results.
///
/// Rank 0 runs [`initialize_local`](Task::initialize_local), then sends the task to all workers. Each worker runs
/// [`initialize_remote`](Task::initialize_remote) once and [`process`](Task::process) for the items it is given. What
/// `process` adds to the output is summed over all items; what it returns goes, in item order, to
/// [`local_process`](Task::local_process) on rank 0. At the end each worker runs
/// [`finalize_remote`](Task::finalize_remote), and rank 0 has the sum in [`finalize`](Task::finalize).
///
/// A worker's task is a copy of rank 0's after `initialize_local`. Fields that cannot travel (open files, detector geometry)
/// are marked `#[serde(skip)]` and made in `initialize_remote`. Changes that a worker makes to its copy stay with that
/// worker.
///
/// ```
/// use gaudi_mpi::prelude::*;
///
/// /// Sums the squares of the items.
/// #[derive(Serialize, Deserialize, Default)]
/// struct Squares {
///     sum: u64,
/// }
///
/// impl Task for Squares {
///     type Item = u64;
///     type Output = u64;
///     type Reply = ();
///
///     fn new_output(&self) -> u64 {
///         0
///     }
///     fn process(&mut self, item: &u64, output: &mut u64) -> Result<()> {
///         *output += item * item;
///         Ok(())
///     }
///     fn finalize(&mut self, output: u64, _: &Statistics) -> Result<()> {
///         self.sum = output;
///         Ok(())
///     }
/// }
///
/// fn main() -> JobResult {
///     let mut task = Squares::default();
///     let summary = WorkManager::new(Options::default().quiet())?.process(&mut task, 0..1000)?;
///     assert_eq!(task.sum, 332_833_500);
///     Ok(summary)
/// }
/// ```
pub trait Task: Serialize + DeserializeOwned + 'static {
    /// A unit of work: a number of events to generate, a range of rows, a file name.
    type Item: Serialize + DeserializeOwned;
    /// What is summed over all items; [`Merge`] lists the types that can be.
    type Output: Merge;
    /// What an item sends back to rank 0, where replies arrive in item order. `()` for nothing.
    type Reply: Serialize + DeserializeOwned;

    /// On rank 0, once, before anything is handed out.
    ///
    /// # Errors
    /// An error here stops the job before it starts.
    fn initialize_local(&mut self) -> Result<()> {
        Ok(())
    }

    /// In each worker, once, before its first item.
    ///
    /// # Errors
    /// An error here stops the job: a worker that cannot start is a fault of the set-up, not of an item.
    fn initialize_remote(&mut self) -> Result<()> {
        Ok(())
    }

    /// An empty output, as it is before any item: book the histograms here.
    ///
    /// It is called often (once a batch), always in a worker after `initialize_remote`, and must return the same value
    /// every time.
    fn new_output(&self) -> Self::Output;

    /// Processes one item in a worker: adds to `output` what is to be summed and returns the reply for `local_process`.
    ///
    /// It may be called more than once for an item: after a failure, the good items of the same batch are processed
    /// again, because `output` was thrown away with the failed item's part in it. Every item counts once in sums and
    /// replies.
    ///
    /// # Errors
    /// An error or a panic leaves no trace in the output. The item is retried as often as `--retries` says; then
    /// `--on-error` decides whether the job stops or goes on without it.
    fn process(&mut self, item: &Self::Item, output: &mut Self::Output) -> Result<Self::Reply>;

    /// In each worker, once, after its last item and before its output is added to the others': for example, closes a
    /// file that the worker wrote. Not called when the job fails.
    ///
    /// # Errors
    /// An error here stops the job.
    fn finalize_remote(&mut self) -> Result<()> {
        Ok(())
    }

    /// On rank 0, for each item that succeeded, in item order: for example, appends the item's events to a file.
    ///
    /// # Errors
    /// An error here stops the job.
    fn local_process(&mut self, item: &Self::Item, reply: Self::Reply) -> Result<()> {
        let _ = (item, reply);
        Ok(())
    }

    /// Describes an item in messages about it, such as "item 17 (run 4711) failed"; its JSON form by default. Long
    /// descriptions are shortened. Called on rank 0.
    fn describe(&self, item: &Self::Item) -> String {
        serde_json::to_string(item).unwrap_or_default()
    }

    /// On rank 0, once, at the end: receives the sum over all items and the job's statistics.
    ///
    /// # Errors
    /// An error here makes the job fail.
    fn finalize(&mut self, output: Self::Output, statistics: &Statistics) -> Result<()> {
        let _ = (output, statistics);
        Ok(())
    }
}
