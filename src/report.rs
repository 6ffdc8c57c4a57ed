//! What the user is told at the end: on the screen, and in the JSON file.

use crate::{Error, HostStatistics, RankStatistics, SkippedItem, Statistics};
use serde::Serialize;
use std::io::Write;
use std::path::Path;

/// The statistics table, and the items that were skipped.
pub(crate) fn print(statistics: &Statistics, skipped: &[SkippedItem], quiet: bool) {
    if !quiet {
        // Whoever pipes this into `head` has seen enough.
        let _ = writeln!(std::io::stdout(), "{statistics}");
    }
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

/// Writes the job's statistics, whole or not at all.
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
    let fault = |source| Error::File {
        action: "write",
        path: path.into(),
        source,
    };
    let mut text = serde_json::to_string_pretty(&report).map_err(|error| fault(error.into()))?;
    text.push('\n');
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    std::fs::write(&name, text)
        .and_then(|()| std::fs::rename(&name, path))
        .map_err(fault)
}
