//! Handles: the positions of tables and columns in a store.

use std::fmt;
use std::marker::PhantomData;

/// The position of a table in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableHandle(u32);

impl Default for TableHandle {
    /// A placeholder that belongs to no table.
    fn default() -> Self {
        Self(u32::MAX)
    }
}

impl TableHandle {
    pub(crate) fn from_index(index: usize) -> Self {
        Self(index as u32)
    }

    /// The table's index among the tables of the store.
    #[inline]
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The position, within its table, of a column of any type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ColumnIndex(u32);

impl ColumnIndex {
    pub(super) fn new(position: usize) -> Self {
        Self(position as u32)
    }

    #[inline]
    pub(super) fn position(self) -> usize {
        self.0 as usize
    }
}

/// The position in a store of a column with elements of type `T`. Look up the handle once by path, then use it for
/// every event.
///
/// `T` is a number type, `bool` or `str`.
pub struct ColumnHandle<T: ?Sized> {
    table: TableHandle,
    column: ColumnIndex,
    element: PhantomData<fn() -> Box<T>>,
}

impl<T: ?Sized> Clone for ColumnHandle<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for ColumnHandle<T> {}

impl<T: ?Sized> Default for ColumnHandle<T> {
    /// A placeholder that belongs to no column.
    fn default() -> Self {
        Self::new(TableHandle::default(), ColumnIndex(u32::MAX))
    }
}

impl<T: ?Sized> fmt::Debug for ColumnHandle<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "ColumnHandle({}, {})", self.table.0, self.column.0)
    }
}

impl<T: ?Sized> ColumnHandle<T> {
    pub(super) fn new(table: TableHandle, column: ColumnIndex) -> Self {
        Self {
            table,
            column,
            element: PhantomData,
        }
    }

    /// The column's table.
    #[inline]
    pub fn table(&self) -> TableHandle {
        self.table
    }

    /// The column's position in its table.
    #[inline]
    pub(crate) fn index(&self) -> ColumnIndex {
        self.column
    }
}
