//! What a row is made of in the end: the tracks that it leads to along references.

use super::full_path;
use crate::app::Setup;
use crate::error::Result;
use crate::event::{ColumnIndex, EventStore, Slice, TableHandle};

/// The tables in which references end, by number.
#[derive(Default)]
pub(super) struct Origins {
    tables: Vec<String>,
}

/// Where the references of a table lead.
pub(super) struct Origin {
    /// The number of the table itself, for rows that lead nowhere.
    own: u64,
    next: Option<Next>,
}

struct Next {
    table: TableHandle,
    /// Columns of references, and where these lead.
    columns: Vec<(ColumnIndex, Origin)>,
}

/// References from a row to what it is, rather than to what it is made of: a track, or the same row of another table.
const SAME: [&str; 2] = ["track", "source"];

impl Origins {
    /// Follows the references of a table.
    ///
    /// # Errors
    /// If a column cannot be read.
    pub(super) fn of(&mut self, setup: &mut Setup, table: &str) -> Result<Origin> {
        self.follow(setup, &full_path(table)?, &mut Vec::new())
    }

    /// `seen` are the tables that have led here: references among them would lead round in circles.
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

/// A column of references of this name, and what it refers to.
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
    /// Appends the rows that a row of an event leads to, each as one number; the row itself if it leads nowhere.
    ///
    /// # Errors
    /// If a reference leads to a row that is not there.
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
