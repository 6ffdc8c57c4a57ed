//! What is to be computed: operations on columns, each once.

use super::kernels::{Binary, Compare, Logic, Unary};
use std::collections::HashMap;

/// For what a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// There is one for each event.
    Event,
    /// There is one for each row of this table of the caller's.
    Rows(usize),
}

/// The place of an operation among all; those it needs come before it.
pub(super) type Id = usize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Operation {
    /// A number, as its bits.
    Number(u64),
    Truth(bool),
    Column {
        slot: usize,
        level: Level,
        truth: bool,
    },
    /// The number of rows that each event has in this table.
    RowCount(usize),
    Unary(Unary, Id),
    Binary(Binary, Id, Id),
    Compare(Compare, Id, Id),
    Logic(Logic, Id, Id),
    Not(Id),
    Select(Id, Id, Id),
    Fold(Fold, Id),
}

/// How the rows of an event become one value.
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
pub(super) struct Node {
    pub operation: Operation,
    /// None of constants, which fit everywhere.
    pub level: Option<Level>,
    pub truth: bool,
    /// How many folds within one another it contains.
    pub depth: usize,
}

#[derive(Debug, Default)]
pub(super) struct Graph {
    pub nodes: Vec<Node>,
    known: HashMap<Operation, Id>,
}

impl Operation {
    pub fn needs(self) -> impl Iterator<Item = Id> {
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

impl Graph {
    pub fn number(&mut self, number: f64) -> Id {
        self.add(Operation::Number(number.to_bits()))
    }

    /// The operation, which may be there already; of constants, a constant.
    pub fn add(&mut self, operation: Operation) -> Id {
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
            // Rows are larger than events, which are spread over them.
            _ => (levels.max(), depth),
        };
        let truth = match operation {
            Operation::Column { truth, .. } => truth,
            Operation::Number(_) | Operation::RowCount(_) | Operation::Unary(..) | Operation::Binary(..) => false,
            Operation::Truth(_) | Operation::Compare(..) | Operation::Logic(..) | Operation::Not(_) => true,
            Operation::Select(_, yes, _) => self.nodes[yes].truth,
            Operation::Fold(fold, _) => fold.is_truth(),
        };
        self.nodes.push(Node {
            operation,
            level,
            truth,
            depth,
        });
        self.known.insert(operation, self.nodes.len() - 1);
        self.nodes.len() - 1
    }

    fn folded(&self, operation: Operation) -> Option<Operation> {
        let number = |id: Id| match self.nodes[id].operation {
            Operation::Number(bits) => Some(f64::from_bits(bits)),
            _ => None,
        };
        let truth = |id: Id| match self.nodes[id].operation {
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
                // All three, lest the level depend on the condition.
                let all_constant = self.nodes[yes].level.is_none() && self.nodes[no].level.is_none();
                let chosen = if truth(condition)? { yes } else { no };
                all_constant.then_some(self.nodes[chosen].operation)?
            }
            _ => return None,
        })
    }
}
