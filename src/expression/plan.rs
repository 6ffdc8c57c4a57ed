//! In what order operations are done, and where their results are kept.
//!
//! A pass goes over all events, or over all rows of a table, in blocks. Folds of rows are results that a later pass
//! needs, and so are values of events that are to be spread over rows; those are kept in arrays as long as the events
//! are many. Everything else is in registers as long as a block.

use super::graph::{Fold, Graph, Id, Level, Operation};
use super::kernels::{Binary, Compare, Logic, Unary};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Where a step finds a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operand {
    Constant(f64),
    Register(usize),
    /// One of the pass's columns: itself if it has the right type, otherwise converted in a register.
    Column {
        column: usize,
        register: usize,
    },
    /// An array of the same length as the pass.
    Array(usize),
}

/// Something to be done for a block; the number is the register for the result.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Load {
        column: usize,
        truth: bool,
        register: usize,
    },
    Fill(bool, usize),
    RowCount(usize, usize),
    Spread {
        array: usize,
        truth: bool,
        register: usize,
    },
    Unary(Unary, Operand, usize),
    Binary(Binary, Operand, Operand, usize),
    Compare(Compare, Operand, Operand, usize),
    Logic(Logic, Operand, Operand, usize),
    Not(Operand, usize),
    Select([Operand; 3], usize),
    SelectTruth([Operand; 3], usize),
    /// Folds rows into an array of events.
    Fold(Fold, Operand, usize),
    /// Puts the values into an array of the pass's length.
    Store {
        from: Operand,
        truth: bool,
        array: usize,
    },
}

#[derive(Clone, Debug)]
pub(super) struct Pass {
    pub level: Level,
    /// The slots of the columns it uses.
    pub columns: Vec<usize>,
    pub steps: Vec<Step>,
}

/// Numbers and truth values are numbered apart, in registers and in arrays.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    pub numbers: usize,
    pub truths: usize,
}

impl Count {
    fn next(&mut self, truth: bool) -> usize {
        let count = if truth { &mut self.truths } else { &mut self.numbers };
        *count += 1;
        *count - 1
    }
}

#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub passes: Vec<Pass>,
    pub registers: Count,
    pub arrays: Count,
    /// The array of the whole's values.
    pub output: usize,
}

pub(super) fn plan(graph: &Graph, whole: Id) -> Plan {
    let kept = kept(graph, whole);
    let mut arrays = Count::default();
    let arrays_of: HashMap<Id, usize> = kept
        .iter()
        .map(|&id| (id, arrays.next(graph.nodes[id].truth)))
        .collect();

    // Events before rows at each depth, since values of events are spread over rows, and only folds lead back.
    let mut goals: BTreeMap<(usize, Level), BTreeSet<Id>> = BTreeMap::new();
    for &id in &kept {
        let node = match graph.nodes[id].operation {
            Operation::Fold(_, folded) => &graph.nodes[folded],
            _ => &graph.nodes[id],
        };
        goals
            .entry((node.depth, node.level.unwrap_or(Level::Event)))
            .or_default()
            .insert(id);
    }
    let mut registers = Count::default();
    let passes = goals.into_iter().map(|((_, level), goals)| {
        let mut builder = Builder {
            graph,
            arrays_of: &arrays_of,
            goals: &goals,
            level,
            columns: Vec::new(),
            steps: Vec::new(),
            operands: HashMap::new(),
            free: [Vec::new(), Vec::new()],
            registers: Count::default(),
        };
        builder.build();
        registers.numbers = registers.numbers.max(builder.registers.numbers);
        registers.truths = registers.truths.max(builder.registers.truths);
        Pass {
            level,
            columns: builder.columns,
            steps: builder.steps,
        }
    });
    let passes = passes.collect();
    Plan {
        passes,
        registers,
        arrays,
        output: arrays_of[&whole],
    }
}

/// What is kept in arrays: the whole, folds, and values of events that meet rows.
fn kept(graph: &Graph, whole: Id) -> BTreeSet<Id> {
    let mut kept = BTreeSet::from([whole]);
    let mut needed = BTreeSet::from([whole]);
    while let Some(id) = needed.pop_last() {
        let node = &graph.nodes[id];
        if matches!(node.operation, Operation::Fold(..)) {
            kept.insert(id);
        }
        for need in node.operation.needs() {
            let meets_rows = matches!(node.level, Some(Level::Rows(_)));
            if meets_rows && graph.nodes[need].level == Some(Level::Event) {
                kept.insert(need);
            }
            needed.insert(need);
        }
    }
    kept
}

struct Builder<'a> {
    graph: &'a Graph,
    arrays_of: &'a HashMap<Id, usize>,
    goals: &'a BTreeSet<Id>,
    level: Level,
    columns: Vec<usize>,
    steps: Vec<Step>,
    /// Where what was computed is.
    operands: HashMap<Id, Operand>,
    /// Registers that can be used again, of numbers and of truth values.
    free: [Vec<usize>; 2],
    registers: Count,
}

impl Builder<'_> {
    fn build(&mut self) {
        let order = self.order();
        // What is needed for the last time at each place.
        let mut last: HashMap<Id, Id> = HashMap::new();
        for &id in &order {
            self.needs(id).for_each(|need| _ = last.insert(need, id));
        }
        for &id in &order {
            self.compute(id);
            if self.goals.contains(&id) && self.operands.contains_key(&id) {
                let truth = self.graph.nodes[id].truth;
                let (from, array) = (self.operands[&id], self.arrays_of[&id]);
                self.steps.push(Step::Store { from, truth, array });
            }
            let mut done: Vec<Id> = self.needs(id).filter(|need| last[need] == id).collect();
            done.dedup();
            if !last.contains_key(&id) {
                done.push(id);
            }
            done.into_iter().for_each(|id| self.release(id));
        }
    }

    /// Whether another pass has put it into an array.
    fn is_given(&self, id: Id) -> bool {
        self.arrays_of.contains_key(&id) && !self.goals.contains(&id)
    }

    /// What this pass needs for it.
    fn needs(&self, id: Id) -> impl Iterator<Item = Id> + use<> {
        let given = self.is_given(id);
        self.graph.nodes[id].operation.needs().filter(move |_| !given)
    }

    /// All that this pass computes or reads, what is needed first.
    fn order(&self) -> BTreeSet<Id> {
        let mut order = BTreeSet::new();
        let mut needed: BTreeSet<Id> = self.goals.iter().copied().collect();
        while let Some(id) = needed.pop_last() {
            order.insert(id);
            needed.extend(self.needs(id));
        }
        order
    }

    fn register(&mut self, truth: bool) -> usize {
        match self.free[usize::from(truth)].pop() {
            Some(register) => register,
            None => self.registers.next(truth),
        }
    }

    fn release(&mut self, id: Id) {
        if let Some(Operand::Register(register) | Operand::Column { register, .. }) = self.operands.remove(&id) {
            self.free[usize::from(self.graph.nodes[id].truth)].push(register);
        }
    }

    fn column(&mut self, slot: usize) -> usize {
        let known = self.columns.iter().position(|&known| known == slot);
        known.unwrap_or_else(|| {
            self.columns.push(slot);
            self.columns.len() - 1
        })
    }

    fn compute(&mut self, id: Id) {
        let node = &self.graph.nodes[id];
        let truth = node.truth;
        if self.is_given(id) {
            let array = self.arrays_of[&id];
            let operand = match self.level {
                Level::Event => Operand::Array(array),
                Level::Rows(_) => {
                    let register = self.register(truth);
                    self.steps.push(Step::Spread { array, truth, register });
                    Operand::Register(register)
                }
            };
            self.operands.insert(id, operand);
            return;
        }
        let operand = |id: Id| self.operands[&id];
        let operation = node.operation;
        match operation {
            Operation::Number(bits) => {
                self.operands.insert(id, Operand::Constant(f64::from_bits(bits)));
                return;
            }
            Operation::Fold(fold, x) => {
                let step = Step::Fold(fold, operand(x), self.arrays_of[&id]);
                self.steps.push(step);
                return;
            }
            Operation::Column { slot, .. } => {
                let (column, register) = (self.column(slot), self.register(truth));
                self.steps.push(Step::Load {
                    column,
                    truth,
                    register,
                });
                self.operands.insert(id, Operand::Column { column, register });
                return;
            }
            _ => {}
        }
        let register = self.register(truth);
        let operand = |id: Id| self.operands[&id];
        let step = match operation {
            Operation::Truth(value) => Step::Fill(value, register),
            Operation::RowCount(table) => Step::RowCount(table, register),
            Operation::Unary(unary, x) => Step::Unary(unary, operand(x), register),
            Operation::Binary(binary, x, y) => Step::Binary(binary, operand(x), operand(y), register),
            Operation::Compare(compare, x, y) => Step::Compare(compare, operand(x), operand(y), register),
            Operation::Logic(logic, x, y) => Step::Logic(logic, operand(x), operand(y), register),
            Operation::Not(x) => Step::Not(operand(x), register),
            Operation::Select(x, y, z) if truth => Step::SelectTruth([x, y, z].map(operand), register),
            Operation::Select(x, y, z) => Step::Select([x, y, z].map(operand), register),
            Operation::Number(_) | Operation::Column { .. } | Operation::Fold(..) => unreachable!("dealt with above"),
        };
        self.steps.push(step);
        self.operands.insert(id, Operand::Register(register));
    }
}
