//! Algorithms, sequences of them, and jobs.

mod algorithm;
mod app_mgr;
mod block;
mod config;
mod describe;
mod event_loop;
mod events;
mod file_records;
mod formula;
mod items;
mod job_output;
mod parts;
pub(crate) mod registry;
mod setup;
mod steps;
mod task;
mod written;

pub use algorithm::Algorithm;
pub use app_mgr::AppMgr;
pub use block::{Block, Event};
pub use config::{
    AlgorithmConfig, HistogramsConfig, InputConfig, JobConfig, OutputConfig, OutputMode, SequenceConfig, SequenceMode,
};
pub use events::{EventView, Events};
pub use file_records::FileRecord;
pub use formula::Formula;
pub use job_output::{JobOutput, Tally};
pub use registry::register;
pub use setup::{CounterHandle, Setup};

/// What algorithms need: `use gaudi_mpi::app::prelude::*;`
pub mod prelude {
    pub use super::{Algorithm, Block, CounterHandle, Event, Formula, Setup};
    pub use crate::event::{ColumnHandle, ColumnType, EventStore, Rows, TableHandle};
    pub use crate::hist::{self, Axis, Histogram1D, Histogram2D};
    pub use crate::prelude::*;
}
