//! `Define`: adds a column computed by an expression.

use crate::app::prelude::*;
use crate::error::Result;
use crate::event::path;

/// Adds a column with the values of an expression. The column goes into an existing table, or into a new table with one
/// row per event.
///
/// ```
/// # gaudi_mpi::algorithms::register_all();
/// # let job = gaudi_mpi::app::JobConfig::parse(r#"
/// # input.events = 10
/// # [[algorithm]]
/// # type = "ToyDecays"
/// [[algorithm]]
/// type = "Define"
/// name = "Pt"
/// column = "Phys/Muons/pt"           # an existing table: one value per row
/// value = "hypot(px, py)"
/// unit = "MeV"
///
/// [[algorithm]]
/// type = "Define"
/// name = "Multiplicity"
/// column = "Phys/Summary/muons"      # a new table: one row per event
/// value = "count('Phys/Muons/px' > -1e9)"
/// # "#)?;
/// # gaudi_mpi::app::AppMgr::from_config(job).events(1)?.next()?;
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Define {
    /// The path of the new column.
    pub column: String,
    /// The expression. Numbers are stored as `f64`, truth values as `bool`. Plain names refer to columns of the same
    /// table.
    pub value: String,
    /// The unit of the values.
    #[serde(default)]
    pub unit: String,
    #[serde(skip)]
    bound: Option<Bound>,
}

struct Bound {
    formula: Formula,
    table: TableHandle,
    column: NewColumn,
    numbers: Vec<f64>,
    truths: Vec<bool>,
}

enum NewColumn {
    Number(ColumnHandle<f64>),
    Truth(ColumnHandle<bool>),
}

impl Algorithm for Define {
    fn initialize(&mut self, setup: &mut Setup) -> Result<()> {
        let (table_path, name) = path::column(&self.column)?;
        let exists = setup.has_table(&table_path);
        let scope = exists.then_some(table_path.as_str());
        let formula = setup.formula(&self.value, scope).map_err(|error| match exists {
            true => error,
            false => format!("{error}\n(There is no table {table_path}: it would be created, with one row per event.)")
                .into(),
        })?;
        let table = match exists {
            true => setup.read_table(&table_path)?,
            false => setup.create_table(&table_path, Rows::One)?,
        };
        let of_one_row = setup.rows_of(table) == Rows::One;
        match formula.table() {
            Some(rows) if rows != table => {
                return Err(format!(
                    "`{}` has a value per row of {}, not of {table_path}: reduce it to one value per event, with \
                     count, sum or the like",
                    self.value,
                    setup.table_path(rows),
                )
                .into());
            }
            _ => {}
        }
        let kind = |of: ColumnType| of.unit(&self.unit);
        let column = if formula.is_truth() {
            NewColumn::Truth(setup.create(table, kind(ColumnType::new::<bool>(&name)))?)
        } else {
            NewColumn::Number(setup.create(table, kind(ColumnType::new::<f64>(&name)))?)
        };
        debug_assert!(of_one_row || exists, "a new table has one row");
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
            NewColumn::Number(column) => {
                formula.numbers(block.store(), block.selected(), numbers);
                spread(block.store_mut(), *table, formula.table().is_some(), numbers, *column);
            }
            NewColumn::Truth(column) => {
                formula.truths(block.store(), block.selected(), truths);
                spread(block.store_mut(), *table, formula.table().is_some(), truths, *column);
            }
        }
        Ok(())
    }
}

/// Appends one value per row. If there is only one value per event, it is repeated for all rows of that event.
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
