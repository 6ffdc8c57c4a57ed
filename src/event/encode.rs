//! Events as bytes: all of a store, or some of its columns for some of its events.
//!
//! A header says what tables and columns there are. Then follow, table by table: for many-row tables the number of rows
//! of each event (`u32`); for each column its elements, one after another, in this machine's order of bytes (all ranks
//! of a job have the same); for texts, first the length of each (`u32`). References need no care: they count within
//! their event.

use super::error::{Error, Result};
use super::store::{EventStore, TableHandle};
use super::table::{ColumnType, Rows, Table};
use super::texts::Texts;
use super::values::{Element, Values, each_type};
use crate::wire;
use serde::{Deserialize, Serialize};
use std::ops::Range;

#[derive(Serialize, Deserialize)]
struct Header {
    events: u64,
    first: u64,
    tables: Vec<TableHeader>,
}

#[derive(Serialize, Deserialize)]
struct TableHeader {
    path: String,
    rows: Rows,
    length: u64,
    columns: Vec<ColumnHeader>,
}

#[derive(Serialize, Deserialize)]
struct ColumnHeader {
    kind: ColumnType,
    bytes: u64,
}

/// Some tables and columns of a store, by their indices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    pub tables: Vec<(usize, Vec<usize>)>,
}

impl Selection {
    fn all(store: &EventStore) -> Self {
        let whole = |(index, table): (usize, &Table)| (index, (0..table.columns.len()).collect());
        Self {
            tables: store.tables.iter().enumerate().map(whole).collect(),
        }
    }
}

impl EventStore {
    /// All events as bytes.
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
        self.encode_selected(&Selection::all(self), None)
    }

    /// Some tables of all events as bytes. References to tables that are left out stay what they are: indices.
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
        let whole = |table: &TableHandle| {
            let index = table.0 as usize;
            (index, (0..self.tables[index].columns.len()).collect())
        };
        let tables = tables.iter().map(whole).collect();
        self.encode_selected(&Selection { tables }, None)
    }

    /// The selected tables and columns as bytes, of those events that `keep` is true for.
    pub(crate) fn encode_selected(&self, selection: &Selection, keep: Option<&[bool]>) -> Vec<u8> {
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
        for (index, columns) in &selection.tables {
            let table = &self.tables[*index];
            let rows = rows_of(table);
            let column = |&column: &usize| ColumnHeader {
                kind: table.columns[column].kind.clone(),
                bytes: length(&table.columns[column].values, &rows) as u64,
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
        let header = wire::encode(&header).unwrap_or_else(|error| unreachable!("a header is encoded: {error}"));
        let mut bytes = Vec::with_capacity(8 + header.len() + body);
        bytes.extend((header.len() as u64).to_ne_bytes());
        bytes.extend(header);
        for (index, columns) in &selection.tables {
            let table = &self.tables[*index];
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
                append(&table.columns[column].values, &rows, &mut bytes);
            }
        }
        bytes
    }

    /// The store whose bytes these are.
    ///
    /// # Errors
    /// If they are not those of a store.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let encoded = EncodedEvents::parse(bytes)?;
        let mut store = EventStore::new();
        for table in &encoded.tables {
            let handle = store.add_table(&table.path, table.rows)?;
            for column in &table.columns {
                store.add_any(handle, column.kind.clone())?;
            }
        }
        store.first = encoded.first;
        for (index, table) in encoded.tables.iter().enumerate() {
            let into = &mut store.tables[index];
            match table.rows {
                Rows::One => into.offsets.extend(1..=encoded.events),
                Rows::Many => {
                    let mut end = 0;
                    into.offsets.extend(table.counts().map(|count| {
                        end += u64::from(count);
                        end
                    }));
                }
            }
            for (column, into) in table.columns.iter().zip(&mut into.columns) {
                column.append_to(&mut into.values)?;
            }
        }
        store.events = encoded.events as usize;
        Ok(store)
    }

    /// How many rows a table has in all events together.
    pub fn len(&self, table: TableHandle) -> usize {
        self.tables[table.0 as usize].len()
    }
}

/// Where `keep` is true.
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

/// How many bytes some rows are.
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

/// Appends the bytes of some rows.
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

/// Encoded events, looked at where they are.
#[derive(Debug)]
pub(crate) struct EncodedEvents<'a> {
    pub events: u64,
    pub first: u64,
    pub tables: Vec<EncodedTable<'a>>,
}

/// A table of encoded events.
#[derive(Debug)]
pub(crate) struct EncodedTable<'a> {
    pub path: String,
    pub rows: Rows,
    pub length: u64,
    counts: &'a [u8],
    pub columns: Vec<EncodedColumn<'a>>,
}

/// A column of encoded events.
#[derive(Debug)]
pub(crate) struct EncodedColumn<'a> {
    pub kind: ColumnType,
    rows: u64,
    /// The elements; of texts, first the lengths.
    pub bytes: &'a [u8],
}

impl<'a> EncodedEvents<'a> {
    /// Looks at bytes that [`EventStore::encode`] has made.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self> {
        let mut rest = bytes;
        let length = take(&mut rest, 8)?;
        let length = u64::from_ne_bytes(length.try_into().unwrap_or_default());
        let header: Header = wire::decode(take(&mut rest, length)?).map_err(|error| Error::Bytes(error.to_string()))?;
        let mut tables = Vec::with_capacity(header.tables.len());
        for table in header.tables {
            let counts = match table.rows {
                Rows::One => &[],
                Rows::Many => take(&mut rest, header.events.saturating_mul(4))?,
            };
            let rows = match table.rows {
                Rows::One => header.events,
                Rows::Many => counts_of(counts).map(u64::from).sum(),
            };
            if rows != table.length {
                return Err(Error::Bytes(format!(
                    "{} has {} rows, but its events have {rows}",
                    table.path, table.length
                )));
            }
            let mut columns = Vec::with_capacity(table.columns.len());
            for ColumnHeader { kind, bytes } in table.columns {
                if kind
                    .element
                    .size()
                    .is_some_and(|size| rows.checked_mul(size as u64) != Some(bytes))
                {
                    return Err(Error::Bytes(format!(
                        "{rows} rows of {}/{} are not {bytes} bytes",
                        table.path, kind.name
                    )));
                }
                let bytes = take(&mut rest, bytes)?;
                columns.push(EncodedColumn { kind, rows, bytes });
            }
            tables.push(EncodedTable {
                path: table.path,
                rows: table.rows,
                length: table.length,
                counts,
                columns,
            });
        }
        if !rest.is_empty() {
            return Err(Error::Bytes(format!("{} bytes are left over", rest.len())));
        }
        Ok(Self {
            events: header.events,
            first: header.first,
            tables,
        })
    }
}

impl EncodedTable<'_> {
    /// The number of rows of each event, for many-row tables.
    pub(crate) fn counts(&self) -> impl ExactSizeIterator<Item = u32> {
        counts_of(self.counts)
    }
}

impl EncodedColumn<'_> {
    fn append_to(&self, values: &mut Values) -> Result<()> {
        fn append<T: Element>(values: &mut Vec<T>, bytes: &[u8]) -> bool {
            T::extend_from_bytes(values, bytes)
        }
        let wrong = |what: &str| Error::Bytes(format!("{}: {what}", self.kind.name));
        each_type!(values,
        values => append(values, self.bytes).then_some(()).ok_or_else(|| wrong("no such values")),
        texts => {
            for text in self.texts()? {
                texts.push(text);
            }
            Ok(())
        })
    }

    /// The texts of a column of texts.
    pub(crate) fn texts(&self) -> Result<Vec<&str>> {
        let wrong = |what: &str| Error::Bytes(format!("{}: {what}", self.kind.name));
        let mut rest = self.bytes;
        let lengths = take(&mut rest, self.rows.saturating_mul(4))?;
        let all = std::str::from_utf8(rest).map_err(|error| wrong(&error.to_string()))?;
        let mut start = 0;
        let texts = counts_of(lengths).map(|length| {
            let text = all.get(start..start + length as usize);
            start += length as usize;
            text.ok_or_else(|| wrong("lengths of texts that do not fit"))
        });
        texts.collect()
    }
}

fn counts_of(bytes: &[u8]) -> impl ExactSizeIterator<Item = u32> {
    bytes
        .chunks_exact(4)
        .map(|four| u32::from_ne_bytes(four.try_into().unwrap_or_default()))
}

/// Takes so many bytes from the front.
fn take<'a>(rest: &mut &'a [u8], length: u64) -> Result<&'a [u8]> {
    let parts = usize::try_from(length)
        .ok()
        .and_then(|length| rest.split_at_checked(length));
    let (front, back) = parts.ok_or_else(|| {
        Error::Bytes(format!(
            "they end too early: {length} bytes should follow, {} do",
            rest.len()
        ))
    })?;
    *rest = back;
    Ok(front)
}
