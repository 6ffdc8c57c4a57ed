//! `Dump`: prints the first events.

use crate::app::prelude::*;
use crate::error::Result;
use crate::event::{ColumnIndex, Element, Values, each_type};
use std::fmt::Write;

/// Prints tables from the first events, in event order, on rank 0 at the end of the job.
///
/// ```
/// # gaudi_mpi::algorithms::register_all();
/// # let job = gaudi_mpi::app::JobConfig::parse(r#"
/// # input.events = 10
/// # [[algorithm]]
/// # type = "ToyDecays"
/// [[algorithm]]
/// type = "Dump"
/// tables = ["Rec/Header", "Phys/Muons"]
/// events = 3                         # of the input (default 1); rejected events are not printed
/// # "#)?;
/// # gaudi_mpi::app::AppMgr::from_config(job).events(1)?.next()?;
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dump {
    /// The paths of the tables.
    pub tables: Vec<String>,
    /// Only events numbered below this limit are printed.
    #[serde(default = "one")]
    pub events: u64,
    /// The maximum number of rows to print per table.
    #[serde(default = "ten")]
    pub rows: usize,
    #[serde(skip)]
    found: Vec<(TableHandle, Vec<ColumnIndex>)>,
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
        for &(table, ref columns) in &self.found {
            let rows = store.rows(table, event);
            let count = if rows.len() == 1 { "row" } else { "rows" };
            let _ = writeln!(text, "  {} ({} {count})", store.table_path(table), rows.len());
            let shown = rows.start..rows.end.min(rows.start + self.rows);
            let lines: Vec<Vec<String>> = columns
                .iter()
                .map(|&column| {
                    let kind = store.column_type(table, column);
                    let title = match kind.unit.as_str() {
                        "" => kind.name.clone(),
                        unit => format!("{} [{unit}]", kind.name),
                    };
                    std::iter::once(title)
                        .chain(shown.clone().map(|row| cell(store.values(table, column), row)))
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
