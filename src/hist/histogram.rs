//! Histograms: sums of weights in bins.

use serde::{Deserialize, Serialize};

use super::axis::Axis;
use super::bin_index::{Bin, BinIndex};
use super::binned_fills::{BinnedFills, shared_methods};
use super::coordinate::Coordinate;
use super::error::{Error, or_panic};
use super::vector_fill;

/// A histogram with `N` axes: [`Histogram1D`], [`Histogram2D`] or [`Histogram3D`].
///
/// Contents and statistics depend neither on the order of the fills nor on their distribution over histograms that are
/// later [merged](Self::merge): counts are integers, and sums of weights are exact and rounded only once. Statistics
/// match those of ROOT's `TH1`, `TH2` and `TH3`: they are computed from the filled numbers rather than from the bins,
/// and exclude fills that are in the under- or overflow of any axis. Only [`entries`](Self::entries) counts all fills.
///
/// ```
/// use gaudi_mpi::hist::{Axis, Histogram1D};
///
/// let mut mass = Histogram1D::new("Mass", Axis::uniform(3, 0.0, 3.0).unit("GeV"));
/// mass.fill(0.5);
/// mass.fill_weighted(1.5, 2.0);
/// mass.fill(7.0);
/// assert_eq!(mass.values(), [1.0, 2.0, 0.0]);
/// assert_eq!(mass.variance(1), 4.0);
/// assert_eq!(mass.overflow(), 1.0);
/// assert_eq!((mass.entries(), mass.integral(), mass.mean()), (3, 3.0, 3.5 / 3.0));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram<const N: usize> {
    pub(super) fills: BinnedFills<N>,
}

/// A histogram along one axis.
pub type Histogram1D = Histogram<1>;
/// A histogram over two axes.
pub type Histogram2D = Histogram<2>;
/// A histogram over three axes.
pub type Histogram3D = Histogram<3>;

shared_methods!(Histogram, "Returns an empty histogram.");

impl<const N: usize> Histogram<N> {
    /// Returns an empty histogram with these axes.
    ///
    /// # Errors
    ///
    /// When the total number of bins, including under- and overflow, exceeds 2³¹.
    pub fn try_new(title: impl Into<String>, axes: [Axis; N]) -> Result<Self, Error> {
        let fills = BinnedFills::new(title.into(), axes)?;
        Ok(Histogram { fills })
    }

    /// The content of a bin: the sum of its weights.
    ///
    /// # Panics
    ///
    /// When an axis has no such bin.
    #[track_caller]
    pub fn value(&self, bin: impl Into<BinIndex<N>>) -> f64 {
        self.fills.weights.at(self.fills.grid.index(bin.into())).w
    }

    /// The variance of a bin's content: the sum of its squared weights.
    ///
    /// # Panics
    ///
    /// When an axis has no such bin.
    #[track_caller]
    pub fn variance(&self, bin: impl Into<BinIndex<N>>) -> f64 {
        self.fills.weights.at(self.fills.grid.index(bin.into())).w2
    }

    /// The contents of all bins except under- and overflow. The index along the last axis varies fastest.
    pub fn values(&self) -> Vec<f64> {
        let bins = self.fills.grid.inside();
        bins.map(|bin| self.fills.weights.at(bin).w).collect()
    }

    /// The variances of all bins except under- and overflow. The index along the last axis varies fastest.
    pub fn variances(&self) -> Vec<f64> {
        let bins = self.fills.grid.inside();
        bins.map(|bin| self.fills.weights.at(bin).w2).collect()
    }

    /// The contents of all bins. Along each axis, underflow (if the axis has an underflow bin) comes first and overflow
    /// last. The index along the last axis varies fastest.
    pub fn values_with_flow(&self) -> Vec<f64> {
        let bins = 0..self.fills.grid.len();
        bins.map(|bin| self.fills.weights.at(bin).w).collect()
    }

    /// The variances of all bins, in the order of [`values_with_flow`](Self::values_with_flow).
    pub fn variances_with_flow(&self) -> Vec<f64> {
        let bins = 0..self.fills.grid.len();
        bins.map(|bin| self.fills.weights.at(bin).w2).collect()
    }

    /// The sum of the contents of all bins except under- and overflow.
    pub fn integral(&self) -> f64 {
        self.fills.totals().w
    }

    /// The covariance of the coordinates along two axes, in the product of their units, over the fills inside all axes,
    /// like ROOT's `GetCovariance`; NaN for category axes.
    ///
    /// # Panics
    ///
    /// When there is no axis with one of these numbers. Axes are counted from 0.
    pub fn covariance(&self, first: usize, second: usize) -> f64 {
        self.fills.covariance(first, second)
    }

    /// Adds the fills of another histogram with the same title and axes. The result is the same, bit for bit, for any
    /// order of merging.
    ///
    /// # Errors
    ///
    /// When the titles or axes differ. In that case, nothing is added.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.check_mergeable(other)?;
        self.fills.merge(&other.fills);
        Ok(())
    }

    pub(super) fn check_mergeable(&self, other: &Self) -> Result<(), Error> {
        self.fills.check_mergeable(&other.fills)
    }
}

impl Histogram<1> {
    /// Counts a value.
    ///
    /// # Panics
    ///
    /// When the value is a string but the axis requires a number, or vice versa. This applies to all filling methods.
    #[inline]
    pub fn fill(&mut self, x: impl Coordinate) {
        let place = self.fills.grid.axes[0].locate(x);
        self.fills.count(&[place]);
    }

    /// Adds `weight` to the bin of a value.
    #[inline]
    pub fn fill_weighted(&mut self, x: impl Coordinate, weight: f64) {
        let place = self.fills.grid.axes[0].locate(x);
        self.fills.add(&[place], weight);
    }

    /// Counts many values. The result is the same as calling [`fill`](Self::fill) for each value. On a uniform axis,
    /// this method is faster, because it counts values in batches of about a hundred. If the iterator panics, the
    /// values of the current batch are lost.
    ///
    /// ```
    /// use gaudi_mpi::hist::{Axis, Histogram1D};
    ///
    /// let mut squares = Histogram1D::new("Squares", Axis::uniform(10, 0.0, 100.0));
    /// squares.fill_all((0..10).map(|i| i * i));
    /// assert_eq!(squares.value(0), 4.0);
    /// ```
    pub fn fill_all<C: Coordinate>(&mut self, values: impl IntoIterator<Item = C>) {
        let BinnedFills {
            grid, weights, moments, ..
        } = &mut self.fills;
        let axis = &grid.axes[0];
        let Some(uniform) = axis.as_uniform() else {
            values.into_iter().for_each(|x| self.fill(x));
            return;
        };
        let mut values = values.into_iter().map(|x| axis.number(&x));
        let mut taken = [0.0; vector_fill::LENGTH];
        loop {
            let mut count = 0;
            for (slot, x) in taken.iter_mut().zip(&mut values) {
                *slot = x;
                count += 1;
            }
            vector_fill::fill(uniform, &grid.units, &taken[..count], weights.counts_mut(), moments);
            if count < taken.len() {
                return;
            }
        }
    }

    /// The content of the underflow bin; 0 for a category axis, which has no underflow bin.
    pub fn underflow(&self) -> f64 {
        if self.axes()[0].is_numeric() {
            self.value(Bin::Underflow)
        } else {
            0.0
        }
    }

    /// The content of the overflow bin; on a category axis, the content of the bin for all other categories.
    pub fn overflow(&self) -> f64 {
        self.value(Bin::Overflow)
    }
}

impl Histogram<2> {
    /// Counts a pair of values.
    #[inline]
    pub fn fill(&mut self, x: impl Coordinate, y: impl Coordinate) {
        let [x_axis, y_axis] = &self.fills.grid.axes;
        let places = [x_axis.locate(x), y_axis.locate(y)];
        self.fills.count(&places);
    }

    /// Adds `weight` to the bin of a pair of values.
    #[inline]
    pub fn fill_weighted(&mut self, x: impl Coordinate, y: impl Coordinate, weight: f64) {
        let [x_axis, y_axis] = &self.fills.grid.axes;
        let places = [x_axis.locate(x), y_axis.locate(y)];
        self.fills.add(&places, weight);
    }
}

impl Histogram<3> {
    /// Returns an empty histogram.
    ///
    /// # Panics
    ///
    /// When [`try_new`](Self::try_new) returns an error.
    pub fn new(title: impl Into<String>, x: Axis, y: Axis, z: Axis) -> Self {
        or_panic(Self::try_new(title, [x, y, z]))
    }

    /// Counts a triple of values.
    #[inline]
    pub fn fill(&mut self, x: impl Coordinate, y: impl Coordinate, z: impl Coordinate) {
        let [x_axis, y_axis, z_axis] = &self.fills.grid.axes;
        let places = [x_axis.locate(x), y_axis.locate(y), z_axis.locate(z)];
        self.fills.count(&places);
    }

    /// Adds `weight` to the bin of a triple of values.
    #[inline]
    pub fn fill_weighted(&mut self, x: impl Coordinate, y: impl Coordinate, z: impl Coordinate, weight: f64) {
        let [x_axis, y_axis, z_axis] = &self.fills.grid.axes;
        let places = [x_axis.locate(x), y_axis.locate(y), z_axis.locate(z)];
        self.fills.add(&places, weight);
    }
}
