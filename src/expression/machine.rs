//! The machine that executes a plan. It runs all instructions on one tile of elements before it moves on to the next.

use super::column_values::{len, load, load_truths};
use super::columns::{EventColumns, Level};
use super::kernels::{self, Numbers};
use super::operation_graph::Fold;
use super::plan::{Instruction, Operand, Plan, Sweep};
use crate::event::Slice;
use std::mem::{swap, take};
use std::ops::Range;

/// The number of elements in a tile. Larger registers would not fit into the L1 cache; with smaller ones, the overhead
/// per instruction would become noticeable.
pub(super) const TILE: usize = 1024;

#[derive(Clone, Debug)]
pub(super) struct Machine {
    numbers: Vec<Vec<f64>>,
    truths: Vec<Vec<bool>>,
    number_arrays: Vec<Vec<f64>>,
    truth_arrays: Vec<Vec<bool>>,
}

/// A range of consecutive elements of a sweep.
struct Tile<'a> {
    data: &'a dyn EventColumns,
    columns: &'a [Slice<'a>],
    /// The indices of the tile's events or rows.
    range: Range<usize>,
    /// In a sweep over rows, the table's offsets and the index of the event that contains the tile's first row.
    offsets: &'a [u64],
    first_event: usize,
}

impl Tile<'_> {
    /// The events that have rows in the tile, each with the range of its rows within the tile.
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
            numbers: vec![vec![0.0; TILE]; plan.registers.numbers],
            truths: vec![vec![false; TILE]; plan.registers.truths],
            number_arrays: vec![Vec::new(); plan.arrays.numbers],
            truth_arrays: vec![Vec::new(); plan.arrays.truths],
        }
    }

    pub fn run_numbers(&mut self, plan: &Plan, data: &dyn EventColumns, out: &mut Vec<f64>) {
        swap(out, &mut self.number_arrays[plan.output]);
        plan.sweeps.iter().for_each(|sweep| self.sweep(sweep, data));
        swap(out, &mut self.number_arrays[plan.output]);
    }

    pub fn run_truths(&mut self, plan: &Plan, data: &dyn EventColumns, out: &mut Vec<bool>) {
        swap(out, &mut self.truth_arrays[plan.output]);
        plan.sweeps.iter().for_each(|sweep| self.sweep(sweep, data));
        swap(out, &mut self.truth_arrays[plan.output]);
    }

    fn sweep(&mut self, sweep: &Sweep, data: &dyn EventColumns) {
        let events = data.events();
        let (length, offsets) = match sweep.level {
            Level::Event => (events, &[][..]),
            Level::Rows(table) => {
                let offsets = data.offsets(table);
                check_offsets(table, offsets, events);
                (offsets[events] as usize, offsets)
            }
        };
        let columns: Vec<Slice> = sweep.columns.iter().map(|&slot| data.column(slot)).collect();
        for (column, slot) in columns.iter().zip(&sweep.columns) {
            let found = len(column);
            assert!(
                found == length,
                "the column with slot {slot} has {found} values, but should have {length}"
            );
        }
        self.prepare(sweep, length, data);
        let mut first_event = 0;
        for start in (0..length).step_by(TILE) {
            let end = length.min(start + TILE);
            while !offsets.is_empty() && offsets[first_event + 1] as usize <= start {
                first_event += 1;
            }
            let tile = Tile {
                data,
                columns: &columns,
                range: start..end,
                offsets,
                first_event,
            };
            sweep
                .instructions
                .iter()
                .for_each(|instruction| self.instruction(instruction, &tile));
        }
    }

    /// Resizes the arrays, sets each fold to its value for an event without rows, and checks the instructions'
    /// preconditions.
    fn prepare(&mut self, sweep: &Sweep, length: usize, data: &dyn EventColumns) {
        fn fill<T: Clone>(array: &mut Vec<T>, length: usize, value: T) {
            array.clear();
            array.resize(length, value);
        }
        let events = data.events();
        for instruction in &sweep.instructions {
            match *instruction {
                Instruction::RowCount(table, _) => check_offsets(table, data.offsets(table), events),
                Instruction::Store {
                    truth: false, array, ..
                } => self.number_arrays[array].resize(length, 0.0),
                Instruction::Store { truth: true, array, .. } => self.truth_arrays[array].resize(length, false),
                Instruction::Fold(fold, _, array) => match fold {
                    Fold::Count | Fold::Sum => fill(&mut self.number_arrays[array], events, 0.0),
                    Fold::Smallest | Fold::Largest => fill(&mut self.number_arrays[array], events, f64::NAN),
                    Fold::Any => fill(&mut self.truth_arrays[array], events, false),
                    Fold::All => fill(&mut self.truth_arrays[array], events, true),
                },
                _ => {}
            }
        }
    }

    fn numbers<'a>(&'a self, operand: Operand, tile: &Tile<'a>) -> Numbers<'a> {
        Numbers::Each(match operand {
            Operand::Constant(number) => return Numbers::All(number),
            Operand::Register(register) => &self.numbers[register][..tile.range.len()],
            Operand::Array(array) => &self.number_arrays[array][tile.range.clone()],
            Operand::Column { column, register } => match tile.columns[column] {
                Slice::F64(values) => &values[tile.range.clone()],
                _ => &self.numbers[register][..tile.range.len()],
            },
        })
    }

    fn truths<'a>(&'a self, operand: Operand, tile: &Tile<'a>) -> &'a [bool] {
        match operand {
            Operand::Constant(_) => unreachable!("constant truth values are in registers"),
            Operand::Register(register) => &self.truths[register][..tile.range.len()],
            Operand::Array(array) => &self.truth_arrays[array][tile.range.clone()],
            Operand::Column { column, register } => match tile.columns[column] {
                Slice::Bool(values) => &values[tile.range.clone()],
                _ => &self.truths[register][..tile.range.len()],
            },
        }
    }

    /// Computes a register's values from other registers. An instruction never reads the register that it writes to.
    fn fill_numbers(&mut self, register: usize, tile: &Tile, compute: impl FnOnce(&Self, &mut [f64])) {
        let mut out = take(&mut self.numbers[register]);
        compute(self, &mut out[..tile.range.len()]);
        self.numbers[register] = out;
    }

    fn fill_truths(&mut self, register: usize, tile: &Tile, compute: impl FnOnce(&Self, &mut [bool])) {
        let mut out = take(&mut self.truths[register]);
        compute(self, &mut out[..tile.range.len()]);
        self.truths[register] = out;
    }

    fn instruction(&mut self, instruction: &Instruction, tile: &Tile) {
        match *instruction {
            Instruction::Load {
                column,
                truth: false,
                register,
            } => {
                let values = &tile.columns[column];
                self.fill_numbers(register, tile, |_, out| load(values, tile.range.clone(), out));
            }
            Instruction::Load {
                column,
                truth: true,
                register,
            } => {
                let values = &tile.columns[column];
                self.fill_truths(register, tile, |_, out| load_truths(values, tile.range.clone(), out));
            }
            Instruction::Fill(value, register) => self.truths[register].fill(value),
            Instruction::RowCount(table, register) => {
                let offsets = tile.data.offsets(table);
                let counts = offsets[tile.range.start..]
                    .windows(2)
                    .map(|pair| (pair[1] - pair[0]) as f64);
                self.fill_numbers(register, tile, |_, out| {
                    out.iter_mut().zip(counts).for_each(|(out, n)| *out = n)
                });
            }
            Instruction::Spread {
                array,
                truth: false,
                register,
            } => self.fill_numbers(register, tile, |this, out| {
                tile.events()
                    .for_each(|(event, rows)| out[rows].fill(this.number_arrays[array][event]));
            }),
            Instruction::Spread {
                array,
                truth: true,
                register,
            } => self.fill_truths(register, tile, |this, out| {
                tile.events()
                    .for_each(|(event, rows)| out[rows].fill(this.truth_arrays[array][event]));
            }),
            Instruction::Unary(function, x, register) => self.fill_numbers(register, tile, |this, out| {
                function.each(this.numbers(x, tile), out);
            }),
            Instruction::Binary(function, x, y, register) => self.fill_numbers(register, tile, |this, out| {
                function.each(this.numbers(x, tile), this.numbers(y, tile), out);
            }),
            Instruction::Compare(function, x, y, register) => self.fill_truths(register, tile, |this, out| {
                function.each(this.numbers(x, tile), this.numbers(y, tile), out);
            }),
            Instruction::Logic(function, x, y, register) => self.fill_truths(register, tile, |this, out| {
                function.each(this.truths(x, tile), this.truths(y, tile), out);
            }),
            Instruction::Not(x, register) => self.fill_truths(register, tile, |this, out| {
                kernels::not(this.truths(x, tile), out);
            }),
            Instruction::Select([x, y, z], register) => self.fill_numbers(register, tile, |this, out| {
                kernels::select(this.truths(x, tile), this.numbers(y, tile), this.numbers(z, tile), out);
            }),
            Instruction::SelectTruth([x, y, z], register) => self.fill_truths(register, tile, |this, out| {
                kernels::select_truth(this.truths(x, tile), this.truths(y, tile), this.truths(z, tile), out);
            }),
            Instruction::Fold(fold, x, array) => self.fold(fold, x, array, tile),
            Instruction::Store {
                from,
                truth: false,
                array,
            } => {
                let mut out = take(&mut self.number_arrays[array]);
                match self.numbers(from, tile) {
                    Numbers::All(number) => out[tile.range.clone()].fill(number),
                    Numbers::Each(numbers) => out[tile.range.clone()].copy_from_slice(numbers),
                }
                self.number_arrays[array] = out;
            }
            Instruction::Store {
                from,
                truth: true,
                array,
            } => {
                let mut out = take(&mut self.truth_arrays[array]);
                out[tile.range.clone()].copy_from_slice(self.truths(from, tile));
                self.truth_arrays[array] = out;
            }
        }
    }

    /// Folds the rows of a tile into the values of their events. An event's fold continues across tiles, so the result
    /// does not depend on where the tile boundaries fall.
    fn fold(&mut self, fold: Fold, x: Operand, array: usize, tile: &Tile) {
        if fold.is_truth() {
            let mut out = take(&mut self.truth_arrays[array]);
            let x = self.truths(x, tile);
            for (event, rows) in tile.events() {
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
            let x = self.truths(x, tile);
            for (event, rows) in tile.events() {
                out[event] += x[rows].iter().map(|&x| usize::from(x)).sum::<usize>() as f64;
            }
        } else if let Numbers::Each(x) = self.numbers(x, tile) {
            for (event, rows) in tile.events() {
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
        "table {table} has {found} offsets for {events} events, but should have one more than events"
    );
    assert!(
        offsets[0] == 0 && offsets.is_sorted(),
        "the offsets of table {table} do not ascend from 0"
    );
}
