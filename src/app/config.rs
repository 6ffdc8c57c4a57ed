//! What a job is: its input, algorithms and outputs, as they stand in a job file.

use crate::error::Result;
use crate::io::{EventFileWriter, Granularity};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A job, as a job file describes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JobConfig {
    /// What the job is called in its report.
    pub title: String,
    /// Which events are processed.
    pub input: InputConfig,
    /// What is done with each event, in this order.
    #[serde(rename = "algorithm")]
    pub algorithms: Vec<AlgorithmConfig>,
    /// Where the histograms go.
    pub histograms: HistogramsConfig,
    /// Where events go.
    #[serde(rename = "output")]
    pub outputs: Vec<OutputConfig>,
}

/// Which events are processed: see [`EventSelector`](crate::io::EventSelector).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InputConfig {
    /// Files, patterns, and lists of files (`@list.txt`). Without any, events are made by the algorithms.
    pub files: Vec<String>,
    /// The number of the first event.
    pub first: u64,
    /// How many events at most; without files, how many are made.
    pub events: Option<u64>,
    /// Numbers of events to pass over: `17`, or `100..200`.
    pub skip: Vec<String>,
    /// What one item of work is.
    pub granularity: Granularity,
    /// How many events a chunk has.
    pub chunk: Option<u64>,
    /// A column with the time of an event, of which the file records keep the earliest and the latest.
    pub time: Option<String>,
}

/// An algorithm or a sequence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlgorithmConfig {
    /// The type: the name of a structure that is an algorithm, or `Sequence`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is called in this job; the type, unless given.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its properties.
    #[serde(flatten)]
    pub properties: toml::Table,
}

impl AlgorithmConfig {
    /// What it is called in this job.
    pub fn name(&self) -> &str {
        if self.name.is_empty() { &self.kind } else { &self.name }
    }
}

/// The properties of a sequence.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SequenceConfig {
    /// Names of algorithms and sequences, in the order in which they are executed. One with a `!` before it passes
    /// when it rejects.
    pub members: Vec<String>,
    /// Whether all members have to pass, or one.
    pub mode: SequenceMode,
    /// Whether members are executed for events of which it is clear already whether the sequence passes. Of a sequence
    /// of selections that do not depend on each other, `false` executes all for every event.
    #[serde(default = "yes")]
    pub short_circuit: bool,
    /// Passes whatever its members say.
    pub ignore_filter: bool,
    /// Is executed for this part of the events, chosen by chance, and rejects the others.
    pub prescale: Option<f64>,
}

fn yes() -> bool {
    true
}

/// Which members of a sequence have to pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SequenceMode {
    /// All of them.
    #[default]
    And,
    /// One of them.
    Or,
}

/// Where the histograms go.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HistogramsConfig {
    /// An HDF5 file; that of an output, too, which then holds both.
    pub file: Option<PathBuf>,
    /// A picture of all of them, PNG or SVG.
    pub picture: Option<PathBuf>,
}

/// A file that events are written to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputConfig {
    /// The file.
    pub file: PathBuf,
    /// Paths of tables and columns that every event has to have. `*` stands for any part of a name, `**` for any
    /// number of names; a path with `!` before it is left out.
    #[serde(default)]
    pub items: Vec<String>,
    /// The same, for those that not all input files need to have.
    #[serde(default)]
    pub optional: Vec<String>,
    /// Events that one of these algorithms passed. Without this and the following two, those that passed all.
    #[serde(default)]
    pub accept: Vec<String>,
    /// Of these, events that all of these algorithms passed.
    #[serde(default)]
    pub require: Vec<String>,
    /// Of these, events that none of these algorithms passed.
    #[serde(default)]
    pub veto: Vec<String>,
    /// From 1, fast, to 9, small; 0 for none.
    #[serde(default = "default_compression")]
    pub compression: u8,
    /// How the events get into the file.
    #[serde(default)]
    pub mode: OutputMode,
}

/// What gives files of a fair size at a fair speed.
fn default_compression() -> u8 {
    EventFileWriter::COMPRESSION
}

/// How events get into an output file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum OutputMode {
    /// Sent to rank 0, which writes them.
    #[default]
    Gathered,
    /// Written by each worker to a file of its own; rank 0 merges these at the end.
    Merged,
    /// Written by each worker to a file of its own; the output refers to these, and reads as one file.
    Virtual,
}

impl JobConfig {
    /// The job that a job file describes.
    ///
    /// # Errors
    /// Where in the text what is wrong.
    pub fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|error: toml::de::Error| {
            let hint = match error.message() {
                message if message.contains("invalid type: map, expected a sequence") => {
                    "write [[algorithm]] and [[output]] with two brackets: there may be several of them\n"
                }
                message if message.contains("duplicate key") => {
                    "write [[algorithm]] and [[output]] with two brackets if there are several of them\n"
                }
                _ => "",
            };
            format!("{error}{hint}").into()
        })
    }
}

impl OutputConfig {
    /// All tables go to this file.
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
