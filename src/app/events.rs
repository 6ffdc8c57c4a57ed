//! [`Events`]: iterates over the events of a job, for programs with their own event loop.

use super::app_mgr::AppMgr;
use super::event_loop::EventLoop;
use super::input_segments::input_segments;
use super::job_output::JobOutput;
use crate::error::Result;
use crate::event::{ColumnHandle, Element, EventStore, TableHandle};
use crate::io::Segment;
use std::ops::Range;
use std::sync::Arc;

/// The events that pass the algorithms of a job, one by one, for a program with its own event loop, for example in
/// [`Task::process`](crate::Task::process).
///
/// ```
/// use gaudi_mpi::algorithms::ToyDecays;
/// use gaudi_mpi::app::AppMgr;
///
/// let mut app = AppMgr::new();
/// app.config_mut().input.events = Some(100);
/// app.algorithm("Toys", ToyDecays::default());
/// let mut events = app.events(1)?; // with the seed 1
/// let momenta = events.read::<f64>("Phys/Muons/px")?; // MeV
/// let mut muons = 0;
/// while let Some(event) = events.next()? {
///     muons += event.get(momenta).len();
/// }
/// assert!(muons > 0);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub struct Events {
    events: EventLoop,
    segments: std::vec::IntoIter<Segment>,
    /// The current segment and the first event in it that is still unread.
    current: Option<(Segment, u64)>,
    passing: Vec<bool>,
    index: usize,
    output: JobOutput,
}

/// A read-only view of an event.
#[derive(Clone, Copy)]
pub struct EventView<'a> {
    store: &'a EventStore,
    index: usize,
}

impl AppMgr {
    /// Returns the events that pass this job's algorithms, one by one, processed in this process. No files are written.
    ///
    /// # Errors
    /// If the input or the job's description is invalid, or an algorithm fails to initialise.
    pub fn events(&self, seed: u64) -> Result<Events> {
        let (files, segments) = input_segments(self.config())?;
        let mut events = EventLoop::new(self.config(), Arc::new(files), seed)?;
        events.start()?;
        Ok(Events {
            output: events.new_output(),
            events,
            segments: segments.into_iter(),
            current: None,
            passing: Vec::new(),
            index: 0,
        })
    }
}

impl Events {
    /// Requests a column for reading, by its path.
    ///
    /// # Errors
    /// If there is no such column, or the column's type is not `T`.
    pub fn read<T: Element>(&mut self, path: &str) -> Result<ColumnHandle<T>> {
        self.events.setup(&mut self.output, |setup| setup.read(path))
    }

    /// Requests a text column for reading.
    ///
    /// # Errors
    /// If there is no such column, or it is not a text column.
    pub fn read_texts(&mut self, path: &str) -> Result<ColumnHandle<str>> {
        self.events.setup(&mut self.output, |setup| setup.read_texts(path))
    }

    /// Requests a table in order to read its number of rows.
    ///
    /// # Errors
    /// If there is no such table.
    pub fn read_table(&mut self, path: &str) -> Result<TableHandle> {
        self.events.setup(&mut self.output, |setup| setup.read_table(path))
    }

    /// Returns the next event, or `None` after the last one.
    ///
    /// # Errors
    /// If the event cannot be read, or an algorithm fails.
    #[allow(clippy::should_implement_trait)] // the event borrows from the events, and reading can fail
    pub fn next(&mut self) -> Result<Option<EventView<'_>>> {
        loop {
            let left = self.index..self.passing.len();
            if let Some(index) = left.into_iter().find(|index| self.passing[*index]) {
                self.index = index + 1;
                let store = &self.events.store;
                return Ok(Some(EventView { store, index }));
            }
            let Some((segment, start)) = self.current.take().or_else(|| Some((self.segments.next()?, 0))) else {
                self.passing.clear();
                self.index = 0;
                return Ok(None);
            };
            let end = (start + EventLoop::BLOCK).min(segment.events);
            self.index = 0;
            self.passing = self.events.execute(&segment, start..end, &mut self.output)?;
            self.current = (end < segment.events).then_some((segment, end));
        }
    }

    /// The algorithms' output so far.
    pub fn output(&self) -> &JobOutput {
        &self.output
    }
}

impl<'a> EventView<'a> {
    /// The number of the event in the input, counted from 0.
    pub fn number(&self) -> u64 {
        self.store.number(self.index)
    }

    /// The values of a column, one for each row.
    #[inline]
    pub fn get<T: Element>(&self, column: ColumnHandle<T>) -> &'a [T] {
        self.store.get(column, self.index)
    }

    /// The value of a column in a table with one row per event.
    ///
    /// # Panics
    /// If the event has no row.
    #[inline]
    pub fn value<T: Element>(&self, column: ColumnHandle<T>) -> T {
        self.store.value(column, self.index)
    }

    /// The string in a text column of a table with one row per event.
    ///
    /// # Panics
    /// If the event has no row.
    pub fn text(&self, column: ColumnHandle<str>) -> &'a str {
        self.store.text(column, self.index)
    }

    /// The range of the event's rows in a table, counted over all events in memory.
    pub fn rows(&self, table: TableHandle) -> Range<usize> {
        self.store.rows(table, self.index)
    }
}
