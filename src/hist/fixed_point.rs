//! Fixed-point integers out of floating-point numbers: sums of them do not depend on the order.

use crate::numbers::exact_sum::ExactSum;

/// Numbers of up to 2^exponent in magnitude as multiples of 2^(exponent − 62), rounded to the nearest, ties to even.
///
/// A number is rounded twice, first to the multiples of 2^(exponent − 31), then what remains (exactly) to those of
/// 2^(exponent − 62), each time by adding a number so large that the last bit of the sum has just that worth: the bits
/// of the sum, read as an integer, then count those multiples from a known offset. That is branch-free arithmetic
/// without conversions, which compilers turn into vector instructions; a Rust cast from `f64` to `i64` saturates, and
/// is neither.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct FixedPoint {
    /// What is added first. All else follows from it, so nothing else is kept: a histogram in three dimensions has
    /// twelve of these.
    upper: f64,
}

/// Bits of each half.
const HALF: i32 = 31;
const SIGNIFICAND: u64 = (1 << 52) - 1;

/// The sum of fewer than 2³² numbers, in halves that do not carry.
#[derive(Clone, Copy, Default)]
pub(super) struct Halves {
    upper: u64,
    lower: u64,
}

impl FixedPoint {
    /// For numbers of up to 2^exponent in magnitude, or a rounding error above; the exponent may lie between −960 and
    /// 960.
    pub(super) fn up_to(exponent: i32) -> Self {
        // Half as much again as a power of two, so that negative numbers do not leave its binade.
        let upper = 1.5 * 2_f64.powi(52 + exponent - HALF);
        FixedPoint { upper }
    }

    /// What is added second.
    #[inline]
    fn lower(&self) -> f64 {
        const DOWN: f64 = 1.0 / (1_u64 << HALF) as f64;
        self.upper * DOWN
    }

    /// What the integers are multiples of: 2 to this power.
    pub(super) fn unit(&self) -> i32 {
        (self.lower().to_bits() >> 52) as i32 - 1023 - 52
    }

    /// The sum as an integer, if it is one.
    pub(super) fn integer(&self, sum: &ExactSum) -> Option<i128> {
        let unit = self.unit();
        sum.terms().into_iter().try_fold(0_i128, |integer, term| {
            let bits = term.to_bits();
            let field = (bits >> 52 & 0x7ff) as i32;
            let (significand, exponent) = match field {
                0 => (bits & SIGNIFICAND, 1),
                field => (bits & SIGNIFICAND | (1 << 52), field),
            };
            let shift = exponent - 1075 - unit;
            let magnitude = match shift {
                0..=73 => i128::from(significand) << shift,
                -63..0 if significand.trailing_zeros() as i32 >= -shift => i128::from(significand >> -shift),
                _ => return None,
            };
            integer.checked_add(if term < 0.0 { -magnitude } else { magnitude })
        })
    }

    /// The offsets: [`halves`](Self::halves) of 0.
    #[inline]
    fn zero(&self) -> Halves {
        Halves {
            upper: self.upper.to_bits(),
            lower: self.lower().to_bits(),
        }
    }

    /// The two halves of the integer, with their offsets.
    #[inline]
    fn halves(&self, x: f64) -> Halves {
        let upper = x + self.upper;
        let rest = x - (upper - self.upper);
        Halves {
            upper: upper.to_bits(),
            lower: (rest + self.lower()).to_bits(),
        }
    }

    /// The number as an integer.
    #[inline]
    pub(super) fn round(&self, x: f64) -> i64 {
        let joined = |halves: Halves| (halves.upper << HALF).wrapping_add(halves.lower);
        // Bits beyond the 64th drop out: the difference fits.
        joined(self.halves(x)).wrapping_sub(joined(self.zero())) as i64
    }

    /// Adds the number to a sum, without its offset.
    #[inline]
    pub(super) fn add_to(&self, sum: &mut Halves, x: f64) {
        let halves = self.halves(x);
        sum.upper = sum.upper.wrapping_add(halves.upper);
        sum.lower = sum.lower.wrapping_add(halves.lower);
    }

    /// The sum of `count` numbers that [`add_to`](Self::add_to) added, to the bit that of their [rounded](Self::round)
    /// ones.
    pub(super) fn total(&self, sum: Halves, count: u64) -> i128 {
        let zero = self.zero();
        let without_offset = |sum: u64, offset: u64| i128::from(sum.wrapping_sub(offset.wrapping_mul(count)) as i64);
        (without_offset(sum.upper, zero.upper) << HALF) + without_offset(sum.lower, zero.lower)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_are_rounded_to_the_nearest_multiple_of_the_unit_one_by_one_or_in_a_sum(
            exponent in -960..=960,
            numbers in prop::collection::vec((-1.0..=1.0_f64, 0..70), 0..300),
        ) {
            let fixed = FixedPoint::up_to(exponent);
            let ties = (-40..40).map(|halves| (f64::from(halves) * 2_f64.powi(-63), 0));
            let (mut sum, mut count, mut reference) = (Halves::default(), 0, 0);
            for (number, smaller) in numbers.into_iter().chain(ties).chain([(1.0, 0), (-1.0, 0), (-0.0, 0)]) {
                let x = number * 2_f64.powi(exponent - smaller);
                // Exact: the exponent alone changes.
                let rounded = (number * 2_f64.powi(62 - smaller)).round_ties_even() as i64;
                prop_assert_eq!(fixed.round(x), rounded);
                fixed.add_to(&mut sum, x);
                count += 1;
                reference += i128::from(rounded);
            }
            prop_assert_eq!(fixed.total(sum, count), reference);
            prop_assert_eq!(fixed.unit(), exponent - 62);
            let mut exact = ExactSum::new();
            exact.add_fixed(reference, fixed.unit());
            prop_assert_eq!(fixed.integer(&exact), Some(reference));
            exact.add_fixed(1, fixed.unit() - 1);
            prop_assert_eq!(fixed.integer(&exact), None);
        }
    }
}
