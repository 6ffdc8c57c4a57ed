//! Decodes events, either into views of the encoded bytes or into stores. See [`encode`](super::encode) for the format.

use super::column_type::{ColumnType, Rows};
use super::encode::{ColumnHeader, Header};
use super::error::{Error, Result};
use super::handle::TableHandle;
use super::store::EventStore;
use super::values::{Element, Values, each_type};
use crate::wire;

/// A view of encoded events.
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
    /// The encoded elements; for a text column, the lengths of all strings, followed by the strings themselves.
    pub bytes: &'a [u8],
}

impl<'a> EncodedEvents<'a> {
    /// Parses bytes produced by [`EventStore::encode`], without copying the values.
    ///
    /// # Errors
    /// If the bytes are not encoded events.
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
                    "{} has {} rows in all, but its events have {rows}",
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
            return Err(Error::Bytes(format!("{} bytes follow the last table", rest.len())));
        }
        Ok(Self {
            events: header.events,
            first: header.first,
            tables,
        })
    }
}

impl EventStore {
    /// Decodes the store encoded in these bytes.
    ///
    /// # Errors
    /// If the bytes are not an encoded store.
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
            let handle = TableHandle::from_index(index);
            match table.rows {
                Rows::One => store.set_offsets(handle, 0..=encoded.events),
                Rows::Many => store.set_offsets(handle, std::iter::once(0).chain(table.ends(0))),
            }
            for (column, place) in table.columns.iter().zip(store.column_indices(handle)) {
                column.append_to(store.values_mut(handle, place))?;
            }
        }
        store.events = encoded.events as usize;
        Ok(store)
    }
}

impl EncodedTable<'_> {
    /// For a many-row table whose first event begins at row `start`, the index of the row after each event's last row.
    pub(crate) fn ends(&self, start: u64) -> impl ExactSizeIterator<Item = u64> {
        let mut end = start;
        counts_of(self.counts).map(move |count| {
            end += u64::from(count);
            end
        })
    }
}

impl EncodedColumn<'_> {
    fn append_to(&self, values: &mut Values) -> Result<()> {
        let wrong = |what: &str| Error::Bytes(format!("{}: {what}", self.kind.name));
        each_type!(values,
        values => match Element::extend_from_bytes(values, self.bytes) {
            true => Ok(()),
            false => Err(wrong("the bytes are not values of its type")),
        },
        texts => {
            for text in self.texts()? {
                texts.push(text);
            }
            Ok(())
        })
    }

    /// The strings of a text column.
    ///
    /// # Errors
    /// If the bytes are not validly encoded strings.
    pub(crate) fn texts(&self) -> Result<Vec<&str>> {
        let wrong = |what: &str| Error::Bytes(format!("{}: {what}", self.kind.name));
        let mut rest = self.bytes;
        let lengths = take(&mut rest, self.rows.saturating_mul(4))?;
        let all = std::str::from_utf8(rest).map_err(|error| wrong(&error.to_string()))?;
        let mut start = 0;
        let texts = counts_of(lengths).map(|length| {
            let text = all.get(start..start + length as usize);
            start += length as usize;
            text.ok_or_else(|| wrong("the lengths of its texts do not match the texts"))
        });
        texts.collect()
    }
}

fn counts_of(bytes: &[u8]) -> impl ExactSizeIterator<Item = u32> {
    bytes
        .chunks_exact(4)
        .map(|four| u32::from_ne_bytes(four.try_into().unwrap_or_default()))
}

/// Splits off the first `length` bytes of `rest`.
fn take<'a>(rest: &mut &'a [u8], length: u64) -> Result<&'a [u8]> {
    let parts = usize::try_from(length)
        .ok()
        .and_then(|length| rest.split_at_checked(length));
    let (front, back) = parts.ok_or_else(|| {
        Error::Bytes(format!(
            "they end too early: {length} more bytes are expected, {} are left",
            rest.len()
        ))
    })?;
    *rest = back;
    Ok(front)
}
