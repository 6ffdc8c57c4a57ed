//! Bound expressions, ready to be evaluated.

use super::graph::{Graph, Id, Level};
use super::machine::Machine;
use super::plan::{Plan, plan};
use crate::event::Slice;

/// The columns of a block of events. The module's page has an [example](super).
pub trait Data {
    /// How many events there are.
    fn events(&self) -> usize;

    /// The values of the column of this [slot](super::Source::slot): one for each event, or one for each row of all
    /// events. Numbers of any type will do for numbers. Where the source says truth values, numbers other than 0 are
    /// true; where it says numbers, `true` is 1.
    fn column(&self, slot: usize) -> Slice<'_>;

    /// Where the rows of each event start in the columns of this table: one number more than there are events,
    /// ascending from 0 to the number of all rows.
    fn offsets(&self, table: usize) -> &[u64];
}

/// An expression bound to columns, with the memory that its evaluation takes. The module's page has an
/// [example](super) that evaluates one.
///
/// ```
/// use gaudi_mpi::expression::{Expression, Level, Name, Source};
///
/// let mut columns = |_: &Name| Ok(Source { slot: 0, level: Level::Rows(4), truth: false });
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
    pub(super) fn new(graph: &Graph, whole: Id) -> Self {
        let plan = plan(graph, whole);
        Program {
            machine: Machine::new(&plan),
            plan,
            level: graph.nodes[whole].level.unwrap_or(Level::Event),
            truth: graph.nodes[whole].truth,
        }
    }

    /// Whether there will be a value for each event or for each row of a table. Constants are values of events.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Whether the values are truth values rather than numbers.
    pub fn is_truth(&self) -> bool {
        self.truth
    }

    /// Replaces what is in `out` by a number for each event or row; a truth value is 1 or 0.
    ///
    /// # Panics
    ///
    /// When a column or the offsets of a table do not have the length that they should have.
    pub fn evaluate(&mut self, data: &dyn Data, out: &mut Vec<f64>) {
        if !self.truth {
            return self.machine.run_numbers(&self.plan, data, out);
        }
        let mut truths = Vec::new();
        self.machine.run_truths(&self.plan, data, &mut truths);
        out.clear();
        out.extend(truths.into_iter().map(f64::from));
    }

    /// Replaces what is in `out` by a truth value for each event or row.
    ///
    /// # Panics
    ///
    /// When the expression [is not a truth value](Self::is_truth), or a column or the offsets of a table do not have
    /// the length that they should have.
    pub fn evaluate_truth(&mut self, data: &dyn Data, out: &mut Vec<bool>) {
        assert!(
            self.truth,
            "the expression has numbers and cannot be evaluated as truth values"
        );
        self.machine.run_truths(&self.plan, data, out);
    }
}
