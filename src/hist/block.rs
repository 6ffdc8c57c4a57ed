//! Many values at once for a histogram with one uniform axis.

use super::axis::Uniform;
use super::fixed_point::Halves;
use super::moments::{Moments, Scale};

/// The most values that make a block.
pub(super) const LENGTH: usize = 128;

/// Does what filling with one value after the other does, to the bit.
///
/// Counting needs a loop of its own: what remains in the other has no branch and no index, so it becomes vector
/// instructions.
pub(super) fn fill(axis: Uniform, scale: &Scale<1>, values: &[f64], counts: &mut [u64], moments: &mut Moments<1>) {
    let ([first], [[second]]) = (&scale.first, &scale.second);
    let mut bins = [0; LENGTH];
    let (mut sum, mut sum_of_squares) = (Halves::default(), Halves::default());
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
