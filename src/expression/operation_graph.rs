//! The operations of a bound expression as a graph in which equal operations share one node.

use super::columns::Level;
use super::kernels::{Binary, Compare, Logic, Unary};
use std::collections::HashMap;

/// The index of an operation in the graph. An operation's operands have smaller indices than the operation itself.
pub(super) type OperationId = usize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Operation {
    /// The bit pattern of a number.
    Number(u64),
    Truth(bool),
    Column {
        slot: usize,
        level: Level,
        truth: bool,
    },
    /// The number of each event's rows in this table.
    RowCount(usize),
    Unary(Unary, OperationId),
    Binary(Binary, OperationId, OperationId),
    Compare(Compare, OperationId, OperationId),
    Logic(Logic, OperationId, OperationId),
    Not(OperationId),
    Select(OperationId, OperationId, OperationId),
    Fold(Fold, OperationId),
}

/// The ways to fold the rows of an event into one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fold {
    Count,
    Sum,
    Any,
    All,
    Smallest,
    Largest,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct GraphNode {
    pub operation: Operation,
    /// `None` for constants, which have no level.
    pub level: Option<Level>,
    pub truth: bool,
    /// The number of folds on the longest chain of operands, including the operation itself.
    pub depth: usize,
}

#[derive(Debug, Default)]
pub(super) struct OperationGraph {
    pub nodes: Vec<GraphNode>,
    known: HashMap<Operation, OperationId>,
}

impl Operation {
    pub fn needs(self) -> impl Iterator<Item = OperationId> {
        let needs = match self {
            Self::Number(_) | Self::Truth(_) | Self::Column { .. } | Self::RowCount(_) => [None; 3],
            Self::Unary(_, x) | Self::Not(x) | Self::Fold(_, x) => [Some(x), None, None],
            Self::Binary(_, x, y) | Self::Compare(_, x, y) | Self::Logic(_, x, y) => [Some(x), Some(y), None],
            Self::Select(x, y, z) => [Some(x), Some(y), Some(z)],
        };
        needs.into_iter().flatten()
    }
}

impl Fold {
    pub fn is_truth(self) -> bool {
        matches!(self, Self::Any | Self::All)
    }
}

impl OperationGraph {
    pub fn number(&mut self, number: f64) -> OperationId {
        self.add(Operation::Number(number.to_bits()))
    }

    /// Adds an operation unless the graph already contains it. An operation on constants is replaced by its result.
    pub fn add(&mut self, operation: Operation) -> OperationId {
        let operation = self.folded(operation).unwrap_or(operation);
        if let Some(&id) = self.known.get(&operation) {
            return id;
        }
        let levels = operation.needs().filter_map(|id| self.nodes[id].level);
        let depth = operation.needs().map(|id| self.nodes[id].depth).max().unwrap_or(0);
        let (level, depth) = match operation {
            Operation::Column { level, .. } => (Some(level), 0),
            Operation::RowCount(_) => (Some(Level::Event), 0),
            Operation::Fold(..) => (Some(Level::Event), depth + 1),
            // `Level::Rows` compares greater than `Level::Event`, so the result has row level if any operand does;
            // event values are spread over the rows.
            _ => (levels.max(), depth),
        };
        let truth = match operation {
            Operation::Column { truth, .. } => truth,
            Operation::Number(_) | Operation::RowCount(_) | Operation::Unary(..) | Operation::Binary(..) => false,
            Operation::Truth(_) | Operation::Compare(..) | Operation::Logic(..) | Operation::Not(_) => true,
            Operation::Select(_, yes, _) => self.nodes[yes].truth,
            Operation::Fold(fold, _) => fold.is_truth(),
        };
        self.nodes.push(GraphNode {
            operation,
            level,
            truth,
            depth,
        });
        self.known.insert(operation, self.nodes.len() - 1);
        self.nodes.len() - 1
    }

    fn folded(&self, operation: Operation) -> Option<Operation> {
        let number = |id: OperationId| match self.nodes[id].operation {
            Operation::Number(bits) => Some(f64::from_bits(bits)),
            _ => None,
        };
        let truth = |id: OperationId| match self.nodes[id].operation {
            Operation::Truth(truth) => Some(truth),
            _ => None,
        };
        let of_number = |number: f64| Operation::Number(number.to_bits());
        Some(match operation {
            Operation::Unary(function, x) => of_number(function.of(number(x)?)),
            Operation::Binary(function, x, y) => of_number(function.of(number(x)?, number(y)?)),
            Operation::Compare(function, x, y) => Operation::Truth(function.of(number(x)?, number(y)?)),
            Operation::Logic(function, x, y) => Operation::Truth(function.of(truth(x)?, truth(y)?)),
            Operation::Not(x) => Operation::Truth(!truth(x)?),
            Operation::Select(condition, yes, no) => {
                // The conditional is evaluated here only if all three operands are constant; otherwise, its level would
                // depend on the condition's value.
                let all_constant = self.nodes[yes].level.is_none() && self.nodes[no].level.is_none();
                let chosen = if truth(condition)? { yes } else { no };
                all_constant.then_some(self.nodes[chosen].operation)?
            }
            _ => return None,
        })
    }
}
