//! Event files: input and output.

mod blocks;
mod column;
mod contents;
mod counters;
mod datasets;
mod diff;
mod error;
mod file;
mod file_writer;
mod filter;
mod merge;
mod output;
mod pack;
mod raw;
mod reader;
mod records;
mod selector;
mod virtual_file;
mod whole;
mod words;
mod writer;

pub(crate) use blocks::{BlockWriter, read_blocks};
pub use contents::{ColumnContents, Contents, DatasetContents, HistogramContents, TableContents};
pub(crate) use counters::write_counters;
pub use diff::{Comparison, Differences, Tolerance};
pub use error::{Error, Result};
pub use file::EventFile;
pub use file_writer::EventFileWriter;
pub(crate) use file_writer::add_histograms;
pub use merge::{Merged, merge};
pub(crate) use reader::EventReader;
pub use selector::{EventSelector, Granularity, InputFile, Segment};
pub(crate) use virtual_file::write_virtual;
pub(crate) use whole::RECORDS;
pub(crate) use writer::{Compression, EventWriter};

#[cfg(test)]
mod tests;
