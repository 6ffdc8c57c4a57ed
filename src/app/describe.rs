//! The description that a dry run prints after checking the job against the first input file.

use super::event_loop::EventLoop;
use super::job_config::JobConfig;
use crate::error::Result;
use crate::event::{ColumnType, Rows};
use crate::io::{InputFile, Segment};
use std::fmt::Write;
use std::sync::Arc;

/// Describes in words the steps that a job would perform.
///
/// # Errors
/// The errors that would stop the job: invalid names, types, cuts and paths.
pub(super) fn describe(config: &JobConfig, files: Vec<InputFile>, segments: &[Segment], seed: u64) -> Result<String> {
    let events: u64 = segments.iter().map(|segment| segment.events).sum();
    let files = Arc::new(files);
    let job = EventLoop::new(config, files.clone(), seed)?;
    let mut text = String::new();
    let _ = match config.title.as_str() {
        "" => Ok(()),
        title => writeln!(text, "{title}\n"),
    };
    let total: u64 = files.iter().map(|file| file.events).sum();
    let _ = match config.input.files.is_empty() {
        true => writeln!(
            text,
            "Input: {events} events made by algorithms, in {} items",
            segments.len()
        ),
        false => writeln!(
            text,
            "Input: {events} of {total} events in {} files, in {} items; checked against {}",
            files.len(),
            segments.len(),
            files[0].path.display()
        ),
    };
    let _ = writeln!(text, "Read:");
    for (path, rows, columns) in job.read() {
        let _ = writeln!(
            text,
            "  {path} ({}): {}",
            describe_rows(rows),
            describe_columns(&columns)
        );
    }
    let _ = writeln!(text, "Algorithms:");
    for algorithm in &config.algorithms {
        let kind = if algorithm.name() == algorithm.kind {
            String::new()
        } else {
            format!(" ({})", algorithm.kind)
        };
        let _ = writeln!(text, "  {}{kind}", algorithm.name());
    }
    let made = job.made_tables();
    if !made.is_empty() {
        let _ = writeln!(text, "Made:");
    }
    for (path, rows, columns) in made {
        let _ = writeln!(
            text,
            "  {path} ({}): {}",
            describe_rows(rows),
            describe_columns(&columns)
        );
    }
    let output = job.new_output();
    let _ = writeln!(text, "Histograms: {}", output.histograms.len());
    for (path, object) in output.histograms.iter() {
        let _ = writeln!(text, "  {path}: {}", object.title());
    }
    for (stream, columns) in config.outputs.iter().zip(job.written()) {
        let _ = writeln!(text, "Output {}:", stream.file.display());
        for (path, rows, columns) in columns {
            let _ = writeln!(
                text,
                "  {path} ({}): {}",
                describe_rows(rows),
                describe_columns(&columns)
            );
        }
    }
    text.push_str("All names, types, cuts and paths are valid.");
    Ok(text)
}

fn describe_rows(rows: Rows) -> &'static str {
    match rows {
        Rows::One => "one row",
        Rows::Many => "many rows",
    }
}

fn describe_columns(columns: &[&ColumnType]) -> String {
    if columns.is_empty() {
        return "the number of rows".into();
    }
    let column = |kind: &&ColumnType| match (&kind.target, kind.unit.as_str()) {
        (Some(target), _) => format!("{} → {target}", kind.name),
        (None, "") => format!("{} {}", kind.name, kind.element),
        (None, unit) => format!("{} {} [{unit}]", kind.name, kind.element),
    };
    columns.iter().map(column).collect::<Vec<_>>().join(", ")
}
