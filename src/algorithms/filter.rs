//! `Filter`: rejects events, or selects rows from a table.

use crate::app::prelude::*;
use crate::error::Result;
use crate::event::{ColumnIndex, Element, Values, each_type};

/// Applies a cut to events and rejects those that fail, or applies a cut to the rows of a table and rejects events with
/// too few passing rows.
///
/// ```
/// # gaudi_mpi::algorithms::register_all();
/// # let job = gaudi_mpi::app::JobConfig::parse(r#"
/// # input.events = 10
/// # [[algorithm]]
/// # type = "ToyDecays"
/// [[algorithm]]
/// type = "Filter"
/// name = "GoodMuons"
/// table = "Phys/Muons"               # the cut is on its rows; without a table, on events
/// cut = "hypot(px, py) > 500*MeV && track.chi2 < 3"
/// output = "Phys/GoodMuons"          # the rows that pass, with a reference `source` to the original row
/// minimum = 2                        # events with fewer rows are rejected (default 1)
/// # "#)?;
/// # gaudi_mpi::app::AppMgr::from_config(job).events(1)?.next()?;
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// The cut, applied to the rows of `table`, or to events if `table` is not set.
    pub cut: String,
    /// The table that contains the columns used in the cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The path of the new table, which contains the passing rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// The columns to copy to `output`. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// Events with fewer passing rows than this are rejected. Default: 1.
    #[serde(default = "one")]
    pub minimum: u64,
    /// Events with more passing rows than this are rejected. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<u64>,
    #[serde(skip)]
    bound: Option<Bound>,
}

fn one() -> u64 {
    1
}

struct Bound {
    cut: Formula,
    copy: Option<RowCopy>,
    passed: Vec<bool>,
}

/// Copies rows from one table to another.
struct RowCopy {
    from: TableHandle,
    into: TableHandle,
    /// Pairs of columns: one in the original table, one in the new table.
    columns: Vec<(ColumnIndex, ColumnIndex)>,
    source: ColumnHandle<i32>,
}

impl Algorithm for Filter {
    fn initialize(&mut self, setup: &mut Setup) -> Result<()> {
        let table = self.table.as_ref().map(|table| setup.read_table(table)).transpose()?;
        let cut = setup.cut(&self.cut, self.table.as_deref())?;
        if let (Some(table), Some(other)) = (table, cut.table())
            && table != other
        {
            return Err(format!(
                "the cut `{}` has a value per row of {}, not of {}: reduce it to one value per event, with count, sum \
                 or the like",
                self.cut,
                setup.table_path(other),
                setup.table_path(table)
            )
            .into());
        }
        let copy = match (&self.table, &self.output) {
            (_, None) => None,
            (None, Some(_)) => {
                return Err("'output' takes rows of a table: name the table with 'table'".into());
            }
            (Some(table), Some(output)) => Some(RowCopy::new(setup, table, output, self.columns.as_deref())?),
        };
        if copy.is_some() && cut.table().is_none() {
            return Err(format!(
                "the cut `{}` is on events, not on rows: it selects no rows for 'output'",
                self.cut
            )
            .into());
        }
        self.bound = Some(Bound {
            cut,
            copy,
            passed: Vec::new(),
        });
        Ok(())
    }

    fn execute_block(&mut self, block: &mut EventBlock) -> Result<()> {
        let Some(Bound { cut, copy, passed }) = &mut self.bound else {
            return Ok(());
        };
        cut.truths(block.store(), block.selected(), passed);
        for event in 0..block.events() {
            let selected = block.selected()[event];
            if selected {
                let number = match cut.table() {
                    None => u64::from(passed[event]),
                    Some(table) => {
                        let rows = block.store().rows(table, event);
                        passed[rows].iter().filter(|passed| **passed).count() as u64
                    }
                };
                if number < self.minimum || self.maximum.is_some_and(|maximum| number > maximum) {
                    block.reject(event);
                }
            }
            if let Some(copy) = copy {
                copy.rows(block, event, selected.then_some(passed.as_slice()))?;
            }
        }
        Ok(())
    }
}

impl RowCopy {
    fn new(setup: &mut Setup, table: &str, output: &str, columns: Option<&[String]>) -> Result<Self> {
        let names = match columns {
            Some(names) => names.to_vec(),
            None => setup.column_names(table),
        };
        let mut found = Vec::with_capacity(names.len());
        for name in &names {
            found.push(setup.find(&format!("{table}/{name}"))?);
        }
        let from = setup.read_table(table)?;
        if setup.rows_of(from) != Rows::Many {
            return Err(format!("{table} has one row per event: there are no rows to select").into());
        }
        let into = setup.create_table(output, Rows::Many)?;
        let mut columns = Vec::with_capacity(found.len());
        for (table, column) in found {
            let kind = setup.kind(table, column).clone();
            // A copy of this column would collide with the reference added below.
            if kind.name != SOURCE {
                columns.push((column, setup.create_any(into, kind)?));
            }
        }
        let source = setup.create(into, ColumnType::reference(SOURCE, table))?;
        Ok(Self {
            from,
            into,
            columns,
            source,
        })
    }

    /// Copies an event's passing rows. If `passed` is `None`, the event was rejected, and no rows are copied.
    fn rows(&self, block: &mut EventBlock, event: usize, passed: Option<&[bool]>) -> Result<()> {
        let rows = block.store().rows(self.from, event);
        let chosen = || rows.clone().filter(|row| passed.is_some_and(|passed| passed[*row]));
        for &(from, into) in &self.columns {
            let (from, into) = block.store_mut().two_columns((self.from, from), (self.into, into));
            copy(from, into, chosen());
        }
        let source = block.store_mut().vec(self.source);
        source.extend(chosen().map(|row| (row - rows.start) as i32));
        block.end_rows(self.into, event)
    }
}

/// The column that refers to the original row.
const SOURCE: &str = "source";

/// Appends the elements at the indices `rows` to a column of the same type.
fn copy(from: &Values, into: &mut Values, rows: impl Iterator<Item = usize>) {
    fn elements<T: Element>(from: &[T], into: &mut Values, rows: impl Iterator<Item = usize>) {
        if let Some(into) = T::vec(into) {
            into.extend(rows.map(|row| from[row]));
        }
    }
    match (from, into) {
        (Values::Text(from), Values::Text(into)) => rows.for_each(|row| into.push(from.get(row))),
        (from, into) => each_type!(from, from => elements(from, into, rows), _texts => ()),
    }
}
