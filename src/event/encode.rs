//! Encodes events as bytes, either for a whole store or for selected columns and events.
//!
//! A header lists the tables and columns. The data of each table follows: for a many-row table, first the number of
//! rows in each event (`u32`); then the elements of each column in native byte order, which is the same on all ranks of
//! a job. In a text column, the lengths of all strings (`u32`) precede the strings themselves. References need no
//! translation because they are row indices within the event.

use super::column_type::{ColumnType, Rows};
use super::handle::{ColumnIndex, TableHandle};
use super::store::EventStore;
use super::table::{Column, Table};
use super::texts::Texts;
use super::values::{Element, Values, each_type};
use crate::wire;
use serde::{Deserialize, Serialize};
use std::ops::Range;

#[derive(Serialize, Deserialize)]
pub(super) struct Header {
    pub events: u64,
    pub first: u64,
    pub tables: Vec<TableHeader>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct TableHeader {
    pub path: String,
    pub rows: Rows,
    pub length: u64,
    pub columns: Vec<ColumnHeader>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ColumnHeader {
    pub kind: ColumnType,
    pub bytes: u64,
}

/// A selection of tables in a store, each with a selection of its columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ColumnSelection {
    pub tables: Vec<(TableHandle, Vec<ColumnIndex>)>,
}

impl ColumnSelection {
    /// Selects all columns of the given tables.
    pub(crate) fn whole(store: &EventStore, tables: impl Iterator<Item = TableHandle>) -> Self {
        Self {
            tables: tables
                .map(|table| (table, store.column_indices(table).collect()))
                .collect(),
        }
    }
}

impl EventStore {
    /// Encodes all events. [`decode`](Self::decode) is the inverse.
    ///
    /// ```
    /// use gaudi_mpi::event::{ColumnType, EventStore, Rows};
    ///
    /// let mut store = EventStore::new();
    /// let header = store.add_table("Rec/Header", Rows::One)?;
    /// let run = store.add_column::<u32>(header, ColumnType::new::<u32>("run_number"))?;
    /// store.push(run, 60_000);
    /// store.end_event()?;
    /// assert_eq!(EventStore::decode(&store.encode())?, store);
    /// # Ok::<(), gaudi_mpi::event::Error>(())
    /// ```
    pub fn encode(&self) -> Vec<u8> {
        self.encode_selected(&ColumnSelection::whole(self, self.handles()), None)
    }

    /// Encodes the given tables for all events. References to omitted tables are kept as indices.
    ///
    /// ```
    /// use gaudi_mpi::event::{ColumnType, EventStore, Rows};
    ///
    /// let mut store = EventStore::new();
    /// let header = store.add_table("Rec/Header", Rows::One)?;
    /// let run = store.add_column::<u32>(header, ColumnType::new::<u32>("run_number"))?;
    /// store.add_table("Rec/Track/Best", Rows::Many)?;
    /// store.push(run, 60_000);
    /// store.end_event()?;
    /// let part = EventStore::decode(&store.encode_tables(&[header]))?;
    /// assert_eq!(part.tables().collect::<Vec<_>>(), [("/Event/Rec/Header", Rows::One)]);
    /// # Ok::<(), gaudi_mpi::event::Error>(())
    /// ```
    pub fn encode_tables(&self, tables: &[TableHandle]) -> Vec<u8> {
        self.encode_selected(&ColumnSelection::whole(self, tables.iter().copied()), None)
    }

    /// Encodes the selected columns of the events for which `keep` is true, or of all events if `keep` is `None`.
    pub(crate) fn encode_selected(&self, selection: &ColumnSelection, keep: Option<&[bool]>) -> Vec<u8> {
        let runs = keep.map_or_else(|| std::iter::once(0..self.events).collect(), runs);
        let events: usize = runs.iter().map(Range::len).sum();
        let rows_of = |table: &Table| -> Vec<Range<usize>> {
            let rows = |run: &Range<usize>| table.offsets[run.start] as usize..table.offsets[run.end] as usize;
            runs.iter().map(rows).collect()
        };
        let mut header = Header {
            events: events as u64,
            first: self.first,
            tables: Vec::with_capacity(selection.tables.len()),
        };
        for (table, columns) in &selection.tables {
            let table = &self.tables[table.index()];
            let rows = rows_of(table);
            let column = |&column: &ColumnIndex| {
                let Column { kind, values } = &table.columns[column.position()];
                ColumnHeader {
                    kind: kind.clone(),
                    bytes: length(values, &rows) as u64,
                }
            };
            header.tables.push(TableHeader {
                path: table.path.clone(),
                rows: table.rows,
                length: rows.iter().map(Range::len).sum::<usize>() as u64,
                columns: columns.iter().map(column).collect(),
            });
        }
        let counts = |table: &TableHeader| if table.rows == Rows::Many { 4 * events } else { 0 };
        let columns = |table: &TableHeader| table.columns.iter().map(|column| column.bytes as usize).sum::<usize>();
        let body: usize = header.tables.iter().map(|table| counts(table) + columns(table)).sum();
        let header = wire::encode(&header)
            .unwrap_or_else(|error| unreachable!("a header of strings and numbers can be encoded: {error}"));
        let mut bytes = Vec::with_capacity(8 + header.len() + body);
        bytes.extend((header.len() as u64).to_ne_bytes());
        bytes.extend(header);
        for (table, columns) in &selection.tables {
            let table = &self.tables[table.index()];
            if table.rows == Rows::Many {
                for run in &runs {
                    let ends = &table.offsets[run.start..=run.end];
                    bytes.extend(
                        ends.windows(2)
                            .flat_map(|pair| ((pair[1] - pair[0]) as u32).to_ne_bytes()),
                    );
                }
            }
            let rows = rows_of(table);
            for &column in columns {
                append(&table.columns[column.position()].values, &rows, &mut bytes);
            }
        }
        bytes
    }
}

/// The ranges of indices for which `keep` is true.
fn runs(keep: &[bool]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (event, _) in keep.iter().enumerate().filter(|(_, keep)| **keep) {
        match runs.last_mut() {
            Some(run) if run.end == event => run.end += 1,
            _ => runs.push(event..event + 1),
        }
    }
    runs
}

/// The encoded length of the given rows, in bytes.
fn length(values: &Values, rows: &[Range<usize>]) -> usize {
    let count: usize = rows.iter().map(Range::len).sum();
    match values {
        Values::Text(texts) => {
            4 * count
                + rows
                    .iter()
                    .cloned()
                    .flatten()
                    .map(|row| texts.get(row).len())
                    .sum::<usize>()
        }
        values => count * values.element().size().unwrap_or(0),
    }
}

/// Appends the given rows in encoded form.
fn append(values: &Values, rows: &[Range<usize>], bytes: &mut Vec<u8>) {
    fn append_elements<T: Element>(values: &[T], rows: &[Range<usize>], bytes: &mut Vec<u8>) {
        for run in rows {
            bytes.extend_from_slice(T::as_bytes(&values[run.clone()]));
        }
    }
    fn append_texts(texts: &Texts, rows: &[Range<usize>], bytes: &mut Vec<u8>) {
        let chosen = || rows.iter().cloned().flatten().map(|row| texts.get(row));
        bytes.extend(chosen().flat_map(|text| (text.len() as u32).to_ne_bytes()));
        chosen().for_each(|text| bytes.extend_from_slice(text.as_bytes()));
    }
    each_type!(values, values => append_elements(values, rows, bytes), texts => append_texts(texts, rows, bytes))
}
