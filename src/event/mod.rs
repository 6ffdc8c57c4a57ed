//! The transient event store: a chunk of events held in memory as tables, and its encoding as bytes.
//!
//! An [`EventStore`] holds a chunk of events. An algorithm looks up its columns once by path, then reads and adds rows
//! through [handles](ColumnHandle).
#![cfg_attr(not(feature = "jobs"), allow(dead_code, reason = "some functions serve jobs only"))]

mod access;
mod column_type;
mod decode;
mod encode;
mod error;
mod handle;
pub(crate) mod path;
mod store;
mod table;
mod texts;
mod values;

pub use column_type::{ColumnType, Rows};
pub(crate) use decode::{EncodedColumn, EncodedEvents, EncodedTable};
pub(crate) use encode::ColumnSelection;
pub(crate) use error::listing;
pub use error::{Error, Result};
pub(crate) use handle::ColumnIndex;
pub use handle::{ColumnHandle, TableHandle};
pub use store::EventStore;
pub use texts::Texts;
pub(crate) use values::each_type;
pub use values::{Element, ElementType, Slice, Values};
