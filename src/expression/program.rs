//! A bound expression, ready for evaluation.

use super::columns::{EventColumns, Level};
use super::machine::Machine;
use super::operation_graph::{OperationGraph, OperationId};
use super::plan::{Plan, plan};

/// An expression bound to columns, with the working memory for its evaluation. See the [module](super) for an example.
///
/// ```
/// use gaudi_mpi::expression::{Expression, Level, Name, BoundColumn};
///
/// let mut columns = |_: &Name| Ok(BoundColumn { slot: 0, level: Level::Rows(4), truth: false });
/// let selected = Expression::parse("pt > 1")?.bind(&mut columns)?;
/// assert!(selected.is_truth());
/// assert_eq!(selected.level(), Level::Rows(4));
/// let how_many = Expression::parse("count(pt > 1)")?.bind(&mut columns)?;
/// assert!(!how_many.is_truth());
/// assert_eq!(how_many.level(), Level::Event);
/// # Ok::<(), gaudi_mpi::expression::ExpressionError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Program {
    plan: Plan,
    machine: Machine,
    level: Level,
    truth: bool,
}

impl Program {
    pub(super) fn new(graph: &OperationGraph, whole: OperationId) -> Self {
        let plan = plan(graph, whole);
        Program {
            machine: Machine::new(&plan),
            plan,
            level: graph.nodes[whole].level.unwrap_or(Level::Event),
            truth: graph.nodes[whole].truth,
        }
    }

    /// Whether the expression has a value for each event or for each row of a table. A constant has a value for each
    /// event.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Whether the expression's values are truth values rather than numbers.
    pub fn is_truth(&self) -> bool {
        self.truth
    }

    /// Evaluates the expression and fills `out` with a number for each event or row. Truth values become 1 or 0.
    ///
    /// # Panics
    ///
    /// If a column or the offsets of a table have the wrong length.
    pub fn evaluate(&mut self, data: &dyn EventColumns, out: &mut Vec<f64>) {
        if !self.truth {
            return self.machine.run_numbers(&self.plan, data, out);
        }
        let mut truths = Vec::new();
        self.machine.run_truths(&self.plan, data, &mut truths);
        out.clear();
        out.extend(truths.into_iter().map(f64::from));
    }

    /// Evaluates the expression and fills `out` with a truth value for each event or row.
    ///
    /// # Panics
    ///
    /// If the expression's values [are numbers](Self::is_truth), or a column or the offsets of a table have the wrong
    /// length.
    pub fn evaluate_truth(&mut self, data: &dyn EventColumns, out: &mut Vec<bool>) {
        assert!(self.truth, "the expression has numbers, not truth values");
        self.machine.run_truths(&self.plan, data, out);
    }
}
