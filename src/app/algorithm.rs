//! [`Algorithm`]: a processing step for each event.

use super::event_block::{Event, EventBlock};
use super::job_output::JobOutput;
use super::setup::Setup;
use crate::error::Result;

/// A processing step for each event: an algorithm can read tables, add tables, fill histograms, and reject events.
///
/// An algorithm is a struct. Its fields are the algorithm's properties, which appear as keys in a job file. Handles
/// obtained in [`initialize`](Algorithm::initialize) are stored in fields marked `#[serde(skip)]`.
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
    /// Called once in each worker before the first event. Requests columns, creates tables, and books histograms and
    /// counters. This method is also called when a job is only checked, so expensive preparations belong in
    /// [`start`](Algorithm::start).
    ///
    /// # Errors
    /// An error stops the job. If the first word of its message is a property's key, as in
    /// `width: a width is positive`, the error points to that property in the job file:
    ///
    /// ```
    /// use gaudi_mpi::app::prelude::*;
    /// use gaudi_mpi::app::{AppMgr, JobFile};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Smear {
    ///     width: f64,
    /// }
    ///
    /// impl Algorithm for Smear {
    ///     fn initialize(&mut self, _: &mut Setup) -> Result<()> {
    ///         match self.width > 0.0 {
    ///             true => Ok(()),
    ///             false => Err(format!("width: a width is positive, not {}", self.width).into()),
    ///         }
    ///     }
    /// }
    ///
    /// gaudi_mpi::app::register::<Smear>();
    /// let file = JobFile::parse("job.toml", "input.events = 1\n[[algorithm]]\ntype = 'Smear'\nwidth = -2.5")?;
    /// let error = AppMgr::from_config(file.config()?).describe(1).unwrap_err();
    /// let expected = "job.toml:4:9: algorithm 'Smear': width: a width is positive, not -2.5\n";
    /// assert!(error.to_string().starts_with(expected));
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    fn initialize(&mut self, setup: &mut Setup) -> Result<()>;

    /// Called once after all algorithms are initialised, before the first event. Prepares large data, such as a
    /// detector geometry. Forked workers (`--workers`) share this data because they are forked afterwards.
    ///
    /// # Errors
    /// An error stops the job.
    fn start(&mut self) -> Result<()> {
        Ok(())
    }

    /// Called for each event that no earlier algorithm rejected. Returns `false` to reject the event.
    ///
    /// # Errors
    /// An error causes the item that contains the event to fail. Depending on the job's granularity, an item is a chunk
    /// of events, a file, or a single event.
    fn execute(&mut self, event: &mut Event) -> Result<bool> {
        let _ = event;
        Ok(true)
    }

    /// Called for each block of up to a few thousand consecutive events. The default implementation calls
    /// [`execute`](Algorithm::execute) for each event; an implementation that works on whole columns is faster. The
    /// results must not depend on how events are divided into blocks, because the division differs from run to run.
    ///
    /// # Errors
    /// As for [`execute`](Algorithm::execute).
    fn execute_block(&mut self, block: &mut EventBlock) -> Result<()> {
        block.each(|event| self.execute(event))
    }

    /// Called once on rank 0 after the job. Returns the text to print, or `None`. The algorithm's properties are set,
    /// but the algorithm is not initialised. The algorithm's results are in `output`, under `name`.
    fn report(&self, name: &str, output: &JobOutput) -> Option<String> {
        let _ = (name, output);
        None
    }

    /// Called once in each worker after the last event.
    ///
    /// # Errors
    /// An error stops the job.
    fn finalize(&mut self) -> Result<()> {
        Ok(())
    }
}
