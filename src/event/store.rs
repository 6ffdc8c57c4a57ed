//! The transient event store: its tables and columns, found by path.

use super::column_type::{ColumnType, Rows};
use super::error::{Error, Result, listing};
use super::handle::{ColumnHandle, ColumnIndex, TableHandle};
use super::path;
use super::table::{Column, Table};
use super::values::{Element, ElementType, Values};

/// The transient event store: the data of a chunk of events, in tables with paths such as `Rec/Track/Best`.
///
/// A table has either exactly one row or any number of rows per event; its columns hold numbers, booleans or strings.
/// In memory, a column is a single array for the whole chunk, and each event occupies a range of that array. A
/// reference is the index of a row within the event, so it stays valid when events are selected, merged or sent to
/// another rank.
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
/// // Two events: one with a vertex and two tracks from it, one with a track without a vertex.
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
    pub(super) events: usize,
    /// The job-wide number of the store's first event.
    pub(super) first: u64,
    pub(super) tables: Vec<Table>,
}

impl EventStore {
    /// Creates a store without tables or events.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of events.
    pub fn events(&self) -> usize {
        self.events
    }

    /// The job-wide number of an event; `event` counts from 0 within this store.
    pub fn number(&self, event: usize) -> u64 {
        self.first + event as u64
    }

    /// The full paths of all tables, in the order in which they were added.
    pub fn tables(&self) -> impl Iterator<Item = (&str, Rows)> {
        self.tables.iter().map(|table| (table.path.as_str(), table.rows))
    }

    /// The types of the columns of a table, in the order in which they were added.
    pub fn columns(&self, table: TableHandle) -> impl ExactSizeIterator<Item = &ColumnType> {
        self.tables[table.index()].columns.iter().map(|column| &column.kind)
    }

    /// Adds a table. Events already in the store get no rows in it, or, in a one-row table, one row of missing values.
    ///
    /// # Errors
    /// If the path is invalid or already in use.
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
        Ok(TableHandle::from_index(self.tables.len() - 1))
    }

    /// Adds a column of numbers or booleans to a table.
    ///
    /// # Errors
    /// If the name is invalid or already in use, if `T` is not the column's type, or if a reference column is not of
    /// type `i32`.
    pub fn add_column<T: Element>(&mut self, table: TableHandle, kind: ColumnType) -> Result<ColumnHandle<T>> {
        if kind.element != T::TYPE {
            return Err(Error::Type {
                path: format!("{}/{}", self.table_path(table), kind.name),
                found: kind.element,
                asked: T::TYPE.name().into(),
            });
        }
        let column = self.add_any(table, kind)?;
        Ok(ColumnHandle::new(table, column))
    }

    /// Adds a text column to a table.
    ///
    /// # Errors
    /// If the name is invalid or already in use.
    pub fn add_texts(&mut self, table: TableHandle, name: &str) -> Result<ColumnHandle<str>> {
        let column = self.add_any(table, ColumnType::text(name))?;
        Ok(ColumnHandle::new(table, column))
    }

    /// Adds a column of any type. Rows already in the table get missing values.
    ///
    /// # Errors
    /// The same as for [`add_column`](Self::add_column).
    pub(crate) fn add_any(&mut self, table: TableHandle, mut kind: ColumnType) -> Result<ColumnIndex> {
        let table = &mut self.tables[table.index()];
        let path = path::full(&format!("{}/{}", table.path, kind.name))?;
        if kind.name.contains('/') {
            return Err(Error::Path {
                path: kind.name,
                reason: "a column name cannot contain '/'".into(),
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
        Ok(ColumnIndex::new(table.columns.len() - 1))
    }

    /// Finds the table with this full path. Returns `None` if there is no such table.
    pub(crate) fn find_table(&self, full_path: &str) -> Option<TableHandle> {
        let index = self.tables.iter().position(|table| table.path == full_path)?;
        Some(TableHandle::from_index(index))
    }

    /// Finds the column with this name in a table. Returns `None` if there is no such column.
    pub(crate) fn find_column(&self, table: TableHandle, name: &str) -> Option<ColumnIndex> {
        self.tables[table.index()].find(name)
    }

    /// All tables, in the order in which they were added.
    pub(crate) fn handles(&self) -> impl ExactSizeIterator<Item = TableHandle> + use<> {
        (0..self.tables.len()).map(TableHandle::from_index)
    }

    /// All columns of a table, in the order in which they were added.
    pub(crate) fn column_indices(&self, table: TableHandle) -> impl ExactSizeIterator<Item = ColumnIndex> + use<> {
        (0..self.tables[table.index()].columns.len()).map(ColumnIndex::new)
    }

    /// The full path of a table.
    pub(crate) fn table_path(&self, table: TableHandle) -> &str {
        &self.tables[table.index()].path
    }

    /// The number of rows per event in a table.
    pub(crate) fn rows_per_event(&self, table: TableHandle) -> Rows {
        self.tables[table.index()].rows
    }

    /// The full path of a column.
    pub(crate) fn column_path(&self, table: TableHandle, column: ColumnIndex) -> String {
        self.tables[table.index()].column_path(column)
    }

    /// The name and type of a column.
    pub(crate) fn column_type(&self, table: TableHandle, column: ColumnIndex) -> &ColumnType {
        &self.tables[table.index()].columns[column.position()].kind
    }

    /// Looks up a table by its path.
    ///
    /// # Errors
    /// If the store has nothing of the kind at this path.
    pub fn table(&self, path: &str) -> Result<TableHandle> {
        let path = path::full(path)?;
        self.find_table(&path).ok_or_else(|| Error::Missing {
            hint: listing("the tables are", self.tables().map(|(path, _)| path)),
            path,
        })
    }

    /// Looks up a column of any type by its path.
    ///
    /// # Errors
    /// If the store has nothing of the kind at this path.
    pub(crate) fn find(&self, path: &str) -> Result<(TableHandle, ColumnIndex)> {
        let (table, name) = path::column(path)?;
        let handle = self.table(&table)?;
        let column = self.find_column(handle, &name).ok_or_else(|| Error::Missing {
            path: format!("{table}/{name}"),
            hint: listing("the columns are", self.columns(handle).map(|kind| kind.name.as_str())),
        })?;
        Ok((handle, column))
    }

    /// Looks up a column with elements of type `T` by its path.
    ///
    /// # Errors
    /// If there is no such column, or if it has a different type.
    pub fn handle<T: Element>(&self, path: &str) -> Result<ColumnHandle<T>> {
        let (table, column) = self.find(path)?;
        self.typed(table, column, T::TYPE)
    }

    /// Looks up a text column by its path.
    ///
    /// # Errors
    /// If there is no such column, or if it has a different type.
    pub fn text_handle(&self, path: &str) -> Result<ColumnHandle<str>> {
        let (table, column) = self.find(path)?;
        self.typed(table, column, ElementType::Text)
    }

    /// The typed handle of a column. `asked` is the element type that corresponds to `T`.
    ///
    /// # Errors
    /// If the column's elements are not of type `asked`.
    pub(crate) fn typed<T: ?Sized>(
        &self,
        table: TableHandle,
        column: ColumnIndex,
        asked: ElementType,
    ) -> Result<ColumnHandle<T>> {
        let found = self.column_type(table, column).element;
        if found == asked {
            Ok(ColumnHandle::new(table, column))
        } else {
            Err(Error::Type {
                path: self.column_path(table, column),
                found,
                asked: asked.name().into(),
            })
        }
    }

    /// Checks that every reference points to a row of its event. References to tables that are not in the store are
    /// not checked.
    ///
    /// # Errors
    /// If there is a dangling reference; the error describes the first one.
    pub fn check_references(&self) -> Result<()> {
        // Tables that have not been filled yet contain no references.
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
                            path: table.column_path(ColumnIndex::new(index)),
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
