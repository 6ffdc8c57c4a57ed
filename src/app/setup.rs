//! [`Setup`]: what an algorithm can ask for before the first event.

use super::job_output::JobOutput;
use crate::error::Result;
use crate::event::path::{column as column_path, full};
use crate::event::{ColumnHandle, ColumnIndex, ColumnType, Element, ElementType, EventStore, Rows, TableHandle};
use crate::hist::{self, Bookable};
use crate::io::{self, EventReader};
use crate::numbers::counter::Counter;

/// The place of a counter.
#[derive(Clone, Copy, Debug)]
pub struct CounterHandle(pub(super) usize);

impl Default for CounterHandle {
    /// One that belongs to no counter.
    fn default() -> Self {
        Self(usize::MAX)
    }
}

/// What an algorithm can ask for before the first event: columns, tables, histograms, counters.
///
/// See [`Algorithm`](super::Algorithm) for an example.
pub struct Setup<'a> {
    pub(super) name: &'a str,
    pub(super) store: &'a mut EventStore,
    pub(super) reader: &'a mut EventReader,
    pub(super) output: &'a mut JobOutput,
    /// Tables that this algorithm creates.
    pub(super) created: Vec<TableHandle>,
    /// Columns that this algorithm adds to tables of others.
    pub(super) extended: Vec<(TableHandle, ColumnIndex)>,
}

impl Setup<'_> {
    /// The algorithm's name in this job.
    pub fn name(&self) -> &str {
        self.name
    }

    /// A column that will be read, by its path: of an earlier algorithm, or of the input files.
    ///
    /// # Errors
    /// If there is none, or one of another type.
    pub fn read<T: Element>(&mut self, path: &str) -> Result<ColumnHandle<T>> {
        let (table, column) = self.find(path)?;
        Ok(self.store.typed(table, column, T::TYPE)?)
    }

    /// A column of texts that will be read.
    ///
    /// # Errors
    /// If there is none, or one of another type.
    pub fn read_texts(&mut self, path: &str) -> Result<ColumnHandle<str>> {
        let (table, column) = self.find(path)?;
        Ok(self.store.typed(table, column, ElementType::Text)?)
    }

    /// A table whose numbers of rows will be asked for.
    ///
    /// # Errors
    /// If there is none.
    pub fn read_table(&mut self, path: &str) -> Result<TableHandle> {
        let path = full(path)?;
        if let Some(table) = self.store.find_table(&path) {
            return Ok(table);
        }
        match self.reader.want_table(self.store, &path, false)? {
            Some(table) => Ok(table),
            None => Err(self.reader.hint(&format!("{path}/x"))?.of_table(path).into()),
        }
    }

    /// A column that will be read, of whatever type: its table and its place in it.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn find(&mut self, path: &str) -> Result<(TableHandle, ColumnIndex)> {
        let (table, name) = column_path(path)?;
        if let Some(handle) = self.store.find_table(&table)
            && let Some(column) = self.store.find_column(handle, &name)
        {
            return Ok((handle, column));
        }
        match self.reader.want_column(self.store, path, false)? {
            Some(found) => Ok(found),
            None => match self.store.find(path) {
                // A table that algorithms have made: its columns are the ones to choose from.
                Err(error) if self.store.find_table(&table).is_some() && !self.reader.reads(&table) => {
                    Err(error.into())
                }
                _ => Err(self.reader.hint(path)?.into()),
            },
        }
    }

    /// What a column is.
    pub(crate) fn kind(&self, table: TableHandle, column: ColumnIndex) -> &ColumnType {
        self.store.column_type(table, column)
    }

    /// The store as it is so far, without events.
    pub fn store(&self) -> &EventStore {
        self.store
    }

    /// What there is beside `path` to choose from: the names of its table's columns.
    pub(crate) fn column_names(&mut self, table: &str) -> Vec<String> {
        let mut names: Vec<String> = match self.store.table(table) {
            Ok(table) => self.store.columns(table).map(|kind| kind.name.clone()).collect(),
            Err(_) => Vec::new(),
        };
        names.extend(self.reader.column_names(table));
        names.sort();
        names.dedup();
        names
    }

    /// Creates a table, which this algorithm fills.
    ///
    /// # Errors
    /// If the path is no path, or taken.
    pub fn create_table(&mut self, path: &str, rows: Rows) -> Result<TableHandle> {
        let path = full(path)?;
        if self.reader.open(0).is_ok_and(|file| file.has_table(&path)) {
            return Err(io::Error::Input(format!(
                "{path} cannot be created: the input has a table there already; give the new one another path"
            ))
            .into());
        }
        let table = self.store.add_table(&path, rows)?;
        self.created.push(table);
        Ok(table)
    }

    /// Creates a column in a table that this algorithm has created, or adds one to a table of others, for which it then
    /// has to give a value for every row.
    ///
    /// # Errors
    /// If the name is none, or taken, or `T` is not the column's type.
    pub fn create<T: Element>(&mut self, table: TableHandle, kind: ColumnType) -> Result<ColumnHandle<T>> {
        let path = format!("{}/{}", self.store.table_path(table), kind.name);
        let ours = self.created.contains(&table);
        if !ours && self.column_is_taken(&path)? {
            return Err(io::Error::Input(format!(
                "{path} cannot be created: there is such a column already; give the new one another name"
            ))
            .into());
        }
        let column = self.store.add_column::<T>(table, kind)?;
        if !ours {
            self.store.mark_extension(table, column.index());
            self.extended.push((table, column.index()));
        }
        Ok(column)
    }

    /// Creates a column of texts in a table that this algorithm has created.
    ///
    /// # Errors
    /// If the name is none, or taken.
    pub fn create_texts(&mut self, table: TableHandle, name: &str) -> Result<ColumnHandle<str>> {
        Ok(self.store.add_texts(table, name)?)
    }

    /// Creates a column like another one in a table that this algorithm has created; its place there.
    pub(crate) fn create_any(&mut self, table: TableHandle, kind: ColumnType) -> Result<ColumnIndex> {
        Ok(self.store.add_any(table, kind)?)
    }

    /// Whether there is such a table, of an earlier algorithm or in the input.
    pub(crate) fn has_table(&mut self, path: &str) -> bool {
        self.store.table(path).is_ok() || self.reader.open(0).is_ok_and(|file| file.has_table(path))
    }

    /// How many rows a table has.
    pub(crate) fn rows_of(&self, table: TableHandle) -> Rows {
        self.store.rows_per_event(table)
    }

    /// The full path of a table.
    pub(crate) fn table_path(&self, table: TableHandle) -> &str {
        self.store.table_path(table)
    }

    fn column_is_taken(&mut self, path: &str) -> Result<bool> {
        let (table, name) = column_path(path)?;
        Ok(self.column_names(&table).contains(&name))
    }

    /// Books a histogram or a profile under a path.
    ///
    /// # Errors
    /// If the path is no path, or taken.
    pub fn book<H: Bookable>(&mut self, path: &str, object: H) -> Result<hist::Handle<H>> {
        Ok(self.output.histograms.try_book(path, object)?)
    }

    /// A counter of this algorithm.
    pub fn counter(&mut self, name: &str) -> CounterHandle {
        let counter = (format!("{}/{name}", self.name), Counter::new());
        self.output.counters.push(counter);
        CounterHandle(self.output.counters.len() - 1)
    }
}
