//! Reads event files: selects events and loads them into an event store.

mod column;
mod file;
mod reader;
mod scan;
mod schema;
mod selector;
mod whole_file;

pub(super) use column::{ColumnInput, RawFile};
pub use file::EventFile;
pub(crate) use reader::EventReader;
pub(super) use scan::{FileScan, TableNames};
pub use selector::{EventSelector, Granularity, InputFile, Segment};
pub(super) use whole_file::WholeFile;
