//! Conversion of column values of any element type to numbers and truth values.

use crate::event::Slice;
use std::ops::Range;

/// Evaluates a Rust expression with the values of a slice of any element type.
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

/// The number of values.
pub(super) fn len(slice: &Slice) -> usize {
    each_slice!(slice, values => values.len())
}

/// Converts a range of values to numbers. `f64` values are used in place, without copying.
pub(super) fn load(slice: &Slice, range: Range<usize>, out: &mut [f64]) {
    macro_rules! convert {
        ($values:ident, $to:expr) => {
            out.iter_mut()
                .zip(&$values[range])
                .for_each(|(out, &value)| *out = $to(value))
        };
    }
    match *slice {
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

/// Converts a range of values to truth values; 0 becomes false. `bool` values are used in place, without copying.
pub(super) fn load_truths(slice: &Slice, range: Range<usize>, out: &mut [bool]) {
    fn convert<T: Copy + Default + PartialEq>(values: &[T], out: &mut [bool]) {
        out.iter_mut()
            .zip(values)
            .for_each(|(out, &value)| *out = value != T::default());
    }
    match *slice {
        Slice::Bool(_) => {}
        _ => each_slice!(slice, values => convert(&values[range], out)),
    }
}
