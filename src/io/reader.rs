//! The reader: brings events of input files into a store.

use super::column::ColumnInput;
use super::error::{Error, Result};
use super::file::{EventFile, TableInput};
use super::selector::{InputFile, Segment};
use super::words::{kind_in_words, rows_in_words};
use crate::event::path;
use crate::event::{EventStore, Rows, TableHandle};
use std::ops::Range;
use std::sync::Arc;

/// Reads events of the input's files into a store; only those columns that somebody wants.
pub(crate) struct EventReader {
    files: Arc<Vec<InputFile>>,
    open: Option<OpenFile>,
    wanted: Vec<WantedTable>,
}

/// A table of the store that is filled from files.
struct WantedTable {
    handle: TableHandle,
    path: String,
    /// Files need not have it.
    optional: bool,
    columns: Vec<WantedColumn>,
}

struct WantedColumn {
    /// Its place in the table.
    index: usize,
    /// Files need not have it.
    optional: bool,
}

/// The file that was read from last.
struct OpenFile {
    index: u32,
    file: EventFile,
    /// One for each table wanted; none if this file does not have it.
    tables: Vec<Option<OpenTable>>,
}

struct OpenTable {
    table: TableInput,
    /// One for each column wanted; none if this file does not have it.
    columns: Vec<Option<ColumnInput>>,
}

impl EventReader {
    pub(crate) fn new(files: Arc<Vec<InputFile>>) -> Self {
        Self {
            files,
            open: None,
            wanted: Vec::new(),
        }
    }

    /// The files it reads from.
    pub(crate) fn files(&self) -> &[InputFile] {
        &self.files
    }

    /// Opens the file with this index, unless it is open.
    pub(crate) fn open(&mut self, index: u32) -> Result<&EventFile> {
        if self.open.as_ref().is_none_or(|open| open.index != index) {
            let nothing = || Error::Input("the job has no input files".into());
            let expected = self.files.get(index as usize).ok_or_else(nothing)?;
            if expected.path.as_os_str().is_empty() {
                return Err(nothing());
            }
            let file = EventFile::open(&expected.path)?;
            if file.events() != expected.events {
                return Err(Error::open(
                    &expected.path,
                    format!(
                        "it has {} events now, and had {} when the job began: it must not change meanwhile",
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
            None => unreachable!("it has just been opened"),
        }
    }

    /// The place in the store of a table of the open file, which is read from now on. None if the file has no such
    /// table.
    pub(crate) fn want_table(
        &mut self,
        store: &mut EventStore,
        path: &str,
        optional: bool,
    ) -> Result<Option<TableHandle>> {
        let path = path::full(path)?;
        if let Some(wanted) = self.wanted.iter().find(|wanted| wanted.path == path) {
            return Ok(Some(wanted.handle));
        }
        let Some(open) = &mut self.open else { return Ok(None) };
        let Some(table) = open.file.table(&path)? else {
            return Ok(None);
        };
        let handle = store.add_table(&path, table.rows)?;
        open.tables.clear();
        self.wanted.push(WantedTable {
            handle,
            path,
            optional,
            columns: Vec::new(),
        });
        Ok(Some(handle))
    }

    /// The place in the store of a column of the open file, which is read from now on; with the table that it refers
    /// to, if it does. None if the file has no such column.
    pub(crate) fn want_column(
        &mut self,
        store: &mut EventStore,
        path: &str,
        optional: bool,
    ) -> Result<Option<(TableHandle, usize)>> {
        let (table_path, name) = path::column(path)?;
        let Some(table) = self.want_table(store, &table_path, optional)? else {
            return Ok(None);
        };
        if let Some(index) = store.columns(table).position(|kind| kind.name == name) {
            if let Some(column) = self.wanted_column(table, index) {
                column.optional &= optional;
            }
            return Ok(Some((table, index)));
        }
        let Some(open) = &mut self.open else { return Ok(None) };
        let Some(input) = open.file.table(&table_path)? else {
            return Ok(None);
        };
        let Some(column) = input.column(&open.file, &name)? else {
            return Ok(None);
        };
        let kind = column.kind().clone();
        let target = kind.target.clone();
        let index = store.add_any(table, kind)?;
        open.tables.clear();
        if let Some(wanted) = self.wanted.iter_mut().find(|wanted| wanted.handle == table) {
            wanted.columns.push(WantedColumn { index, optional });
        }
        if let Some(target) = target {
            // To see whether references dangle takes the numbers of rows that they refer to.
            self.want_table(store, &target, true)?;
        }
        Ok(Some((table, index)))
    }

    /// What the open file has, for somebody who looked for something else.
    pub(crate) fn hint(&self, path: &str) -> Result<Error> {
        let Some(open) = &self.open else {
            return Ok(Error::Input("the job has no input files".into()));
        };
        let (table, _) = path::column(path)?;
        let hint = match open.file.table(&table)? {
            Some(table) => table.hint(),
            None => {
                let tables = open.file.list()?;
                crate::event::listing("its tables are", tables.iter().map(|(path, _)| path.as_str()))
            }
        };
        Ok(Error::Missing {
            file: open.file.path().into(),
            path: path::full(path)?,
            hint,
        })
    }

    /// Whether this table is filled from files.
    pub(crate) fn reads(&self, full_path: &str) -> bool {
        self.wanted.iter().any(|wanted| wanted.path == full_path)
    }

    /// The names of a table's columns in the open file.
    pub(crate) fn column_names(&self, table: &str) -> Vec<String> {
        let table = path::full(table)
            .ok()
            .and_then(|path| self.open.as_ref()?.file.table(&path).ok()?);
        table.map_or_else(Vec::new, |table| table.column_names())
    }

    /// Fills the store with events of a segment, `part` of it; tables that are not read from files are left without
    /// rows.
    pub(crate) fn load(&mut self, segment: &Segment, part: Range<u64>, store: &mut EventStore) -> Result<()> {
        let first = self.files[segment.file as usize].first;
        if self.files[segment.file as usize].path.as_os_str().is_empty() {
            // Events that are made, not read.
            store.clear(first + segment.first + part.start);
            store.events = (part.end - part.start) as usize;
            return Ok(());
        }
        self.open(segment.file)?;
        let Self { open, wanted, .. } = self;
        let Some(open) = open else {
            unreachable!("it has just been opened")
        };
        open.look_up(wanted, store)?;
        let events = segment.first + part.start..segment.first + part.end;
        store.clear(first + events.start);
        store.events = (part.end - part.start) as usize;
        for (wanted, input) in wanted.iter().zip(&mut open.tables) {
            let table = &mut store.tables[wanted.handle.0 as usize];
            let Some(input) = input else {
                let events = part.end - part.start;
                match table.rows {
                    Rows::Many => table.offsets.resize(events as usize + 1, 0),
                    Rows::One => {
                        table.offsets = (0..=events).collect();
                        for column in &wanted.columns {
                            table.columns[column.index].fill_up(events as usize);
                        }
                    }
                }
                continue;
            };
            let offsets = input.table.offsets(&open.file, events.clone())?;
            let rows = offsets[0]..offsets[offsets.len() - 1];
            for (wanted, column) in wanted.columns.iter().zip(&mut input.columns) {
                let into = &mut table.columns[wanted.index];
                match column {
                    Some(column) => column.load(&open.file, rows.clone(), &mut into.values)?,
                    None => into.fill_up((rows.end - rows.start) as usize),
                }
            }
            table.offsets.clear();
            table.offsets.extend(offsets.iter().map(|end| end - rows.start));
        }
        store.check_references().map_err(|error| {
            let file = &self.files[segment.file as usize].path;
            match error {
                crate::event::Error::Dangling { ref path, .. } => Error::content(file, &path.clone(), error),
                error => error.into(),
            }
        })
    }

    /// Whether the events of the open file have this table: those that algorithms make are always there.
    pub(crate) fn has(&self, full_path: &str) -> Result<bool> {
        match &self.open {
            Some(open) if self.reads(full_path) => Ok(open.file.has_table(full_path)),
            _ => Ok(true),
        }
    }

    /// Whether the events of the open file lack this column, although others may have it.
    pub(crate) fn lacks(&mut self, table: TableHandle, column: usize, path: &str) -> bool {
        if self.wanted_column(table, column).is_none() {
            return false;
        }
        self.open.as_ref().is_some_and(|open| !open.file.has_column(path))
    }

    /// A column that is read from files.
    fn wanted_column(&mut self, table: TableHandle, index: usize) -> Option<&mut WantedColumn> {
        let table = self.wanted.iter_mut().find(|wanted| wanted.handle == table)?;
        table.columns.iter_mut().find(|column| column.index == index)
    }

    /// The tables of the open file, with the names of their columns; none if there is no file.
    pub(crate) fn list(&self) -> Result<Vec<(String, Vec<String>)>> {
        self.open.as_ref().map_or(Ok(Vec::new()), |open| open.file.list())
    }

    /// Which file is open.
    pub(crate) fn opened(&self) -> Option<u32> {
        self.open.as_ref().map(|open| open.index)
    }
}

impl OpenFile {
    /// Opens all tables and columns that are wanted, if they are not open.
    fn look_up(&mut self, wanted: &[WantedTable], store: &EventStore) -> Result<()> {
        if self.tables.len() == wanted.len() {
            return Ok(());
        }
        self.tables.clear();
        for wanted in wanted {
            let missing = |path: &str, hint: String| {
                Err(Error::Missing {
                    file: self.file.path().into(),
                    path: path.into(),
                    hint,
                })
            };
            let Some(table) = self.file.table(&wanted.path)? else {
                if wanted.optional {
                    self.tables.push(None);
                    continue;
                }
                return missing(&wanted.path, "other files of the input do".into());
            };
            let in_store = &store.tables[wanted.handle.0 as usize];
            if table.rows != in_store.rows {
                return Err(Error::content(
                    self.file.path(),
                    &wanted.path,
                    format!(
                        "it has {}, but in another input {}",
                        rows_in_words(table.rows),
                        rows_in_words(in_store.rows)
                    ),
                ));
            }
            let mut columns = Vec::with_capacity(wanted.columns.len());
            for &WantedColumn { index, optional } in &wanted.columns {
                let kind = &in_store.columns[index].kind;
                let Some(column) = table.column(&self.file, &kind.name)? else {
                    if optional {
                        columns.push(None);
                        continue;
                    }
                    return missing(&in_store.column_path(index), "other files of the input do".into());
                };
                let other = column.kind();
                if other != kind {
                    return Err(Error::content(
                        self.file.path(),
                        &in_store.column_path(index),
                        format!(
                            "it holds {}, but in another input {}",
                            kind_in_words(other),
                            kind_in_words(kind)
                        ),
                    ));
                }
                columns.push(Some(column));
            }
            self.tables.push(Some(OpenTable { table, columns }));
        }
        Ok(())
    }
}
