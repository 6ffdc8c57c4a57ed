//! Floating-point sums that do not depend on the order of their terms.
//!
//! Ordinary floating-point addition rounds after every term, so that the same numbers summed in another
//! order, or in parts by several processes, give another last digit. An [`ExactSum`] keeps every bit
//! and rounds once, when [`value`](ExactSum::value) is asked for: any grouping and any order of the same
//! terms give the same bits.
//!
//! ```
//! use gaudi_mpi::numbers::exact_sum::ExactSum;
//!
//! let terms = [1e100, 1.0, -1e100, 0.1];
//! let forwards: ExactSum = terms.into_iter().collect();
//! let backwards: ExactSum = terms.into_iter().rev().collect();
//! assert_eq!(forwards.value(), 1.1);
//! assert_eq!(forwards, backwards);
//! assert_eq!(terms.iter().sum::<f64>(), 0.1); // what plain addition makes of it
//! ```

mod limbs;
#[cfg(test)]
mod tests;
mod wire;

use std::iter::Sum;
use std::ops::AddAssign;

use limbs::{Limbs, round_to_f64};
use serde::{Deserialize, Serialize};

/// The sum of any number of `f64`, kept exactly and rounded once.
///
/// The [`value`](Self::value) is the real-number sum of all terms, rounded to the nearest `f64` (ties to
/// even), over the full range of `f64` with its subnormal numbers, whatever the order in which the terms were
/// added or partial sums [merged](Self::merge). Infinities and NaN follow IEEE 754: they win over any finite sum,
/// and infinities of both signs make NaN. An empty sum is 0.
///
/// Terms of similar magnitude (within some eleven powers of ten, for up to 2³⁵ terms) are added in a 128-bit
/// fixed-point window inside these 32 bytes, at two to three nanoseconds each; terms that do not fit go to an
/// accumulator on the heap, which covers as many digits as needed. No number of terms overflows either.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "wire::Wire", into = "wire::Wire")]
pub struct ExactSum {
    /// Multiples of 2^(base − [`UNIT`]).
    window: i128,
    /// The sum of everything that is not in the window.
    spill: Option<Box<Limbs>>,
    /// The IEEE exponent field of the numbers whose last bit is the window's last bit; [`UNPLACED`] when the window
    /// has none yet, and is zero.
    base: i16,
    special: Special,
}

/// The last bit of a number with the IEEE exponent field `b` is worth 2^(b − 1075).
const UNIT: i32 = 1075;
/// No number's exponent field lies above this one, so that nothing fits an unplaced window.
const UNPLACED: i16 = i16::MAX;
/// A 53-bit significand shifted by this much still leaves the window's sign and one bit of carry.
const MAX_SHIFT: u32 = 73;
/// The highest base: above it the exponent field of infinities and NaN would fit the window.
const MAX_BASE: i16 = 0x7ff - 1 - MAX_SHIFT as i16;
/// Bits kept free below the first number: at least these, at most 15 more.
const ROOM_BELOW: i16 = 24;

const SIGNIFICAND: u64 = (1 << 52) - 1;

/// Which of the values that are no numbers have been added.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Special {
    positive_infinity: bool,
    negative_infinity: bool,
    nan: bool,
}

impl Special {
    /// What the sum is because of them, whatever else has been added.
    fn value(self) -> Option<f64> {
        match self {
            Special {
                positive_infinity: false,
                negative_infinity: false,
                nan: false,
            } => None,
            Special {
                positive_infinity: true,
                negative_infinity: false,
                nan: false,
            } => Some(f64::INFINITY),
            Special {
                positive_infinity: false,
                negative_infinity: true,
                nan: false,
            } => Some(f64::NEG_INFINITY),
            _ => Some(f64::NAN),
        }
    }
}

impl ExactSum {
    /// An empty sum.
    pub const fn new() -> Self {
        let special = Special {
            positive_infinity: false,
            negative_infinity: false,
            nan: false,
        };
        ExactSum {
            window: 0,
            spill: None,
            base: UNPLACED,
            special,
        }
    }

    /// Adds a term.
    #[inline]
    pub fn add(&mut self, term: f64) {
        let bits = term.to_bits();
        let exponent = (bits >> 52) & 0x7ff;
        // Zero, subnormal numbers and an unplaced window make the difference negative: a huge shift.
        let shift = (exponent as i32 - i32::from(self.base)) as u32;
        if shift <= MAX_SHIFT {
            let magnitude = (bits & SIGNIFICAND | (1 << 52)) as i64;
            let signed = if term < 0.0 { -magnitude } else { magnitude };
            if let Some(sum) = self.window.checked_add(i128::from(signed) << shift) {
                self.window = sum;
                return;
            }
        }
        self.add_outside(term);
    }

    /// Adds a term that does not fit the window as it stands.
    #[cold]
    #[inline(never)]
    fn add_outside(&mut self, term: f64) {
        if term == 0.0 {
            return;
        }
        if !term.is_finite() {
            self.special.nan |= term.is_nan();
            self.special.positive_infinity |= term == f64::INFINITY;
            self.special.negative_infinity |= term == f64::NEG_INFINITY;
            return;
        }
        let bits = term.to_bits();
        let field = ((bits >> 52) & 0x7ff) as i16;
        let (magnitude, exponent) = match field {
            0 => (bits & SIGNIFICAND, 1),
            _ => (bits & SIGNIFICAND | (1 << 52), field),
        };
        let signed = if term < 0.0 {
            -i128::from(magnitude)
        } else {
            i128::from(magnitude)
        };
        let shift = i32::from(exponent) - i32::from(self.base);
        let fits = (0..=MAX_SHIFT as i32).contains(&shift);
        if let Some(sum) = fits.then(|| self.window.checked_add(signed << shift)).flatten() {
            self.window = sum;
        } else if self.base == UNPLACED || shift >= 0 {
            // Large terms tend to be followed by large ones, so the window moves up to them; it never moves down for
            // small ones, or mixed terms would drag it to and fro.
            self.empty_window();
            self.base = base_for(exponent);
            self.window = signed << (exponent - self.base);
        } else {
            self.spill().add(signed, i32::from(exponent) - UNIT);
        }
    }

    /// Adds `multiple` · 2^`exponent`; the exponent may lie between −4000 and 4000.
    pub(crate) fn add_fixed(&mut self, multiple: i128, exponent: i32) {
        if multiple != 0 && !self.add_aligned(multiple, exponent + UNIT) {
            self.spill().add(multiple, exponent);
        }
    }

    /// Adds `multiple` · 2^(base − UNIT) to the window, if both fit one window placed at the lower of the two bases.
    fn add_aligned(&mut self, multiple: i128, base: i32) -> bool {
        let lower = base.min(self.base.into());
        let mine = shifted(self.window, i32::from(self.base) - lower);
        let theirs = shifted(multiple, base - lower);
        let sum = mine.zip(theirs).and_then(|(mine, theirs)| mine.checked_add(theirs));
        match sum {
            Some(sum) if (1..=i32::from(MAX_BASE)).contains(&lower) => {
                self.window = sum;
                self.base = lower as i16;
                true
            }
            _ => false,
        }
    }

    /// Adds everything that another sum holds.
    ///
    /// ```
    /// # use gaudi_mpi::numbers::exact_sum::ExactSum;
    /// let (mut left, mut right) = (ExactSum::new(), ExactSum::new());
    /// left.add(0.1);
    /// right.add(0.2);
    /// right.add(0.3);
    /// left.merge(&right);
    /// assert_eq!(left, [0.3, 0.2, 0.1].into_iter().collect());
    /// ```
    pub fn merge(&mut self, other: &ExactSum) {
        self.special.nan |= other.special.nan;
        self.special.positive_infinity |= other.special.positive_infinity;
        self.special.negative_infinity |= other.special.negative_infinity;
        self.add_fixed(other.window, i32::from(other.base) - UNIT);
        if let Some(limbs) = &other.spill {
            self.spill().merge(limbs);
        }
    }

    /// The sum of all terms, rounded to the nearest `f64`, ties to even.
    pub fn value(&self) -> f64 {
        if let Some(value) = self.special.value() {
            return value;
        }
        match &self.spill {
            None => round_to_f64(
                self.window < 0,
                self.window.unsigned_abs(),
                false,
                i32::from(self.base) - UNIT,
            ),
            Some(_) => self.limbs().value(),
        }
    }

    /// True when the finite terms sum to zero exactly and no other has been added.
    pub fn is_zero(&self) -> bool {
        self.special == Special::default() && self.limbs().is_zero()
    }

    /// Moves the window's content to the heap, so that the window can be placed anew.
    fn empty_window(&mut self) {
        if self.window != 0 {
            let (window, exponent) = (self.window, i32::from(self.base) - UNIT);
            self.spill().add(window, exponent);
            self.window = 0;
        }
    }

    fn spill(&mut self) -> &mut Limbs {
        self.spill.get_or_insert_default()
    }

    /// The whole finite sum.
    fn limbs(&self) -> Limbs {
        let mut limbs = self.spill.as_deref().cloned().unwrap_or_default();
        if self.window != 0 {
            limbs.add(self.window, i32::from(self.base) - UNIT);
        }
        limbs
    }
}

/// The forms of a sum in files.
#[cfg(any(test, feature = "hdf5"))]
impl ExactSum {
    /// Returns the sum as the shortest list of `f64` that keeps every bit: each is the rounded rest that those before
    /// it leave. The list depends on the sum alone, not on the order of its terms, and sums to it exactly. It is empty
    /// for zero, and infinity alone for a sum beyond the range of `f64`.
    pub(crate) fn terms(&self) -> Vec<f64> {
        let mut terms = Vec::new();
        let mut rest = self.clone();
        loop {
            let term = rest.value();
            if term == 0.0 {
                return terms;
            }
            terms.push(term);
            if !term.is_finite() {
                return terms;
            }
            rest.add(-term);
        }
    }

    /// Returns the integer m of a sum m · 2^`exponent`, or `None` if the sum is not such a multiple or m does not fit.
    pub(crate) fn as_fixed(&self, exponent: i32) -> Option<i128> {
        self.terms().into_iter().try_fold(0_i128, |multiple, term| {
            let bits = term.to_bits();
            let field = (bits >> 52 & 0x7ff) as i32;
            let (significand, last) = match field {
                0 => (bits & SIGNIFICAND, 1),
                field => (bits & SIGNIFICAND | (1 << 52), field),
            };
            let shift = last - UNIT - exponent;
            let magnitude = match shift {
                0..=73 => i128::from(significand) << shift,
                -63..0 if significand.trailing_zeros() as i32 >= -shift => i128::from(significand >> -shift),
                _ => return None,
            };
            multiple.checked_add(if term < 0.0 { -magnitude } else { magnitude })
        })
    }
}

/// Where to place the window for a first term with this exponent field: multiples of 16, so that the windows of
/// partial sums often agree.
fn base_for(exponent: i16) -> i16 {
    ((exponent - ROOM_BELOW) & !15).clamp(1, MAX_BASE)
}

/// `value` · 2^`by`, unless it overflows.
fn shifted(value: i128, by: i32) -> Option<i128> {
    // A value and its sign take one bit more than the magnitude.
    let free = value.unsigned_abs().leading_zeros() as i32 - 1;
    if value == 0 {
        Some(0)
    } else {
        (by <= free).then(|| value << by)
    }
}

impl Default for ExactSum {
    fn default() -> Self {
        ExactSum::new()
    }
}

impl std::fmt::Debug for ExactSum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ExactSum").field(&self.value()).finish()
    }
}

/// Sums are equal when no bit of what has been added differs, not merely their rounded values; two NaN sums are equal.
impl PartialEq for ExactSum {
    fn eq(&self, other: &Self) -> bool {
        match (self.special.value(), other.special.value()) {
            (None, None) => {
                let mut difference = self.limbs();
                difference.negate();
                difference.merge(&other.limbs());
                difference.is_zero()
            }
            (Some(mine), Some(theirs)) => mine.to_bits() == theirs.to_bits(),
            _ => false,
        }
    }
}

impl Eq for ExactSum {}

impl AddAssign<f64> for ExactSum {
    #[inline]
    fn add_assign(&mut self, term: f64) {
        self.add(term);
    }
}

impl AddAssign<&ExactSum> for ExactSum {
    fn add_assign(&mut self, other: &ExactSum) {
        self.merge(other);
    }
}

impl Extend<f64> for ExactSum {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, terms: I) {
        terms.into_iter().for_each(|term| self.add(term));
    }
}

impl FromIterator<f64> for ExactSum {
    fn from_iter<I: IntoIterator<Item = f64>>(terms: I) -> Self {
        let mut sum = ExactSum::new();
        sum.extend(terms);
        sum
    }
}

impl Sum<f64> for ExactSum {
    fn sum<I: Iterator<Item = f64>>(terms: I) -> Self {
        terms.collect()
    }
}

impl<'a> Sum<&'a ExactSum> for ExactSum {
    fn sum<I: Iterator<Item = &'a ExactSum>>(parts: I) -> Self {
        parts.fold(ExactSum::new(), |mut sum, part| {
            sum.merge(part);
            sum
        })
    }
}
