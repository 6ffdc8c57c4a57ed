//! File records: the number of events processed from each input file, and the counters; both are written to the event
//! files.

use super::job_output::JobOutput;
use crate::files::hdf5_node::Node;
use crate::io::{InputFile, RECORDS, Segment, write_counters};
use hdf5::File;

/// The record of an input file: how many of its events were processed.
#[derive(Clone, Debug, PartialEq)]
pub struct FileRecord {
    /// The file, as given in the input.
    pub file: String,
    /// The number of events in the file.
    pub events: u64,
    /// The number of events that the job selects.
    pub requested: u64,
    /// The number of processed events.
    pub processed: u64,
    /// The number of events that passed all algorithms.
    pub passed: u64,
    /// The earliest and latest event times, if the job names a time column.
    pub span: Option<(f64, f64)>,
}

impl FileRecord {
    /// The number of selected events in items that failed.
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
            // Events made by algorithms come from no file, and all of them are selected.
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

/// Writes the records as one table and the counters as another.
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
    // Sorted by name, as in merged files.
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
