//! [`EventBlock`] and [`Event`]: the events as an algorithm sees them.

use super::job_output::JobOutput;
use super::setup::CounterHandle;
use crate::error::Result;
use crate::event::{ColumnHandle, ColumnIndex, Element, EventStore, TableHandle};
use crate::hist::{self, Bookable, Histograms};
use crate::numbers::random::Random;
use std::ops::Range;

/// A block of up to a few thousand consecutive events.
///
/// ```
/// use gaudi_mpi::app::prelude::*;
///
/// /// Rejects the events with fewer than two muons, from the offsets of the table alone.
/// #[derive(Serialize, Deserialize)]
/// struct TwoMuons {
///     #[serde(skip)]
///     muons: Option<TableHandle>,
/// }
///
/// impl Algorithm for TwoMuons {
///     fn initialize(&mut self, setup: &mut Setup) -> Result<()> {
///         self.muons = Some(setup.read_table("Phys/Muons")?);
///         Ok(())
///     }
///     fn execute_block(&mut self, block: &mut EventBlock) -> Result<()> {
///         let Some(muons) = self.muons else { return Ok(()) };
///         for event in 0..block.events() {
///             if block.store().rows(muons, event).len() < 2 {
///                 block.reject(event);
///             }
///         }
///         Ok(())
///     }
/// }
///
/// use gaudi_mpi::algorithms::ToyDecays;
/// let mut app = gaudi_mpi::app::AppMgr::new();
/// app.config_mut().input.events = Some(100);
/// app.algorithm("Toys", ToyDecays::default()).algorithm("TwoMuons", TwoMuons { muons: None });
/// let mut events = app.events(1)?;
/// let muons = events.read_table("Phys/Muons")?;
/// while let Some(event) = events.next()? {
///     assert!(event.rows(muons).len() >= 2);
/// }
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub struct EventBlock<'a> {
    pub(super) store: &'a mut EventStore,
    pub(super) output: &'a mut JobOutput,
    /// For each event, whether to process it; after processing, whether the event passed.
    pub(super) selected: &'a mut [bool],
    /// The tables that the algorithm fills.
    pub(super) created: &'a [TableHandle],
    /// The columns that the algorithm adds to tables that it did not create.
    pub(super) extended: &'a [(TableHandle, ColumnIndex)],
    pub(super) seed: u64,
    /// The number of the algorithm's random stream.
    pub(super) stream: u64,
}

/// An event. Algorithms use it to read and add columns, fill histograms, and count.
pub struct Event<'a> {
    store: &'a mut EventStore,
    output: &'a mut JobOutput,
    index: usize,
    seed: u64,
    stream: u64,
}

impl EventBlock<'_> {
    /// The number of events, including rejected ones.
    pub fn events(&self) -> usize {
        self.store.events()
    }

    /// The store that contains the events, including rejected ones.
    pub fn store(&self) -> &EventStore {
        self.store
    }

    /// The store that contains the events, as a mutable reference, for adding values.
    pub fn store_mut(&mut self) -> &mut EventStore {
        self.store
    }

    /// For each event, whether it is still selected, that is, not rejected.
    pub fn selected(&self) -> &[bool] {
        self.selected
    }

    /// Rejects an event.
    pub fn reject(&mut self, event: usize) {
        self.selected[event] = false;
    }

    /// The job's histograms.
    pub fn histograms(&mut self) -> &mut Histograms {
        &mut self.output.histograms
    }

    /// The event store, the histograms and the selection flags, borrowed together.
    pub fn parts(&mut self) -> (&EventStore, &mut Histograms, &[bool]) {
        (self.store, &mut self.output.histograms, self.selected)
    }

    /// Adds a value to a counter.
    pub fn count(&mut self, counter: CounterHandle, value: f64) {
        self.output.counters[counter.0].1.add(value);
    }

    /// This algorithm's random numbers for an event. They depend on the job's seed, the event's number and the
    /// algorithm's name.
    pub fn random(&self, event: usize) -> Random {
        Random::with_stream(self.seed, self.store.number(event), self.stream)
    }

    /// Marks the end of an event's rows in a table that this algorithm fills. Call this method in event order.
    pub(crate) fn end_rows(&mut self, table: TableHandle, event: usize) -> Result<()> {
        Ok(self.store.end_rows(table, event)?)
    }

    /// Adds one row for every event to a table that this algorithm created. Call it before filling the columns.
    pub(crate) fn end_all_rows(&mut self, table: TableHandle) {
        if self.created.contains(&table) {
            self.store.set_offsets(table, 0..=self.store.events() as u64);
        }
    }

    /// Queues a message about an event. Rank 0 prints all these messages at the end of the job, in event order.
    pub fn print(&mut self, event: usize, text: &str) {
        let texts = self.output.printed.entry(self.store.number(event)).or_default();
        texts.push_str(text);
    }

    /// Calls a function for each selected event, and rejects the event if the function returns `false`.
    ///
    /// # Errors
    /// If the function fails for an event. The error contains the event's number; later events are not processed.
    pub fn each(&mut self, mut execute: impl FnMut(&mut Event) -> Result<bool>) -> Result<()> {
        for index in 0..self.store.events() {
            if self.selected[index] {
                let mut event = Event {
                    store: self.store,
                    output: self.output,
                    index,
                    seed: self.seed,
                    stream: self.stream,
                };
                let passed = execute(&mut event);
                self.selected[index] =
                    passed.map_err(|error| format!("event {}: {error}", self.store.number(index)))?;
            }
            self.end_event(index)?;
        }
        Ok(())
    }

    /// Completes an event's entries in the tables and columns that the algorithm fills.
    fn end_event(&mut self, index: usize) -> Result<()> {
        for &table in self.created {
            self.store.end_rows_if_any(table, index)?;
        }
        for &(table, column) in self.extended {
            let Range { start, end } = self.store.rows(table, index);
            let found = self.store.values(table, column).len();
            if found == start {
                self.store.fill_column(table, column, end);
            } else if found != end {
                return Err(format!(
                    "event {}: {} got {} values for {} rows",
                    self.store.number(index),
                    self.store.column_path(table, column),
                    found - start,
                    end - start
                )
                .into());
            }
        }
        Ok(())
    }
}

impl Event<'_> {
    /// The number of the event in the input, counted from 0.
    pub fn number(&self) -> u64 {
        self.store.number(self.index)
    }

    /// The values of a column, one for each row.
    #[inline]
    pub fn get<T: Element>(&self, column: ColumnHandle<T>) -> &[T] {
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
    pub fn text(&self, column: ColumnHandle<str>) -> &str {
        self.store.text(column, self.index)
    }

    /// The range of the event's rows in a table, counted over all events of the block.
    pub fn rows(&self, table: TableHandle) -> Range<usize> {
        self.store.rows(table, self.index)
    }

    /// Appends a value to a column that this algorithm created.
    #[inline]
    pub fn push<T: Element>(&mut self, column: ColumnHandle<T>, value: T) {
        self.store.push(column, value)
    }

    /// Appends a string to a text column that this algorithm created.
    pub fn push_text(&mut self, column: ColumnHandle<str>, text: &str) {
        self.store.push_text(column, text)
    }

    /// A booked histogram.
    #[inline]
    pub fn histogram<H: Bookable>(&mut self, handle: hist::Handle<H>) -> &mut H {
        &mut self.output.histograms[handle]
    }

    /// Adds a value to a counter.
    pub fn count(&mut self, counter: CounterHandle, value: f64) {
        self.output.counters[counter.0].1.add(value);
    }

    /// This algorithm's random numbers for this event. They depend on the job's seed, the event's number and the
    /// algorithm's name.
    pub fn random(&self) -> Random {
        Random::with_stream(self.seed, self.number(), self.stream)
    }
}
