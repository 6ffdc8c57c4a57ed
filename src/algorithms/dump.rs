//! `Dump`: prints tables of the first events.

use crate::app::prelude::*;
use crate::error::Result;
use crate::event::{Element, Values, each_type};
use std::fmt::Write;

/// Prints tables of the first events, on rank 0 at the end of the job, in the order of the events.
///
/// ```toml
/// [[algorithm]]
/// type = "Dump"
/// tables = ["Rec/Header", "Phys/B"]
/// events = 3                         # (default 1) of the events of the input, those that were not rejected before
/// ```
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dump {
    /// The tables.
    pub tables: Vec<String>,
    /// Events with a smaller number than this are printed.
    #[serde(default = "one")]
    pub events: u64,
    /// At most so many rows of a table.
    #[serde(default = "ten")]
    pub rows: usize,
    #[serde(skip)]
    found: Vec<(TableHandle, Vec<usize>)>,
}

fn one() -> u64 {
    1
}

fn ten() -> usize {
    10
}

impl Algorithm for Dump {
    fn initialize(&mut self, setup: &mut Setup) -> Result<()> {
        for table in &self.tables {
            let handle = setup.read_table(table)?;
            let mut columns = Vec::new();
            for name in setup.column_names(table) {
                columns.push(setup.find(&format!("{table}/{name}"))?.1);
            }
            self.found.push((handle, columns));
        }
        Ok(())
    }

    fn execute_block(&mut self, block: &mut EventBlock) -> Result<()> {
        for event in 0..block.events() {
            let number = block.store().number(event);
            if number >= self.events {
                break;
            }
            if block.selected()[event] {
                let text = self.text(block.store(), event);
                block.print(event, &text);
            }
        }
        Ok(())
    }
}

impl Dump {
    fn text(&self, store: &EventStore, event: usize) -> String {
        let mut text = format!("Event {}\n", store.number(event));
        for (handle, columns) in &self.found {
            let table = &store.tables[handle.0 as usize];
            let rows = table.range(event);
            let count = if rows.len() == 1 { "row" } else { "rows" };
            let _ = writeln!(text, "  {} ({} {count})", table.path, rows.len());
            let shown = rows.start..rows.end.min(rows.start + self.rows);
            let lines: Vec<Vec<String>> = columns
                .iter()
                .map(|&column| {
                    let column = &table.columns[column];
                    let title = match column.kind.unit.as_str() {
                        "" => column.kind.name.clone(),
                        unit => format!("{} [{unit}]", column.kind.name),
                    };
                    std::iter::once(title)
                        .chain(shown.clone().map(|row| cell(&column.values, row)))
                        .collect()
                })
                .collect();
            let width = |column: &Vec<String>| column.iter().map(|cell| cell.chars().count()).max().unwrap_or(0);
            let widths: Vec<usize> = lines.iter().map(width).collect();
            for line in 0..=shown.len() {
                let cells = lines
                    .iter()
                    .zip(&widths)
                    .map(|(column, width)| format!("{:>width$}", column[line]));
                let _ = writeln!(text, "    {}", cells.collect::<Vec<_>>().join("  "));
            }
            if shown.len() < rows.len() {
                let _ = writeln!(text, "    … and {} more", rows.len() - shown.len());
            }
        }
        text
    }
}

fn cell(values: &Values, row: usize) -> String {
    fn number<T: Element>(values: &[T], row: usize) -> String {
        format!("{:?}", values[row])
    }
    each_type!(values, values => number(values, row), texts => texts.get(row).to_string())
}
