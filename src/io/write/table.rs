//! A table that is being written, with its columns and its full chunks.

use super::column::{ColumnOutput, FullChunk};
use crate::event::path::OFFSETS;
use crate::event::{ColumnType, EncodedTable, Rows};
use crate::io::error::Result;

/// A table of an event file that is being written.
pub(super) struct TableOutput {
    pub(super) path: String,
    pub(super) rows: Rows,
    /// The total number of rows so far.
    pub(super) length: u64,
    /// The event boundaries of a many-row table.
    offsets: Option<ColumnOutput>,
    pub(super) columns: Vec<ColumnOutput>,
}

/// A full chunk. Chunks are written in the order of their `event`, `table` and `column`.
pub(super) struct DueChunk {
    /// The event that completed the chunk, counted from 1 among the events being appended.
    pub(super) event: u64,
    pub(super) table: usize,
    /// The index of the column; `None` for the event boundaries.
    pub(super) column: Option<usize>,
    pub(super) chunk: FullChunk,
}

impl DueChunk {
    fn new(event: u64, table: usize, column: Option<usize>, chunk: FullChunk) -> Self {
        Self {
            event,
            table,
            column,
            chunk,
        }
    }
}

impl TableOutput {
    /// An empty table.
    pub(super) fn new(path: String, rows: Rows) -> Self {
        let offsets = (rows == Rows::Many).then(|| {
            let mut offsets = ColumnOutput::new(ColumnType::new::<u64>(OFFSETS));
            offsets.append_bytes(&0u64.to_ne_bytes(), |_| unreachable!("a chunk has more than one row"));
            offsets
        });
        Self {
            path,
            rows,
            length: 0,
            offsets,
            columns: Vec::new(),
        }
    }

    /// The indices of all columns, where `None` stands for the event boundaries.
    pub(super) fn outputs(&self) -> impl Iterator<Item = Option<usize>> + use<> {
        let offsets = self.offsets.as_ref().map(|_| None);
        offsets.into_iter().chain((0..self.columns.len()).map(Some))
    }

    /// The column with this index, or the event boundaries for `None`.
    pub(super) fn output(&mut self, column: Option<usize>) -> &mut ColumnOutput {
        match column {
            Some(column) => &mut self.columns[column],
            None => match &mut self.offsets {
                Some(offsets) => offsets,
                None => unreachable!("only many-row tables have event boundaries"),
            },
        }
    }

    /// Appends the rows of a table whose columns are all known. `index` is the index of this table.
    ///
    /// # Errors
    /// If encoded strings are invalid.
    pub(super) fn append(&mut self, index: usize, table: &EncodedTable, due: &mut Vec<DueChunk>) -> Result<()> {
        let before = self.length;
        let mut ends = Vec::new();
        if let Some(offsets) = &mut self.offsets {
            ends.extend(table.ends(before));
            let first = offsets.rows;
            offsets.append_bytes(bytemuck::cast_slice(&ends), |chunk| {
                due.push(DueChunk::new(chunk.end - first, index, None, chunk))
            });
        }
        let completing = |chunk: &FullChunk| match ends.is_empty() {
            true => chunk.end - before,
            false => ends.partition_point(|&end| end < chunk.end) as u64 + 1,
        };
        let mut added: Vec<bool> = vec![false; self.columns.len()];
        for column in &table.columns {
            let Some(place) = self
                .columns
                .iter()
                .position(|other| other.kind.name == column.kind.name)
            else {
                unreachable!("missing columns have been added")
            };
            added[place] = true;
            self.columns[place].append(column, |chunk| {
                due.push(DueChunk::new(completing(&chunk), index, Some(place), chunk))
            })?;
        }
        self.length += table.length;
        for (place, _) in added.iter().enumerate().filter(|(_, added)| !**added) {
            self.columns[place].append_missing(table.length, |chunk| {
                due.push(DueChunk::new(completing(&chunk), index, Some(place), chunk))
            });
        }
        Ok(())
    }

    /// Appends events that have no rows in this table, or, in a one-row table, one row of missing values.
    pub(super) fn pass_over(&mut self, index: usize, events: u64, due: &mut Vec<DueChunk>) {
        let length = self.length;
        match &mut self.offsets {
            Some(offsets) => {
                let first = offsets.rows;
                let ends = vec![length; events as usize];
                offsets.append_bytes(bytemuck::cast_slice(&ends), |chunk| {
                    due.push(DueChunk::new(chunk.end - first, index, None, chunk))
                });
            }
            None => {
                for (place, column) in self.columns.iter_mut().enumerate() {
                    column.append_missing(events, |chunk| {
                        due.push(DueChunk::new(chunk.end - length, index, Some(place), chunk))
                    });
                }
                self.length += events;
            }
        }
    }
}
