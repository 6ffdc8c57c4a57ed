//! Filling a histogram with one uniform axis, many values at a time.

use super::axis::binning::Uniform;
use super::fixed_point::HalfSums;
use super::moment_units::MomentUnits;
use super::moments::Moments;

/// The maximum number of values in one call of [`fill`].
pub(super) const LENGTH: usize = 128;

/// Fills all values, with exactly the same effect as filling them one by one.
///
/// The first loop computes the bin indices and the moments; a second loop counts the values. The first loop therefore
/// needs no branch and no variable index, which lets compilers turn it into vector instructions.
pub(super) fn fill(
    axis: Uniform,
    units: &MomentUnits<1>,
    values: &[f64],
    counts: &mut [u64],
    moments: &mut Moments<1>,
) {
    let ([first], [[second]]) = (&units.first, &units.second);
    let mut bins = [0; LENGTH];
    let (mut sum, mut sum_of_squares) = (HalfSums::default(), HalfSums::default());
    for (bin, &value) in bins.iter_mut().zip(values) {
        let place = axis.locate_exactly(value);
        *bin = place.index;
        let x = if place.inside { place.value } else { 0.0 };
        first.add_to(&mut sum, x);
        second.add_to(&mut sum_of_squares, x * x);
    }
    for &bin in &bins[..values.len()] {
        counts[bin] += 1;
    }
    let count = values.len() as u64;
    moments.add_sums(first.total(sum, count), second.total(sum_of_squares, count));
}
