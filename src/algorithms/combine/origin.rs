//! The tracks of a row: the rows in which its references end.

use crate::app::Setup;
use crate::error::Result;
use crate::event::{ColumnIndex, EventStore, Slice, TableHandle, path};

/// The numbering of tables in which references end.
#[derive(Default)]
pub(super) struct Origins {
    tables: Vec<String>,
}

/// The references of a table, followed to their ends.
pub(super) struct Origin {
    /// The number of the table, for rows without references.
    own: u64,
    next: Option<Next>,
}

struct Next {
    table: TableHandle,
    /// The columns of references, each with the table it refers to.
    columns: Vec<(ColumnIndex, Origin)>,
}

/// References to the same object in another table, not to its parts.
const SAME: [&str; 2] = ["track", "source"];

impl Origins {
    /// Follows the references of a table, recursively.
    ///
    /// # Errors
    /// If a column cannot be read.
    pub(super) fn of(&mut self, setup: &mut Setup, table: &str) -> Result<Origin> {
        self.follow(setup, &path::full(table)?, &mut Vec::new())
    }

    /// `seen` are the tables on the way to this one. A reference back to one of them is not followed.
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

/// Returns the column of references with this name, if any, and the table it refers to.
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
    /// Appends the rows in which the references of `row` end, each as one number; `row` itself if it has no references.
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
