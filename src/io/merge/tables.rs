//! The tables and columns of several files together.

use crate::event::{ColumnType, EventStore, Rows};
use crate::io::error::{Error, Result};
use crate::io::file::EventFile;
use crate::io::words::{kind_in_words, rows_in_words};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// All tables of the files seen so far.
#[derive(Default)]
pub(super) struct Tables {
    tables: BTreeMap<String, Table>,
    /// The files, and how many events they have.
    files: Vec<(PathBuf, u64)>,
}

struct Table {
    rows: Rows,
    /// The files that have it, by their index.
    files: Vec<usize>,
    columns: BTreeMap<String, Column>,
}

struct Column {
    kind: ColumnType,
    files: Vec<usize>,
}

impl Tables {
    /// Adds those of a file.
    ///
    /// # Errors
    /// If one of them is of another type than in an earlier file.
    pub(super) fn add(&mut self, file: &EventFile) -> Result<()> {
        let index = self.files.len();
        self.files.push((file.path().into(), file.events()));
        for (path, names) in file.list()? {
            let Some(input) = file.table(&path)? else { continue };
            let table = self.tables.entry(path.clone()).or_insert_with(|| Table {
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
                let kind = input.column(file, &name)?.ok_or_else(gone)?.kind().clone();
                let column = table.columns.entry(name).or_insert_with(|| Column {
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

    /// A store without events that has all tables and columns, in the order of their names.
    pub(super) fn declared(&self) -> Result<EventStore> {
        let mut store = EventStore::new();
        for (path, table) in &self.tables {
            let handle = store.add_table(path, table.rows)?;
            for column in table.columns.values() {
                store.add_any(handle, column.kind.clone())?;
            }
        }
        Ok(store)
    }

    /// What only some of the files have, where values have to be made up for the others.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        for (path, table) in &self.tables {
            if table.rows == Rows::One
                && let Some(file) = self.first(|file| !table.files.contains(file))
            {
                remarks.push(format!(
                    "{} has no {path}: its events get rows that say nothing",
                    file.display()
                ));
                continue;
            }
            for (name, column) in &table.columns {
                let without = |file: &usize| table.files.contains(file) && !column.files.contains(file);
                if let Some(file) = self.first(without) {
                    remarks.push(format!(
                        "{} has no {path}/{name}: its rows get values that say nothing",
                        file.display()
                    ));
                }
            }
        }
        remarks
    }

    /// The first file with events of which this is true.
    fn first(&self, is_it: impl Fn(&usize) -> bool) -> Option<&PathBuf> {
        let (_, (path, _)) = self
            .files
            .iter()
            .enumerate()
            .find(|(index, (_, events))| *events > 0 && is_it(index))?;
        Some(path)
    }
}

fn conflict(file: &EventFile, path: &str, here: &str, first: Option<&PathBuf>, there: &str) -> Error {
    let other = first.map_or_else(|| "an earlier file".to_string(), |file| file.display().to_string());
    Error::content(
        file.path(),
        path,
        format!("it holds {here}, but in {other} {there}: they cannot be in one file"),
    )
}
