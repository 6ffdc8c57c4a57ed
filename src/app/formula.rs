//! [`Formula`]: an expression over columns of the event store.

mod column_reference;
mod selected_events;

use super::setup::Setup;
use crate::error::Result;
use crate::event::{EventStore, TableHandle};
use crate::expression::{BoundColumn, Expression, ExpressionError, Level, Program};
use column_reference::{ColumnReference, Columns, find};
use selected_events::{Evaluated, SelectedEvents, values_of};

/// An expression bound to columns of the event store.
///
/// An unquoted name refers to a column of one table, the scope. Columns of other tables are written in quotes, such as
/// `'Rec/Header/run_number'`. References connect tables: `track.chi2` is the column `chi2` of the row that `track`
/// refers to. See [`expression`](crate::expression) for the language.
///
/// ```
/// use gaudi_mpi::app::prelude::*;
///
/// /// Rejects events without a fast muon.
/// #[derive(Serialize, Deserialize)]
/// struct FastMuon {
///     cut: String, // for example "pt > 500*MeV"
///     #[serde(skip)]
///     fast: Option<Formula>,
/// }
///
/// impl Algorithm for FastMuon {
///     fn initialize(&mut self, setup: &mut Setup) -> Result<()> {
///         self.fast = Some(setup.cut(&self.cut, Some("Phys/Muons"))?);
///         Ok(())
///     }
///     fn execute_block(&mut self, block: &mut EventBlock) -> Result<()> {
///         let Some(fast) = &mut self.fast else { return Ok(()) };
///         let muons = fast.table().expect("the cut has a value for each muon");
///         let mut is_fast = Vec::new();
///         fast.truths(block.store(), block.selected(), &mut is_fast);
///         for event in 0..block.events() {
///             let rows = block.store().rows(muons, event);
///             if !is_fast[rows].contains(&true) {
///                 block.reject(event);
///             }
///         }
///         Ok(())
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Formula {
    program: Program,
    columns: Vec<ColumnReference>,
    selected_events: SelectedEvents,
    /// The columns' values for the selected events.
    some: Vec<f64>,
}

impl Formula {
    /// Parses an expression and binds it to columns.
    pub(super) fn new(text: &str, scope: Option<&str>, setup: &mut Setup) -> Result<Self> {
        let mut columns = Vec::new();
        let bound = Expression::parse(text).and_then(|expression| {
            expression.bind(&mut |name| {
                let (column, truth) = find(name, scope, setup)?;
                let level = match column.many {
                    true => Level::Rows(column.table.index()),
                    false => Level::Event,
                };
                columns.push(column);
                let slot = columns.len() - 1;
                Ok(BoundColumn { slot, level, truth })
            })
        });
        Ok(Self {
            program: bound.map_err(|error| described(text, &error, setup))?,
            columns,
            selected_events: SelectedEvents::default(),
            some: Vec::new(),
        })
    }

    /// The table for which the formula has one value per row; `None` if it has one value per event.
    pub fn table(&self) -> Option<TableHandle> {
        match self.program.level() {
            Level::Event => None,
            Level::Rows(table) => Some(TableHandle::from_index(table)),
        }
    }

    /// Whether the values are truth values rather than numbers.
    pub fn is_truth(&self) -> bool {
        self.program.is_truth()
    }

    /// Evaluates the formula and fills `numbers` with a value for each event, or for each row of all events. Truth
    /// values become 0 or 1. The value is NaN for events that are not `selected`, and for their rows.
    pub fn numbers(&mut self, store: &EventStore, selected: &[bool], numbers: &mut Vec<f64>) {
        let table = self.table();
        let Self {
            program,
            columns,
            selected_events,
            some,
        } = self;
        match selected_events.choose(store, selected, columns, table) {
            Evaluated::All => program.evaluate(&Columns { store, columns }, numbers),
            Evaluated::Most => {
                program.evaluate(&Columns { store, columns }, numbers);
                for (event, _) in selected.iter().enumerate().filter(|(_, selected)| !**selected) {
                    numbers[values_of(store, table, event)].fill(f64::NAN);
                }
            }
            Evaluated::Selected => {
                program.evaluate(selected_events, some);
                selected_events.scatter(store, selected, table, some, f64::NAN, numbers);
            }
        }
    }

    /// Evaluates the formula and fills `truths` with a value for each event, or for each row of all events. The value
    /// is `false` for events that are not `selected`, and for their rows.
    ///
    /// # Panics
    /// If the formula's values are numbers.
    pub fn truths(&mut self, store: &EventStore, selected: &[bool], truths: &mut Vec<bool>) {
        let table = self.table();
        let Self {
            program,
            columns,
            selected_events,
            ..
        } = self;
        match selected_events.choose(store, selected, columns, table) {
            Evaluated::All => program.evaluate_truth(&Columns { store, columns }, truths),
            Evaluated::Most => {
                program.evaluate_truth(&Columns { store, columns }, truths);
                for (event, _) in selected.iter().enumerate().filter(|(_, selected)| !**selected) {
                    truths[values_of(store, table, event)].fill(false);
                }
            }
            Evaluated::Selected => {
                let mut some = Vec::new();
                program.evaluate_truth(selected_events, &mut some);
                selected_events.scatter(store, selected, table, &some, false, truths);
            }
        }
    }
}

impl Setup<'_> {
    /// Binds an expression to columns. Unquoted names refer to columns of the table `scope`.
    ///
    /// # Errors
    /// If the text is not an expression or a column does not exist. The message shows the error's position in the text.
    pub fn formula(&mut self, text: &str, scope: Option<&str>) -> Result<Formula> {
        Formula::new(text, scope, self)
    }

    /// Binds an expression whose values are truth values.
    ///
    /// # Errors
    /// As for [`formula`](Self::formula), and if the expression's values are numbers.
    pub fn cut(&mut self, text: &str, scope: Option<&str>) -> Result<Formula> {
        let formula = self.formula(text, scope)?;
        if formula.is_truth() {
            return Ok(formula);
        }
        let expression = Expression::parse(text)?;
        let error = expression.error("a cut needs a truth value, but this is a number: compare it with another number");
        Err(described(text, &error, self).into())
    }
}

/// Returns the message for an error in an expression. Also records the error and its position in the job file.
fn described(text: &str, error: &ExpressionError, setup: &mut Setup) -> String {
    let shown = error.to_string();
    setup.about_expression(text, error.span(), &shown, error.message());
    shown
}
