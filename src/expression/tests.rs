//! Tests of expressions. This file defines the sample events and the helpers that evaluate expressions on them.

mod errors;
mod language;
mod random;
mod reference;

use super::{BoundColumn, EventColumns, Expression, ExpressionError, Level, Name, Program, Unbound};
use crate::event::Slice;

/// Three events, with both per-event and per-row columns. The second event has no muons.
struct Sample;

const MUON: Level = Level::Rows(0);
const TRACK: Level = Level::Rows(1);

/// The name, level and type (true for truth values) of each column, indexed by slot.
const COLUMNS: [(&str, Level, bool); 13] = [
    ("pt", MUON, false),
    ("pid", MUON, false),
    ("good", MUON, true),
    ("'Track/p'", TRACK, false),
    ("run", Level::Event, false),
    ("physics", Level::Event, true),
    ("m", MUON, false),
    ("track.chi2", MUON, false),
    ("'Rec/best'.vertex.z", Level::Event, false),
    ("flags", MUON, true),
    ("bits", MUON, false),
    ("small", MUON, false),
    ("big", MUON, false),
];

impl EventColumns for Sample {
    fn events(&self) -> usize {
        3
    }

    fn column(&self, slot: usize) -> Slice<'_> {
        match slot {
            0 => Slice::F64(&[400.0, 700.0, 900.0]),
            1 => Slice::I32(&[13, -13, 211]),
            2 => Slice::Bool(&[true, false, true]),
            3 => Slice::F32(&[1.5, 2.5, -3.5, f32::NAN]),
            4 => Slice::U32(&[7, 8, 9]),
            5 => Slice::Bool(&[true, true, false]),
            6 => Slice::F64(&[0.1, 0.2, 0.3]),
            7 => Slice::F32(&[1.0, 2.0, 3.0]),
            8 => Slice::I64(&[-1, 0, 1]),
            9 => Slice::U8(&[0, 1, 2]),
            10 => Slice::Bool(&[true, false, true]),
            11 => Slice::I8(&[-128, 0, 127]),
            _ => Slice::U64(&[0, 1, u64::MAX]),
        }
    }

    fn offsets(&self, table: usize) -> &[u64] {
        if table == 0 { &[0, 2, 2, 3] } else { &[0, 0, 3, 4] }
    }
}

fn find(name: &Name) -> Result<BoundColumn, Unbound> {
    if name.path == "text" {
        return Err(Unbound::Refused(
            "`text` holds text, which expressions cannot use".into(),
        ));
    }
    let slot = COLUMNS.iter().position(|(known, ..)| *known == name.to_string());
    let slot = slot.ok_or_else(|| Unbound::Unknown("the columns are pt and pid".into()))?;
    let (_, level, truth) = COLUMNS[slot];
    Ok(BoundColumn { slot, level, truth })
}

fn bind(text: &str) -> Result<Program, ExpressionError> {
    Expression::parse(text)?.bind(&mut find)
}

#[track_caller]
fn program(text: &str) -> Program {
    bind(text).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn numbers(text: &str) -> Vec<f64> {
    let mut out = vec![1.0; 7];
    let mut program = program(text);
    program.evaluate(&Sample, &mut out);
    let first = out.clone();
    program.evaluate(&Sample, &mut out);
    assert_eq!(format!("{first:?}"), format!("{out:?}"), "a second evaluation differs");
    out
}

#[track_caller]
fn truths(text: &str) -> Vec<bool> {
    let mut out = Vec::new();
    program(text).evaluate_truth(&Sample, &mut out);
    out
}

/// Evaluates a constant expression.
#[track_caller]
fn number(text: &str) -> f64 {
    let values = numbers(text);
    assert_eq!(values.len(), 3, "constants are values of events");
    values[2]
}
