//! The transient event store: tables of a chunk of events, by path.

use super::error::{Error, Result};
use super::path;
use super::table::{Column, ColumnType, Rows, Table};
use super::texts::Texts;
use super::values::{Element, ElementType, Slice, Values};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

/// The place of a column of `T`s in a store: found once, by path, then used for every event.
///
/// `T` is a type of numbers, `bool`, or `str`.
pub struct ColumnHandle<T: ?Sized> {
    pub(crate) table: u32,
    pub(crate) column: u32,
    kind: PhantomData<fn() -> Box<T>>,
}

impl<T: ?Sized> Clone for ColumnHandle<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for ColumnHandle<T> {}

impl<T: ?Sized> Default for ColumnHandle<T> {
    /// One that belongs to no column: to be replaced before it is used.
    fn default() -> Self {
        Self::new(u32::MAX as usize, u32::MAX as usize)
    }
}

impl<T: ?Sized> fmt::Debug for ColumnHandle<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "ColumnHandle({}, {})", self.table, self.column)
    }
}

impl<T: ?Sized> ColumnHandle<T> {
    fn new(table: usize, column: usize) -> Self {
        Self {
            table: table as u32,
            column: column as u32,
            kind: PhantomData,
        }
    }

    /// The table it is in.
    pub fn table(&self) -> TableHandle {
        TableHandle(self.table)
    }
}

/// The place of a table in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableHandle(pub(crate) u32);

impl Default for TableHandle {
    /// One that belongs to no table: to be replaced before it is used.
    fn default() -> Self {
        Self(u32::MAX)
    }
}

/// The transient event store: what is known of a chunk of events, in tables under paths such as `Rec/Track/Best`.
///
/// A table has one row an event, or many; its columns hold numbers, truth values or texts. In memory a column is one
/// array for the whole chunk, and an event is a view of it. Rows of one table refer to rows of another by their index
/// within the event, so that events can be taken out, put together and sent around without a change to them.
///
/// ```
/// use gaudi_mpi::event::{ColumnType, EventStore, Rows};
///
/// let mut store = EventStore::new();
/// let vertices = store.add_table("Rec/Vertex/Primary", Rows::Many)?;
/// let z = store.add_column::<f64>(vertices, ColumnType::new::<f64>("z").unit("mm"))?;
/// let tracks = store.add_table("Rec/Track/Best", Rows::Many)?;
/// let vertex = store.add_column::<i32>(tracks, ColumnType::reference("vertex", "Rec/Vertex/Primary"))?;
///
/// // Two events: one with a vertex and two tracks from it, one with a track from nowhere.
/// store.push(z, 12.5);
/// store.push(vertex, 0);
/// store.push(vertex, 0);
/// store.end_event()?;
/// store.push(vertex, -1);
/// store.end_event()?;
///
/// assert_eq!(store.get(vertex, 0), [0, 0]);
/// assert_eq!(store.rows(vertices, 1).len(), 0);
/// let first = store.get(vertex, 0)[0] as usize;
/// assert_eq!(store.get(z, 0)[first], 12.5);
/// # Ok::<(), gaudi_mpi::event::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventStore {
    pub(crate) events: usize,
    /// The number, in the job, of the first event.
    pub(crate) first: u64,
    pub(crate) tables: Vec<Table>,
}

impl EventStore {
    /// A store with neither tables nor events.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many events there are.
    pub fn events(&self) -> usize {
        self.events
    }

    /// The number of an event in the job.
    pub fn number(&self, event: usize) -> u64 {
        self.first + event as u64
    }

    /// The full paths of all tables, in the order they were added.
    pub fn tables(&self) -> impl Iterator<Item = (&str, Rows)> {
        self.tables.iter().map(|table| (table.path.as_str(), table.rows))
    }

    /// What the columns of a table are.
    pub fn columns(&self, table: TableHandle) -> impl ExactSizeIterator<Item = &ColumnType> {
        self.tables[table.0 as usize].columns.iter().map(|column| &column.kind)
    }

    /// Adds a table.
    ///
    /// # Errors
    /// If the path is no path, or taken.
    pub fn add_table(&mut self, path: &str, rows: Rows) -> Result<TableHandle> {
        let path = path::full(path)?;
        if self.find_table(&path).is_some() {
            return Err(Error::Taken {
                path,
                hint: "give the new table another path".into(),
            });
        }
        let mut table = Table::new(path, rows);
        table.pass_over(self.events);
        self.tables.push(table);
        Ok(TableHandle(self.tables.len() as u32 - 1))
    }

    /// Adds a column of numbers or truth values to a table.
    ///
    /// # Errors
    /// If the name is none, or taken; if `T` is not the column's type; or if it refers to another table and is not
    /// `i32`.
    pub fn add_column<T: Element>(&mut self, table: TableHandle, kind: ColumnType) -> Result<ColumnHandle<T>> {
        if kind.element != T::TYPE {
            return Err(Error::Type {
                path: format!("{}/{}", self.tables[table.0 as usize].path, kind.name),
                found: kind.element,
                asked: T::TYPE.name().into(),
            });
        }
        let column = self.add_any(table, kind)?;
        Ok(ColumnHandle::new(table.0 as usize, column))
    }

    /// Adds a column of texts to a table.
    ///
    /// # Errors
    /// If the name is none, or taken.
    pub fn add_texts(&mut self, table: TableHandle, name: &str) -> Result<ColumnHandle<str>> {
        let column = self.add_any(table, ColumnType::text(name))?;
        Ok(ColumnHandle::new(table.0 as usize, column))
    }

    /// Adds a column of any type; its index in the table.
    pub(crate) fn add_any(&mut self, table: TableHandle, mut kind: ColumnType) -> Result<usize> {
        let table = &mut self.tables[table.0 as usize];
        let path = path::full(&format!("{}/{}", table.path, kind.name))?;
        if kind.name.contains('/') {
            return Err(Error::Path {
                path: kind.name,
                reason: "a column's name has no '/' in it".into(),
            });
        }
        if table.find(&kind.name).is_some() {
            return Err(Error::Taken {
                path,
                hint: "give the new column another name".into(),
            });
        }
        if let Some(target) = &mut kind.target {
            *target = path::full(target)?;
            if kind.element != ElementType::I32 {
                return Err(Error::Type {
                    path,
                    found: kind.element,
                    asked: "i32, as references are".into(),
                });
            }
        }
        let values = Values::empty(kind.element);
        let mut column = Column { kind, values };
        column.fill_up(table.len());
        table.columns.push(column);
        Ok(table.columns.len() - 1)
    }

    pub(crate) fn find_table(&self, full_path: &str) -> Option<TableHandle> {
        let index = self.tables.iter().position(|table| table.path == full_path)?;
        Some(TableHandle(index as u32))
    }

    /// The table with a path.
    ///
    /// # Errors
    /// If there is none.
    pub fn table(&self, path: &str) -> Result<TableHandle> {
        let path = path::full(path)?;
        self.find_table(&path).ok_or_else(|| Error::Missing {
            hint: listing("the tables are", self.tables().map(|(path, _)| path)),
            path,
        })
    }

    /// Table and column with a path, of whatever type.
    pub(crate) fn find(&self, path: &str) -> Result<(TableHandle, usize)> {
        let (table, name) = path::column(path)?;
        let handle = self.table(&table)?;
        let table = &self.tables[handle.0 as usize];
        let column = table.find(&name).ok_or_else(|| Error::Missing {
            path: format!("{}/{name}", table.path),
            hint: listing("the columns are", self.columns(handle).map(|kind| kind.name.as_str())),
        })?;
        Ok((handle, column))
    }

    /// The column with a path, which holds `T`s.
    ///
    /// # Errors
    /// If there is none, or one of another type.
    pub fn handle<T: Element>(&self, path: &str) -> Result<ColumnHandle<T>> {
        let (table, column) = self.find(path)?;
        self.typed(table, column, T::TYPE)
    }

    /// The column with a path, which holds texts.
    ///
    /// # Errors
    /// If there is none, or one of another type.
    pub fn text_handle(&self, path: &str) -> Result<ColumnHandle<str>> {
        let (table, column) = self.find(path)?;
        self.typed(table, column, ElementType::Text)
    }

    pub(crate) fn typed<T: ?Sized>(
        &self,
        table: TableHandle,
        column: usize,
        asked: ElementType,
    ) -> Result<ColumnHandle<T>> {
        let inner = &self.tables[table.0 as usize];
        let found = inner.columns[column].kind.element;
        if found == asked {
            Ok(ColumnHandle::new(table.0 as usize, column))
        } else {
            Err(Error::Type {
                path: inner.column_path(column),
                found,
                asked: asked.name().into(),
            })
        }
    }

    /// The rows that an event has in a table, counted over the whole store.
    #[inline]
    pub fn rows(&self, table: TableHandle, event: usize) -> Range<usize> {
        self.tables[table.0 as usize].range(event)
    }

    /// Where events end in a table: rows of event `i` are `offsets[i]` to `offsets[i + 1]`.
    pub fn offsets(&self, table: TableHandle) -> &[u64] {
        &self.tables[table.0 as usize].offsets
    }

    /// The values of a column in an event.
    #[inline]
    pub fn get<T: Element>(&self, column: ColumnHandle<T>, event: usize) -> &[T] {
        let table = &self.tables[column.table as usize];
        let range = table.range(event);
        &elements::<T>(&table.columns[column.column as usize].values)[range]
    }

    /// The value of a column in an event, for tables with one row.
    ///
    /// # Panics
    /// If the event has no row.
    #[inline]
    pub fn value<T: Element>(&self, column: ColumnHandle<T>, event: usize) -> T {
        self.get(column, event)[0]
    }

    /// The values of a column in all events.
    #[inline]
    pub fn all<T: Element>(&self, column: ColumnHandle<T>) -> &[T] {
        elements::<T>(self.values(column))
    }

    /// The texts of a column in all events.
    pub fn texts(&self, column: ColumnHandle<str>) -> &Texts {
        match self.values(column) {
            Values::Text(texts) => texts,
            other => unreachable!("a handle of texts was made for {}", other.element()),
        }
    }

    /// The text of a column in an event, for tables with one row.
    ///
    /// # Panics
    /// If the event has no row.
    pub fn text(&self, column: ColumnHandle<str>, event: usize) -> &str {
        self.texts(column).get(self.rows(column.table(), event).start)
    }

    fn values<T: ?Sized>(&self, column: ColumnHandle<T>) -> &Values {
        &self.tables[column.table as usize].columns[column.column as usize].values
    }

    /// The values of a column of any type; none if they are texts.
    pub(crate) fn slice(&self, table: TableHandle, column: usize) -> Option<Slice<'_>> {
        self.tables[table.0 as usize].columns[column].values.slice()
    }

    /// All values of a column, to be appended to.
    #[inline]
    pub fn vec<T: Element>(&mut self, column: ColumnHandle<T>) -> &mut Vec<T> {
        let values = &mut self.tables[column.table as usize].columns[column.column as usize].values;
        let found = values.element();
        T::vec(values).unwrap_or_else(|| unreachable!("a handle of {} was made for {found}", T::TYPE))
    }

    /// Appends a value to a column of the event that has not ended yet.
    #[inline]
    pub fn push<T: Element>(&mut self, column: ColumnHandle<T>, value: T) {
        self.vec(column).push(value)
    }

    /// Appends a text to a column of the event that has not ended yet.
    pub fn push_text(&mut self, column: ColumnHandle<str>, text: &str) {
        match &mut self.tables[column.table as usize].columns[column.column as usize].values {
            Values::Text(texts) => texts.push(text),
            other => unreachable!("a handle of texts was made for {}", other.element()),
        }
    }

    /// A column to be read and one of another table to be written.
    pub(crate) fn two_columns(
        &mut self,
        from: (TableHandle, usize),
        into: (TableHandle, usize),
    ) -> (&Values, &mut Values) {
        let tables = [from.0.0 as usize, into.0.0 as usize];
        match self.tables.get_disjoint_mut(tables) {
            Ok([one, other]) => (&one.columns[from.1].values, &mut other.columns[into.1].values),
            Err(_) => unreachable!("they are two tables of this store"),
        }
    }

    /// Keeps the rows of a table, of all events, for which `keep` is true. Nothing may refer to them yet.
    pub(crate) fn retain_rows(&mut self, table: TableHandle, keep: &[bool]) {
        self.tables[table.0 as usize].retain(keep);
    }

    /// Ends an event in all tables.
    ///
    /// # Errors
    /// If the columns of a table have got different numbers of values, or those of a one-row table not one.
    pub fn end_event(&mut self) -> Result<()> {
        let number = self.number(self.events);
        for table in &mut self.tables {
            table.end_event(number)?;
        }
        self.events += 1;
        Ok(())
    }

    /// Removes all events, and keeps tables, columns and memory; the next event has this number in the job.
    pub fn clear(&mut self, first: u64) {
        self.events = 0;
        self.first = first;
        self.tables.iter_mut().for_each(Table::clear);
    }

    /// Whether all references refer to rows that are there.
    ///
    /// # Errors
    /// Names the first that does not.
    pub fn check_references(&self) -> Result<()> {
        // Tables that nobody has filled yet have no references.
        let filled = |table: &&Table| table.offsets.len() == self.events + 1;
        for table in self.tables.iter().filter(filled) {
            for (index, column) in table.columns.iter().enumerate() {
                let (Some(target), Values::I32(references)) = (&column.kind.target, &column.values) else {
                    continue;
                };
                let target = self.tables.iter().filter(filled).find(|other| other.path == *target);
                let Some(target) = target else { continue };
                for event in 0..self.events {
                    let rows = target.range(event).len();
                    let range = table.range(event);
                    let dangling = references[range].iter().find(|&&row| row < -1 || row >= rows as i32);
                    if let Some(&row) = dangling {
                        return Err(Error::Dangling {
                            path: table.column_path(index),
                            event: self.number(event),
                            index: row,
                            target: target.path.clone(),
                            rows,
                        });
                    }
                }
            }
        }
        Ok(())
    }
}

#[inline]
fn elements<T: Element>(values: &Values) -> &[T] {
    T::slice(values).unwrap_or_else(|| unreachable!("a handle of {} was made for {}", T::TYPE, values.element()))
}

/// What there is, for somebody who looked for something else.
pub(crate) fn listing<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 30;
    let mut names: Vec<&str> = names.take(SHOWN + 1).collect();
    if names.is_empty() {
        return "there are none at all".into();
    }
    if names.len() > SHOWN {
        names[SHOWN] = "…";
    }
    format!("{what} {}", names.join(", "))
}
