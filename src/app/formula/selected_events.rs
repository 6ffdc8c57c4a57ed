//! Evaluation of a formula for selected events only.

use super::column_reference::ColumnReference;
use crate::event::{EventStore, Slice, TableHandle};
use crate::expression::EventColumns;
use std::collections::HashMap;
use std::ops::Range;

/// The index range of an event's values: the event's rows in a table, or just the event's own index.
pub(super) fn values_of(store: &EventStore, table: Option<TableHandle>, event: usize) -> Range<usize> {
    table.map_or(event..event + 1, |table| store.rows(table, event))
}

/// The events for which a formula is evaluated.
pub(super) enum Evaluated {
    /// All events, all of which are selected.
    All,
    /// All events, including those that are not selected.
    Most,
    /// Only a copy of the selected events.
    Selected,
}

/// A copy of the selected events' columns. Evaluating only the copy saves time after a cut that rejects most events.
#[derive(Debug, Default)]
pub(super) struct SelectedEvents {
    events: usize,
    columns: Vec<Vec<f64>>,
    offsets: HashMap<usize, Vec<u64>>,
}

impl SelectedEvents {
    /// Decides for which events to evaluate the formula, and copies these events' columns or follows their references.
    pub(super) fn choose(
        &mut self,
        store: &EventStore,
        selected: &[bool],
        columns: &mut [ColumnReference],
        table: Option<TableHandle>,
    ) -> Evaluated {
        self.events = selected.iter().filter(|selected| **selected).count();
        if 2 * self.events > selected.len() {
            columns.iter_mut().for_each(|column| column.follow(store));
            return if self.events == selected.len() {
                Evaluated::All
            } else {
                Evaluated::Most
            };
        }
        let chosen = || (0..store.events()).filter(|event| selected[*event]);
        self.columns.resize(columns.len(), Vec::new());
        self.offsets.clear();
        let tables = columns.iter().filter(|column| column.many).map(|column| column.table);
        let tables = tables.chain(table);
        for table in tables {
            let mut end = 0;
            let ends = chosen().map(|event| {
                end += store.rows(table, event).len() as u64;
                end
            });
            self.offsets
                .entry(table.index())
                .or_insert_with(|| std::iter::once(0).chain(ends).collect());
        }
        for (column, values) in columns.iter().zip(&mut self.columns) {
            values.clear();
            for event in chosen() {
                column.extend(store, event, values);
            }
        }
        Evaluated::Selected
    }

    /// Expands the values of the selected events to all events. The other events get `missing`.
    pub(super) fn scatter<T: Copy>(
        &self,
        store: &EventStore,
        selected: &[bool],
        table: Option<TableHandle>,
        some: &[T],
        missing: T,
        all: &mut Vec<T>,
    ) {
        all.clear();
        let mut at = 0;
        for (event, selected) in selected.iter().enumerate() {
            let rows = values_of(store, table, event).len();
            if *selected {
                all.extend_from_slice(&some[at..at + rows]);
                at += rows;
            } else {
                all.extend(std::iter::repeat_n(missing, rows));
            }
        }
    }
}

impl EventColumns for SelectedEvents {
    fn events(&self) -> usize {
        self.events
    }

    fn column(&self, slot: usize) -> Slice<'_> {
        Slice::F64(&self.columns[slot])
    }

    fn offsets(&self, table: usize) -> &[u64] {
        &self.offsets[&table]
    }
}
