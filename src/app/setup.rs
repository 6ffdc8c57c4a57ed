//! [`Setup`]: lets an algorithm request what it needs before the first event.

use super::job_output::JobOutput;
use super::job_text::{JobText, PlacedError};
use super::job_value::JobValue;
use crate::error::{BoxedError, Result};
use crate::event::path::{column as column_path, full};
use crate::event::{ColumnHandle, ColumnIndex, ColumnType, Element, ElementType, EventStore, Rows, TableHandle};
use crate::hist::{self, Bookable};
use crate::io::{self, EventReader};
use crate::numbers::counter::Counter;
use std::ops::Range;

/// A handle to an algorithm's counter.
#[derive(Clone, Copy, Debug)]
pub struct CounterHandle(pub(super) usize);

impl Default for CounterHandle {
    /// A placeholder handle that refers to no counter.
    fn default() -> Self {
        Self(usize::MAX)
    }
}

/// The interface through which an algorithm requests columns, tables, histograms and counters before the first event.
///
/// See [`Algorithm`](super::Algorithm) for an example.
///
/// If a method returns an error that concerns a property, such as a column path or an expression, the error points to
/// that property in the job file.
pub struct Setup<'a> {
    pub(super) name: &'a str,
    pub(super) store: &'a mut EventStore,
    pub(super) reader: &'a mut EventReader,
    pub(super) output: &'a mut JobOutput,
    /// The properties of the algorithm.
    pub(super) properties: &'a JobValue,
    pub(super) text: &'a JobText,
    /// The last error that concerns a property: the message that was returned to the algorithm, and the error's
    /// position.
    pub(super) failure: Option<(String, PlacedError)>,
    /// The tables that this algorithm creates.
    pub(super) created: Vec<TableHandle>,
    /// The columns that this algorithm adds to tables from the input or from other algorithms.
    pub(super) extended: Vec<(TableHandle, ColumnIndex)>,
}

impl Setup<'_> {
    /// The name of the algorithm in this job.
    pub fn name(&self) -> &str {
        self.name
    }

    /// Requests a column for reading, by its path. The column must exist in the input files or be created by an earlier
    /// algorithm.
    ///
    /// # Errors
    /// If there is no such column, or the column's type is not `T`.
    pub fn read<T: Element>(&mut self, path: &str) -> Result<ColumnHandle<T>> {
        let (table, column) = self.find(path)?;
        let typed = self.store.typed(table, column, T::TYPE);
        self.about_path(path, typed.map_err(BoxedError::from))
    }

    /// Requests a text column for reading.
    ///
    /// # Errors
    /// If there is no such column, or it is not a text column.
    pub fn read_texts(&mut self, path: &str) -> Result<ColumnHandle<str>> {
        let (table, column) = self.find(path)?;
        let typed = self.store.typed(table, column, ElementType::Text);
        self.about_path(path, typed.map_err(BoxedError::from))
    }

    /// Requests a table in order to read its number of rows.
    ///
    /// # Errors
    /// If there is no such table.
    pub fn read_table(&mut self, path: &str) -> Result<TableHandle> {
        let found = self.find_table(path);
        self.about_path(path, found)
    }

    fn find_table(&mut self, path: &str) -> Result<TableHandle> {
        let path = full(path)?;
        if let Some(table) = self.store.find_table(&path) {
            return Ok(table);
        }
        match self.reader.want_table(self.store, &path, false)? {
            Some(table) => Ok(table),
            None => Err(self.reader.hint(&format!("{path}/x"))?.of_table(path).into()),
        }
    }

    /// Requests a column of any type for reading. Returns the column's table and the column's index in that table.
    ///
    /// # Errors
    /// If there is no such column.
    pub(crate) fn find(&mut self, path: &str) -> Result<(TableHandle, ColumnIndex)> {
        let found = self.find_column(path);
        self.about_path(path, found)
    }

    fn find_column(&mut self, path: &str) -> Result<(TableHandle, ColumnIndex)> {
        let (table, name) = column_path(path)?;
        if let Some(handle) = self.store.find_table(&table)
            && let Some(column) = self.store.find_column(handle, &name)
        {
            return Ok((handle, column));
        }
        match self.reader.want_column(self.store, path, false)? {
            Some(found) => Ok(found),
            None => match self.store.find(path) {
                // If an algorithm creates the table, the error lists the table's columns.
                Err(error) if self.store.find_table(&table).is_some() && !self.reader.reads(&table) => {
                    Err(error.into())
                }
                _ => Err(self.reader.hint(path)?.into()),
            },
        }
    }

    /// The type of a column.
    pub(crate) fn kind(&self, table: TableHandle, column: ColumnIndex) -> &ColumnType {
        self.store.column_type(table, column)
    }

    /// The event store, which has no events yet but contains the tables and columns requested so far.
    pub fn store(&self) -> &EventStore {
        self.store
    }

    /// The names of a table's columns, whether they are created by algorithms or read from the input.
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

    /// Creates a table for this algorithm to fill.
    ///
    /// # Errors
    /// If the path is invalid or in use.
    pub fn create_table(&mut self, path: &str, rows: Rows) -> Result<TableHandle> {
        let created = self.add_table(path, rows);
        self.about_path(path, created)
    }

    fn add_table(&mut self, path: &str, rows: Rows) -> Result<TableHandle> {
        let path = full(path)?;
        if self.reader.open(0).is_ok_and(|file| file.has_table(&path)) {
            return Err(io::Error::Input(format!(
                "{path} cannot be created: the input already has this table; give the new table another path"
            ))
            .into());
        }
        let table = self.store.add_table(&path, rows)?;
        self.created.push(table);
        Ok(table)
    }

    /// Creates a column. If another algorithm created the table, or the table is read from the input, this algorithm
    /// must supply a value for every row.
    ///
    /// # Errors
    /// If the name is invalid or in use, or `T` does not match the type in `kind`.
    pub fn create<T: Element>(&mut self, table: TableHandle, kind: ColumnType) -> Result<ColumnHandle<T>> {
        let path = format!("{}/{}", self.store.table_path(table), kind.name);
        let created = self.add_column(&path, table, kind);
        self.about_path(&path, created)
    }

    fn add_column<T: Element>(&mut self, path: &str, table: TableHandle, kind: ColumnType) -> Result<ColumnHandle<T>> {
        let ours = self.created.contains(&table);
        if !ours && self.column_is_taken(path)? {
            return Err(io::Error::Input(format!(
                "{path} cannot be created: the column already exists; give the new column another name"
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

    /// Creates a text column in a table that this algorithm created.
    ///
    /// # Errors
    /// If the name is invalid or in use.
    pub fn create_texts(&mut self, table: TableHandle, name: &str) -> Result<ColumnHandle<str>> {
        Ok(self.store.add_texts(table, name)?)
    }

    /// Creates a column of any type in a table that this algorithm created. Returns the column's index in the table.
    pub(crate) fn create_any(&mut self, table: TableHandle, kind: ColumnType) -> Result<ColumnIndex> {
        Ok(self.store.add_any(table, kind)?)
    }

    /// Whether a table exists in the input or is created by an earlier algorithm.
    pub(crate) fn has_table(&mut self, path: &str) -> bool {
        self.store.table(path).is_ok() || self.reader.open(0).is_ok_and(|file| file.has_table(path))
    }

    /// Whether a table contains exactly one row or any number of rows for each event.
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
    /// If the path is invalid or in use.
    pub fn book<H: Bookable>(&mut self, path: &str, object: H) -> Result<hist::Handle<H>> {
        let booked = self.output.histograms.try_book(path, object);
        self.about_path(path, booked.map_err(BoxedError::from))
    }

    /// Adds a counter for this algorithm.
    pub fn counter(&mut self, name: &str) -> CounterHandle {
        let counter = (format!("{}/{name}", self.name), Counter::new());
        self.output.counters.push(counter);
        CounterHandle(self.output.counters.len() - 1)
    }

    /// Records the source of an error about a path. The source is the property that is set to the whole path, else to
    /// the path's column name, else to the path's table.
    fn about_path<T>(&mut self, path: &str, result: Result<T>) -> Result<T> {
        fn relative(path: &str) -> &str {
            path.strip_prefix("/Event/").unwrap_or(path)
        }
        if let Err(error) = &result {
            let path = relative(path);
            let (table, column) = path.rsplit_once('/').unwrap_or((path, path));
            let of = |part: &str| self.properties.find(&|text| relative(text) == part);
            if let Some(value) = [path, column, table].into_iter().find_map(of) {
                let message = error.to_string();
                self.note(value.span.clone(), &message, &message);
            }
        }
        result
    }

    /// Records the source of an error in an expression. `shown` is the error message that is returned to the algorithm.
    pub(super) fn about_expression(&mut self, expression: &str, part: Range<usize>, shown: &str, message: &str) {
        if let Some(value) = self.properties.find(&|text| text == expression) {
            let span = self.text.part_of(&value.span, expression, part);
            self.note(span, shown, message);
        }
    }

    fn note(&mut self, span: Range<usize>, shown: &str, message: &str) {
        if self.text.has(&span) {
            self.failure = Some((shown.to_string(), PlacedError::new(&span, message)));
        }
    }
}
