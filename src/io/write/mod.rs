//! Writes event files from encoded events.

mod blocks;
mod column;
mod datasets;
mod file_writer;
mod pack;
mod table;
mod virtual_file;
mod writer;

pub(crate) use blocks::{BlockWriter, read_blocks};
pub use file_writer::EventFileWriter;
pub(crate) use file_writer::add_histograms;
pub(crate) use virtual_file::write_virtual;
pub(crate) use writer::{Compression, EventWriter};
