//! What can go wrong with events in memory.

use super::values::ElementType;

/// An error of the transient event store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A path or a name that nothing can have.
    #[error("'{path}' cannot be the path of a table or a column: {reason}")]
    Path {
        /// As it was given.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing has this path.
    #[error("there is no {path}; {hint}")]
    Missing {
        /// The path asked for.
        path: String,
        /// What there is.
        hint: String,
    },
    /// The path is taken.
    #[error("{path} is there already: {hint}")]
    Taken {
        /// The path.
        path: String,
        /// What to do.
        hint: String,
    },
    /// A column has another type than was asked for.
    #[error("{path} holds {found}, not {asked}")]
    Type {
        /// The column.
        path: String,
        /// What it holds.
        found: ElementType,
        /// What was asked for.
        asked: String,
    },
    /// A column has fewer or more rows than its table, in some event.
    #[error("{path} has {found} values in event {event}, where {other} has {expected}")]
    Length {
        /// The column.
        path: String,
        /// The event's number in the job.
        event: u64,
        /// How many it has.
        found: usize,
        /// How many it should have.
        expected: usize,
        /// Which column, or what, has so many.
        other: String,
    },
    /// A reference to a row that is not there.
    #[error(
        "{path} refers to row {index} of {target} in event {event}, where there are {rows}: the reference is dangling"
    )]
    Dangling {
        /// The column of references.
        path: String,
        /// The event's number in the job.
        event: u64,
        /// The row it refers to.
        index: i32,
        /// The table it refers to.
        target: String,
        /// How many rows that has.
        rows: usize,
    },
    /// Bytes that do not hold events.
    #[error("these bytes do not hold events: {0}")]
    Bytes(String),
}

/// What may be an [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
