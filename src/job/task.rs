//! [`Task`]: the part of a job that the user writes.

use crate::error::Result;
use crate::job::statistics::Statistics;
use crate::numbers::merge::Merge;
use serde::{Serialize, de::DeserializeOwned};

/// Defines what to do once, what to do for each item, and what to do with the results.
///
/// Rank 0 runs [`initialize_local`](Task::initialize_local), then sends the task to all workers. Each worker runs
/// [`initialize_remote`](Task::initialize_remote) once and [`process`](Task::process) for the items it is given. The
/// output that `process` adds to is summed over all items; the reply that `process` returns goes to
/// [`local_process`](Task::local_process) on rank 0, in item order. At the end, each worker runs
/// [`finalize_remote`](Task::finalize_remote), and rank 0 receives the sum in [`finalize`](Task::finalize).
///
/// A worker's task is a copy of rank 0's after `initialize_local`. Fields that cannot be sent (open files, detector
/// geometry) are marked `#[serde(skip)]` and created in `initialize_remote`. Changes that a worker makes to its copy
/// are visible only to that worker.
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
    /// The result that is summed over all items; [`Merge`] lists the types that can be summed.
    type Output: Merge;
    /// The value that an item sends back to rank 0, where replies arrive in item order. Use `()` for no reply.
    type Reply: Serialize + DeserializeOwned;

    /// Runs once on rank 0, before anything is handed out.
    ///
    /// # Errors
    /// An error here stops the job before it starts.
    fn initialize_local(&mut self) -> Result<()> {
        Ok(())
    }

    /// Runs once in each worker, before its first item.
    ///
    /// # Errors
    /// An error here stops the job: if a worker cannot start, the problem lies with the set-up, not with an item.
    fn initialize_remote(&mut self) -> Result<()> {
        Ok(())
    }

    /// Returns an empty output, to which no item has contributed yet. Book histograms here.
    ///
    /// This method is called often (once per batch), always in a worker after `initialize_remote`, and must return the
    /// same value every time.
    fn new_output(&self) -> Self::Output;

    /// Processes one item in a worker: adds the item's results to `output`, which is summed over all items, and returns
    /// the reply for `local_process`.
    ///
    /// This method may be called more than once for an item: after a failure, the good items of the same batch are
    /// processed again, because the batch's `output` is discarded together with the failed item's partial results.
    /// Every item still counts once in sums and replies.
    ///
    /// # Errors
    /// An error or a panic leaves no trace in the output. The item is retried up to `--retries` times; then
    /// `--on-error` decides whether the job stops or continues without the item.
    fn process(&mut self, item: &Self::Item, output: &mut Self::Output) -> Result<Self::Reply>;

    /// Runs once in each worker, after its last item and before its output is added to the other workers' outputs; for
    /// example, to close a file that the worker wrote. Not called when the job fails.
    ///
    /// # Errors
    /// An error here stops the job.
    fn finalize_remote(&mut self) -> Result<()> {
        Ok(())
    }

    /// Runs on rank 0 for each item that succeeded, in item order; for example, to append the item's events to a file.
    ///
    /// # Errors
    /// An error here stops the job.
    fn local_process(&mut self, item: &Self::Item, reply: Self::Reply) -> Result<()> {
        let _ = (item, reply);
        Ok(())
    }

    /// Describes an item in messages such as "item 17 (run 4711) failed". The default description is the item's JSON
    /// form. Long descriptions are shortened. Called on rank 0.
    fn describe(&self, item: &Self::Item) -> String {
        serde_json::to_string(item).unwrap_or_default()
    }

    /// Runs once on rank 0, at the end: receives the sum over all items and the job's statistics.
    ///
    /// # Errors
    /// An error here makes the job fail.
    fn finalize(&mut self, output: Self::Output, statistics: &Statistics) -> Result<()> {
        let _ = (output, statistics);
        Ok(())
    }
}
