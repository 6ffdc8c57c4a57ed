//! A worker's event loop: reads events, executes the algorithms, and encodes the events for the outputs.

use super::control_flow::ControlFlow;
use super::job_config::JobConfig;
use super::job_output::JobOutput;
use super::job_text::JobText;
use super::job_value::JobValue;
use super::output_stream::OutputStream;
use super::setup::Setup;
use crate::error::Result;
use crate::event::{ColumnIndex, ColumnType, Element, ElementType, EventStore, Rows, TableHandle, each_type};
use crate::io::{EventReader, InputFile, Segment};
use std::ops::Range;
use std::sync::Arc;

/// A worker's event loop.
pub(crate) struct EventLoop {
    reader: EventReader,
    pub(crate) store: EventStore,
    flow: ControlFlow,
    streams: Vec<OutputStream>,
    /// The job's text, for error messages.
    text: JobText,
    /// The output as it is before the first event, with all histograms booked but empty.
    empty: JobOutput,
    time: Option<(TableHandle, ColumnIndex)>,
}

impl EventLoop {
    /// The maximum number of events in memory. It is chosen so that the events' columns fit into a processor's cache.
    pub(crate) const BLOCK: u64 = 4096;

    /// Initialises all algorithms, and checks the job against the first input file.
    ///
    /// # Errors
    /// If an algorithm fails, the job is inconsistent, or the job does not match the first input file.
    pub(crate) fn new(config: &JobConfig, files: Arc<Vec<InputFile>>, seed: u64) -> Result<Self> {
        let mut flow = ControlFlow::new(config, seed)?;
        let mut reader = EventReader::new(files);
        let mut store = EventStore::new();
        let mut empty = JobOutput::default();
        if !config.input.files.is_empty() {
            reader.open(0)?;
        }
        flow.initialize(config, &mut store, &mut reader, &mut empty)?;
        let time = match &config.input.time {
            None => None,
            Some(path) => match reader.want_column(&mut store, path, false)? {
                None => {
                    let message = format!("input.time: {}", reader.hint(path)?);
                    return Err(config.error("input.time", None, &message).into());
                }
                Some((table, column)) if store.column_type(table, column).element == ElementType::Text => {
                    let message = format!("input.time: {path} holds texts, but times are numbers");
                    return Err(config.error("input.time", None, &message).into());
                }
                found => found,
            },
        };
        let streams = (0..config.outputs.len()).map(|index| OutputStream::new(config, index, &flow));
        let streams = streams.collect::<Result<Vec<_>>>()?;
        let mut made = Self {
            reader,
            store,
            flow,
            streams,
            text: config.origin.text.clone(),
            empty,
            time,
        };
        // Resolving the streams here reports errors in path patterns before the first event.
        made.resolve_streams()?;
        Ok(made)
    }

    /// Returns a new output, in which all histograms and counters are empty.
    pub(crate) fn new_output(&self) -> JobOutput {
        self.empty.clone()
    }

    /// The tables and columns read from files.
    pub(crate) fn read(&self) -> Vec<(&str, Rows, Vec<&ColumnType>)> {
        self.tables(|path| self.reader.reads(path))
    }

    /// The tables and columns created by algorithms.
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

    /// The tables and columns that each output writes for the first file.
    pub(crate) fn written(&self) -> Vec<Vec<(&str, Rows, Vec<&ColumnType>)>> {
        let of_stream = |stream: &OutputStream| {
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

    /// For each output, the encoded tables and columns, without events.
    pub(crate) fn declared(&self) -> Vec<Vec<u8>> {
        let streams = self.streams.iter();
        streams
            .map(|stream| self.store.encode_selected(&stream.selection, None))
            .collect()
    }

    fn resolve_streams(&mut self) -> Result<()> {
        for stream in &mut self.streams {
            stream.resolve(&self.text, &mut self.store, &mut self.reader)?;
        }
        // Each stream may request further columns, so the opened file is recorded only after all streams are resolved.
        // Later requests do not invalidate the selections of earlier streams.
        let opened = self.reader.opened();
        self.streams.iter_mut().for_each(|stream| stream.file = opened);
        Ok(())
    }

    /// Processes the events of a segment. For each block and output, `put` receives the encoded events.
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
                let keep = stream.keep(&self.flow, &passing);
                put(index, self.store.encode_selected(&stream.selection, Some(&keep)))?;
            }
            start = end;
        }
        Ok(())
    }

    /// Reads part of a segment and executes all algorithms. Returns, for each event, whether it passed all algorithms.
    pub(crate) fn execute(&mut self, segment: &Segment, part: Range<u64>, output: &mut JobOutput) -> Result<Vec<bool>> {
        if !self.streams.is_empty() && !self.made(segment) {
            self.reader.open(segment.file)?;
            if self.streams.iter().any(|stream| stream.file != Some(segment.file)) {
                self.resolve_streams()?;
            }
        }
        self.reader.load(segment, part.clone(), &mut self.store)?;
        let passing = self.flow.execute(&mut self.store, output)?;
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

    /// Requests columns or tables in the same way as algorithms do during initialisation.
    pub(crate) fn setup<T>(&mut self, output: &mut JobOutput, ask: impl FnOnce(&mut Setup) -> Result<T>) -> Result<T> {
        ask(&mut Setup {
            name: "",
            store: &mut self.store,
            reader: &mut self.reader,
            output,
            properties: &JobValue::default(),
            text: &self.text,
            failure: None,
            created: Vec::new(),
            extended: Vec::new(),
        })
    }

    /// Whether the segment's events are generated by algorithms rather than read from a file.
    fn made(&self, segment: &Segment) -> bool {
        self.reader.files()[segment.file as usize].path.as_os_str().is_empty()
    }

    /// Starts all algorithms.
    pub(crate) fn start(&mut self) -> Result<()> {
        self.flow.start()
    }

    /// Finalises all algorithms.
    pub(crate) fn finalize(&mut self) -> Result<()> {
        self.flow.finalize()
    }
}
