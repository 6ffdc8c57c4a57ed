//! Jobs: algorithms and sequences of algorithms, executed for each event.
//!
//! An [`AppMgr`] runs a job described by a [job file](JobFile) or a program. Every processing step of a job implements
//! the trait [`Algorithm`].

mod algorithm;
pub(crate) mod algorithm_registry;
mod app_mgr;
mod app_task;
mod control_flow;
mod describe;
mod event_block;
mod event_loop;
mod events;
mod file_records;
mod formula;
mod input_segments;
mod job_config;
mod job_file;
mod job_output;
mod job_text;
mod job_value;
mod output_parts;
mod output_stream;
mod part_writer;
mod path_patterns;
mod setup;
mod written_files;

pub use algorithm::Algorithm;
pub use algorithm_registry::register;
pub use app_mgr::AppMgr;
pub use event_block::{Event, EventBlock};
pub use events::{EventView, Events};
pub use file_records::FileRecord;
pub use formula::Formula;
pub use job_config::{
    AlgorithmConfig, HistogramsConfig, InputConfig, JobConfig, OutputConfig, OutputMode, SequenceConfig, SequenceMode,
};
pub use job_file::JobFile;
pub use job_output::{JobOutput, Tally};
pub use job_value::JobValue;
pub use setup::{CounterHandle, Setup};

/// The names that most algorithms need: `use gaudi_mpi::app::prelude::*;`
pub mod prelude {
    pub use super::algorithm::Algorithm;
    pub use super::event_block::{Event, EventBlock};
    pub use super::formula::Formula;
    pub use super::setup::{CounterHandle, Setup};
    pub use crate::event::{ColumnHandle, ColumnType, EventStore, Rows, TableHandle};
    pub use crate::hist::{self, Axis, Histogram1D, Histogram2D};
    pub use crate::prelude::*;
}
