//! `Filter`: rejects events, or keeps rows of a table.

use crate::app::prelude::*;
use crate::error::Result;
use crate::event::{Element, Values, each_type};

/// Rejects events by a cut; or chooses the rows of a table that pass a cut, and rejects events with too few of them.
///
/// ```toml
/// [[algorithm]]
/// type = "Filter"
/// name = "GoodMuons"
/// table = "Phys/Muons"               # cuts on rows; without it, on events
/// cut = "pt > 500*MeV && track.chi2 < 3"
/// output = "Phys/GoodMuons"          # the rows that pass, with a reference `source` to where they come from
/// minimum = 2                        # events with fewer are rejected (default 1)
/// ```
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// What rows, or events, have to pass.
    pub cut: String,
    /// The table whose rows are meant by names in the cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// A table that gets the rows that pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Which columns the rows in `output` have; all of them, unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// Events with fewer rows that pass are rejected.
    #[serde(default = "one")]
    pub minimum: u64,
    /// Events with more are, too.
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
    copy: Option<Copy>,
    passed: Vec<bool>,
}

/// Rows of a table become rows of another.
struct Copy {
    from: TableHandle,
    into: TableHandle,
    /// Columns of both.
    columns: Vec<(usize, usize)>,
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
                "the cut `{}` is of rows of {}, not of {}: use count, sum or the like to make one value of them",
                self.cut,
                setup.table_path(other),
                setup.table_path(table)
            )
            .into());
        }
        let copy = match (&self.table, &self.output) {
            (_, None) => None,
            (None, Some(_)) => {
                return Err("'output' takes rows of a table: say which with 'table'".into());
            }
            (Some(table), Some(output)) => Some(Copy::new(setup, table, output, self.columns.as_deref())?),
        };
        if copy.is_some() && cut.table().is_none() {
            return Err(format!(
                "the cut `{}` is of events, not of rows: it chooses no rows for 'output'",
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

impl Copy {
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
            return Err(format!("{table} has one row an event: there is nothing to choose from").into());
        }
        let into = setup.create_table(output, Rows::Many)?;
        let mut columns = Vec::with_capacity(found.len());
        for (table, column) in found {
            let kind = setup.kind(table, column).clone();
            // Such a column would be taken for the one that is added now.
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

    /// Copies the rows of an event that passed; none if it was rejected before.
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

/// The column that says which row of the other table a row was.
const SOURCE: &str = "source";

/// Appends some elements of a column to another of the same type.
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
