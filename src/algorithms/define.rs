//! `Define`: a new column from an expression.

use crate::app::prelude::*;
use crate::error::Result;
use crate::event::path;

/// Adds a column whose values are those of an expression: to a table that is there, or to a new one with one row an
/// event.
///
/// ```toml
/// [[algorithm]]
/// type = "Define"
/// name = "Pt"
/// column = "Phys/Muons/pt"           # in a table that is there, a value for each row
/// value = "hypot(px, py)"
/// unit = "MeV"
///
/// [[algorithm]]
/// type = "Define"
/// name = "Multiplicity"
/// column = "Phys/Summary/muons"      # a new table, with one row
/// value = "count('Phys/Muons/px' > -1e9)"
/// ```
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Define {
    /// The path of the new column.
    pub column: String,
    /// Its values: numbers become `f64`, truth values `bool`. Names are those of columns of the same table.
    pub value: String,
    /// The unit of its values.
    #[serde(default)]
    pub unit: String,
    #[serde(skip)]
    bound: Option<Bound>,
}

struct Bound {
    formula: Formula,
    table: TableHandle,
    column: Kind,
    numbers: Vec<f64>,
    truths: Vec<bool>,
}

enum Kind {
    Number(ColumnHandle<f64>),
    Truth(ColumnHandle<bool>),
}

impl Algorithm for Define {
    fn initialize(&mut self, setup: &mut Setup) -> Result<()> {
        let (table_path, name) = path::column(&self.column)?;
        let is_there = setup.has_table(&table_path);
        let scope = is_there.then_some(table_path.as_str());
        let formula = setup.formula(&self.value, scope).map_err(|error| match is_there {
            true => error,
            false => {
                format!("{error}\n(There is no table {table_path}, so it would be made, with one row an event.)").into()
            }
        })?;
        let table = match is_there {
            true => setup.read_table(&table_path)?,
            false => setup.create_table(&table_path, Rows::One)?,
        };
        let of_one_row = setup.rows_of(table) == Rows::One;
        match formula.table() {
            Some(rows) if rows != table => {
                return Err(format!(
                    "`{}` has a value for each row of {}, which are not those of {table_path}: use count, sum or the \
                     like to make one value of them",
                    self.value,
                    setup.table_path(rows),
                )
                .into());
            }
            _ => {}
        }
        let kind = |of: ColumnType| of.unit(&self.unit);
        let column = if formula.is_truth() {
            Kind::Truth(setup.create(table, kind(ColumnType::new::<bool>(&name)))?)
        } else {
            Kind::Number(setup.create(table, kind(ColumnType::new::<f64>(&name)))?)
        };
        debug_assert!(of_one_row || is_there, "a new table has one row");
        self.bound = Some(Bound {
            formula,
            table,
            column,
            numbers: Vec::new(),
            truths: Vec::new(),
        });
        Ok(())
    }

    fn execute_block(&mut self, block: &mut EventBlock) -> Result<()> {
        let Some(Bound {
            formula,
            table,
            column,
            numbers,
            truths,
        }) = &mut self.bound
        else {
            return Ok(());
        };
        block.end_all_rows(*table);
        match column {
            Kind::Number(column) => {
                formula.numbers(block.store(), block.selected(), numbers);
                spread(block.store_mut(), *table, formula.table().is_some(), numbers, *column);
            }
            Kind::Truth(column) => {
                formula.truths(block.store(), block.selected(), truths);
                spread(block.store_mut(), *table, formula.table().is_some(), truths, *column);
            }
        }
        Ok(())
    }
}

/// Appends a value for each row: values of rows as they are, those of events to all their rows.
fn spread<T: crate::event::Element>(
    store: &mut EventStore,
    table: TableHandle,
    by_row: bool,
    values: &[T],
    column: ColumnHandle<T>,
) {
    if by_row {
        return store.vec(column).extend_from_slice(values);
    }
    for (event, value) in values.iter().enumerate() {
        let rows = store.rows(table, event).len();
        store.vec(column).extend(std::iter::repeat_n(*value, rows));
    }
}
