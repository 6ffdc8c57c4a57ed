//! Path patterns that select the tables and columns to write to an output.

use super::job_config::OutputConfig;
use super::job_text::{NOWHERE, PlacedError};
use super::job_value::JobValue;
use crate::event::{ColumnIndex, ColumnSelection, EventStore, Rows};
use crate::io::EventReader;
use globset::{GlobBuilder, GlobMatcher};
use std::ops::Range;
use std::path::Path;

/// An output's path patterns.
pub(super) struct PathPatterns {
    patterns: Vec<PathPattern>,
    /// Whether all paths are included by default, because no pattern includes any.
    everything: bool,
}

struct PathPattern {
    pattern: String,
    /// The pattern's position in the job's text.
    span: Range<usize>,
    matcher: GlobMatcher,
    optional: bool,
    excluded: bool,
    /// Whether the pattern matches a path in the open file or a path created by an algorithm.
    found: bool,
}

impl PathPatterns {
    /// Parses the patterns of an output. `value` is the output in the job file.
    pub(super) fn new(output: &OutputConfig, value: Option<&JobValue>) -> Result<Self, PlacedError> {
        let parse = |(pattern, optional): (&String, bool)| {
            let value = value.and_then(|value| value.find(&|text| text == pattern));
            let span = value.map_or(NOWHERE, |value| value.span.clone());
            let (excluded, path) = match pattern.strip_prefix('!') {
                Some(path) => (true, path),
                None => (false, pattern.as_str()),
            };
            let full = match path.strip_prefix("/Event") {
                Some(_) => path.to_string(),
                None => format!("/Event/{path}"),
            };
            match GlobBuilder::new(&full).literal_separator(true).build() {
                Ok(glob) => Ok(PathPattern {
                    pattern: pattern.clone(),
                    span,
                    matcher: glob.compile_matcher(),
                    optional,
                    excluded,
                    found: false,
                }),
                Err(error) => Err(PlacedError::new(
                    &span,
                    format!("pattern '{pattern}': {}", error.kind()),
                )),
            }
        };
        let required = output.items.iter().map(|pattern| (pattern, false));
        let optional = output.optional.iter().map(|pattern| (pattern, true));
        let patterns = required.chain(optional).map(parse).collect::<Result<Vec<_>, _>>()?;
        let everything = patterns.iter().all(|pattern| pattern.excluded);
        Ok(Self { patterns, everything })
    }

    /// Whether to write a column or, without a column, a whole table.
    fn takes(&mut self, table: &str, column: Option<&str>) -> bool {
        let path = column.map(|column| format!("{table}/{column}"));
        let mut taken = self.everything;
        for pattern in &mut self.patterns {
            let of_column = path
                .as_ref()
                .is_some_and(|path| pattern.matcher.is_match(Path::new(path)));
            if of_column || pattern.matcher.is_match(Path::new(table)) {
                pattern.found = true;
                taken = !pattern.excluded;
            }
        }
        taken
    }

    /// Requests the columns that are copied from the open file. Returns all columns to write, including the selected
    /// columns that algorithms create.
    ///
    /// # Errors
    /// If a non-optional pattern matches nothing, or a column refers to a table that is not written.
    pub(super) fn resolve(
        &mut self,
        store: &mut EventStore,
        reader: &mut EventReader,
    ) -> Result<ColumnSelection, PlacedError> {
        self.patterns.iter_mut().for_each(|pattern| pattern.found = false);
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
            // A table without columns still stores the number of rows per event.
            let counts_only = || store.rows_per_event(table) == Rows::Many && store.columns(table).len() == 0;
            if !columns.is_empty() || (counts_only() && self.takes(path, None)) {
                selection.tables.push((table, columns));
            }
        }
        // Tables are sorted by path and columns by name, so the file's contents do not depend on the order in which
        // columns were requested.
        selection
            .tables
            .sort_by(|a, b| store.table_path(a.0).cmp(store.table_path(b.0)));
        for (table, columns) in &mut selection.tables {
            let name = |column: ColumnIndex| &store.column_type(*table, column).name;
            columns.sort_by(|&a, &b| name(a).cmp(name(b)));
        }
        if let Some(unmatched) = self.patterns.iter().find(|pattern| !pattern.found && !pattern.optional) {
            let message = format!(
                "pattern '{}' matches no table and no column; move it to 'optional' if some files lack it",
                unmatched.pattern
            );
            return Err(PlacedError::new(&unmatched.span, message));
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
                    let message = format!(
                        "{path} refers to {target}, which is not written: add '{target}' to 'items', or exclude \
                             the references with '!{path}'"
                    );
                    return Err(PlacedError::new(&NOWHERE, message));
                }
            }
        }
        Ok(selection)
    }
}
