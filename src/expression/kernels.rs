//! The operations on numbers and truth values, for single elements and for slices.
//!
//! Both forms return bitwise identical results, regardless of an element's position in the slice. Operations with
//! unspecified results are avoided: [`f64::min`], for example, may return either -0 or 0 when given both.

use std::f64::consts::{PI, TAU};
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

/// A number for each element of a tile.
#[derive(Clone, Copy)]
pub(super) enum Numbers<'a> {
    /// The same number for all elements.
    All(f64),
    Each(&'a [f64]),
}

macro_rules! unary {
    ($($variant:ident => $function:path),+ $(,)?) => {
        /// The functions of one number.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(super) enum Unary {
            $($variant),+
        }

        impl Unary {
            pub fn of(self, x: f64) -> f64 {
                match self {
                    $(Self::$variant => $function(x)),+
                }
            }

            pub fn each(self, x: Numbers, out: &mut [f64]) {
                match self {
                    $(Self::$variant => map(x, out, $function)),+
                }
            }
        }
    };
}

macro_rules! binary {
    ($name:ident -> $out:ty: $($variant:ident => $function:path),+ $(,)?) => {
        /// The functions of two numbers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(super) enum $name {
            $($variant),+
        }

        impl $name {
            pub fn of(self, x: f64, y: f64) -> $out {
                match self {
                    $(Self::$variant => $function(x, y)),+
                }
            }

            pub fn each(self, x: Numbers, y: Numbers, out: &mut [$out]) {
                match self {
                    $(Self::$variant => zip(x, y, out, |x, y| $function(x, y))),+
                }
            }
        }
    };
}

unary! {
    Minus => Neg::neg,
    Abs => f64::abs,
    Sqrt => f64::sqrt,
    Cbrt => f64::cbrt,
    Exp => f64::exp,
    Log => f64::ln,
    Log10 => f64::log10,
    Log2 => f64::log2,
    Sin => f64::sin,
    Cos => f64::cos,
    Tan => f64::tan,
    Asin => f64::asin,
    Acos => f64::acos,
    Atan => f64::atan,
    Sinh => f64::sinh,
    Cosh => f64::cosh,
    Tanh => f64::tanh,
    Floor => f64::floor,
    Ceil => f64::ceil,
    Round => f64::round,
    Trunc => f64::trunc,
    Sign => sign,
}

binary! { Binary -> f64:
    Plus => Add::add,
    Minus => Sub::sub,
    Times => Mul::mul,
    Over => Div::div,
    Modulo => Rem::rem,
    Power => power,
    Atan2 => f64::atan2,
    Hypot => f64::hypot,
    DeltaPhi => delta_phi,
    Min => min,
    Max => max,
}

binary! { Compare -> bool:
    Equal => equal,
    NotEqual => not_equal,
    Less => less,
    LessOrEqual => less_or_equal,
}

/// The functions of two truth values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Logic {
    And,
    Or,
    Equal,
    NotEqual,
}

impl Logic {
    pub fn of(self, x: bool, y: bool) -> bool {
        match self {
            Self::And => x & y,
            Self::Or => x | y,
            Self::Equal => x == y,
            Self::NotEqual => x != y,
        }
    }

    pub fn each(self, x: &[bool], y: &[bool], out: &mut [bool]) {
        fn zip(x: &[bool], y: &[bool], out: &mut [bool], function: impl Fn(bool, bool) -> bool) {
            out.iter_mut()
                .zip(x.iter().zip(y))
                .for_each(|(out, (&x, &y))| *out = function(x, y));
        }
        match self {
            Self::And => zip(x, y, out, |x, y| x & y),
            Self::Or => zip(x, y, out, |x, y| x | y),
            Self::Equal => zip(x, y, out, |x, y| x == y),
            Self::NotEqual => zip(x, y, out, |x, y| x != y),
        }
    }
}

/// Selects one of two numbers, depending on a condition.
pub(super) fn select(condition: &[bool], yes: Numbers, no: Numbers, out: &mut [f64]) {
    let out = out.iter_mut().zip(condition);
    match (yes, no) {
        (Numbers::All(yes), Numbers::All(no)) => {
            out.for_each(|(out, &condition)| *out = if condition { yes } else { no });
        }
        (Numbers::Each(yes), Numbers::All(no)) => {
            out.zip(yes)
                .for_each(|((out, &condition), &yes)| *out = if condition { yes } else { no });
        }
        (Numbers::All(yes), Numbers::Each(no)) => {
            out.zip(no)
                .for_each(|((out, &condition), &no)| *out = if condition { yes } else { no });
        }
        (Numbers::Each(yes), Numbers::Each(no)) => {
            let out = out.zip(yes.iter().zip(no));
            out.for_each(|((out, &condition), (&yes, &no))| *out = if condition { yes } else { no });
        }
    }
}

/// Selects one of two truth values, depending on a condition.
pub(super) fn select_truth(condition: &[bool], yes: &[bool], no: &[bool], out: &mut [bool]) {
    let out = out.iter_mut().zip(condition).zip(yes.iter().zip(no));
    out.for_each(|((out, &condition), (&yes, &no))| *out = (condition & yes) | (!condition & no));
}

/// Negates truth values.
pub(super) fn not(x: &[bool], out: &mut [bool]) {
    out.iter_mut().zip(x).for_each(|(out, &x)| *out = !x);
}

#[inline(always)]
fn map(x: Numbers, out: &mut [f64], function: impl Fn(f64) -> f64) {
    match x {
        Numbers::All(x) => out.fill(function(x)),
        Numbers::Each(x) => out.iter_mut().zip(x).for_each(|(out, &x)| *out = function(x)),
    }
}

#[inline(always)]
fn zip<T: Copy>(x: Numbers, y: Numbers, out: &mut [T], function: impl Fn(f64, f64) -> T) {
    match (x, y) {
        (Numbers::All(x), Numbers::All(y)) => out.fill(function(x, y)),
        (Numbers::Each(x), Numbers::All(y)) => out.iter_mut().zip(x).for_each(|(out, &x)| *out = function(x, y)),
        (Numbers::All(x), Numbers::Each(y)) => out.iter_mut().zip(y).for_each(|(out, &y)| *out = function(x, y)),
        (Numbers::Each(x), Numbers::Each(y)) => {
            out.iter_mut()
                .zip(x.iter().zip(y))
                .for_each(|(out, (&x, &y))| *out = function(x, y));
        }
    }
}

/// Returns -1 or 1, depending on the sign. Zeros and NaN are returned unchanged.
fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        x
    }
}

/// Raises a number to a power. Squares are common in cuts, so they are computed as products, which is much faster.
fn power(x: f64, y: f64) -> f64 {
    if y == 2.0 { x * x } else { x.powf(y) }
}

/// The difference between two angles in radians, wrapped to (-π, π]. The wrapping causes no further rounding, because
/// subtracting 2π from a number between π and 2π is exact.
fn delta_phi(x: f64, y: f64) -> f64 {
    let difference = x - y;
    let difference = if difference.abs() < TAU {
        difference
    } else {
        difference % TAU
    };
    if difference > PI {
        difference - TAU
    } else if difference <= -PI {
        difference + TAU
    } else {
        difference
    }
}

/// The smaller of two numbers or, if one of them is NaN, the other.
pub(super) fn min(x: f64, y: f64) -> f64 {
    if y < x || x.is_nan() { y } else { x }
}

/// The larger of two numbers or, if one of them is NaN, the other.
pub(super) fn max(x: f64, y: f64) -> f64 {
    if y > x || x.is_nan() { y } else { x }
}

fn equal(x: f64, y: f64) -> bool {
    x == y
}

fn not_equal(x: f64, y: f64) -> bool {
    x != y
}

fn less(x: f64, y: f64) -> bool {
    x < y
}

fn less_or_equal(x: f64, y: f64) -> bool {
    x <= y
}
