//! Reads, writes, merges, compares and inspects event files.
#![cfg_attr(
    not(feature = "jobs"),
    allow(dead_code, unused_imports, reason = "some functions serve jobs only")
)]

mod diff;
mod error;
mod filter;
mod format;
mod hdf5_raw;
mod inspect;
mod merge;
mod read;
mod records;
mod words;
mod write;

pub use diff::{Comparison, Differences, Tolerance};
pub use error::{Error, Result};
pub(crate) use format::RECORDS;
pub use inspect::{ColumnContents, Contents, DatasetContents, HistogramContents, TableContents};
pub use merge::{Merged, merge};
pub(crate) use read::EventReader;
pub use read::{EventFile, EventSelector, Granularity, InputFile, Segment};
pub(crate) use records::write_counters;
pub use write::EventFileWriter;
pub(crate) use write::{BlockWriter, Compression, EventWriter, add_histograms, read_blocks, write_virtual};

#[cfg(test)]
mod tests;
