//! Finds the tracks that a row is built from, by following the row's references to their final targets.

use crate::app::Setup;
use crate::error::Result;
use crate::event::{ColumnIndex, EventStore, Slice, TableHandle, path};

/// Assigns numbers to the tables in which chains of references end.
#[derive(Default)]
pub(super) struct Origins {
    tables: Vec<String>,
}

/// The references of a table, resolved to their final targets.
pub(super) struct Origin {
    /// The number of this table, used for rows without references.
    own: u64,
    next: Option<Next>,
}

struct Next {
    table: TableHandle,
    /// The reference columns, each with the resolved references of its target table.
    columns: Vec<(ColumnIndex, Origin)>,
}

/// Names of references to the same object in another table, as opposed to references to its parts.
const SAME: [&str; 2] = ["track", "source"];

impl Origins {
    /// Follows a table's references recursively.
    ///
    /// # Errors
    /// If a column cannot be read.
    pub(super) fn of(&mut self, setup: &mut Setup, table: &str) -> Result<Origin> {
        self.follow(setup, &path::full(table)?, &mut Vec::new())
    }

    /// `seen` lists the tables on the path to this one. A reference back to any of those tables is not followed.
    fn follow(&mut self, setup: &mut Setup, table: &str, seen: &mut Vec<String>) -> Result<Origin> {
        let own = match self.tables.iter().position(|known| known == table) {
            Some(known) => known,
            None => {
                self.tables.push(table.to_string());
                self.tables.len() - 1
            }
        };
        let mut origin = Origin {
            own: own as u64,
            next: None,
        };
        if seen.iter().any(|seen| seen == table) {
            return Ok(origin);
        }
        seen.push(table.to_string());
        let names = setup.column_names(table);
        let mut references = Vec::new();
        for number in 1.. {
            match reference(setup, table, &names, &format!("child{number}"))? {
                Some(child) => references.push(child),
                None => break,
            }
        }
        for name in SAME {
            if references.is_empty() {
                references.extend(reference(setup, table, &names, name)?);
            }
        }
        if let Some((handle, ..)) = references.first() {
            let handle = *handle;
            let mut columns = Vec::with_capacity(references.len());
            for (_, column, target) in references {
                columns.push((column, self.follow(setup, &target, seen)?));
            }
            origin.next = Some(Next { table: handle, columns });
        }
        seen.pop();
        Ok(origin)
    }
}

/// Returns the reference column with this name, if there is one, and the table it refers to.
fn reference(
    setup: &mut Setup,
    table: &str,
    names: &[String],
    name: &str,
) -> Result<Option<(TableHandle, ColumnIndex, String)>> {
    if !names.iter().any(|known| known == name) {
        return Ok(None);
    }
    let (handle, column) = setup.find(&format!("{table}/{name}"))?;
    let target = setup.kind(handle, column).target.clone();
    Ok(target.map(|target| (handle, column, target)))
}

impl Origin {
    /// Appends the final targets of the references of `row`, each encoded as a single number, or `row` itself if it has
    /// no references.
    ///
    /// # Errors
    /// If a reference leads to a row that does not exist.
    pub(super) fn append(&self, store: &EventStore, event: usize, row: usize, ends: &mut Vec<u64>) -> Result<()> {
        let before = ends.len();
        if let Some(Next { table, columns }) = &self.next {
            let rows = store.rows(*table, event);
            if row >= rows.len() {
                let path = store.table_path(*table);
                return Err(format!(
                    "event {}: a reference leads to row {row} of {path}, which has {}",
                    store.number(event),
                    rows.len()
                )
                .into());
            }
            for (column, origin) in columns {
                if let Some(Slice::I32(references)) = store.slice(*table, *column)
                    && let Ok(next) = usize::try_from(references[rows.start + row])
                {
                    origin.append(store, event, next, ends)?;
                }
            }
        }
        if ends.len() == before {
            ends.push(self.own << 32 | row as u64);
        }
        Ok(())
    }
}
