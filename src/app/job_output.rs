//! What the events of a job add up to: histograms, counters, and how many events came through.

use crate::hist::Histograms;
use crate::numbers::counter::Counter;
use crate::numbers::merge::Merge;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// What the events of a job add up to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct JobOutput {
    /// What the algorithms booked.
    pub histograms: Histograms,
    /// What the algorithms counted, under the names `algorithm/counter`, in the order in which they asked for counters.
    pub counters: Vec<(String, Counter)>,
    /// One for each algorithm and sequence, in the order of the job.
    pub tallies: Vec<Tally>,
    /// What algorithms printed, by the number of the event.
    pub(crate) printed: BTreeMap<u64, String>,
    /// By input file.
    pub(crate) records: BTreeMap<u32, Record>,
}

/// How many events an algorithm has seen, and how many passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Events that it was executed for.
    pub executed: u64,
    /// Those that it did not reject.
    pub passed: u64,
}

/// What became of the events of an input file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub processed: u64,
    pub passed: u64,
    /// The earliest and the latest time of an event, where events have times.
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
