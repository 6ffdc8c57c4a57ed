//! Random events, and a reference implementation that evaluates expressions row by row.

use super::super::syntax_tree::{Infix, Prefix};
use super::super::{EventColumns, Level};
use crate::event::Slice;
use std::cell::RefCell;
use std::collections::HashMap;

/// A random expression.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Number(f64),
    Truth(bool),
    Column(usize),
    Prefix(Prefix, Box<Node>),
    Infix(Infix, Box<Node>, Box<Node>),
    Conditional(Box<[Node; 3]>),
    Call(&'static str, Vec<Node>),
    /// A reduction over the rows of this table.
    Reduce(&'static str, usize, Box<Node>),
}

/// A cache of the reductions computed for each event.
type Known = RefCell<HashMap<(*const Node, usize), Value>>;

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Value {
    Number(f64),
    Truth(bool),
}

impl Value {
    fn number(self) -> f64 {
        match self {
            Value::Number(number) => number,
            Value::Truth(_) => panic!("a truth value where a number should be"),
        }
    }

    fn truth(self) -> bool {
        self == Value::Truth(true)
    }
}

/// Events with random columns.
#[derive(Clone, Debug)]
pub(super) struct Events {
    offsets: [Vec<u64>; 2],
    numbers: [Vec<f64>; 2],
    integers: Vec<i16>,
    truths: [Vec<bool>; 3],
    floats: Vec<f32>,
    of_events: Vec<i64>,
}

impl Events {
    pub fn new(sizes: &[(usize, usize)], seed: u64) -> Self {
        let mut random = crate::numbers::random::Random::new(seed, 0);
        let mut offsets = [vec![0], vec![0]];
        for &(one, two) in sizes {
            offsets[0].push(offsets[0].last().unwrap() + one as u64);
            offsets[1].push(offsets[1].last().unwrap() + two as u64);
        }
        let rows = [0, 1].map(|table| *offsets[table].last().unwrap() as usize);
        let special = [f64::NAN, f64::INFINITY, -0.0, 0.0, 1.0, -2.0];
        let mut number = || {
            let random = random.uniform(-6.0, 6.0);
            let which = ((random + 6.0) * 1000.0) as usize;
            if which.is_multiple_of(4) {
                special[which / 4 % 6]
            } else {
                random
            }
        };
        let mut many = |count: usize| (0..count).map(|_| number()).collect::<Vec<f64>>();
        let truths = |numbers: Vec<f64>| numbers.into_iter().map(|number| number > 0.0).collect();
        Events {
            numbers: [many(rows[0]), many(sizes.len())],
            integers: many(rows[0]).into_iter().map(|number| number as i16).collect(),
            truths: [rows[0], rows[1], sizes.len()].map(|count| truths(many(count))),
            floats: many(rows[1]).into_iter().map(|number| number as f32).collect(),
            of_events: many(sizes.len()).into_iter().map(|number| number as i64).collect(),
            offsets,
        }
    }

    /// Copies the events in a range.
    pub fn part(&self, events: std::ops::Range<usize>) -> Events {
        let offsets = [0, 1].map(|table| &self.offsets[table][events.start..=events.end]);
        let rows = offsets.map(|offsets| offsets[0] as usize..*offsets.last().unwrap() as usize);
        let of = |table: usize| rows[table].clone();
        Events {
            offsets: offsets.map(|offsets| offsets.iter().map(|offset| offset - offsets[0]).collect()),
            numbers: [
                self.numbers[0][of(0)].to_vec(),
                self.numbers[1][events.clone()].to_vec(),
            ],
            integers: self.integers[of(0)].to_vec(),
            truths: [
                self.truths[0][of(0)].to_vec(),
                self.truths[1][of(1)].to_vec(),
                self.truths[2][events.clone()].to_vec(),
            ],
            floats: self.floats[of(1)].to_vec(),
            of_events: self.of_events[events].to_vec(),
        }
    }

    fn rows(&self, table: usize, event: usize) -> std::ops::Range<usize> {
        self.offsets[table][event] as usize..self.offsets[table][event + 1] as usize
    }

    /// Evaluates an expression for one event and row.
    fn value(&self, node: &Node, event: usize, row: usize, known: &Known) -> Value {
        let value = |node: &Node| self.value(node, event, row, known);
        let number = |node: &Node| self.value(node, event, row, known).number();
        match node {
            Node::Number(number) => Value::Number(*number),
            Node::Truth(truth) => Value::Truth(*truth),
            Node::Column(slot) => match slot {
                0 => Value::Number(self.numbers[0][row]),
                1 => Value::Number(f64::from(self.integers[row])),
                2 => Value::Truth(self.truths[0][row]),
                3 => Value::Number(f64::from(self.floats[row])),
                4 => Value::Truth(self.truths[1][row]),
                5 => Value::Number(self.numbers[1][event]),
                6 => Value::Truth(self.truths[2][event]),
                _ => Value::Number(self.of_events[event] as f64),
            },
            Node::Prefix(Prefix::Not, x) => Value::Truth(!value(x).truth()),
            Node::Prefix(Prefix::Minus, x) => Value::Number(-number(x)),
            Node::Prefix(Prefix::Plus, x) => value(x),
            Node::Infix(operator, x, y) => infix(*operator, value(x), value(y)),
            Node::Conditional(parts) => value(if value(&parts[0]).truth() { &parts[1] } else { &parts[2] }),
            Node::Call(name, arguments) => call(name, &arguments.iter().map(number).collect::<Vec<f64>>()),
            Node::Reduce(name, table, x) => {
                let place = (std::ptr::from_ref(node), event);
                if let Some(value) = known.borrow().get(&place) {
                    return *value;
                }
                let rows = self
                    .rows(*table, event)
                    .map(|row| self.value(x, event, row, known))
                    .collect();
                let value = reduce(name, rows);
                known.borrow_mut().insert(place, value);
                value
            }
        }
    }

    /// Evaluates an expression for all events or rows.
    pub fn values(&self, node: &Node, level: Level) -> Vec<Value> {
        let events = 0..self.of_events.len();
        let known = Known::default();
        match level {
            Level::Event => events.map(|event| self.value(node, event, 0, &known)).collect(),
            Level::Rows(table) => {
                let rows = events.flat_map(|event| self.rows(table, event).map(move |row| (event, row)));
                rows.map(|(event, row)| self.value(node, event, row, &known)).collect()
            }
        }
    }
}

fn reduce(name: &str, rows: Vec<Value>) -> Value {
    let numbers = || rows.iter().map(|value| value.number());
    match name {
        "count" => Value::Number(rows.iter().filter(|value| value.truth()).count() as f64),
        "any" => Value::Truth(rows.iter().any(|value| value.truth())),
        "all" => Value::Truth(rows.iter().all(|value| value.truth())),
        "sum" => Value::Number(numbers().fold(0.0, |sum, x| sum + x)),
        "mean" => Value::Number(numbers().fold(0.0, |sum, x| sum + x) / rows.len() as f64),
        "smallest" => Value::Number(numbers().fold(f64::NAN, smaller)),
        _ => Value::Number(numbers().fold(f64::NAN, |x, y| -smaller(-x, -y))),
    }
}

fn infix(operator: Infix, x: Value, y: Value) -> Value {
    if let (Value::Truth(x), Value::Truth(y)) = (x, y) {
        return Value::Truth(match operator {
            Infix::And => x && y,
            Infix::Or => x || y,
            Infix::Equal => x == y,
            _ => x != y,
        });
    }
    let (x, y) = (x.number(), y.number());
    match operator {
        Infix::Equal => Value::Truth(x == y),
        Infix::NotEqual => Value::Truth(x != y),
        Infix::Less => Value::Truth(x < y),
        Infix::LessOrEqual => Value::Truth(x <= y),
        Infix::Greater => Value::Truth(x > y),
        Infix::GreaterOrEqual => Value::Truth(x >= y),
        Infix::Plus => Value::Number(x + y),
        Infix::Minus => Value::Number(x - y),
        Infix::Times => Value::Number(x * y),
        Infix::Over => Value::Number(x / y),
        Infix::Modulo => Value::Number(x % y),
        Infix::Power if y == 2.0 => Value::Number(x * x),
        _ => Value::Number(x.powf(y)),
    }
}

fn call(name: &str, x: &[f64]) -> Value {
    match name {
        "isnan" => return Value::Truth(x[0].is_nan()),
        "isfinite" => return Value::Truth(x[0].is_finite()),
        "in" => return Value::Truth(x[1..].contains(&x[0])),
        "between" => return Value::Truth(x[1] <= x[0] && x[0] < x[2]),
        _ => {}
    }
    Value::Number(match name {
        "abs" => x[0].abs(),
        "sqrt" => x[0].sqrt(),
        "sin" => x[0].sin(),
        "floor" => x[0].floor(),
        "sign" if x[0] == 0.0 || x[0].is_nan() => x[0],
        "sign" => x[0].signum(),
        "atan2" => x[0].atan2(x[1]),
        "delta_phi" => {
            use std::f64::consts::{PI, TAU};
            match (x[0] - x[1]) % TAU {
                large if large > PI => large - TAU,
                small if small <= -PI => small + TAU,
                difference => difference,
            }
        }
        "min" => x[1..].iter().copied().fold(x[0], smaller),
        _ => x[1..].iter().copied().fold(x[0], |x, y| -smaller(-x, -y)),
    })
}

/// The smaller of two numbers or, if they are equal, the first.
fn smaller(x: f64, y: f64) -> f64 {
    match x.partial_cmp(&y) {
        Some(std::cmp::Ordering::Greater) => y,
        None if x.is_nan() => y,
        _ => x,
    }
}

impl EventColumns for Events {
    fn events(&self) -> usize {
        self.of_events.len()
    }

    fn column(&self, slot: usize) -> Slice<'_> {
        match slot {
            0 => Slice::F64(&self.numbers[0]),
            1 => Slice::I16(&self.integers),
            2 => Slice::Bool(&self.truths[0]),
            3 => Slice::F32(&self.floats),
            4 => Slice::Bool(&self.truths[1]),
            5 => Slice::F64(&self.numbers[1]),
            6 => Slice::Bool(&self.truths[2]),
            _ => Slice::I64(&self.of_events),
        }
    }

    fn offsets(&self, table: usize) -> &[u64] {
        &self.offsets[table]
    }
}
