//! [`JobOutput`]: the histograms, counters and event counts of a job.

use crate::hist::Histograms;
use crate::numbers::counter::Counter;
use crate::numbers::merge::Merge;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// The output of a job, summed over its events.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct JobOutput {
    /// The histograms and profiles that the algorithms booked.
    pub histograms: Histograms,
    /// The counters, named `algorithm/counter`, in the order in which the algorithms requested them.
    pub counters: Vec<(String, Counter)>,
    /// The event counts of each algorithm and sequence, in the order in which the job lists them.
    pub tallies: Vec<Tally>,
    /// The messages printed by algorithms, keyed by event number.
    pub(crate) printed: BTreeMap<u64, String>,
    /// The records of the input files, keyed by file index.
    pub(crate) records: BTreeMap<u32, Record>,
}

/// The number of events for which an algorithm was executed, and how many of them passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// The number of events for which the algorithm was executed.
    pub executed: u64,
    /// The number of events that passed the algorithm.
    pub passed: u64,
}

/// The event counts and event times of an input file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub processed: u64,
    pub passed: u64,
    /// The earliest and latest event times, if the job specifies a time column.
    pub span: Option<(f64, f64)>,
}

impl Record {
    pub(crate) fn see(&mut self, time: f64) {
        let (first, last) = self.span.unwrap_or((time, time));
        self.span = Some((first.min(time), last.max(time)));
    }

    fn join(&mut self, other: Record) {
        self.processed += other.processed;
        self.passed += other.passed;
        if let Some((first, last)) = other.span {
            self.see(first);
            self.see(last);
        }
    }
}

impl Merge for JobOutput {
    type Gathered = Self;

    fn gather(self, _: Range<u64>) -> Self {
        self
    }

    fn join(into: &mut Self, other: Self) {
        Histograms::join(&mut into.histograms, other.histograms);
        assert_eq!(
            (into.counters.len(), into.tallies.len()),
            (other.counters.len(), other.tallies.len()),
            "all workers have the same algorithms"
        );
        for ((_, into), (_, other)) in into.counters.iter_mut().zip(other.counters) {
            Counter::join(into, other);
        }
        for (into, other) in into.tallies.iter_mut().zip(other.tallies) {
            into.executed += other.executed;
            into.passed += other.passed;
        }
        into.printed.extend(other.printed);
        for (file, record) in other.records {
            into.records.entry(file).or_default().join(record);
        }
    }

    fn finish(gathered: Self) -> Self {
        gathered
    }
}
