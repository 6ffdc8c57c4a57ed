//! Scans a file by reading its events in order, in blocks of limited size.

use super::file::EventFile;
use super::reader::EventReader;
use super::selector::{InputFile, Segment};
use crate::event::{ColumnSelection, EventStore};
use crate::io::error::{Error, Result};
use std::ops::Range;
use std::sync::Arc;

/// The full path of a table, and the names of some of its columns.
pub(crate) type TableNames = (String, Vec<String>);

/// Reads selected tables and columns of one file, block by block.
pub(crate) struct FileScan {
    reader: EventReader,
    pub(crate) store: EventStore,
    /// The selected tables and columns, in the order in which they were given.
    pub(crate) selection: ColumnSelection,
    /// The number of events that take up about 32 MB in memory.
    pub(crate) block: u64,
}

impl FileScan {
    /// Opens the given tables of a file, each with the given columns.
    ///
    /// # Errors
    /// If a table or column is missing or cannot be read.
    pub(crate) fn new(file: &EventFile, tables: &[TableNames]) -> Result<Self> {
        const BLOCK_BYTES: u64 = 32 << 20;
        const MOST: u64 = 100_000;
        let input = InputFile {
            path: file.path().into(),
            events: file.events(),
            first: 0,
        };
        let mut scan = Self {
            reader: EventReader::new(Arc::new(vec![input])),
            store: EventStore::new(),
            selection: ColumnSelection::default(),
            block: 0,
        };
        scan.reader.open(0)?;
        let mut bytes = 0;
        for (path, columns) in tables {
            bytes += scan.want(file, path, columns).map_err(|error| match error {
                // This happens, for example, if a dataset's name is not allowed for a column.
                Error::Event(error) => Error::content(file.path(), path, error),
                other => other,
            })?;
        }
        scan.block = match bytes {
            0 => MOST,
            bytes => (BLOCK_BYTES.saturating_mul(file.events()) / bytes).clamp(1, MOST),
        };
        Ok(scan)
    }

    /// Adds a table. Returns the estimated size of its events in memory, in bytes.
    fn want(&mut self, file: &EventFile, path: &str, columns: &[String]) -> Result<u64> {
        let gone = |path: &str| Error::content(file.path(), path, "it is neither a table nor a column");
        let table = self
            .reader
            .want_table(&mut self.store, path, false)?
            .ok_or_else(|| gone(path))?;
        let rows = file.table(path)?.map_or(0, |table| table.length());
        let mut bytes = rows.saturating_add(file.events()).saturating_mul(8);
        let mut places = Vec::with_capacity(columns.len());
        for name in columns {
            let column = format!("{path}/{name}");
            let place = self.reader.want_column(&mut self.store, &column, false)?;
            let (_, place) = place.ok_or_else(|| gone(&column))?;
            places.push(place);
            bytes = bytes.saturating_add(rows.saturating_mul(8));
        }
        self.selection.tables.push((table, places));
        Ok(bytes)
    }

    /// Loads the given events into the store.
    ///
    /// # Errors
    /// If the events cannot be read.
    pub(crate) fn load(&mut self, events: Range<u64>) -> Result<()> {
        let segment = Segment {
            file: 0,
            first: events.start,
            events: events.end - events.start,
        };
        self.reader.load(&segment, 0..segment.events, &mut self.store)
    }
}
