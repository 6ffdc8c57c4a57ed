//! The description of a job: its input, algorithms and outputs, with the same keys as in a job file.

use super::job_text::{JobText, NOWHERE};
use super::job_value::JobValue;
use crate::io::{EventFileWriter, Granularity};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The description of a job. The fields correspond to the keys of a [job file](super::JobFile).
///
/// ```
/// use gaudi_mpi::app::JobConfig;
///
/// let job = JobConfig::parse("title = 'Muons'\n[input]\nfiles = ['dst-*.h5']\n[[output]]\nfile = 'muons.h5'")?;
/// assert_eq!(job.input.files, ["dst-*.h5"]);
/// assert_eq!(job.outputs[0].compression, 4);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
///
/// `Serialize` and `Deserialize` are used to send the description to the workers. To read a job file, use
/// [`parse`](Self::parse) instead, as its format is different.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JobConfig {
    /// The title shown in the report.
    pub title: String,
    /// The events to process.
    pub input: InputConfig,
    /// The algorithms, in order of execution.
    #[serde(rename = "algorithm")]
    pub algorithms: Vec<AlgorithmConfig>,
    /// The files to which the histograms are written.
    pub histograms: HistogramsConfig,
    /// The files to which events are written.
    #[serde(rename = "output")]
    pub outputs: Vec<OutputConfig>,
    #[serde(skip)]
    pub(super) origin: Origin,
}

/// The job file that describes the job; empty if a program describes the job.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Origin {
    pub text: JobText,
    /// All values except the properties of algorithms, which are stored with each algorithm.
    pub sections: JobValue,
}

/// The events to process: see [`EventSelector`](crate::io::EventSelector).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InputConfig {
    /// File names, patterns, and lists of files (`@list.txt`). Without files, the algorithms generate the events.
    pub files: Vec<String>,
    /// The number of the first event.
    pub first: u64,
    /// The maximum number of events; without files, the number of events to generate.
    pub events: Option<u64>,
    /// The numbers of events to skip: `17`, or `100..200`.
    pub skip: Vec<String>,
    /// The unit of work: a chunk of events, a file or an event.
    pub granularity: Granularity,
    /// The number of events in a chunk.
    pub chunk: Option<u64>,
    /// The column that contains each event's time. The file records contain the earliest and latest times.
    pub time: Option<String>,
}

/// An algorithm or a sequence.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AlgorithmConfig {
    /// The name of a registered type, or `Sequence`. The key in a job file is `type`.
    pub kind: String,
    /// The name in this job. If empty, the algorithm is named after its type.
    pub name: String,
    /// The properties: all other keys of the algorithm.
    pub properties: JobValue,
}

impl AlgorithmConfig {
    /// The name in this job.
    pub fn name(&self) -> &str {
        if self.name.is_empty() { &self.kind } else { &self.name }
    }

    /// Prefixes an error message with the algorithm's name and type.
    pub(super) fn error(&self, message: &str) -> String {
        match self.name() == self.kind {
            true => format!("algorithm '{}': {message}", self.name()),
            false => format!("algorithm '{}' ({}): {message}", self.name(), self.kind),
        }
    }
}

/// The properties of a sequence.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SequenceConfig {
    /// The names of algorithms and sequences, in order of execution. `!Name` passes the events that `Name` rejects.
    pub members: Vec<String>,
    /// Whether an event must pass all members or at least one.
    pub mode: SequenceMode,
    /// Whether the sequence skips its remaining members once an event's result is known. If `false`, all members are
    /// executed for every event.
    #[serde(default = "yes")]
    pub short_circuit: bool,
    /// Whether events pass the sequence even if its members reject them.
    pub ignore_filter: bool,
    /// The fraction of events, from 0 to 1, for which the sequence is executed. The other events are rejected.
    pub prescale: Option<f64>,
}

fn yes() -> bool {
    true
}

/// How many members of a sequence an event must pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SequenceMode {
    /// All members.
    #[default]
    And,
    /// At least one member.
    Or,
}

/// The files to which the histograms are written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HistogramsConfig {
    /// An HDF5 file. If it is also an output's file, that file contains both events and histograms.
    pub file: Option<PathBuf>,
    /// A PNG or SVG picture of all histograms.
    pub picture: Option<PathBuf>,
}

/// A file to which events are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputConfig {
    /// The name of the file.
    pub file: PathBuf,
    /// Path patterns for tables and columns to write; every input file must have matching paths. `*` matches any part
    /// of a name and `**` any number of names; a pattern after `!` excludes paths. Without patterns, all tables are
    /// written.
    #[serde(default)]
    pub items: Vec<String>,
    /// Like `items`, but some input files may lack matching paths.
    #[serde(default)]
    pub optional: Vec<String>,
    /// Names of algorithms: an event must pass at least one of these. If `accept`, `require` and `veto` are all empty,
    /// an event must pass all algorithms.
    #[serde(default)]
    pub accept: Vec<String>,
    /// Names of algorithms: an event must pass all of these.
    #[serde(default)]
    pub require: Vec<String>,
    /// Names of algorithms: an event must not pass any of these.
    #[serde(default)]
    pub veto: Vec<String>,
    /// The compression level, from 1 (fast) to 9 (small), or 0 for none.
    #[serde(default = "default_compression")]
    pub compression: u8,
    /// How events are written to the file.
    #[serde(default)]
    pub mode: OutputMode,
}

fn default_compression() -> u8 {
    EventFileWriter::COMPRESSION
}

/// How events are written to an output file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum OutputMode {
    /// Workers send the events to rank 0, which writes them.
    #[default]
    Gathered,
    /// Each worker writes its own files. Rank 0 merges them at the end.
    Merged,
    /// Each worker writes its own files. The output refers to these files and reads as a single file.
    Virtual,
}

impl JobConfig {
    /// Creates an error message about the value with these keys, such as `input.chunk` or `output.0.file`. If a string
    /// is given, the message points to that string within the value. The message starts with the position in the job
    /// file, if the value is from a job file.
    pub(super) fn error(&self, keys: &str, text: Option<&str>, message: &str) -> String {
        let Origin { text: job, sections } = &self.origin;
        let value = keys.split('.').try_fold(sections, |value, key| value.get(key));
        let part = value.and_then(|value| value.find(&|found| Some(found) == text));
        let span = part.or(value).map_or(NOWHERE, |value| value.span.clone());
        job.point(&span, message)
    }
}

impl OutputConfig {
    /// An output that contains all tables of the events that pass all algorithms.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self {
            file: file.into(),
            items: Vec::new(),
            optional: Vec::new(),
            accept: Vec::new(),
            require: Vec::new(),
            veto: Vec::new(),
            compression: default_compression(),
            mode: OutputMode::default(),
        }
    }
}
