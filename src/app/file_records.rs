//! File records: what became of the events of each input file, and what was counted, written beside the events.

use super::job_output::JobOutput;
use crate::files::hdf5_node::Node;
use crate::io::{InputFile, RECORDS, Segment, write_counters};
use hdf5::File;

/// What became of an input file.
#[derive(Clone, Debug, PartialEq)]
pub struct FileRecord {
    /// The file, as it was given.
    pub file: String,
    /// How many events it has.
    pub events: u64,
    /// How many of them were asked for.
    pub requested: u64,
    /// How many were processed.
    pub processed: u64,
    /// How many passed all algorithms.
    pub passed: u64,
    /// The earliest and the latest time of an event, where the job says which column has it.
    pub span: Option<(f64, f64)>,
}

impl FileRecord {
    /// Events that were asked for, but belong to items that failed for good.
    pub fn failed(&self) -> u64 {
        self.requested - self.processed
    }
}

/// The records of all files.
pub(super) fn file_records(files: &[InputFile], segments: &[Segment], output: &JobOutput) -> Vec<FileRecord> {
    let mut requested = vec![0; files.len()];
    for segment in segments {
        requested[segment.file as usize] += segment.events;
    }
    let record = |(index, file): (usize, &InputFile)| {
        let record = output.records.get(&(index as u32)).copied().unwrap_or_default();
        FileRecord {
            file: file.path.display().to_string(),
            // Of events that are made there are as many as were asked for.
            events: match file.path.as_os_str().is_empty() {
                true => requested[index],
                false => file.events,
            },
            requested: requested[index],
            processed: record.processed,
            passed: record.passed,
            span: record.span,
        }
    };
    files.iter().enumerate().map(record).collect()
}

/// Writes records and counters: a column each, as in a table; counters in a table of their own.
pub(super) fn write(file: &File, records: &[FileRecord], output: &JobOutput) -> hdf5::Result<()> {
    let folder = Node::of(file.group("/")?).child(RECORDS)?;
    let count = records.len();
    let number = |name: &str, of: fn(&FileRecord) -> u64| {
        let numbers: Vec<u64> = records.iter().map(of).collect();
        folder.array(name, &numbers, &[count])
    };
    let text = |name: &str, of: &dyn Fn(&FileRecord) -> String| {
        let texts: Vec<String> = records.iter().map(of).collect();
        folder.texts(name, &texts)
    };
    let time = |name: &str, of: fn((f64, f64)) -> f64| {
        let times: Vec<f64> = records.iter().map(|record| record.span.map_or(f64::NAN, of)).collect();
        folder.array(name, &times, &[count])
    };
    let status = |record: &FileRecord| match (record.failed(), record.requested) {
        (0, requested) if requested == record.events => "complete".into(),
        (0, _) => "partial".into(),
        _ => "failed".into(),
    };
    let with_times = records.iter().any(|record| record.span.is_some());
    // In the order of their names, as in merged files.
    number("events", |record| record.events)?;
    number("failed", FileRecord::failed)?;
    text("file", &|record| record.file.clone())?;
    if with_times {
        time("first_time", |span| span.0)?;
        time("last_time", |span| span.1)?;
    }
    number("passed", |record| record.passed)?;
    number("processed", |record| record.processed)?;
    number("requested", |record| record.requested)?;
    text("status", &status)?;
    write_counters(&folder, &output.counters)
}
