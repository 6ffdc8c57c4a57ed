//! The fixed-point units in which moments are summed.

use super::axis::Axis;
use super::fixed_point::FixedPoint;

/// The fixed-point formats used to sum the moments along `N` axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct MomentUnits<const N: usize> {
    pub(super) first: [FixedPoint; N],
    pub(super) second: [[FixedPoint; N]; N],
}

impl<const N: usize> MomentUnits<N> {
    pub(super) fn new(axes: &[Axis; N]) -> Self {
        // Coordinates inside the axis have magnitudes below 2^exponent.
        let exponents = axes.each_ref().map(|axis| match axis.largest_magnitude() {
            0.0 => 0,
            largest => (largest.to_bits() >> 52) as i32 - 1022,
        });
        MomentUnits {
            first: exponents.map(FixedPoint::up_to),
            second: exponents.map(|i| exponents.map(|j| FixedPoint::up_to(i + j))),
        }
    }
}
