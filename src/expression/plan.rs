//! The evaluation plan, which determines the order of the operations and the storage locations of their results.
//!
//! A sweep processes all events, or all rows of a table, tile by tile. Two kinds of results are needed by later sweeps:
//! folds over rows, and event values that are spread over rows. These results are stored in arrays with one element per
//! event. All other results are kept in registers, which are only as long as one tile.

use super::columns::Level;
use super::kernels::{Binary, Compare, Logic, Unary};
use super::operation_graph::{Fold, Operation, OperationGraph, OperationId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Where an operand is stored.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operand {
    Constant(f64),
    Register(usize),
    /// A column at the level of the sweep, used in place if it has the right type and otherwise converted into the
    /// register.
    Column {
        column: usize,
        register: usize,
    },
    /// An array as long as the sweep.
    Array(usize),
}

/// An operation on a tile. The last field is the register or array for the result.
#[derive(Clone, Copy, Debug)]
pub(super) enum Instruction {
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
    /// Folds rows into an array with one element per event.
    Fold(Fold, Operand, usize),
    /// Copies the values to an array as long as the sweep.
    Store {
        from: Operand,
        truth: bool,
        array: usize,
    },
}

#[derive(Clone, Debug)]
pub(super) struct Sweep {
    pub level: Level,
    /// The slots of the columns that the sweep reads.
    pub columns: Vec<usize>,
    pub instructions: Vec<Instruction>,
}

/// The number of registers or arrays, counted separately for numbers and truth values.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StorageCount {
    pub numbers: usize,
    pub truths: usize,
}

impl StorageCount {
    fn next(&mut self, truth: bool) -> usize {
        let count = if truth { &mut self.truths } else { &mut self.numbers };
        *count += 1;
        *count - 1
    }
}

#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub sweeps: Vec<Sweep>,
    pub registers: StorageCount,
    pub arrays: StorageCount,
    /// The array that contains the values of the whole expression.
    pub output: usize,
}

pub(super) fn plan(graph: &OperationGraph, whole: OperationId) -> Plan {
    let kept = kept(graph, whole);
    let mut arrays = StorageCount::default();
    let arrays_of: HashMap<OperationId, usize> = kept
        .iter()
        .map(|&id| (id, arrays.next(graph.nodes[id].truth)))
        .collect();

    // At each depth, event sweeps come before row sweeps, because row sweeps use event values that are spread over
    // rows. Only folds turn row values into event values, which are used at the next depth.
    let mut goals: BTreeMap<(usize, Level), BTreeSet<OperationId>> = BTreeMap::new();
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
    let mut registers = StorageCount::default();
    let sweeps = goals.into_iter().map(|((_, level), goals)| {
        let mut builder = Builder {
            graph,
            arrays_of: &arrays_of,
            goals: &goals,
            level,
            columns: Vec::new(),
            instructions: Vec::new(),
            operands: HashMap::new(),
            free: [Vec::new(), Vec::new()],
            registers: StorageCount::default(),
        };
        builder.build();
        registers.numbers = registers.numbers.max(builder.registers.numbers);
        registers.truths = registers.truths.max(builder.registers.truths);
        Sweep {
            level,
            columns: builder.columns,
            instructions: builder.instructions,
        }
    });
    let sweeps = sweeps.collect();
    Plan {
        sweeps,
        registers,
        arrays,
        output: arrays_of[&whole],
    }
}

/// Returns the operations whose results are stored in arrays: the whole expression, folds, and event values that are
/// combined with rows.
fn kept(graph: &OperationGraph, whole: OperationId) -> BTreeSet<OperationId> {
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
    graph: &'a OperationGraph,
    arrays_of: &'a HashMap<OperationId, usize>,
    goals: &'a BTreeSet<OperationId>,
    level: Level,
    columns: Vec<usize>,
    instructions: Vec<Instruction>,
    /// The storage locations of the results computed so far.
    operands: HashMap<OperationId, Operand>,
    /// The free registers, listed separately for numbers and truth values.
    free: [Vec<usize>; 2],
    registers: StorageCount,
}

impl Builder<'_> {
    fn build(&mut self) {
        let order = self.order();
        // For each operand, find the last operation that reads it.
        let mut last: HashMap<OperationId, OperationId> = HashMap::new();
        for &id in &order {
            self.needs(id).for_each(|need| _ = last.insert(need, id));
        }
        for &id in &order {
            self.compute(id);
            if self.goals.contains(&id) && self.operands.contains_key(&id) {
                let truth = self.graph.nodes[id].truth;
                let (from, array) = (self.operands[&id], self.arrays_of[&id]);
                self.instructions.push(Instruction::Store { from, truth, array });
            }
            let mut done: Vec<OperationId> = self.needs(id).filter(|need| last[need] == id).collect();
            done.dedup();
            if !last.contains_key(&id) {
                done.push(id);
            }
            done.into_iter().for_each(|id| self.release(id));
        }
    }

    /// Whether an earlier sweep stored the result in an array.
    fn is_given(&self, id: OperationId) -> bool {
        self.arrays_of.contains_key(&id) && !self.goals.contains(&id)
    }

    /// The operands that this sweep must read for an operation; none if an earlier sweep stored the operation's result.
    fn needs(&self, id: OperationId) -> impl Iterator<Item = OperationId> + use<> {
        let given = self.is_given(id);
        self.graph.nodes[id].operation.needs().filter(move |_| !given)
    }

    /// Returns this sweep's operations, each after its operands.
    fn order(&self) -> BTreeSet<OperationId> {
        let mut order = BTreeSet::new();
        let mut needed: BTreeSet<OperationId> = self.goals.iter().copied().collect();
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

    fn release(&mut self, id: OperationId) {
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

    fn compute(&mut self, id: OperationId) {
        let node = &self.graph.nodes[id];
        let truth = node.truth;
        if self.is_given(id) {
            let array = self.arrays_of[&id];
            let operand = match self.level {
                Level::Event => Operand::Array(array),
                Level::Rows(_) => {
                    let register = self.register(truth);
                    self.instructions.push(Instruction::Spread { array, truth, register });
                    Operand::Register(register)
                }
            };
            self.operands.insert(id, operand);
            return;
        }
        let operand = |id: OperationId| self.operands[&id];
        let operation = node.operation;
        match operation {
            Operation::Number(bits) => {
                self.operands.insert(id, Operand::Constant(f64::from_bits(bits)));
                return;
            }
            Operation::Fold(fold, x) => {
                let instruction = Instruction::Fold(fold, operand(x), self.arrays_of[&id]);
                self.instructions.push(instruction);
                return;
            }
            Operation::Column { slot, .. } => {
                let (column, register) = (self.column(slot), self.register(truth));
                self.instructions.push(Instruction::Load {
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
        let operand = |id: OperationId| self.operands[&id];
        let instruction = match operation {
            Operation::Truth(value) => Instruction::Fill(value, register),
            Operation::RowCount(table) => Instruction::RowCount(table, register),
            Operation::Unary(unary, x) => Instruction::Unary(unary, operand(x), register),
            Operation::Binary(binary, x, y) => Instruction::Binary(binary, operand(x), operand(y), register),
            Operation::Compare(compare, x, y) => Instruction::Compare(compare, operand(x), operand(y), register),
            Operation::Logic(logic, x, y) => Instruction::Logic(logic, operand(x), operand(y), register),
            Operation::Not(x) => Instruction::Not(operand(x), register),
            Operation::Select(x, y, z) if truth => Instruction::SelectTruth([x, y, z].map(operand), register),
            Operation::Select(x, y, z) => Instruction::Select([x, y, z].map(operand), register),
            Operation::Number(_) | Operation::Column { .. } | Operation::Fold(..) => unreachable!("handled above"),
        };
        self.instructions.push(instruction);
        self.operands.insert(id, Operand::Register(register));
    }
}
