//! [`Algorithm`]: what is done with each event.

use super::block::{Block, Event};
use super::job_output::JobOutput;
use super::setup::Setup;
use crate::error::Result;

/// What is done with each event: it may read tables of the event, add tables to it, fill histograms, and reject it.
///
/// An algorithm is a structure whose fields are its properties, as they stand in a job file; what it finds or books in
/// [`initialize`](Algorithm::initialize) are fields that are `#[serde(skip)]`.
///
/// ```
/// use gaudi_mpi::app::prelude::*;
///
/// /// Counts tracks, and rejects events with too few.
/// #[derive(Serialize, Deserialize, Default)]
/// #[serde(deny_unknown_fields)]
/// struct TrackFilter {
///     minimum: usize,
///     #[serde(skip)]
///     momenta: ColumnHandle<f64>,
///     #[serde(skip)]
///     number: CounterHandle,
/// }
///
/// impl Algorithm for TrackFilter {
///     fn initialize(&mut self, setup: &mut Setup) -> Result<()> {
///         self.momenta = setup.read("Rec/Track/Best/p")?;
///         self.number = setup.counter("tracks");
///         Ok(())
///     }
///     fn execute(&mut self, event: &mut Event) -> Result<bool> {
///         let tracks = event.get(self.momenta).len();
///         event.count(self.number, tracks as f64);
///         Ok(tracks >= self.minimum)
///     }
/// }
/// ```
pub trait Algorithm: Send {
    /// Once in each worker, before the first event: finds and creates tables, books histograms and counters. Also when
    /// a job is only looked at, to see whether it is right: what is large or takes long belongs into
    /// [`start`](Algorithm::start).
    ///
    /// # Errors
    /// An error here stops the job.
    fn initialize(&mut self, setup: &mut Setup) -> Result<()>;

    /// After all algorithms have been initialised, and before the first event: makes what is large, such as a geometry.
    /// Forked workers (`--workers`) share what was made here, as it is done before they are forked.
    ///
    /// # Errors
    /// An error here stops the job.
    fn start(&mut self) -> Result<()> {
        Ok(())
    }

    /// For each event that has not been rejected before: true if it passes, false if it is rejected.
    ///
    /// # Errors
    /// An error here is one of the item that the event belongs to: a chunk of events, a file, or the event alone, as
    /// the job's granularity says.
    fn execute(&mut self, event: &mut Event) -> Result<bool> {
        let _ = event;
        Ok(true)
    }

    /// For some thousand consecutive events at once. By default calls [`execute`](Algorithm::execute) for each.
    /// What does the same with whole columns is faster where there is much to be done, but must not make anything of
    /// which events are in a block together: that is not the same on every run.
    ///
    /// # Errors
    /// As [`execute`](Algorithm::execute).
    fn execute_block(&mut self, block: &mut Block) -> Result<()> {
        block.each(|event| self.execute(event))
    }

    /// Once, on rank 0, after the job: a text about what its events add up to, which is printed. It is asked of an algorithm
    /// that has its properties, but has not been initialised: what it has counted is in `output`, under its `name`.
    fn report(&self, name: &str, output: &JobOutput) -> Option<String> {
        let _ = (name, output);
        None
    }

    /// Once in each worker, after the last event.
    ///
    /// # Errors
    /// An error here stops the job.
    fn finalize(&mut self) -> Result<()> {
        Ok(())
    }
}
