//! [`AppMgr`]: runs a job described in Rust or in a job file.

use super::algorithm::Algorithm;
use super::algorithm_registry::{name_of, register};
use super::app_task::AppTask;
use super::describe;
use super::event_loop::EventLoop;
use super::file_records::FileRecord;
use super::input_segments::input_segments;
use super::job_config::{AlgorithmConfig, JobConfig, OutputConfig, SequenceConfig};
use super::job_output::{JobOutput, Tally};
use crate::error::Error;
use crate::job::options::Options;
use crate::job::summary::{JobResult, Summary};
use crate::manager::WorkManager;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::PathBuf;
use std::sync::Arc;

/// The application manager, which stores a job's description and runs the job on all ranks.
///
/// A program describes the job with the methods below, or reads a [job file](super::JobFile). A job file refers to
/// algorithm types by name, so the types must first be registered on all ranks: call
/// [`algorithms::register_all`](crate::algorithms::register_all) for this crate's types and
/// [`app::register`](super::register) for other types. The method [`algorithm`](Self::algorithm) registers its
/// argument's type.
///
/// ```no_run
/// use gaudi_mpi::app::{AppMgr, JobFile};
/// use gaudi_mpi::prelude::*;
///
/// fn main() -> JobResult {
///     gaudi_mpi::algorithms::register_all();
///     let file = JobFile::read("job.toml")?;
///     AppMgr::from_config(file.config()?).run(Options::from_args())
/// }
/// ```
///
/// A job described in Rust:
///
/// ```
/// use gaudi_mpi::app::prelude::*;
/// use gaudi_mpi::app::AppMgr;
///
/// /// Makes events with a random number, and fills a histogram of the numbers.
/// #[derive(Serialize, Deserialize, Default)]
/// struct MakeNumbers {
///     mean: f64,
///     #[serde(skip)]
///     number: ColumnHandle<f64>,
///     #[serde(skip)]
///     histogram: hist::Handle<Histogram1D>,
/// }
///
/// impl Algorithm for MakeNumbers {
///     fn initialize(&mut self, setup: &mut Setup) -> Result<()> {
///         let table = setup.create_table("Gen/Number", Rows::One)?;
///         self.number = setup.create(table, ColumnType::new::<f64>("value"))?;
///         self.histogram = setup.book("Gen/number", Histogram1D::new("number", Axis::uniform(10, 0.0, 10.0)))?;
///         Ok(())
///     }
///     fn execute(&mut self, event: &mut Event) -> Result<bool> {
///         let value = event.random().gaussian(self.mean, 1.0);
///         event.push(self.number, value);
///         event.histogram(self.histogram).fill(value);
///         Ok(true)
///     }
/// }
///
/// fn main() -> JobResult {
///     let mut app = AppMgr::new();
///     app.config_mut().input.events = Some(1000);
///     app.algorithm("Numbers", MakeNumbers { mean: 5.0, ..Default::default() });
///     let summary = app.run(Options::default().quiet())?;
///     let output = app.output().expect("there is one rank");
///     assert_eq!(output.histograms.get("Gen/number").map(|object| object.entries()), Some(1000));
///     Ok(summary)
/// }
/// ```
#[derive(Default)]
pub struct AppMgr {
    config: JobConfig,
    results: Option<(JobOutput, Vec<FileRecord>)>,
}

impl AppMgr {
    /// Creates a job without input, algorithms or outputs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a job from a description.
    pub fn from_config(config: JobConfig) -> Self {
        Self { config, results: None }
    }

    /// The description of the job.
    pub fn config(&self) -> &JobConfig {
        &self.config
    }

    /// The description of the job, as a mutable reference.
    pub fn config_mut(&mut self) -> &mut JobConfig {
        &mut self.config
    }

    /// Adds input: a file, a pattern such as `dst/*.h5`, or `@list.txt` for a text file with one file name per line.
    pub fn input(&mut self, files: &str) -> &mut Self {
        self.config.input.files.push(files.into());
        self
    }

    /// Adds an algorithm, which is executed after those added earlier. Its properties are sent to the workers. This
    /// method registers the algorithm's type on the calling rank only, so it must be called on all ranks.
    ///
    /// # Panics
    /// If the properties cannot be written as TOML, or another type is registered under the same name.
    pub fn algorithm<A>(&mut self, name: &str, algorithm: A) -> &mut Self
    where
        A: Algorithm + Serialize + DeserializeOwned + 'static,
    {
        register::<A>();
        let properties = toml::Table::try_from(algorithm).unwrap_or_else(|error| {
            panic!("the properties of the algorithm '{name}' cannot be written as TOML: {error}")
        });
        self.config.algorithms.push(AlgorithmConfig {
            kind: name_of::<A>().into(),
            name: name.into(),
            properties: properties.into(),
        });
        self
    }

    /// Adds a sequence of algorithms.
    ///
    /// ```
    /// use gaudi_mpi::algorithms::Prescale;
    /// use gaudi_mpi::app::{AppMgr, SequenceConfig, SequenceMode};
    ///
    /// let mut app = AppMgr::new();
    /// app.config_mut().input.events = Some(10);
    /// app.algorithm("None", Prescale { fraction: 0.0 }).algorithm("All", Prescale { fraction: 1.0 });
    /// let members = vec!["None".into(), "All".into()];
    /// app.sequence("Any", SequenceConfig { members, mode: SequenceMode::Or, ..Default::default() });
    /// let mut events = app.events(1)?;
    /// assert!(events.next()?.is_some());
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    pub fn sequence(&mut self, name: &str, sequence: SequenceConfig) -> &mut Self {
        let properties = toml::Table::try_from(sequence)
            .unwrap_or_else(|error| unreachable!("a sequence can be written as TOML: {error}"));
        self.config.algorithms.push(AlgorithmConfig {
            kind: "Sequence".into(),
            name: name.into(),
            properties: properties.into(),
        });
        self
    }

    /// Adds a file to which events are written.
    pub fn output_file(&mut self, output: OutputConfig) -> &mut Self {
        self.config.outputs.push(output);
        self
    }

    /// Runs the job on all ranks of the program.
    ///
    /// # Errors
    /// As for [`WorkManager::process`], and if the input or the job's description is invalid.
    pub fn run(&mut self, options: Options) -> JobResult {
        self.run_with(&mut WorkManager::new(options)?)
    }

    /// Runs the job on the ranks of this manager.
    ///
    /// # Errors
    /// As for [`run`](Self::run).
    pub fn run_with(&mut self, manager: &mut WorkManager) -> Result<Summary, Error> {
        let seed = manager.options().seed;
        let mut task = match manager.is_root() {
            true => self
                .task(seed, manager.options().workers == 0)
                .map_err(|error| manager.stop(Error::Job(error.to_string())))?,
            false => AppTask::new(self.config.clone(), Vec::new(), Vec::new(), Vec::new(), seed),
        };
        let segments = task.segments.clone();
        let summary = manager.process(&mut task, segments)?;
        self.results = task.results.take();
        Ok(summary)
    }

    /// Creates a job on rank 0 only, for example from a file that the other ranks cannot read, and runs it on all
    /// ranks. Returns the job, which is empty on the other ranks. The algorithm types must be registered on all ranks.
    ///
    /// # Errors
    /// As for [`run`](Self::run), and if `make` fails.
    pub fn run_made<E: std::fmt::Display>(
        manager: &mut WorkManager,
        make: impl FnOnce() -> Result<Self, E>,
    ) -> Result<(Self, Summary), Error> {
        let mut app = match manager.is_root() {
            true => make().map_err(|error| manager.stop(Error::Job(format!("{error:#}"))))?,
            false => Self::new(),
        };
        let summary = app.run_with(manager)?;
        Ok((app, summary))
    }

    /// Describes in words the steps that the job would perform. Checks the job without processing events.
    ///
    /// # Errors
    /// The errors that would stop the job: invalid names, types, cuts and paths, or a mismatch with the first input
    /// file.
    pub fn describe(&self, seed: u64) -> crate::error::Result<String> {
        let (files, segments) = input_segments(&self.config)?;
        describe::describe(&self.config, files, &segments, seed)
    }

    /// Returns the job as a task. With `check`, the job is first checked against its first input file, so that an error
    /// is reported only once, before any workers or output files exist. Forked workers check the job themselves,
    /// because no algorithm should run in the process that forks them. A job without events is always checked, because
    /// only the check determines which tables its outputs have.
    fn task(&self, seed: u64, check: bool) -> crate::error::Result<AppTask> {
        let (files, segments) = input_segments(&self.config)?;
        let declared = match check || segments.is_empty() {
            true => EventLoop::new(&self.config, Arc::new(files.clone()), seed)?.declared(),
            false => Vec::new(),
        };
        Ok(AppTask::new(self.config.clone(), files, segments, declared, seed))
    }

    /// The output, summed over all events. It is available on rank 0 after the job.
    pub fn output(&self) -> Option<&JobOutput> {
        self.results.as_ref().map(|(output, _)| output)
    }

    /// The records of the input files. They are available on rank 0 after the job.
    pub fn file_records(&self) -> Option<&[FileRecord]> {
        self.results.as_ref().map(|(_, records)| records.as_slice())
    }

    /// For each algorithm, the number of events for which it was executed, and how many of them passed. These are
    /// available on rank 0 after the job.
    pub fn tallies(&self) -> impl Iterator<Item = (&str, Tally)> {
        let tallies = self.output().map(|output| output.tallies.iter().copied());
        let names = self.config.algorithms.iter().map(AlgorithmConfig::name);
        names.zip(tallies.into_iter().flatten())
    }

    /// The files that the job writes.
    pub fn written(&self) -> Vec<PathBuf> {
        let histograms = &self.config.histograms;
        let outputs = self.config.outputs.iter().map(|output| &output.file);
        let mut files: Vec<PathBuf> = outputs
            .chain(&histograms.file)
            .chain(&histograms.picture)
            .cloned()
            .collect();
        files.dedup();
        files
    }
}
