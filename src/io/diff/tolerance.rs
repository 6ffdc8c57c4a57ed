//! Compares two values within a tolerance.

use crate::event::Element;

/// The tolerance for comparing floating-point numbers. Two numbers count as equal if their difference is within either
/// limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tolerance {
    /// The largest allowed difference, as a fraction of the larger of the two magnitudes.
    pub relative: f64,
    /// The largest allowed absolute difference.
    pub absolute: f64,
}

impl Tolerance {
    /// Returns whether numbers must be equal bit for bit.
    fn is_exact(&self) -> bool {
        self.relative == 0.0 && self.absolute == 0.0
    }

    /// Returns whether two numbers are equal bit for bit, are both NaN, or are within the tolerance.
    pub(super) fn same(&self, a: f64, b: f64) -> bool {
        a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan() || !self.is_exact() && self.near(a, b)
    }

    fn near(&self, a: f64, b: f64) -> bool {
        // Infinities of the same sign are equal; an infinity is never within the tolerance of any other number.
        let allowed = self.absolute.max(self.relative * a.abs().max(b.abs()));
        a == b || (a - b).is_finite() && (a - b).abs() <= allowed
    }
}

/// A value that can be compared and formatted.
pub(super) trait Comparable: Element {
    fn same(self, other: Self, tolerance: &Tolerance) -> bool;
    fn show(self) -> String;
}

macro_rules! exactly {
    ($($type:ty),*) => {$(
        impl Comparable for $type {
            fn same(self, other: Self, _: &Tolerance) -> bool {
                self == other
            }
            fn show(self) -> String {
                self.to_string()
            }
        }
    )*};
}

exactly!(bool, i8, i16, i32, i64, u8, u16, u32, u64);

impl Comparable for f32 {
    fn same(self, other: Self, tolerance: &Tolerance) -> bool {
        // Conversion to a wider type is exact, and a NaN remains a NaN.
        tolerance.same(self.into(), other.into())
    }
    fn show(self) -> String {
        match is_handy(self.into()) {
            true => self.to_string(),
            false => format!("{self:e}"),
        }
    }
}

impl Comparable for f64 {
    fn same(self, other: Self, tolerance: &Tolerance) -> bool {
        tolerance.same(self, other)
    }
    fn show(self) -> String {
        match is_handy(self) {
            true => self.to_string(),
            false => format!("{self:e}"),
        }
    }
}

/// Returns whether a number can be written compactly without an exponent.
fn is_handy(number: f64) -> bool {
    number == 0.0 || !number.is_finite() || (1e-4..1e15).contains(&number.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_count_unless_there_is_a_tolerance() {
        let exact = Tolerance::default();
        let other_nan = f64::from_bits(f64::NAN.to_bits() | 1);
        assert!(exact.same(f64::NAN, other_nan) && exact.same(0.1, 0.1));
        assert!(!exact.same(0.0, -0.0) && !exact.same(1.0, 1.0_f64.next_up()) && !exact.same(1.0, f64::NAN));
        let relative = Tolerance {
            relative: 1e-3,
            absolute: 0.0,
        };
        assert!(relative.same(1000.0, 1001.0) && relative.same(0.0, -0.0) && !relative.same(1000.0, 1002.0));
        assert!(
            !relative.same(0.0, 1e-300) && !relative.same(f64::INFINITY, f64::MAX) && !relative.same(1.0, f64::NAN)
        );
        let absolute = Tolerance {
            relative: 0.0,
            absolute: 0.5,
        };
        assert!(absolute.same(0.0, 0.5) && !absolute.same(1000.0, 1000.6));
        assert!(1.0f32.same(1.0005, &relative) && !1i64.same(2, &absolute));
    }

    #[test]
    fn numbers_are_shown_as_short_as_they_are() {
        assert_eq!([1204.5.show(), 1e300.show(), 0.1f32.show()], ["1204.5", "1e300", "0.1"]);
        assert_eq!([(-0.0).show(), 5e-324.show(), f64::NAN.show()], ["-0", "5e-324", "NaN"]);
    }
}
