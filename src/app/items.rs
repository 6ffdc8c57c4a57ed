//! Item lists: which tables and columns an output stream writes.

use crate::error::Result;
use crate::event::{ColumnIndex, ColumnSelection, EventStore, Rows};
use crate::io::EventReader;
use globset::{GlobBuilder, GlobMatcher};
use std::path::Path;

/// Patterns of paths that are written, or not.
pub(super) struct ItemList {
    items: Vec<Item>,
    /// Nothing was chosen: everything is.
    everything: bool,
}

struct Item {
    pattern: String,
    matcher: GlobMatcher,
    optional: bool,
    excluded: bool,
    /// It matched something in the file that is open, or of an algorithm.
    found: bool,
}

impl ItemList {
    pub(super) fn new(items: &[String], optional: &[String]) -> Result<Self> {
        let item = |(pattern, optional): (&String, bool)| -> Result<Item> {
            let (excluded, path) = match pattern.strip_prefix('!') {
                Some(path) => (true, path),
                None => (false, pattern.as_str()),
            };
            let full = match path.strip_prefix("/Event") {
                Some(_) => path.to_string(),
                None => format!("/Event/{path}"),
            };
            let glob = GlobBuilder::new(&full)
                .literal_separator(true)
                .build()
                .map_err(|error| format!("item '{pattern}': {}", error.kind()))?;
            Ok(Item {
                pattern: pattern.clone(),
                matcher: glob.compile_matcher(),
                optional,
                excluded,
                found: false,
            })
        };
        let all = items
            .iter()
            .map(|item| (item, false))
            .chain(optional.iter().map(|item| (item, true)));
        let items = all.map(item).collect::<Result<Vec<_>>>()?;
        let everything = items.iter().all(|item| item.excluded);
        Ok(Self { items, everything })
    }

    /// Whether a column is written, or a table as a whole.
    fn takes(&mut self, table: &str, column: Option<&str>) -> bool {
        let path = column.map(|column| format!("{table}/{column}"));
        let mut taken = self.everything;
        for item in &mut self.items {
            let of_column = path.as_ref().is_some_and(|path| item.matcher.is_match(Path::new(path)));
            if of_column || item.matcher.is_match(Path::new(table)) {
                item.found = true;
                taken = !item.excluded;
            }
        }
        taken
    }

    /// Has all columns read that are written, and are in the file that is open; then says which columns of the store
    /// these and those of algorithms are.
    ///
    /// # Errors
    /// If an item that is not optional matches nothing, or a column refers to a table that is not written.
    pub(super) fn resolve(&mut self, store: &mut EventStore, reader: &mut EventReader) -> Result<ColumnSelection> {
        self.items.iter_mut().for_each(|item| item.found = false);
        for (table, columns) in reader.list()? {
            for column in columns {
                if self.takes(&table, Some(&column)) {
                    reader.want_column(store, &format!("{table}/{column}"), true)?;
                }
            }
            if self.takes(&table, None) {
                reader.want_table(store, &table, true)?;
            }
        }
        let mut selection = ColumnSelection::default();
        for table in store.handles() {
            let path = store.table_path(table);
            if !reader.has(path)? {
                continue;
            }
            let columns: Vec<ColumnIndex> = store
                .column_indices(table)
                .filter(|&column| !reader.lacks(table, column, &store.column_path(table, column)))
                .filter(|&column| self.takes(path, Some(&store.column_type(table, column).name)))
                .collect();
            // A table without columns that are written may be one that counts its rows alone.
            let counts_only = || store.rows_per_event(table) == Rows::Many && store.columns(table).len() == 0;
            if !columns.is_empty() || (counts_only() && self.takes(path, None)) {
                selection.tables.push((table, columns));
            }
        }
        // The order of tables in the file is that of their paths, and of columns that of their names: neither depends
        // on what else is done with them.
        selection
            .tables
            .sort_by(|a, b| store.table_path(a.0).cmp(store.table_path(b.0)));
        for (table, columns) in &mut selection.tables {
            let name = |column: ColumnIndex| &store.column_type(*table, column).name;
            columns.sort_by(|&a, &b| name(a).cmp(name(b)));
        }
        if let Some(item) = self.items.iter().find(|item| !item.found && !item.optional) {
            return Err(format!(
                "item '{}' matches no table and no column; put it under 'optional' if events may be without it",
                item.pattern
            )
            .into());
        }
        for (table, columns) in &selection.tables {
            for &column in columns {
                let Some(target) = &store.column_type(*table, column).target else {
                    continue;
                };
                let written = selection
                    .tables
                    .iter()
                    .any(|(other, _)| store.table_path(*other) == target);
                if !written && reader.has(target)? && store.find_table(target).is_some() {
                    let path = store.column_path(*table, column);
                    return Err(format!(
                        "{path} refers to {target}, which is not written: add '{target}' to the items, or leave the \
                         references out with '!{path}'"
                    )
                    .into());
                }
            }
        }
        Ok(selection)
    }
}
