//! Errors in handling events in memory.

use super::values::ElementType;

/// An error in the transient event store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An invalid path or name.
    #[error("'{path}' cannot be the path of a table or a column: {reason}")]
    Path {
        /// The path or name, as given.
        path: String,
        /// Why the path or name is invalid.
        reason: String,
    },
    /// There is no table or column with this path.
    #[error("there is no {path}; {hint}")]
    Missing {
        /// The requested path.
        path: String,
        /// The existing names.
        hint: String,
    },
    /// The path is already in use.
    #[error("{path} already exists: {hint}")]
    Taken {
        /// The path.
        path: String,
        /// How to avoid the conflict.
        hint: String,
    },
    /// A column's type differs from the requested type.
    #[error("{path} holds {found}, not {asked}")]
    Type {
        /// The column.
        path: String,
        /// The type of its elements.
        found: ElementType,
        /// The requested type.
        asked: String,
    },
    /// In some event, a column's number of values differs from its table's number of rows.
    #[error("{path} has {found} values in event {event}, where {other} has {expected}")]
    Length {
        /// The column.
        path: String,
        /// The event's number in the job.
        event: u64,
        /// The number of values that the column has in this event.
        found: usize,
        /// The number of values that it should have.
        expected: usize,
        /// The column or the kind of table that determines the expected number.
        other: String,
    },
    /// A reference to a row that does not exist.
    #[error(
        "{path} refers to row {index} of {target} in event {event}, which has {rows} there: the reference is dangling"
    )]
    Dangling {
        /// The reference column.
        path: String,
        /// The event's number in the job.
        event: u64,
        /// The row that the reference points to.
        index: i32,
        /// The table that the column refers to.
        target: String,
        /// That table's number of rows in the event.
        rows: usize,
    },
    /// The bytes are not encoded events.
    #[error("these bytes are not encoded events: {0}")]
    Bytes(String),
}

/// The result of an operation on events.
pub type Result<T> = std::result::Result<T, Error>;

/// A hint that lists the existing names, for errors about a name that does not exist.
pub(crate) fn listing<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 30;
    let mut names: Vec<&str> = names.take(SHOWN + 1).collect();
    if names.is_empty() {
        return "there are none".into();
    }
    if names.len() > SHOWN {
        names[SHOWN] = "…";
    }
    format!("{what} {}", names.join(", "))
}
