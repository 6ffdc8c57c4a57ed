//! [`Block`] and [`Event`]: what an algorithm sees of the events.

use super::job_output::JobOutput;
use super::setup::CounterHandle;
use crate::error::Result;
use crate::event::{ColumnHandle, ColumnIndex, Element, EventStore, TableHandle};
use crate::hist::{self, Bookable, Histograms};
use crate::numbers::random::Random;
use std::ops::Range;

/// Some thousand consecutive events.
pub struct Block<'a> {
    pub(super) store: &'a mut EventStore,
    pub(super) output: &'a mut JobOutput,
    /// Which events are to be executed; afterwards, which of those passed.
    pub(super) selected: &'a mut [bool],
    /// The tables that the algorithm fills.
    pub(super) created: &'a [TableHandle],
    /// The columns that it adds to tables of others.
    pub(super) extended: &'a [(TableHandle, ColumnIndex)],
    pub(super) seed: u64,
    /// Tells the random numbers of this algorithm from those of others.
    pub(super) stream: u64,
}

/// An event, with what an algorithm may do to it.
pub struct Event<'a> {
    store: &'a mut EventStore,
    output: &'a mut JobOutput,
    index: usize,
    seed: u64,
    stream: u64,
}

impl Block<'_> {
    /// How many events there are, with those that were rejected before.
    pub fn events(&self) -> usize {
        self.store.events()
    }

    /// The events; rejected ones are among them, with what they have.
    pub fn store(&self) -> &EventStore {
        self.store
    }

    /// The events, to be added to.
    pub fn store_mut(&mut self) -> &mut EventStore {
        self.store
    }

    /// Which events have not been rejected.
    pub fn selected(&self) -> &[bool] {
        self.selected
    }

    /// Rejects an event.
    pub fn reject(&mut self, event: usize) {
        self.selected[event] = false;
    }

    /// The histograms of the job.
    pub fn histograms(&mut self) -> &mut Histograms {
        &mut self.output.histograms
    }

    /// The events and the histograms at once.
    pub fn parts(&mut self) -> (&EventStore, &mut Histograms, &[bool]) {
        (self.store, &mut self.output.histograms, self.selected)
    }

    /// Counts a value.
    pub fn count(&mut self, counter: CounterHandle, value: f64) {
        self.output.counters[counter.0].1.add(value);
    }

    /// The random numbers that this algorithm has for an event: a function of the job's seed, the event's number and
    /// the algorithm's name.
    pub fn random(&self, event: usize) -> Random {
        Random::with_stream(self.seed, self.store.number(event), self.stream)
    }

    /// Ends the rows of an event in a table that this algorithm fills: events come one after the other.
    pub(crate) fn end_rows(&mut self, table: TableHandle, event: usize) -> Result<()> {
        Ok(self.store.end_rows(table, event)?)
    }

    /// Ends the rows of all events in a one-row table that this algorithm has created, before its columns are filled.
    pub(crate) fn end_all_rows(&mut self, table: TableHandle) {
        if self.created.contains(&table) {
            self.store.set_offsets(table, 0..=self.store.events() as u64);
        }
    }

    /// Prints a text about an event: on rank 0, at the end of the job, in the order of the events.
    pub fn print(&mut self, event: usize, text: &str) {
        let texts = self.output.printed.entry(self.store.number(event)).or_default();
        texts.push_str(text);
    }

    /// Does something with each event that has not been rejected, and rejects it if that is false.
    ///
    /// # Errors
    /// Those of what is done, with the event's number.
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

    /// Ends an event in the tables that the algorithm fills.
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
                    "event {}: {} has got {} values for {} rows",
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
    /// The event's number in the input, from 0.
    pub fn number(&self) -> u64 {
        self.store.number(self.index)
    }

    /// The values of a column: one for each row.
    #[inline]
    pub fn get<T: Element>(&self, column: ColumnHandle<T>) -> &[T] {
        self.store.get(column, self.index)
    }

    /// The value of a column of a table with one row.
    ///
    /// # Panics
    /// If the event has no row.
    #[inline]
    pub fn value<T: Element>(&self, column: ColumnHandle<T>) -> T {
        self.store.value(column, self.index)
    }

    /// The text of a column of a table with one row.
    ///
    /// # Panics
    /// If the event has no row.
    pub fn text(&self, column: ColumnHandle<str>) -> &str {
        self.store.text(column, self.index)
    }

    /// The rows of a table, counted over all events of the block.
    pub fn rows(&self, table: TableHandle) -> Range<usize> {
        self.store.rows(table, self.index)
    }

    /// Appends a value to a column that this algorithm has created.
    #[inline]
    pub fn push<T: Element>(&mut self, column: ColumnHandle<T>, value: T) {
        self.store.push(column, value)
    }

    /// Appends a text to a column that this algorithm has created.
    pub fn push_text(&mut self, column: ColumnHandle<str>, text: &str) {
        self.store.push_text(column, text)
    }

    /// A histogram that has been booked.
    #[inline]
    pub fn histogram<H: Bookable>(&mut self, handle: hist::Handle<H>) -> &mut H {
        &mut self.output.histograms[handle]
    }

    /// Counts a value.
    pub fn count(&mut self, counter: CounterHandle, value: f64) {
        self.output.counters[counter.0].1.add(value);
    }

    /// The random numbers that this algorithm has for this event: a function of the job's seed, the event's number and
    /// the algorithm's name.
    pub fn random(&self) -> Random {
        Random::with_stream(self.seed, self.number(), self.stream)
    }
}
