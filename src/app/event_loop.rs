//! The event loop of a worker: reads events, executes algorithms, and puts by what output streams take.

use super::config::{JobConfig, OutputConfig};
use super::items::ItemList;
use super::job_output::JobOutput;
use super::setup::Setup;
use super::steps::Steps;
use crate::error::Result;
use crate::event::{
    ColumnIndex, ColumnSelection, ColumnType, Element, ElementType, EventStore, Rows, TableHandle, each_type, listing,
};
use crate::io::{EventReader, InputFile, Segment};
use std::ops::Range;
use std::sync::Arc;

/// Reads events, executes algorithms.
pub(crate) struct EventLoop {
    reader: EventReader,
    pub(crate) store: EventStore,
    steps: Steps,
    streams: Vec<Stream>,
    /// The output as it is before the first event.
    empty: JobOutput,
    time: Option<(TableHandle, ColumnIndex)>,
}

/// An output stream, where the events come from.
struct Stream {
    name: String,
    items: ItemList,
    accept: Vec<usize>,
    require: Vec<usize>,
    veto: Vec<usize>,
    /// What is written, of events of the file with this index.
    selection: ColumnSelection,
    file: Option<u32>,
}

impl EventLoop {
    /// How many events are in memory at once: few enough to stay in the processor's cache.
    pub(crate) const BLOCK: u64 = 4096;

    /// Initialises all algorithms.
    ///
    /// # Errors
    /// If one fails, or the job is wrong in itself or does not fit to its first input file.
    pub(crate) fn new(config: &JobConfig, files: Arc<Vec<InputFile>>, seed: u64) -> Result<Self> {
        let mut steps = Steps::new(&config.algorithms, seed)?;
        let mut reader = EventReader::new(files);
        let mut store = EventStore::new();
        let mut empty = JobOutput::default();
        if !config.input.files.is_empty() {
            reader.open(0)?;
        }
        steps.initialize(&config.algorithms, &mut store, &mut reader, &mut empty)?;
        let time = match &config.input.time {
            None => None,
            Some(path) => match reader.want_column(&mut store, path, false)? {
                None => return Err(format!("input.time: {}", reader.hint(path)?).into()),
                Some((table, column)) if store.column_type(table, column).element == ElementType::Text => {
                    return Err(format!("input.time: {path} holds texts, but times are numbers").into());
                }
                found => found,
            },
        };
        let streams = config
            .outputs
            .iter()
            .map(|output| Stream::new(output, &steps))
            .collect::<Result<Vec<_>>>()?;
        let mut made = Self {
            reader,
            store,
            steps,
            streams,
            empty,
            time,
        };
        // What is wrong with an item list shows before the first event.
        made.resolve_streams()?;
        Ok(made)
    }

    /// An output as it is before the first event.
    pub(crate) fn new_output(&self) -> JobOutput {
        self.empty.clone()
    }

    /// The tables that are read from files, with the columns that are.
    pub(crate) fn read(&self) -> Vec<(&str, Rows, Vec<&ColumnType>)> {
        self.tables(|path| self.reader.reads(path))
    }

    /// The tables that algorithms make.
    pub(crate) fn made_tables(&self) -> Vec<(&str, Rows, Vec<&ColumnType>)> {
        self.tables(|path| !self.reader.reads(path))
    }

    fn tables(&self, chosen: impl Fn(&str) -> bool) -> Vec<(&str, Rows, Vec<&ColumnType>)> {
        let handles = self.store.handles().zip(self.store.tables());
        handles
            .filter(|(_, (path, _))| chosen(path))
            .map(|(handle, (path, rows))| (path, rows, self.store.columns(handle).collect()))
            .collect()
    }

    /// What each output stream writes of events of the first file.
    pub(crate) fn written(&self) -> Vec<Vec<(&str, Rows, Vec<&ColumnType>)>> {
        let of_stream = |stream: &Stream| {
            let tables = stream.selection.tables.iter();
            tables
                .map(|&(table, ref columns)| {
                    let kinds = columns.iter().map(|&column| self.store.column_type(table, column));
                    (
                        self.store.table_path(table),
                        self.store.rows_per_event(table),
                        kinds.collect(),
                    )
                })
                .collect()
        };
        self.streams.iter().map(of_stream).collect()
    }

    /// What each output stream writes of no events at all: which tables and columns there would be.
    pub(crate) fn declared(&self) -> Vec<Vec<u8>> {
        let streams = self.streams.iter();
        streams
            .map(|stream| self.store.encode_selected(&stream.selection, None))
            .collect()
    }

    fn resolve_streams(&mut self) -> Result<()> {
        let Self {
            reader, store, streams, ..
        } = self;
        let opened = reader.opened();
        for stream in streams.iter_mut() {
            stream.selection = stream.items.resolve(store, reader).map_err(|error| match opened {
                Some(file) => format!(
                    "output {}: {error} (in {})",
                    stream.name,
                    reader.files()[file as usize].path.display()
                ),
                None => format!("output {}: {error}", stream.name),
            })?;
        }
        // A later stream may have had more columns read: those of an earlier one are where they were.
        for stream in streams.iter_mut() {
            stream.file = opened;
        }
        Ok(())
    }

    /// Processes the events of a segment; `put` takes, for each block of events, what a stream writes of it.
    pub(crate) fn process(
        &mut self,
        segment: &Segment,
        output: &mut JobOutput,
        put: &mut dyn FnMut(usize, Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        let mut start = 0;
        while start < segment.events {
            let end = (start + Self::BLOCK).min(segment.events);
            let passing = self.execute(segment, start..end, output)?;
            for (index, stream) in self.streams.iter().enumerate() {
                let keep = stream.keep(&self.steps, &passing);
                put(index, self.store.encode_selected(&stream.selection, Some(&keep)))?;
            }
            start = end;
        }
        Ok(())
    }

    /// Reads some events of a segment, and executes all algorithms for them; which of them passed all.
    pub(crate) fn execute(&mut self, segment: &Segment, part: Range<u64>, output: &mut JobOutput) -> Result<Vec<bool>> {
        if !self.streams.is_empty() && !self.made(segment) {
            self.reader.open(segment.file)?;
            if self.streams.iter().any(|stream| stream.file != Some(segment.file)) {
                self.resolve_streams()?;
            }
        }
        self.reader.load(segment, part.clone(), &mut self.store)?;
        let passing = self.steps.execute(&mut self.store, output)?;
        let record = output.records.entry(segment.file).or_default();
        record.processed += part.end - part.start;
        record.passed += passing.iter().filter(|passed| **passed).count() as u64;
        if let Some((table, column)) = self.time {
            fn see<T: Element>(times: &[T], mut see: impl FnMut(f64)) {
                times.iter().for_each(|time| see(time.to_f64()));
            }
            each_type!(self.store.values(table, column), times => see(times, |time| record.see(time)), _texts => ());
        }
        Ok(passing)
    }

    /// Asks for something, as algorithms do when they are initialised.
    pub(crate) fn setup<T>(&mut self, output: &mut JobOutput, ask: impl FnOnce(&mut Setup) -> Result<T>) -> Result<T> {
        ask(&mut Setup {
            name: "",
            store: &mut self.store,
            reader: &mut self.reader,
            output,
            created: Vec::new(),
            extended: Vec::new(),
        })
    }

    /// Whether these events are made, not read.
    fn made(&self, segment: &Segment) -> bool {
        self.reader.files()[segment.file as usize].path.as_os_str().is_empty()
    }

    /// Has all algorithms make what is large.
    pub(crate) fn start(&mut self) -> Result<()> {
        self.steps.start()
    }

    /// Finalises all algorithms.
    pub(crate) fn finalize(&mut self) -> Result<()> {
        self.steps.finalize()
    }
}

impl Stream {
    fn new(config: &OutputConfig, steps: &Steps) -> Result<Self> {
        let name = config.file.display().to_string();
        let find = |names: &[String]| -> Result<Vec<usize>> {
            let step = |wanted: &String| {
                steps.find(wanted).ok_or_else(|| {
                    let known = listing("there are", steps.names());
                    format!("output {name}: there is no algorithm '{wanted}' in this job; {known}").into()
                })
            };
            names.iter().map(step).collect()
        };
        let (accept, require, veto) = (find(&config.accept)?, find(&config.require)?, find(&config.veto)?);
        Ok(Self {
            items: ItemList::new(&config.items, &config.optional).map_err(|error| format!("output {name}: {error}"))?,
            accept,
            require,
            veto,
            selection: ColumnSelection::default(),
            file: None,
            name,
        })
    }

    /// Which events are written.
    fn keep(&self, steps: &Steps, passing: &[bool]) -> Vec<bool> {
        if self.accept.is_empty() && self.require.is_empty() && self.veto.is_empty() {
            return passing.to_vec();
        }
        let passed =
            |steps_of: &[usize], event: usize| steps_of.iter().filter(|step| steps.passed(**step)[event]).count();
        let keep = |event: usize| {
            (self.accept.is_empty() || passed(&self.accept, event) > 0)
                && passed(&self.require, event) == self.require.len()
                && passed(&self.veto, event) == 0
        };
        (0..passing.len()).map(keep).collect()
    }
}
