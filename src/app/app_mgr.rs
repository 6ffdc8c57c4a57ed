//! [`AppMgr`]: a job, put together in Rust or read from a job file, and run.

use super::algorithm::Algorithm;
use super::config::{AlgorithmConfig, JobConfig, OutputConfig, SequenceConfig};
use super::describe;
use super::event_loop::EventLoop;
use super::file_records::FileRecord;
use super::job_output::{JobOutput, Tally};
use super::registry;
use super::task::AppTask;
use super::written::check_written;
use crate::error::Error;
use crate::io::{EventSelector, InputFile, Segment};
use crate::job::options::Options;
use crate::job::summary::{JobResult, Summary};
use crate::manager::WorkManager;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::PathBuf;
use std::sync::Arc;

/// Rank 0 keeps all items in memory.
const MOST_ITEMS: u64 = 200_000_000;

/// The application manager: what is read, which algorithms are executed for each event, and what is written.
///
/// ```
/// use gaudi_mpi::app::prelude::*;
/// use gaudi_mpi::app::AppMgr;
///
/// /// Makes events with a number each, and fills a histogram of it.
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
///     let output = app.output().expect("this is rank 0");
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
    /// A job that does nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The job that is described so.
    pub fn from_config(config: JobConfig) -> Self {
        Self { config, results: None }
    }

    /// The description of the job.
    pub fn config(&self) -> &JobConfig {
        &self.config
    }

    /// The description of the job, to be changed.
    pub fn config_mut(&mut self) -> &mut JobConfig {
        &mut self.config
    }

    /// Adds input: a file, a pattern such as `dst/*.h5`, or `@list` for a text file that names files.
    pub fn input(&mut self, files: &str) -> &mut Self {
        self.config.input.files.push(files.into());
        self
    }

    /// Adds an algorithm, to be executed after those that were added before. Its properties are serialised and sent to
    /// the workers; its type is [registered](registry::register).
    ///
    /// # Panics
    /// If its properties cannot be written as TOML, or another type of algorithm has the same name.
    pub fn algorithm<A>(&mut self, name: &str, algorithm: A) -> &mut Self
    where
        A: Algorithm + Serialize + DeserializeOwned + 'static,
    {
        registry::register::<A>();
        let properties = toml::Table::try_from(algorithm).unwrap_or_else(|error| {
            panic!("the properties of the algorithm '{name}' cannot be written as TOML: {error}")
        });
        self.config.algorithms.push(AlgorithmConfig {
            kind: registry::name_of::<A>().into(),
            name: name.into(),
            properties,
        });
        self
    }

    /// Adds a sequence of algorithms, which it names.
    pub fn sequence(&mut self, name: &str, sequence: SequenceConfig) -> &mut Self {
        let properties = toml::Table::try_from(sequence)
            .unwrap_or_else(|error| unreachable!("lists and numbers can be written as TOML: {error}"));
        self.config.algorithms.push(AlgorithmConfig {
            kind: "Sequence".into(),
            name: name.into(),
            properties,
        });
        self
    }

    /// Adds a file that events are written to.
    pub fn output_file(&mut self, output: OutputConfig) -> &mut Self {
        self.config.outputs.push(output);
        self
    }

    /// Runs the job on all ranks that the program was started on: the whole program in one call.
    ///
    /// # Errors
    /// As [`WorkManager::process`], and if the input or the description of the job is not what it should be.
    pub fn run(&mut self, options: Options) -> JobResult {
        self.run_with(&mut WorkManager::new(options)?)
    }

    /// Runs the job on the ranks of this manager.
    ///
    /// # Errors
    /// As [`run`](Self::run).
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

    /// Makes a job on rank 0 alone, for instance from a file that the others need not see, and runs it on all ranks;
    /// the job is given back. On the other ranks it is empty.
    ///
    /// # Errors
    /// As [`run`](Self::run), and what `make` returns.
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

    /// What the job would do, for people; everything is checked that can be without processing events.
    ///
    /// # Errors
    /// What would stop the job: names, types, cuts and paths that are not right, or do not fit to the first input file.
    pub fn describe(&self, seed: u64) -> crate::error::Result<String> {
        let (files, segments) = self.select()?;
        describe::describe(&self.config, files, &segments, seed)
    }

    /// The job as a task. With `look`, after a look at whether it is right in itself and fits to its first input file:
    /// what is wrong is said once, before any worker or output file begins. (Where workers are processes, no algorithm
    /// runs in this one, unless there are no events: then nobody else knows what the output would have had.)
    fn task(&self, seed: u64, look: bool) -> crate::error::Result<AppTask> {
        let (files, segments) = self.select()?;
        let declared = match look || segments.is_empty() {
            true => EventLoop::new(&self.config, Arc::new(files.clone()), seed)?.declared(),
            false => Vec::new(),
        };
        Ok(AppTask::new(self.config.clone(), files, segments, declared, seed))
    }

    /// The input, and how it is cut into items.
    pub(super) fn select(&self) -> Result<(Vec<InputFile>, Vec<Segment>), String> {
        let input = &self.config.input;
        let mut selector = EventSelector::default();
        for pattern in &input.files {
            selector.add(pattern).map_err(|error| error.to_string())?;
        }
        selector.first(input.first).granularity(input.granularity);
        if let Some(chunk) = input.chunk {
            if chunk == 0 {
                return Err("a chunk of 0 events would never get anything done: input.chunk is 1 or more".into());
            }
            selector.chunk(chunk);
        }
        match (input.files.is_empty(), input.events) {
            (true, None) => {
                return Err("the job has no input: give files, or with input.events the number of events that its algorithms make".into());
            }
            (true, Some(events)) => {
                selector.add_made(input.first.saturating_add(events));
            }
            (false, None) => {}
            (false, Some(events)) => {
                selector.events(events);
            }
        }
        for range in &input.skip {
            let number = |text: &str| -> Result<u64, String> {
                text.trim().parse().map_err(|_| {
                    format!("input.skip: '{range}' is neither a number of an event nor a range such as 100..200")
                })
            };
            let (start, end) = match range.split_once("..") {
                Some((start, end)) => (number(start)?, number(end)?),
                None => (number(range)?, number(range)?.saturating_add(1)),
            };
            if start > end {
                return Err(format!("input.skip: the range '{range}' goes backwards"));
            }
            selector.skip(start..end);
        }
        let items = selector.count();
        if items > MOST_ITEMS {
            return Err(format!(
                "the input would be cut into {items} items, and more than {MOST_ITEMS} are too many to keep account of: \
                 take larger chunks, with input.chunk and input.granularity"
            ));
        }
        let files = selector.files().to_vec();
        check_written(&self.config, &files)?;
        Ok((files, selector.segments()))
    }

    /// What the events added up to: on rank 0, after the job.
    pub fn output(&self) -> Option<&JobOutput> {
        self.results.as_ref().map(|(output, _)| output)
    }

    /// What became of the input files: on rank 0, after the job.
    pub fn file_records(&self) -> Option<&[FileRecord]> {
        self.results.as_ref().map(|(_, records)| records.as_slice())
    }

    /// How many events each algorithm has seen and passed: on rank 0, after the job.
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
