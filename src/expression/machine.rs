//! The evaluation of a plan: one step after another for a block of elements, which stay in the nearest cache.

use super::graph::{Fold, Level};
use super::kernels::{self, Numbers};
use super::plan::{Operand, Pass, Plan, Step};
use super::program::Data;
use crate::event::Slice;
use std::mem::{swap, take};
use std::ops::Range;

/// The elements of a block. With more, registers leave the nearest cache; with fewer, the steps' own cost shows.
pub(super) const BLOCK: usize = 1024;

#[derive(Clone, Debug)]
pub(super) struct Machine {
    numbers: Vec<Vec<f64>>,
    truths: Vec<Vec<bool>>,
    number_arrays: Vec<Vec<f64>>,
    truth_arrays: Vec<Vec<bool>>,
}

/// What a pass is about to do next.
struct Block<'a> {
    data: &'a dyn Data,
    columns: &'a [Slice<'a>],
    /// The events' or rows' numbers.
    range: Range<usize>,
    /// Where the events' rows start, and the event of the block's first row; unless this is a pass over events.
    offsets: &'a [u64],
    first_event: usize,
}

impl Block<'_> {
    /// The events of the block's rows, with the places of their rows in the block.
    fn events(&self) -> impl Iterator<Item = (usize, Range<usize>)> {
        let Range { start, end } = self.range;
        let bounds = self.offsets[self.first_event..].windows(2);
        let bounds = bounds.map(|pair| (pair[0] as usize, pair[1] as usize)).enumerate();
        bounds
            .take_while(move |(_, (first, _))| *first < end)
            .map(move |(event, (first, last))| {
                (
                    self.first_event + event,
                    first.max(start) - start..last.min(end) - start,
                )
            })
    }
}

impl Machine {
    pub fn new(plan: &Plan) -> Self {
        Machine {
            numbers: vec![vec![0.0; BLOCK]; plan.registers.numbers],
            truths: vec![vec![false; BLOCK]; plan.registers.truths],
            number_arrays: vec![Vec::new(); plan.arrays.numbers],
            truth_arrays: vec![Vec::new(); plan.arrays.truths],
        }
    }

    pub fn run_numbers(&mut self, plan: &Plan, data: &dyn Data, out: &mut Vec<f64>) {
        swap(out, &mut self.number_arrays[plan.output]);
        plan.passes.iter().for_each(|pass| self.pass(pass, data));
        swap(out, &mut self.number_arrays[plan.output]);
    }

    pub fn run_truths(&mut self, plan: &Plan, data: &dyn Data, out: &mut Vec<bool>) {
        swap(out, &mut self.truth_arrays[plan.output]);
        plan.passes.iter().for_each(|pass| self.pass(pass, data));
        swap(out, &mut self.truth_arrays[plan.output]);
    }

    fn pass(&mut self, pass: &Pass, data: &dyn Data) {
        let events = data.events();
        let (length, offsets) = match pass.level {
            Level::Event => (events, &[][..]),
            Level::Rows(table) => {
                let offsets = data.offsets(table);
                check_offsets(table, offsets, events);
                (offsets[events] as usize, offsets)
            }
        };
        let columns: Vec<Slice> = pass.columns.iter().map(|&slot| data.column(slot)).collect();
        for (column, slot) in columns.iter().zip(&pass.columns) {
            let found = len(column);
            assert!(
                found == length,
                "the column of slot {slot} has {found} values, and should have {length}"
            );
        }
        self.prepare(pass, length, data);
        let mut first_event = 0;
        for start in (0..length).step_by(BLOCK) {
            let end = length.min(start + BLOCK);
            while !offsets.is_empty() && offsets[first_event + 1] as usize <= start {
                first_event += 1;
            }
            let block = Block {
                data,
                columns: &columns,
                range: start..end,
                offsets,
                first_event,
            };
            pass.steps.iter().for_each(|step| self.step(step, &block));
        }
    }

    /// Gives arrays their lengths, and folds the values they have without rows; checks what steps rely on.
    fn prepare(&mut self, pass: &Pass, length: usize, data: &dyn Data) {
        fn fill<T: Clone>(array: &mut Vec<T>, length: usize, value: T) {
            array.clear();
            array.resize(length, value);
        }
        let events = data.events();
        for step in &pass.steps {
            match *step {
                Step::RowCount(table, _) => check_offsets(table, data.offsets(table), events),
                Step::Store {
                    truth: false, array, ..
                } => self.number_arrays[array].resize(length, 0.0),
                Step::Store { truth: true, array, .. } => self.truth_arrays[array].resize(length, false),
                Step::Fold(fold, _, array) => match fold {
                    Fold::Count | Fold::Sum => fill(&mut self.number_arrays[array], events, 0.0),
                    Fold::Smallest | Fold::Largest => fill(&mut self.number_arrays[array], events, f64::NAN),
                    Fold::Any => fill(&mut self.truth_arrays[array], events, false),
                    Fold::All => fill(&mut self.truth_arrays[array], events, true),
                },
                _ => {}
            }
        }
    }

    fn numbers<'a>(&'a self, operand: Operand, block: &Block<'a>) -> Numbers<'a> {
        Numbers::Each(match operand {
            Operand::Constant(number) => return Numbers::All(number),
            Operand::Register(register) => &self.numbers[register][..block.range.len()],
            Operand::Array(array) => &self.number_arrays[array][block.range.clone()],
            Operand::Column { column, register } => match block.columns[column] {
                Slice::F64(values) => &values[block.range.clone()],
                _ => &self.numbers[register][..block.range.len()],
            },
        })
    }

    fn truths<'a>(&'a self, operand: Operand, block: &Block<'a>) -> &'a [bool] {
        match operand {
            Operand::Constant(_) => unreachable!("constant truth values are in registers"),
            Operand::Register(register) => &self.truths[register][..block.range.len()],
            Operand::Array(array) => &self.truth_arrays[array][block.range.clone()],
            Operand::Column { column, register } => match block.columns[column] {
                Slice::Bool(values) => &values[block.range.clone()],
                _ => &self.truths[register][..block.range.len()],
            },
        }
    }

    /// Lets the values of a register be computed from those of others. It is taken out meanwhile, and is none of its
    /// own operands.
    fn fill_numbers(&mut self, register: usize, block: &Block, compute: impl FnOnce(&Self, &mut [f64])) {
        let mut out = take(&mut self.numbers[register]);
        compute(self, &mut out[..block.range.len()]);
        self.numbers[register] = out;
    }

    fn fill_truths(&mut self, register: usize, block: &Block, compute: impl FnOnce(&Self, &mut [bool])) {
        let mut out = take(&mut self.truths[register]);
        compute(self, &mut out[..block.range.len()]);
        self.truths[register] = out;
    }

    fn step(&mut self, step: &Step, block: &Block) {
        match *step {
            Step::Load {
                column,
                truth: false,
                register,
            } => {
                let values = &block.columns[column];
                self.fill_numbers(register, block, |_, out| load(values, block.range.clone(), out));
            }
            Step::Load {
                column,
                truth: true,
                register,
            } => {
                let values = &block.columns[column];
                self.fill_truths(register, block, |_, out| load_truths(values, block.range.clone(), out));
            }
            Step::Fill(value, register) => self.truths[register].fill(value),
            Step::RowCount(table, register) => {
                let offsets = block.data.offsets(table);
                let counts = offsets[block.range.start..]
                    .windows(2)
                    .map(|pair| (pair[1] - pair[0]) as f64);
                self.fill_numbers(register, block, |_, out| {
                    out.iter_mut().zip(counts).for_each(|(out, n)| *out = n)
                });
            }
            Step::Spread {
                array,
                truth: false,
                register,
            } => self.fill_numbers(register, block, |this, out| {
                block
                    .events()
                    .for_each(|(event, rows)| out[rows].fill(this.number_arrays[array][event]));
            }),
            Step::Spread {
                array,
                truth: true,
                register,
            } => self.fill_truths(register, block, |this, out| {
                block
                    .events()
                    .for_each(|(event, rows)| out[rows].fill(this.truth_arrays[array][event]));
            }),
            Step::Unary(function, x, register) => self.fill_numbers(register, block, |this, out| {
                function.each(this.numbers(x, block), out);
            }),
            Step::Binary(function, x, y, register) => self.fill_numbers(register, block, |this, out| {
                function.each(this.numbers(x, block), this.numbers(y, block), out);
            }),
            Step::Compare(function, x, y, register) => self.fill_truths(register, block, |this, out| {
                function.each(this.numbers(x, block), this.numbers(y, block), out);
            }),
            Step::Logic(function, x, y, register) => self.fill_truths(register, block, |this, out| {
                function.each(this.truths(x, block), this.truths(y, block), out);
            }),
            Step::Not(x, register) => self.fill_truths(register, block, |this, out| {
                kernels::not(this.truths(x, block), out);
            }),
            Step::Select([x, y, z], register) => self.fill_numbers(register, block, |this, out| {
                kernels::select(
                    this.truths(x, block),
                    this.numbers(y, block),
                    this.numbers(z, block),
                    out,
                );
            }),
            Step::SelectTruth([x, y, z], register) => self.fill_truths(register, block, |this, out| {
                kernels::select_truth(this.truths(x, block), this.truths(y, block), this.truths(z, block), out);
            }),
            Step::Fold(fold, x, array) => self.fold(fold, x, array, block),
            Step::Store {
                from,
                truth: false,
                array,
            } => {
                let mut out = take(&mut self.number_arrays[array]);
                match self.numbers(from, block) {
                    Numbers::All(number) => out[block.range.clone()].fill(number),
                    Numbers::Each(numbers) => out[block.range.clone()].copy_from_slice(numbers),
                }
                self.number_arrays[array] = out;
            }
            Step::Store {
                from,
                truth: true,
                array,
            } => {
                let mut out = take(&mut self.truth_arrays[array]);
                out[block.range.clone()].copy_from_slice(self.truths(from, block));
                self.truth_arrays[array] = out;
            }
        }
    }

    /// Goes on with what earlier blocks have left of an event's rows, so that it does not matter where a block ends.
    fn fold(&mut self, fold: Fold, x: Operand, array: usize, block: &Block) {
        if fold.is_truth() {
            let mut out = take(&mut self.truth_arrays[array]);
            let x = self.truths(x, block);
            for (event, rows) in block.events() {
                match fold {
                    Fold::Any => out[event] |= x[rows].contains(&true),
                    _ => out[event] &= !x[rows].contains(&false),
                }
            }
            self.truth_arrays[array] = out;
            return;
        }
        let mut out = take(&mut self.number_arrays[array]);
        if fold == Fold::Count {
            let x = self.truths(x, block);
            for (event, rows) in block.events() {
                out[event] += x[rows].iter().map(|&x| usize::from(x)).sum::<usize>() as f64;
            }
        } else if let Numbers::Each(x) = self.numbers(x, block) {
            for (event, rows) in block.events() {
                let rows = x[rows].iter().copied();
                out[event] = match fold {
                    Fold::Smallest => rows.fold(out[event], kernels::min),
                    Fold::Largest => rows.fold(out[event], kernels::max),
                    _ => rows.fold(out[event], |sum, x| sum + x),
                };
            }
        }
        self.number_arrays[array] = out;
    }
}

fn check_offsets(table: usize, offsets: &[u64], events: usize) {
    let found = offsets.len();
    assert!(
        found == events + 1,
        "table {table} has {found} offsets for {events} events, and should have one more"
    );
    assert!(
        offsets[0] == 0 && offsets.is_sorted(),
        "the offsets of table {table} do not ascend from 0"
    );
}

/// Does the same with the values of any type.
macro_rules! each_slice {
    ($slice:expr, $values:ident => $do:expr) => {
        match *$slice {
            Slice::Bool($values) => $do,
            Slice::I8($values) => $do,
            Slice::I16($values) => $do,
            Slice::I32($values) => $do,
            Slice::I64($values) => $do,
            Slice::U8($values) => $do,
            Slice::U16($values) => $do,
            Slice::U32($values) => $do,
            Slice::U64($values) => $do,
            Slice::F32($values) => $do,
            Slice::F64($values) => $do,
        }
    };
}

fn len(slice: &Slice) -> usize {
    each_slice!(slice, values => values.len())
}

fn load(slice: &Slice, range: Range<usize>, out: &mut [f64]) {
    macro_rules! convert {
        ($values:ident, $to:expr) => {
            out.iter_mut()
                .zip(&$values[range])
                .for_each(|(out, &value)| *out = $to(value))
        };
    }
    match *slice {
        // Used in place.
        Slice::F64(_) => {}
        Slice::Bool(values) => convert!(values, f64::from),
        Slice::I8(values) => convert!(values, f64::from),
        Slice::I16(values) => convert!(values, f64::from),
        Slice::I32(values) => convert!(values, f64::from),
        Slice::I64(values) => convert!(values, |value| value as f64),
        Slice::U8(values) => convert!(values, f64::from),
        Slice::U16(values) => convert!(values, f64::from),
        Slice::U32(values) => convert!(values, f64::from),
        Slice::U64(values) => convert!(values, |value| value as f64),
        Slice::F32(values) => convert!(values, f64::from),
    }
}

fn load_truths(slice: &Slice, range: Range<usize>, out: &mut [bool]) {
    fn convert<T: Copy + Default + PartialEq>(values: &[T], out: &mut [bool]) {
        out.iter_mut()
            .zip(values)
            .for_each(|(out, &value)| *out = value != T::default());
    }
    match *slice {
        // Used in place.
        Slice::Bool(_) => {}
        _ => each_slice!(slice, values => convert(&values[range], out)),
    }
}
