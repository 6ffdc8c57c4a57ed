//! The bins of several axes together, in one row.

use serde::{Deserialize, Serialize};

use super::axis::Location;
use super::moments::Scale;
use super::{Axis, Error, array};

/// A bin along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bin {
    /// Below the lowest edge. Axes of categories have no such bin.
    Underflow,
    /// The bin with this number, from 0.
    At(usize),
    /// From the highest edge on; all other categories; NaN.
    Overflow,
}

/// A bin of an `N`-dimensional histogram. Made from a number or a [`Bin`] in one dimension, and from an array of either
/// in any: `h.value(3)`, `h.value([3, 4])`, `h.value([Bin::Underflow, Bin::At(4)])`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bins<const N: usize>([Bin; N]);

impl From<usize> for Bins<1> {
    fn from(bin: usize) -> Self {
        Bins([Bin::At(bin)])
    }
}

impl From<Bin> for Bins<1> {
    fn from(bin: Bin) -> Self {
        Bins([bin])
    }
}

impl<const N: usize> From<[usize; N]> for Bins<N> {
    fn from(bins: [usize; N]) -> Self {
        Bins(bins.map(Bin::At))
    }
}

impl<const N: usize> From<[Bin; N]> for Bins<N> {
    fn from(bins: [Bin; N]) -> Self {
        Bins(bins)
    }
}

/// `N` axes; their bins with under- and overflow form one row in which the last axis runs fastest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Axes<N>", into = "Axes<N>")]
pub(super) struct Grid<const N: usize> {
    pub(super) axes: [Axis; N],
    /// Number of bins of each axis, with flow.
    lengths: [usize; N],
    pub(super) scale: Scale<N>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Axes<const N: usize>(#[serde(with = "array")] [Axis; N]);

impl<const N: usize> From<Grid<N>> for Axes<N> {
    fn from(grid: Grid<N>) -> Self {
        Axes(grid.axes)
    }
}

impl<const N: usize> TryFrom<Axes<N>> for Grid<N> {
    type Error = Error;

    fn try_from(axes: Axes<N>) -> Result<Self, Error> {
        Grid::new(axes.0, "?")
    }
}

/// The most bins, with flow, that one histogram can have.
const MAX_BINS: usize = 1 << 31;

impl<const N: usize> Grid<N> {
    pub(super) fn new(axes: [Axis; N], title: &str) -> Result<Self, Error> {
        let lengths: [usize; N] = std::array::from_fn(|axis| axes[axis].bins_with_flow());
        let bins = lengths
            .iter()
            .try_fold(1_usize, |product, &length| product.checked_mul(length));
        match bins {
            Some(bins) if bins <= MAX_BINS => {
                let scale = Scale::new(&axes);
                Ok(Grid { axes, lengths, scale })
            }
            _ => Err(Error::TooManyBins {
                title: title.to_owned(),
                limit: MAX_BINS,
            }),
        }
    }

    /// Number of bins, with flow.
    pub(super) fn len(&self) -> usize {
        self.lengths.iter().product()
    }

    /// The bin of these places, and whether it is inside along every axis.
    #[inline]
    pub(super) fn locate(&self, places: &[Location; N]) -> (usize, bool) {
        let row = |row, (place, length): (&Location, &usize)| row * length + place.index;
        (
            places.iter().zip(&self.lengths).fold(0, row),
            places.iter().all(|place| place.inside),
        )
    }

    /// The index of a bin in the row.
    #[track_caller]
    pub(super) fn index(&self, bins: Bins<N>) -> usize {
        let mut row = 0;
        for (axis, bin) in self.axes.iter().zip(bins.0) {
            let length = axis.bins_with_flow();
            let index = match bin {
                Bin::Underflow if axis.is_numeric() => 0,
                Bin::At(bin) if bin < axis.bins() => bin + axis.first_bin(),
                Bin::Overflow => length - 1,
                _ => panic!("the axis '{}' ({}) has no bin {bin:?}", axis.label, axis.description()),
            };
            row = row * length + index;
        }
        row
    }

    /// The indices of all bins inside, in the order of the row.
    pub(super) fn inside(&self) -> impl Iterator<Item = usize> + Clone + '_ {
        let bins = self.axes.each_ref().map(|axis| axis.bins());
        (0..bins.iter().product::<usize>()).map(move |number| {
            let (mut rest, mut index, mut stride) = (number, 0, 1);
            for axis in (0..N).rev() {
                index += stride * (rest % bins[axis] + self.axes[axis].first_bin());
                rest /= bins[axis];
                stride *= self.lengths[axis];
            }
            index
        })
    }

    /// Refuses other axes than these, for the object of this title.
    pub(super) fn check_same(&self, title: &str, other: &Self) -> Result<(), Error> {
        for (number, (mine, theirs)) in self.axes.iter().zip(&other.axes).enumerate() {
            if mine != theirs {
                let tell = |axis: &Axis| format!("'{}' with {}", axis.title(), axis.description());
                let difference = match tell(mine) == tell(theirs) {
                    true => format!("edges of axis {number}, {}, differ", tell(mine)),
                    false => format!("axis {number} is {} here and {} there", tell(mine), tell(theirs)),
                };
                return Err(Error::Merge {
                    name: title.to_owned(),
                    difference,
                });
            }
        }
        Ok(())
    }
}
