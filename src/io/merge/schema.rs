//! The common schema of several files: all their tables and columns.

use crate::event::{ColumnType, EventStore, Rows};
use crate::io::error::{Error, Result};
use crate::io::read::EventFile;
use crate::io::words::{kind_in_words, rows_in_words};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The tables and columns of all files added so far.
#[derive(Default)]
pub(super) struct MergedSchema {
    tables: BTreeMap<String, MergedTable>,
    /// The files, with their numbers of events.
    files: Vec<(PathBuf, u64)>,
}

struct MergedTable {
    rows: Rows,
    /// The indices of the files that have the table.
    files: Vec<usize>,
    columns: BTreeMap<String, MergedColumn>,
}

struct MergedColumn {
    kind: ColumnType,
    /// The indices of the files that have the column.
    files: Vec<usize>,
}

impl MergedSchema {
    /// Adds the tables and columns of a file.
    ///
    /// # Errors
    /// If the type of a table or column differs from that in an earlier file, or if it cannot be read.
    pub(super) fn add(&mut self, file: &EventFile) -> Result<()> {
        let index = self.files.len();
        self.files.push((file.path().into(), file.events()));
        for (path, names) in file.list()? {
            let Some(input) = file.table(&path)? else { continue };
            let table = self.tables.entry(path.clone()).or_insert_with(|| MergedTable {
                rows: input.rows,
                files: Vec::new(),
                columns: BTreeMap::new(),
            });
            if table.rows != input.rows {
                let first = table.files.first().map(|&file| &self.files[file].0);
                return Err(conflict(
                    file,
                    &path,
                    rows_in_words(input.rows),
                    first,
                    rows_in_words(table.rows),
                ));
            }
            table.files.push(index);
            for name in names {
                let column_path = format!("{path}/{name}");
                let gone = || Error::content(file.path(), &column_path, "it is neither a table nor a column");
                let kind = input.column(file, &name)?.ok_or_else(gone)?.kind;
                let column = table.columns.entry(name).or_insert_with(|| MergedColumn {
                    kind: kind.clone(),
                    files: Vec::new(),
                });
                if column.kind != kind {
                    let first = column.files.first().map(|&file| &self.files[file].0);
                    let (here, there) = (kind_in_words(&kind), kind_in_words(&column.kind));
                    return Err(conflict(file, &column_path, &here, first, &there));
                }
                column.files.push(index);
            }
        }
        Ok(())
    }

    /// Creates a store that contains all tables and columns, sorted by name, but no events.
    ///
    /// # Errors
    /// If a name in a file is not allowed.
    pub(super) fn empty_store(&self) -> Result<EventStore> {
        let mut store = EventStore::new();
        for (path, table) in &self.tables {
            let handle = store.add_table(path, table.rows)?;
            for column in table.columns.values() {
                store.add_any(handle, column.kind.clone())?;
            }
        }
        Ok(store)
    }

    /// Remarks about tables and columns that some files lack. In these tables and columns, the events from such files
    /// get no rows or missing values.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        for (path, table) in &self.tables {
            if table.rows == Rows::One
                && let Some(file) = self.first(|file| !table.files.contains(file))
            {
                remarks.push(format!(
                    "{} has no {path}: its events get rows of missing values",
                    file.display()
                ));
                continue;
            }
            for (name, column) in &table.columns {
                let without = |file: &usize| table.files.contains(file) && !column.files.contains(file);
                if let Some(file) = self.first(without) {
                    remarks.push(format!(
                        "{} has no {path}/{name}: its rows get missing values",
                        file.display()
                    ));
                }
            }
        }
        remarks
    }

    /// The first file that has events and whose index satisfies the condition.
    fn first(&self, matches: impl Fn(&usize) -> bool) -> Option<&PathBuf> {
        let (_, (path, _)) = self
            .files
            .iter()
            .enumerate()
            .find(|(index, (_, events))| *events > 0 && matches(index))?;
        Some(path)
    }
}

fn conflict(file: &EventFile, path: &str, here: &str, first: Option<&PathBuf>, there: &str) -> Error {
    let other = first.map_or_else(|| "an earlier file".to_string(), |file| file.display().to_string());
    Error::content(
        file.path(),
        path,
        format!("it holds {here}, but in {other} {there}: these files cannot be merged"),
    )
}
