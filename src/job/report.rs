//! The report at the end of a job: on the screen and as a JSON file.

use crate::error::Error;
use crate::files::unfinished::{self, Unfinished};
use crate::job::statistics::{HostStatistics, RankStatistics, Statistics};
use crate::job::summary::SkippedItem;
use serde::Serialize;
use std::fs;
use std::io::Write;
use std::path::Path;

/// Prints the statistics table and the skipped items.
pub(crate) fn print(statistics: &Statistics, skipped: &[SkippedItem], quiet: bool) {
    if !quiet {
        // A closed pipe is not an error.
        let _ = writeln!(std::io::stdout(), "{statistics}");
    }
    // Printed even with `--quiet`, because `--memory` asks for this table.
    let _ = write!(std::io::stdout(), "{}", statistics.memory_table());
    if !skipped.is_empty() {
        let all = statistics.items() + skipped.len() as u64;
        eprintln!("{} of {all} items were skipped:", skipped.len());
        for item in skipped {
            eprintln!("  {item}");
        }
    }
}

#[derive(Serialize)]
struct Report<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    items: u64,
    processing_seconds: f64,
    elapsed_seconds: f64,
    hosts: Vec<HostStatistics>,
    ranks: &'a [RankStatistics],
    skipped: &'a [SkippedItem],
}

/// Checks that the statistics can be written to this path, while the user can still choose another path.
pub(crate) fn check_json(path: &Path) -> Result<(), Error> {
    let tried = Unfinished::new(path).and_then(|unfinished| fs::File::create(unfinished.temporary()).map(drop));
    tried.map_err(|source| fault(path, source))
}

fn fault(path: &Path, source: std::io::Error) -> Error {
    Error::File {
        action: "write",
        path: path.into(),
        source,
    }
}

/// Writes the job's statistics as JSON.
pub(crate) fn write_json(
    path: &Path,
    statistics: &Statistics,
    skipped: &[SkippedItem],
    error: Option<&Error>,
) -> Result<(), Error> {
    let report = Report {
        status: match (error, skipped) {
            (Some(_), _) => "failed",
            (None, []) => "complete",
            (None, _) => "complete with skipped items",
        },
        error: error.map(ToString::to_string),
        items: statistics.items(),
        processing_seconds: statistics.processing().as_secs_f64(),
        elapsed_seconds: statistics.elapsed().as_secs_f64(),
        hosts: statistics.hosts(),
        ranks: statistics.ranks(),
        skipped,
    };
    let mut text = serde_json::to_string_pretty(&report).map_err(|error| fault(path, error.into()))?;
    text.push('\n');
    unfinished::write(path, text.as_bytes()).map_err(|source| fault(path, source))
}
