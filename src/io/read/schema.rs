//! The schema of the input: the tables and columns to read, which every input file must provide.

use super::column::ColumnInput;
use super::file::{EventFile, TableInput};
use crate::event::path;
use crate::event::{ColumnIndex, EventStore, TableHandle};
use crate::io::error::{Error, Result};
use crate::io::words::{kind_in_words, rows_in_words};

/// The tables and columns of a store that are filled from files.
#[derive(Default)]
pub(super) struct InputSchema {
    pub(super) tables: Vec<TableSchema>,
}

/// A table to read.
pub(super) struct TableSchema {
    pub(super) handle: TableHandle,
    path: String,
    /// Whether files are allowed to lack the table.
    optional: bool,
    pub(super) columns: Vec<ColumnSchema>,
}

/// A column to read.
pub(super) struct ColumnSchema {
    pub(super) index: ColumnIndex,
    /// Whether files are allowed to lack the column.
    optional: bool,
}

/// A table of the schema, opened in a file.
pub(super) struct OpenTable {
    pub(super) table: TableInput,
    /// One entry for each column of the schema; `None` if the file lacks the column.
    pub(super) columns: Vec<Option<ColumnInput>>,
}

impl InputSchema {
    /// Returns whether a table is filled from files.
    pub(super) fn has_table(&self, full_path: &str) -> bool {
        self.tables.iter().any(|table| table.path == full_path)
    }

    /// Returns whether a column is filled from files.
    pub(super) fn has_column(&self, table: TableHandle, column: ColumnIndex) -> bool {
        let mut tables = self.tables.iter().filter(|known| known.handle == table);
        tables.any(|table| table.columns.iter().any(|known| known.index == column))
    }

    /// Adds a table of a file to the schema and the store, unless they already have it. Returns `None` if the file has
    /// no such table.
    ///
    /// # Errors
    /// If the table cannot be read, or if the store has a different table with that path.
    pub(super) fn add_table(
        &mut self,
        file: &EventFile,
        store: &mut EventStore,
        full_path: &str,
        optional: bool,
    ) -> Result<Option<TableHandle>> {
        if let Some(known) = self.tables.iter().find(|known| known.path == full_path) {
            return Ok(Some(known.handle));
        }
        let Some(table) = file.table(full_path)? else {
            return Ok(None);
        };
        let handle = store.add_table(full_path, table.rows)?;
        self.tables.push(TableSchema {
            handle,
            path: full_path.into(),
            optional,
            columns: Vec::new(),
        });
        Ok(Some(handle))
    }

    /// Adds a column of a file, along with the table that it refers to, to the schema and the store, unless they
    /// already have it. Returns `None` if the file has no such column.
    ///
    /// # Errors
    /// If the column cannot be read, or if the path does not refer to a column.
    pub(super) fn add_column(
        &mut self,
        file: &EventFile,
        store: &mut EventStore,
        path: &str,
        optional: bool,
    ) -> Result<Option<(TableHandle, ColumnIndex)>> {
        let (table_path, name) = path::column(path)?;
        let Some(handle) = self.add_table(file, store, &table_path, optional)? else {
            return Ok(None);
        };
        let mut tables = self.tables.iter_mut();
        let Some(table) = tables.find(|known| known.handle == handle) else {
            unreachable!("the table has just been added")
        };
        if let Some(index) = store.find_column(handle, &name) {
            if let Some(known) = table.columns.iter_mut().find(|known| known.index == index) {
                known.optional &= optional;
            }
            return Ok(Some((handle, index)));
        }
        let Some(input) = file.table(&table_path)? else {
            return Ok(None);
        };
        let Some(column) = input.column(file, &name)? else {
            return Ok(None);
        };
        let index = store.add_any(handle, column.kind.clone())?;
        table.columns.push(ColumnSchema { index, optional });
        if let Some(target) = &column.kind.target {
            // Checking references requires the number of rows in their target table.
            self.add_table(file, store, target, true)?;
        }
        Ok(Some((handle, index)))
    }

    /// Opens all tables and columns of the schema in a file. The result has `None` for each optional table that the
    /// file lacks.
    ///
    /// # Errors
    /// If a table or column is missing, or if its type differs from that in the store.
    pub(super) fn open(&self, file: &EventFile, store: &EventStore) -> Result<Vec<Option<OpenTable>>> {
        self.tables.iter().map(|table| table.open(file, store)).collect()
    }
}

impl TableSchema {
    fn open(&self, file: &EventFile, store: &EventStore) -> Result<Option<OpenTable>> {
        let missing = |path: String| Error::Missing {
            file: file.path().into(),
            path,
            hint: "other files of the input have it".into(),
        };
        let differs = |path: &str, here: String, there: &str| {
            Error::content(file.path(), path, format!("{here}, but in another input file {there}"))
        };
        let Some(table) = file.table(&self.path)? else {
            return match self.optional {
                true => Ok(None),
                false => Err(missing(self.path.clone())),
            };
        };
        let rows = store.rows_per_event(self.handle);
        if table.rows != rows {
            let here = format!("it has {}", rows_in_words(table.rows));
            return Err(differs(&self.path, here, rows_in_words(rows)));
        }
        let mut columns = Vec::with_capacity(self.columns.len());
        for &ColumnSchema { index, optional } in &self.columns {
            let kind = store.column_type(self.handle, index);
            let column = table.column(file, &kind.name)?;
            match &column {
                None if !optional => return Err(missing(store.column_path(self.handle, index))),
                Some(column) if column.kind != *kind => {
                    let path = store.column_path(self.handle, index);
                    let here = format!("it holds {}", kind_in_words(&column.kind));
                    return Err(differs(&path, here, &kind_in_words(kind)));
                }
                _ => columns.push(column),
            }
        }
        Ok(Some(OpenTable { table, columns }))
    }
}
