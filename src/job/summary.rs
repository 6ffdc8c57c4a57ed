//! What a job ended with.

use crate::job::statistics::Statistics;
use serde::Serialize;
use std::fmt;
use std::process::{ExitCode, Termination};

/// What became of a job: its statistics, and the items it went on without.
///
/// Given back from `main`, it is the program's exit status: 0 if all items were processed, 3 if some were skipped, by
/// this call of `process` or an earlier one. (A job that fails ends with an
/// [`Error`](crate::Error), and status 1.)
#[derive(Debug, Clone, Default, PartialEq)]
#[must_use = "return the summary from main: it makes the program's exit status say whether items were skipped"]
pub struct Summary {
    pub(crate) statistics: Statistics,
    pub(crate) skipped: Vec<SkippedItem>,
    /// Whether this or an earlier call of `process` skipped any.
    pub(crate) any_skipped: bool,
}

/// An item that failed for good, and that the job went on without.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SkippedItem {
    /// Its number, from 0.
    pub item: u64,
    /// The item itself, shortened.
    pub description: String,
    /// The rank that tried it last.
    pub rank: usize,
    /// That rank's host.
    pub host: String,
    /// How often it was tried.
    pub attempts: u32,
    /// What it said the last time.
    pub message: String,
}

impl Summary {
    /// Who did what. Empty on ranks other than 0.
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// The items that were skipped, by number. Empty on ranks other than 0.
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
