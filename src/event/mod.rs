//! The transient event store: tables of a chunk of events in memory, and as bytes.
//!
//! An [`EventStore`] holds a chunk of events. Algorithms find its columns by path once, and read and add rows through
//! [handles](ColumnHandle) from then on.

mod encode;
mod error;
pub(crate) mod path;
mod store;
mod table;
mod texts;
mod values;

pub(crate) use encode::{EncodedColumn, EncodedEvents, EncodedTable, Selection};
pub use error::{Error, Result};
pub(crate) use store::listing;
pub use store::{ColumnHandle, EventStore, TableHandle};
pub use table::{ColumnType, Rows};
pub use texts::Texts;
pub(crate) use values::each_type;
pub use values::{Element, ElementType, Slice, Values};
