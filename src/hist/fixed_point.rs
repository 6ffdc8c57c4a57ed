//! Floating-point numbers represented as fixed-point integers, whose sums do not depend on the order of the terms.

/// A fixed-point format: numbers of magnitude up to 2^exponent are rounded to the nearest multiple of
/// 2^(exponent − 62), ties to even.
///
/// A number is rounded twice: first to a multiple of 2^(exponent − 31), then the exact remainder to a multiple of
/// 2^(exponent − 62). Each step adds a constant that is large enough for the last bit of the sum to represent one such
/// multiple. The bits of the sum, read as an integer, are then the number of multiples plus a known offset. This
/// arithmetic needs no branches and no conversions, so compilers turn it into vector instructions. A Rust cast from
/// `f64` to `i64` would prevent that, because it saturates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct FixedPoint {
    /// The number added in the first step. The other constants follow from it; to save space, they are not stored,
    /// because a three-dimensional histogram has twelve formats.
    upper: f64,
}

/// The number of bits in each half of an integer.
const HALF: i32 = 31;

/// The sum of fewer than 2³² numbers, with separate sums of the upper and lower halves, so that no carries occur.
#[derive(Clone, Copy, Default)]
pub(super) struct HalfSums {
    upper: u64,
    lower: u64,
}

impl FixedPoint {
    /// Returns the format for numbers of magnitude up to 2^exponent, which they may exceed by a rounding error. The
    /// exponent must be between −960 and 960.
    pub(super) fn up_to(exponent: i32) -> Self {
        // This is one and a half times a power of two, so that the sum stays in the same binade even if the number
        // added to it is negative.
        let upper = 1.5 * 2_f64.powi(52 + exponent - HALF);
        FixedPoint { upper }
    }

    /// The number added in the second step.
    #[inline]
    fn lower(&self) -> f64 {
        const DOWN: f64 = 1.0 / (1_u64 << HALF) as f64;
        self.upper * DOWN
    }

    /// The binary logarithm of the unit: integers are multiples of 2^unit.
    pub(super) fn unit(&self) -> i32 {
        (self.lower().to_bits() >> 52) as i32 - 1023 - 52
    }

    /// The offsets, which are the [`halves`](Self::halves) of 0.
    #[inline]
    fn zero(&self) -> HalfSums {
        HalfSums {
            upper: self.upper.to_bits(),
            lower: self.lower().to_bits(),
        }
    }

    /// The two halves of the integer that represents a number, including their offsets.
    #[inline]
    fn halves(&self, x: f64) -> HalfSums {
        let upper = x + self.upper;
        let rest = x - (upper - self.upper);
        HalfSums {
            upper: upper.to_bits(),
            lower: (rest + self.lower()).to_bits(),
        }
    }

    /// Returns the integer that represents the number.
    #[inline]
    pub(super) fn round(&self, x: f64) -> i64 {
        let joined = |halves: HalfSums| (halves.upper << HALF).wrapping_add(halves.lower);
        // Overflows cancel, because the difference fits in 64 bits.
        joined(self.halves(x)).wrapping_sub(joined(self.zero())) as i64
    }

    /// Adds the number to a sum. The sum also collects one offset per number.
    #[inline]
    pub(super) fn add_to(&self, sum: &mut HalfSums, x: f64) {
        let halves = self.halves(x);
        sum.upper = sum.upper.wrapping_add(halves.upper);
        sum.lower = sum.lower.wrapping_add(halves.lower);
    }

    /// Returns the sum of `count` numbers added by [`add_to`](Self::add_to): exactly the sum of the individually
    /// [rounded](Self::round) numbers.
    pub(super) fn total(&self, sum: HalfSums, count: u64) -> i128 {
        let zero = self.zero();
        let without_offset = |sum: u64, offset: u64| i128::from(sum.wrapping_sub(offset.wrapping_mul(count)) as i64);
        (without_offset(sum.upper, zero.upper) << HALF) + without_offset(sum.lower, zero.lower)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::exact_sum::ExactSum;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_are_rounded_to_the_nearest_multiple_of_the_unit_one_by_one_or_in_a_sum(
            exponent in -960..=960,
            numbers in prop::collection::vec((-1.0..=1.0_f64, 0..70), 0..300),
        ) {
            let fixed = FixedPoint::up_to(exponent);
            let ties = (-40..40).map(|halves| (f64::from(halves) * 2_f64.powi(-63), 0));
            let (mut sum, mut count, mut reference) = (HalfSums::default(), 0, 0);
            for (number, smaller) in numbers.into_iter().chain(ties).chain([(1.0, 0), (-1.0, 0), (-0.0, 0)]) {
                let x = number * 2_f64.powi(exponent - smaller);
                // This multiplication is exact, because only the exponent changes.
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
            prop_assert_eq!(exact.as_fixed(fixed.unit()), Some(reference));
            exact.add_fixed(1, fixed.unit() - 1);
            prop_assert_eq!(exact.as_fixed(fixed.unit()), None);
        }
    }
}
