//! The bins of an object with any number of axes, numbered consecutively.

use serde::{Deserialize, Serialize};

use super::axis::Axis;
use super::axis::binning::Location;
use super::bin_index::{Bin, BinIndex};
use super::error::Error;
use super::moment_units::MomentUnits;
use super::serde_array;

/// `N` axes. The bins of the grid that they span, including flow bins, form a single row, in which the index along the
/// last axis varies fastest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "SerialisedAxes<N>", into = "SerialisedAxes<N>")]
pub(super) struct BinGrid<const N: usize> {
    pub(super) axes: [Axis; N],
    /// The number of bins on each axis, including flow bins.
    lengths: [usize; N],
    pub(super) units: MomentUnits<N>,
}

#[derive(Clone, Serialize, Deserialize)]
struct SerialisedAxes<const N: usize>(#[serde(with = "serde_array")] [Axis; N]);

impl<const N: usize> From<BinGrid<N>> for SerialisedAxes<N> {
    fn from(grid: BinGrid<N>) -> Self {
        SerialisedAxes(grid.axes)
    }
}

impl<const N: usize> TryFrom<SerialisedAxes<N>> for BinGrid<N> {
    type Error = Error;

    fn try_from(axes: SerialisedAxes<N>) -> Result<Self, Error> {
        BinGrid::new(axes.0, "?")
    }
}

/// The maximum number of bins in one histogram, including flow bins.
const MAX_BINS: usize = 1 << 31;

impl<const N: usize> BinGrid<N> {
    pub(super) fn new(axes: [Axis; N], title: &str) -> Result<Self, Error> {
        let lengths: [usize; N] = std::array::from_fn(|axis| axes[axis].bins_with_flow());
        let bins = lengths
            .iter()
            .try_fold(1_usize, |product, &length| product.checked_mul(length));
        match bins {
            Some(bins) if bins <= MAX_BINS => {
                let units = MomentUnits::new(&axes);
                Ok(BinGrid { axes, lengths, units })
            }
            _ => Err(Error::TooManyBins {
                title: title.to_owned(),
                limit: MAX_BINS,
            }),
        }
    }

    /// The number of bins, including flow bins.
    pub(super) fn len(&self) -> usize {
        self.lengths.iter().product()
    }

    /// Returns the index of a bin in the row, and whether the bin is inside all axes.
    #[inline]
    pub(super) fn locate(&self, places: &[Location; N]) -> (usize, bool) {
        let row = |row, (place, length): (&Location, &usize)| row * length + place.index;
        (
            places.iter().zip(&self.lengths).fold(0, row),
            places.iter().all(|place| place.inside),
        )
    }

    /// Returns the index of a bin in the row.
    ///
    /// Panics if an axis has no such bin.
    #[track_caller]
    pub(super) fn index(&self, bins: BinIndex<N>) -> usize {
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

    /// The indices of the bins that are inside all axes, in row order.
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

    /// Returns an error if the other object's axes differ. The error message refers to the object by the given title.
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
