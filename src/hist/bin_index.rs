//! Bin indices as specified by users.

/// A bin on one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bin {
    /// The bin for all values below the lowest edge. Category axes have no underflow bin.
    Underflow,
    /// The bin with this number, counted from 0.
    At(usize),
    /// The bin for all values at or above the highest edge, and for NaN; on a category axis, the bin for all other
    /// categories.
    Overflow,
}

/// A bin of an `N`-dimensional histogram. In one dimension, a number or a [`Bin`] converts to a bin index; in any
/// dimension, an array of numbers or of [`Bin`]s does.
///
/// ```
/// use gaudi_mpi::hist::{Axis, Bin, Histogram2D};
///
/// let mut plane = Histogram2D::new("Plane", Axis::uniform(2, 0.0, 2.0), Axis::uniform(2, 0.0, 2.0));
/// plane.fill(0.5, 1.5);
/// plane.fill(-1.0, 1.5);
/// assert_eq!(plane.value([0, 1]), 1.0);
/// assert_eq!(plane.value([Bin::Underflow, Bin::At(1)]), 1.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BinIndex<const N: usize>(pub(super) [Bin; N]);

impl From<usize> for BinIndex<1> {
    fn from(bin: usize) -> Self {
        BinIndex([Bin::At(bin)])
    }
}

impl From<Bin> for BinIndex<1> {
    fn from(bin: Bin) -> Self {
        BinIndex([bin])
    }
}

impl<const N: usize> From<[usize; N]> for BinIndex<N> {
    fn from(bins: [usize; N]) -> Self {
        BinIndex(bins.map(Bin::At))
    }
}

impl<const N: usize> From<[Bin; N]> for BinIndex<N> {
    fn from(bins: [Bin; N]) -> Self {
        BinIndex(bins)
    }
}
