//! The event selector, which determines the events to process in each file and divides them into items.

use super::file::EventFile;
use crate::io::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The size of an item, the unit of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Granularity {
    /// A whole file.
    File,
    /// A fixed number of consecutive events of a file: see [`EventSelector::chunk`].
    #[default]
    Chunk,
    /// A single event.
    Event,
}

/// Consecutive events of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// The index of the input file, from 0.
    pub file: u32,
    /// The index of the first event in the file.
    pub first: u64,
    /// The number of events.
    pub events: u64,
}

/// An input file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// The path; empty for events made by algorithms.
    pub path: PathBuf,
    /// The number of events.
    pub events: u64,
    /// The number that the file's first event has in the whole input.
    pub first: u64,
}

impl InputFile {
    /// Returns whether the events are made by algorithms, not read from a file.
    pub(super) fn is_made(&self) -> bool {
        self.path.as_os_str().is_empty()
    }
}

/// Selects the events to process, and divides them into items.
///
/// The events of all files are numbered from 0, in the order in which the files are added.
///
/// ```
/// use gaudi_mpi::io::{EventSelector, Granularity};
///
/// let mut selector = EventSelector::default();
/// selector.first(1000).events(50_000).granularity(Granularity::Chunk).chunk(5000);
/// assert!(selector.add("no/such/*.h5").is_err());
/// ```
#[derive(Clone, Debug)]
pub struct EventSelector {
    files: Vec<InputFile>,
    /// The device and inode numbers of the files, which identify a file regardless of its path.
    seen: HashMap<(u64, u64), PathBuf>,
    first: u64,
    events: u64,
    skip: Vec<Range<u64>>,
    granularity: Granularity,
    chunk: u64,
}

impl Default for EventSelector {
    fn default() -> Self {
        Self {
            files: Vec::new(),
            seen: HashMap::new(),
            first: 0,
            events: u64::MAX,
            skip: Vec::new(),
            granularity: Granularity::default(),
            chunk: Self::CHUNK,
        }
    }
}

impl EventSelector {
    /// The default number of events in a chunk.
    pub const CHUNK: u64 = 1000;

    /// Adds input files: a single file; all files that match a pattern such as `dst/*.h5`, sorted by name; or with
    /// `@list`, the files listed in the text file `list`, one per line. Empty lines and lines that begin with `#` are
    /// skipped.
    ///
    /// # Errors
    /// If no file matches, or a file cannot be opened, is not an event file, or was already added.
    pub fn add(&mut self, pattern: &str) -> Result<&mut Self> {
        let mut paths = Vec::new();
        match pattern.strip_prefix('@') {
            Some(list) => {
                let text = fs::read_to_string(list).map_err(|error| Error::open(Path::new(list), error))?;
                let lines = text.lines().map(str::trim);
                for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
                    expand(line, &mut paths)?;
                }
                if paths.is_empty() {
                    return Err(Error::open(Path::new(list), "this list names no files"));
                }
            }
            None => expand(pattern, &mut paths)?,
        }
        for path in paths {
            self.add_file(path)?;
        }
        Ok(self)
    }

    fn add_file(&mut self, path: PathBuf) -> Result<()> {
        let events = EventFile::open(&path)?.events();
        if let Ok(file) = fs::metadata(&path)
            && let Some(other) = self.seen.insert((file.dev(), file.ino()), path.clone())
        {
            let by = match other == path {
                true => String::new(),
                false => format!(", also as {}", other.display()),
            };
            return Err(Error::Input(format!(
                "the input {} is given twice{by}: its events would count twice",
                path.display()
            )));
        }
        let first = self.total();
        if first.checked_add(events).is_none() {
            return Err(Error::open(
                &path,
                format!("it claims to have {events} events: the file is damaged"),
            ));
        }
        self.files.push(InputFile { path, events, first });
        Ok(())
    }

    /// Adds events that are made by algorithms instead of being read from a file.
    pub(crate) fn add_made(&mut self, events: u64) -> &mut Self {
        let first = self.total();
        let path = PathBuf::new();
        self.files.push(InputFile { path, events, first });
        self
    }

    /// Starts with the event that has this number; the default is 0.
    pub fn first(&mut self, number: u64) -> &mut Self {
        self.first = number;
        self
    }

    /// Limits the number of events processed; skipped events do not count. By default, there is no limit.
    pub fn events(&mut self, events: u64) -> &mut Self {
        self.events = events;
        self
    }

    /// Skips the events with these numbers.
    pub fn skip(&mut self, numbers: Range<u64>) -> &mut Self {
        self.skip.push(numbers);
        self
    }

    /// Sets the size of an item.
    pub fn granularity(&mut self, granularity: Granularity) -> &mut Self {
        self.granularity = granularity;
        self
    }

    /// Sets the number of events in a chunk, at least 1. A chunk never spans two files.
    pub fn chunk(&mut self, events: u64) -> &mut Self {
        self.chunk = events.max(1);
        self
    }

    /// The input files, in the order in which they were added.
    pub fn files(&self) -> &[InputFile] {
        &self.files
    }

    /// The total number of events in all files.
    pub fn total(&self) -> u64 {
        self.files.last().map_or(0, |file| file.first + file.events)
    }

    /// The items, in the order of their events.
    pub fn segments(&self) -> Vec<Segment> {
        let step = self.step();
        let mut segments = Vec::new();
        for (file, run) in self.chosen() {
            let mut first = run.start;
            while first < run.end {
                // Chunks begin at multiples of the chunk size, so that their boundaries do not depend on the first
                // selected event.
                let end = (first - first % step).saturating_add(step).min(run.end);
                segments.push(Segment {
                    file,
                    first,
                    events: end - first,
                });
                first = end;
            }
        }
        segments
    }

    /// The number of items.
    pub fn count(&self) -> u64 {
        let step = self.step();
        let runs = self.chosen().into_iter().filter(|(_, run)| !run.is_empty());
        runs.map(|(_, run)| (run.end - 1) / step - run.start / step + 1).sum()
    }

    /// The largest number of events in an item.
    fn step(&self) -> u64 {
        match self.granularity {
            Granularity::File => u64::MAX,
            Granularity::Chunk => self.chunk,
            Granularity::Event => 1,
        }
    }

    /// The selected events: file indices, each with a range of events in that file.
    fn chosen(&self) -> Vec<(u32, Range<u64>)> {
        let mut left = self.events;
        let mut chosen = Vec::new();
        for (index, file) in self.files.iter().enumerate() {
            for run in self.runs(file) {
                let run = run.start..run.end.min(run.start.saturating_add(left));
                left -= run.end - run.start;
                chosen.push((index as u32, run));
            }
        }
        chosen
    }

    /// The events of a file that are not skipped and do not come before the first selected event, as ranges of events
    /// in the file.
    fn runs(&self, file: &InputFile) -> Vec<Range<u64>> {
        let start = self.first.saturating_sub(file.first).min(file.events);
        let mut skip: Vec<Range<u64>> = self
            .skip
            .iter()
            .filter(|skip| !skip.is_empty())
            .map(|skip| skip.start.saturating_sub(file.first)..skip.end.saturating_sub(file.first))
            .collect();
        skip.sort_by_key(|skip| skip.start);
        let mut runs = Vec::new();
        let mut at = start;
        for skip in skip {
            let end = skip.start.min(file.events);
            if end > at {
                runs.push(at..end);
            }
            at = at.max(skip.end);
        }
        if at < file.events {
            runs.push(at..file.events);
        }
        runs
    }
}

/// Appends the files that match a pattern.
///
/// # Errors
/// If the pattern is invalid, or no file matches.
fn expand(pattern: &str, paths: &mut Vec<PathBuf>) -> Result<()> {
    let path = PathBuf::from(pattern);
    if !pattern.contains(['*', '?', '[']) || path.exists() {
        paths.push(path);
        return Ok(());
    }
    let refuse = |reason: String| Error::Input(format!("the input '{pattern}': {reason}"));
    let found = glob::glob(pattern).map_err(|error| refuse(error.to_string()))?;
    let before = paths.len();
    for path in found {
        paths.push(path.map_err(|error| refuse(error.to_string()))?);
    }
    if paths.len() == before {
        return Err(refuse("no file matches".into()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn selector(files: &[u64]) -> EventSelector {
        let mut selector = EventSelector::default();
        for (index, &events) in files.iter().enumerate() {
            let first = selector.total();
            let path = PathBuf::from(format!("{index}.h5"));
            selector.files.push(InputFile { path, events, first });
        }
        selector
    }

    /// The numbers of the events to process.
    fn numbers(selector: &EventSelector) -> Vec<u64> {
        let first = |segment: &Segment| selector.files[segment.file as usize].first + segment.first;
        let segments = selector.segments();
        segments
            .iter()
            .flat_map(|segment| first(segment)..first(segment) + segment.events)
            .collect()
    }

    #[test]
    fn chunks_are_cut_file_by_file() {
        let mut selector = selector(&[25, 0, 7]);
        selector.chunk(10);
        let cut: Vec<(u32, u64, u64)> = selector
            .segments()
            .iter()
            .map(|s| (s.file, s.first, s.events))
            .collect();
        assert_eq!(cut, [(0, 0, 10), (0, 10, 10), (0, 20, 5), (2, 0, 7)]);
        selector.first(12).events(10);
        let cut: Vec<(u32, u64, u64)> = selector
            .segments()
            .iter()
            .map(|s| (s.file, s.first, s.events))
            .collect();
        assert_eq!(cut, [(0, 12, 8), (0, 20, 2)]);
    }

    proptest! {
        #[test]
        fn every_chosen_event_is_there_once(
            files in prop::collection::vec(0..60u64, 0..5),
            first in 0..100u64,
            events in prop_oneof![Just(u64::MAX), 0..150u64],
            skip in prop::collection::vec((0..200u64, 0..30u64), 0..4),
            granularity in prop_oneof![Just(Granularity::File), Just(Granularity::Chunk), Just(Granularity::Event)],
            chunk in 1..40u64,
        ) {
            let mut selector = selector(&files);
            selector.first(first).events(events).granularity(granularity).chunk(chunk);
            for &(start, length) in &skip {
                selector.skip(start..start + length);
            }
            let skipped = |number: &u64| skip.iter().any(|&(start, length)| (start..start + length).contains(number));
            let chosen = (first..selector.total()).filter(|number| !skipped(number));
            let wanted: Vec<u64> = chosen.take(events.min(1000) as usize).collect();
            prop_assert_eq!(numbers(&selector), wanted);
            prop_assert_eq!(selector.count(), selector.segments().len() as u64);
        }
    }
}
