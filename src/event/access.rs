//! Access to the rows and values of a store through handles.

use super::error::Result;
use super::handle::{ColumnHandle, ColumnIndex, TableHandle};
use super::store::EventStore;
use super::table::{Column, Table};
use super::texts::Texts;
use super::values::{Element, Slice, Values};
use std::ops::Range;

impl EventStore {
    /// The total number of a table's rows in all complete events.
    pub fn len(&self, table: TableHandle) -> usize {
        self.tables[table.index()].len()
    }

    /// The range of an event's rows in a table; rows are numbered across the whole store.
    #[inline]
    pub fn rows(&self, table: TableHandle, event: usize) -> Range<usize> {
        self.tables[table.index()].range(event)
    }

    /// A table's event boundaries: event `i` occupies the rows from `offsets[i]` up to, but not including,
    /// `offsets[i + 1]`.
    pub fn offsets(&self, table: TableHandle) -> &[u64] {
        &self.tables[table.index()].offsets
    }

    /// A column's values in one event, one per row.
    #[inline]
    pub fn get<T: Element>(&self, column: ColumnHandle<T>, event: usize) -> &[T] {
        let table = &self.tables[column.table().index()];
        &elements(&table.columns[column.index().position()].values)[table.range(event)]
    }

    /// A column's value in one event, for a table with one row per event.
    ///
    /// # Panics
    /// If the event has no row.
    #[inline]
    pub fn value<T: Element>(&self, column: ColumnHandle<T>, event: usize) -> T {
        self.get(column, event)[0]
    }

    /// A column's values in all events.
    #[inline]
    pub fn all<T: Element>(&self, column: ColumnHandle<T>) -> &[T] {
        elements(self.values(column.table(), column.index()))
    }

    /// A column's strings in all events.
    pub fn texts(&self, column: ColumnHandle<str>) -> &Texts {
        match self.values(column.table(), column.index()) {
            Values::Text(texts) => texts,
            other => unreachable!("a handle of texts was made for {}", other.element()),
        }
    }

    /// A column's string in one event, for a table with one row per event.
    ///
    /// # Panics
    /// If the event has no row.
    pub fn text(&self, column: ColumnHandle<str>, event: usize) -> &str {
        self.texts(column).get(self.rows(column.table(), event).start)
    }

    /// All values of a column, as a vector to which the values of the current event can be appended.
    #[inline]
    pub fn vec<T: Element>(&mut self, column: ColumnHandle<T>) -> &mut Vec<T> {
        let values = self.values_mut(column.table(), column.index());
        let found = values.element();
        T::vec(values).unwrap_or_else(|| unreachable!("a handle of {} was made for {found}", T::TYPE))
    }

    /// Appends a value for the current event to a column.
    #[inline]
    pub fn push<T: Element>(&mut self, column: ColumnHandle<T>, value: T) {
        self.vec(column).push(value)
    }

    /// Appends a string for the current event to a column.
    pub fn push_text(&mut self, column: ColumnHandle<str>, text: &str) {
        match self.values_mut(column.table(), column.index()) {
            Values::Text(texts) => texts.push(text),
            other => unreachable!("a handle of texts was made for {}", other.element()),
        }
    }

    /// Completes the current event in all tables.
    ///
    /// # Errors
    /// If the columns of a table have different numbers of new values, or if a column of a one-row table does not have
    /// exactly one new value.
    pub fn end_event(&mut self) -> Result<()> {
        let number = self.number(self.events);
        for table in &mut self.tables {
            table.end_event(number)?;
        }
        self.events += 1;
        Ok(())
    }

    /// Removes all events but keeps the tables, columns and allocated memory. The next event gets the job-wide number
    /// `first`.
    pub fn clear(&mut self, first: u64) {
        self.start_block(first, 0);
    }

    /// Removes all events and prepares the store for `events` new events, whose rows are then filled in table by table.
    pub(crate) fn start_block(&mut self, first: u64, events: usize) {
        self.events = events;
        self.first = first;
        self.tables.iter_mut().for_each(Table::clear);
    }

    /// A column's values in all events, whatever the column's type.
    #[inline]
    pub(crate) fn values(&self, table: TableHandle, column: ColumnIndex) -> &Values {
        &self.tables[table.index()].columns[column.position()].values
    }

    #[inline]
    pub(crate) fn values_mut(&mut self, table: TableHandle, column: ColumnIndex) -> &mut Values {
        &mut self.column_mut(table, column).values
    }

    #[inline]
    fn column_mut(&mut self, table: TableHandle, column: ColumnIndex) -> &mut Column {
        &mut self.tables[table.index()].columns[column.position()]
    }

    /// A column's values in all events, whatever the column's type; `None` for a text column.
    pub(crate) fn slice(&self, table: TableHandle, column: ColumnIndex) -> Option<Slice<'_>> {
        self.values(table, column).slice()
    }

    /// Borrows one column for reading and a column of another table for writing.
    pub(crate) fn two_columns(
        &mut self,
        from: (TableHandle, ColumnIndex),
        into: (TableHandle, ColumnIndex),
    ) -> (&Values, &mut Values) {
        match self.tables.get_disjoint_mut([from.0.index(), into.0.index()]) {
            Ok([one, other]) => (
                &one.columns[from.1.position()].values,
                &mut other.columns[into.1.position()].values,
            ),
            Err(_) => unreachable!("both are tables of this store, and they differ"),
        }
    }

    /// Sets a table's event boundaries; its values are filled in separately.
    pub(crate) fn set_offsets(&mut self, table: TableHandle, offsets: impl Iterator<Item = u64>) {
        let own = &mut self.tables[table.index()].offsets;
        own.clear();
        own.extend(offsets);
    }

    /// Appends missing values to a column until it has `length` elements.
    pub(crate) fn fill_column(&mut self, table: TableHandle, column: ColumnIndex, length: usize) {
        self.column_mut(table, column).fill_up(length);
    }

    /// Removes the rows of a table for which `keep` is false; `keep` has one element for each of the table's rows in
    /// the store. References to these rows are not adjusted.
    pub(crate) fn retain_rows(&mut self, table: TableHandle, keep: &[bool]) {
        self.tables[table.index()].retain(keep);
    }

    /// Completes an event's rows in one table. Events must be completed in order.
    ///
    /// # Errors
    /// The same as for [`end_event`](Self::end_event).
    pub(crate) fn end_rows(&mut self, table: TableHandle, event: usize) -> Result<()> {
        let number = self.number(event);
        self.tables[table.index()].end_event(number)
    }

    /// Completes an event's rows in one table. An event without values gets no rows, or, in a one-row table, one row of
    /// missing values.
    ///
    /// # Errors
    /// The same as for [`end_event`](Self::end_event).
    pub(crate) fn end_rows_if_any(&mut self, table: TableHandle, event: usize) -> Result<()> {
        let number = self.number(event);
        let table = &mut self.tables[table.index()];
        if !table.is_untouched() {
            return table.end_event(number);
        }
        table.pass_over(event + 1);
        Ok(())
    }

    /// Completes events without values in one table until it has `events` events. Each of them gets no rows, or, in a
    /// one-row table, one row of missing values.
    pub(crate) fn pass_over(&mut self, table: TableHandle, events: usize) {
        self.tables[table.index()].pass_over(events);
    }

    /// Marks a column and all columns added after it as extensions, whose values are added to rows that are already
    /// complete.
    pub(crate) fn mark_extension(&mut self, table: TableHandle, column: ColumnIndex) {
        self.tables[table.index()].own.get_or_insert(column.position());
    }
}

#[inline]
fn elements<T: Element>(values: &Values) -> &[T] {
    T::slice(values).unwrap_or_else(|| unreachable!("a handle of {} was made for {}", T::TYPE, values.element()))
}
