//! Floating-point sums that do not depend on the order of their terms.
//!
//! Ordinary floating-point addition rounds after every term. The last digits of a sum therefore depend on the order of
//! the terms and on how they are grouped, for example by process. An [`ExactSum`] keeps every bit and rounds only once,
//! in [`value`](ExactSum::value). The same terms therefore give the same bits in any order and any grouping.
//!
//! ```
//! use gaudi_mpi::numbers::exact_sum::ExactSum;
//!
//! let terms = [1e100, 1.0, -1e100, 0.1];
//! let forwards: ExactSum = terms.into_iter().collect();
//! let backwards: ExactSum = terms.into_iter().rev().collect();
//! assert_eq!(forwards.value(), 1.1);
//! assert_eq!(forwards, backwards);
//! assert_eq!(terms.iter().sum::<f64>(), 0.1); // the result of plain addition
//! ```

mod limbs;
mod non_finite;
#[cfg(test)]
mod tests;

use std::iter::Sum;
use std::ops::AddAssign;

use limbs::{Limbs, round_to_f64};
use non_finite::NonFinite;
use serde::{Deserialize, Serialize};

/// The sum of any number of `f64` values, kept exactly and rounded only once.
///
/// The [`value`](Self::value) is the real-number sum of all terms, rounded to the nearest `f64` (ties to even). It
/// covers the full range of `f64`, subnormal numbers included, and does not depend on the order in which terms were
/// added or partial sums [merged](Self::merge). Infinities and NaN follow IEEE 754: a sum that contains an infinity is
/// infinite; a sum that contains a NaN, or infinities of both signs, is NaN. An empty sum is 0.
///
/// Terms of similar magnitude (within about eleven powers of ten, for up to 2³⁵ terms) are added in a 128-bit
/// fixed-point window; each addition takes two to three nanoseconds. Terms that do not fit in the window go to a
/// heap-allocated accumulator that grows as needed. Neither the window nor the accumulator can overflow. A sum occupies
/// 32 bytes, not counting the accumulator.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Serialised", into = "Serialised")]
pub struct ExactSum {
    /// The content of the window, in multiples of 2^(base − [`UNIT`]).
    window: i128,
    /// The sum of all terms that are not in the window.
    spill: Option<Box<Limbs>>,
    /// The IEEE exponent field of the numbers whose last bit has the same value as the window's last bit. Until the
    /// window is given a position, the base is [`UNPLACED`] and the window is 0.
    base: i16,
    non_finite: NonFinite,
}

/// The last bit of a number with the IEEE exponent field `b` is worth 2^(b − 1075).
const UNIT: i32 = 1075;
/// The base of an unplaced window. It is larger than any exponent field, so no term fits in such a window.
const UNPLACED: i16 = i16::MAX;
/// The maximum shift for which a 53-bit significand leaves room for the window's sign and one carry bit.
const MAX_SHIFT: u32 = 73;
/// The maximum base. With a larger base, infinities and NaN would appear to fit in the window.
const MAX_BASE: i16 = 0x7ff - 1 - MAX_SHIFT as i16;
/// The minimum number of bits kept free below the first term. Up to 15 more bits may be free.
const ROOM_BELOW: i16 = 24;

const SIGNIFICAND: u64 = (1 << 52) - 1;

impl ExactSum {
    /// Returns an empty sum.
    pub const fn new() -> Self {
        ExactSum {
            window: 0,
            spill: None,
            base: UNPLACED,
            non_finite: NonFinite::NONE,
        }
    }

    /// Adds a term.
    #[inline]
    pub fn add(&mut self, term: f64) {
        let bits = term.to_bits();
        let exponent = (bits >> 52) & 0x7ff;
        // For zero, for subnormal numbers and for an unplaced window, the difference is negative, and the cast turns it
        // into a huge shift.
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

    /// Adds a term that does not fit in the current window.
    #[cold]
    #[inline(never)]
    fn add_outside(&mut self, term: f64) {
        if term == 0.0 {
            return;
        }
        if !term.is_finite() {
            self.non_finite.add(term);
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
            // A large term is usually followed by more large terms, so the window moves up. The window never moves
            // down; otherwise, a mix of large and small terms would move it back and forth.
            self.empty_window();
            self.base = base_for(exponent);
            self.window = signed << (exponent - self.base);
        } else {
            self.spill().add(signed, i32::from(exponent) - UNIT);
        }
    }

    /// Adds `multiple` · 2^`exponent`. The exponent must be between −4000 and 4000.
    pub(crate) fn add_fixed(&mut self, multiple: i128, exponent: i32) {
        if multiple != 0 && !self.add_aligned(multiple, exponent + UNIT) {
            self.spill().add(multiple, exponent);
        }
    }

    /// Adds `multiple` · 2^(base − UNIT) to the window, if the sum fits in a window at the lower of the two bases.
    /// Returns whether the term was added.
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

    /// Adds all terms of another sum.
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
        self.non_finite.merge(other.non_finite);
        self.add_fixed(other.window, i32::from(other.base) - UNIT);
        if let Some(limbs) = &other.spill {
            self.spill().merge(limbs);
        }
    }

    /// The sum of all terms, rounded to the nearest `f64`, ties to even.
    pub fn value(&self) -> f64 {
        if let Some(value) = self.non_finite.value() {
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

    /// Whether all terms are finite and sum to exactly zero.
    pub fn is_zero(&self) -> bool {
        self.non_finite == NonFinite::NONE && self.limbs().is_zero()
    }

    /// Moves the content of the window to the accumulator, so that the window can be moved.
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

    /// The sum of all finite terms, as digits.
    fn limbs(&self) -> Limbs {
        let mut limbs = self.spill.as_deref().cloned().unwrap_or_default();
        if self.window != 0 {
            limbs.add(self.window, i32::from(self.base) - UNIT);
        }
        limbs
    }
}

/// Conversions for reading and writing files.
#[cfg(any(test, feature = "hdf5"))]
impl ExactSum {
    /// Returns the sum as a list of `f64` values that preserves every bit. Each number is the rounded difference
    /// between the sum and the numbers before it. The list depends only on the exact value of the sum, and its numbers
    /// add up to exactly that value. For zero, the list is empty; for a sum beyond the range of `f64`, it contains only
    /// an infinity.
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

    /// Returns the integer m for which the sum is m · 2^`exponent`, or `None` if there is no such integer or it does
    /// not fit in the return type.
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

/// Returns the base of a window whose first term has this exponent field. Bases are multiples of 16, which makes it
/// likely that the windows of partial sums coincide.
fn base_for(exponent: i16) -> i16 {
    ((exponent - ROOM_BELOW) & !15).clamp(1, MAX_BASE)
}

/// Returns `value` · 2^`by`, or `None` if the result overflows.
fn shifted(value: i128, by: i32) -> Option<i128> {
    // One bit is reserved for the sign.
    let free = value.unsigned_abs().leading_zeros() as i32 - 1;
    if value == 0 {
        Some(0)
    } else {
        (by <= free).then(|| value << by)
    }
}

/// The serialised form: the bits of [`NonFinite`], the base (0 if unplaced), the window, and the digits of the
/// accumulator, preceded by the place of the first digit. An empty sum takes four bytes in a variable-length encoding.
type Serialised = (u8, i16, i128, Option<(i32, Vec<i64>)>);

impl From<ExactSum> for Serialised {
    fn from(sum: ExactSum) -> Self {
        let base = if sum.base == UNPLACED { 0 } else { sum.base };
        let spill = sum.spill.map(|limbs| limbs.into_digits());
        (sum.non_finite.bits(), base, sum.window, spill)
    }
}

impl TryFrom<Serialised> for ExactSum {
    type Error = &'static str;

    fn try_from((non_finite, base, window, spill): Serialised) -> Result<Self, Self::Error> {
        let unplaced = base == 0;
        if !(0..=MAX_BASE).contains(&base) || unplaced && window != 0 {
            return Err("the serialised exact sum is corrupt: its window is out of range");
        }
        let spill = spill.map(|(first, digits)| {
            let limbs = Limbs::from_digits(first, digits);
            limbs.ok_or("the serialised exact sum is corrupt: its digits are out of range")
        });
        Ok(ExactSum {
            window,
            spill: spill.transpose()?.map(Box::new),
            base: if unplaced { UNPLACED } else { base },
            non_finite: NonFinite::from_bits(non_finite)
                .ok_or("the serialised exact sum is corrupt: its infinities are out of range")?,
        })
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

/// Two sums are equal if their exact values, not only their rounded values, are equal. Two NaN sums are equal.
impl PartialEq for ExactSum {
    fn eq(&self, other: &Self) -> bool {
        match (self.non_finite.value(), other.non_finite.value()) {
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
