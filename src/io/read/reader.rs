//! The event reader: a cursor over the input files that loads blocks of events into a store.

use super::file::EventFile;
use super::schema::{InputSchema, OpenTable};
use super::selector::{InputFile, Segment};
use crate::event::path;
use crate::event::{ColumnIndex, EventStore, Rows, TableHandle};
use crate::io::error::{Error, Result};
use std::ops::Range;
use std::sync::Arc;

/// Reads events from the input files into a store, restricted to the requested columns.
pub(crate) struct EventReader {
    files: Arc<Vec<InputFile>>,
    schema: InputSchema,
    open: Option<OpenFile>,
}

/// The most recently read file.
struct OpenFile {
    index: u32,
    file: EventFile,
    /// One entry for each table of the schema, `None` if the file lacks the table; empty until events are loaded.
    tables: Vec<Option<OpenTable>>,
}

impl EventReader {
    pub(crate) fn new(files: Arc<Vec<InputFile>>) -> Self {
        Self {
            files,
            schema: InputSchema::default(),
            open: None,
        }
    }

    /// The input files.
    pub(crate) fn files(&self) -> &[InputFile] {
        &self.files
    }

    /// Opens the file with this index, unless it is already open.
    ///
    /// # Errors
    /// If the file cannot be opened, or if its number of events has changed since the job began.
    pub(crate) fn open(&mut self, index: u32) -> Result<&EventFile> {
        if self.open.as_ref().is_none_or(|open| open.index != index) {
            let expected = self.files.get(index as usize).filter(|file| !file.is_made());
            let expected = expected.ok_or_else(no_files)?;
            let file = EventFile::open(&expected.path)?;
            if file.events() != expected.events {
                return Err(Error::open(
                    &expected.path,
                    format!(
                        "it has {} events now, and had {} when the job began; do not change input files during a job",
                        file.events(),
                        expected.events
                    ),
                ));
            }
            self.open = Some(OpenFile {
                index,
                file,
                tables: Vec::new(),
            });
        }
        match &self.open {
            Some(open) => Ok(&open.file),
            None => unreachable!("the file has just been opened"),
        }
    }

    /// The index of the open file.
    pub(crate) fn opened(&self) -> Option<u32> {
        self.open.as_ref().map(|open| open.index)
    }

    /// Adds a table of the open file to the tables to read. Returns `None` if the file has no such table.
    ///
    /// # Errors
    /// If the path is invalid, or the table cannot be read.
    pub(crate) fn want_table(
        &mut self,
        store: &mut EventStore,
        path: &str,
        optional: bool,
    ) -> Result<Option<TableHandle>> {
        let path = path::full(path)?;
        let Some(open) = &mut self.open else { return Ok(None) };
        open.tables.clear();
        self.schema.add_table(&open.file, store, &path, optional)
    }

    /// Adds a column of the open file to the columns to read, along with the table that it refers to, if any. Returns
    /// `None` if the file has no such column.
    ///
    /// # Errors
    /// If the path is invalid, or the column cannot be read.
    pub(crate) fn want_column(
        &mut self,
        store: &mut EventStore,
        path: &str,
        optional: bool,
    ) -> Result<Option<(TableHandle, ColumnIndex)>> {
        let path = path::full(path)?;
        let Some(open) = &mut self.open else { return Ok(None) };
        open.tables.clear();
        self.schema.add_column(&open.file, store, &path, optional)
    }

    /// Creates an error which says that the open file lacks a column and lists what the file has instead.
    ///
    /// # Errors
    /// If the path is invalid, or the file cannot be read.
    pub(crate) fn hint(&self, path: &str) -> Result<Error> {
        self.open
            .as_ref()
            .map_or_else(|| Ok(no_files()), |open| open.file.missing(path))
    }

    /// Returns whether a table is filled from files.
    pub(crate) fn reads(&self, full_path: &str) -> bool {
        self.schema.has_table(full_path)
    }

    /// The names of the columns of a table in the open file; empty if there is no such table.
    pub(crate) fn column_names(&self, table: &str) -> Vec<String> {
        let table = path::full(table)
            .ok()
            .and_then(|path| self.open.as_ref()?.file.table(&path).ok()?);
        table.map_or_else(Vec::new, |table| table.column_names())
    }

    /// Returns whether this table exists for the events of the open file. Tables created by algorithms always exist.
    pub(crate) fn has(&self, full_path: &str) -> Result<bool> {
        match &self.open {
            Some(open) if self.reads(full_path) => Ok(open.file.has_table(full_path)),
            _ => Ok(true),
        }
    }

    /// Returns whether a column is read from files but is missing from the open file.
    pub(crate) fn lacks(&self, table: TableHandle, column: ColumnIndex, path: &str) -> bool {
        let open = self.open.as_ref().filter(|_| self.schema.has_column(table, column));
        open.is_some_and(|open| !open.file.has_column(path))
    }

    /// The full paths of the tables of the open file, with the names of their columns; empty if no file is open.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(crate) fn list(&self) -> Result<Vec<(String, Vec<String>)>> {
        self.open.as_ref().map_or(Ok(Vec::new()), |open| open.file.list())
    }

    /// Replaces the store's events with part of a segment; the range `part` counts events from the start of the
    /// segment. Tables that are not read from files have no rows afterwards.
    ///
    /// # Errors
    /// If the file cannot be read, does not match the schema, or has dangling references.
    pub(crate) fn load(&mut self, segment: &Segment, part: Range<u64>, store: &mut EventStore) -> Result<()> {
        let input = &self.files[segment.file as usize];
        let (first, count) = (input.first, (part.end - part.start) as usize);
        let events = segment.first + part.start..segment.first + part.end;
        if input.is_made() {
            store.start_block(first + events.start, count);
            return Ok(());
        }
        self.open(segment.file)?;
        let Self { open, schema, .. } = self;
        let Some(OpenFile { file, tables, .. }) = open else {
            unreachable!("the file has just been opened")
        };
        if tables.len() != schema.tables.len() {
            *tables = schema.open(file, store)?;
        }
        store.start_block(first + events.start, count);
        for (wanted, input) in schema.tables.iter().zip(tables) {
            let table = wanted.handle;
            let Some(input) = input else {
                match store.rows_per_event(table) {
                    Rows::Many => store.set_offsets(table, std::iter::repeat_n(0, count + 1)),
                    Rows::One => store.set_offsets(table, 0..=count as u64),
                }
                for column in &wanted.columns {
                    store.fill_column(table, column.index, store.len(table));
                }
                continue;
            };
            let offsets = input.table.offsets(file, events.clone())?;
            let rows = offsets[0]..offsets[count];
            for (wanted, column) in wanted.columns.iter().zip(&mut input.columns) {
                match column {
                    Some(column) => column.load(file, rows.clone(), store.values_mut(table, wanted.index))?,
                    None => store.fill_column(table, wanted.index, (rows.end - rows.start) as usize),
                }
            }
            store.set_offsets(table, offsets.iter().map(|end| end - rows.start));
        }
        store.check_references().map_err(|error| match error {
            crate::event::Error::Dangling { ref path, .. } => Error::content(file.path(), &path.clone(), error),
            error => error.into(),
        })
    }
}

fn no_files() -> Error {
    Error::Input("the job has no input files".into())
}
