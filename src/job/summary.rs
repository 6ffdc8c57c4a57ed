//! The summary that a job ends with.

use crate::error::Error;
use crate::job::statistics::Statistics;
use serde::Serialize;
use std::fmt;
use std::process::{ExitCode, Termination};

/// The result of a job. Returned from `main`, it sets the exit status.
pub type JobResult = std::result::Result<Summary, Error>;

/// The outcome of a job: its statistics, and the items that were skipped.
///
/// Returned from `main`, it sets the exit status: 0 if all items were processed, 3 if some were skipped in this call of
/// `process` or an earlier one. A job that fails returns an [`Error`](crate::Error), which sets the exit status to 1.
#[derive(Debug, Clone, Default, PartialEq)]
#[must_use = "return the summary from main: it makes the program's exit status say whether items were skipped"]
pub struct Summary {
    pub(crate) statistics: Statistics,
    pub(crate) skipped: Vec<SkippedItem>,
    /// Whether this or an earlier call of `process` skipped items.
    pub(crate) any_skipped: bool,
}

/// An item that still failed after all retries and was skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SkippedItem {
    /// The item's number, from 0.
    pub item: u64,
    /// A shortened description of the item.
    pub description: String,
    /// The rank that made the last attempt.
    pub rank: usize,
    /// That rank's host.
    pub host: String,
    /// The number of attempts.
    pub attempts: u32,
    /// The error of the last attempt.
    pub message: String,
}

impl Summary {
    /// Returns the job's statistics. Empty on ranks other than 0.
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// Returns the skipped items, sorted by number. Empty on ranks other than 0.
    pub fn skipped(&self) -> &[SkippedItem] {
        &self.skipped
    }
}

impl Termination for Summary {
    fn report(self) -> ExitCode {
        if self.any_skipped {
            ExitCode::from(3)
        } else {
            ExitCode::SUCCESS
        }
    }
}

impl fmt::Display for SkippedItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            item,
            description,
            rank,
            host,
            attempts,
            message,
        } = self;
        write!(
            f,
            "item {item} {description} on rank {rank} ({host}), at attempt {attempts}: {message}"
        )
    }
}
