//! Histograms: what has been filled, counted in bins.

use serde::{Deserialize, Serialize};

use super::axis::Location;
use super::grid::Grid;
use super::moments::{Moments, Scale};
use super::weights::{Totals, Weights};
use super::{Axis, Bin, Bins, Coordinate, Error, block};
use crate::numbers::exact_sum::ExactSum;

/// A histogram with `N` axes: [`Histogram1D`], [`Histogram2D`] or [`Histogram3D`].
///
/// Contents and statistics do not depend on the order of the fills, nor on how they were spread over histograms that
/// were then [merged](Self::merge): counts are integers, sums of weights are exact and rounded once. Statistics are
/// those of ROOT's `TH1`, `TH2` and `TH3`: computed from the numbers filled, not from the bins, and without fills in
/// under- or overflow of any axis, save [`entries`](Self::entries), which counts all.
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
#[serde(try_from = "Parts<N>")]
pub struct Histogram<const N: usize> {
    title: String,
    grid: Grid<N>,
    weights: Weights,
    moments: Moments<N>,
}

/// A histogram along one axis.
pub type Histogram1D = Histogram<1>;
/// A histogram over two axes.
pub type Histogram2D = Histogram<2>;
/// A histogram over three axes.
pub type Histogram3D = Histogram<3>;

impl<const N: usize> Histogram<N> {
    /// An empty histogram over these axes.
    ///
    /// # Errors
    ///
    /// When the axes' bins, with under- and overflow, multiply to more than 2³¹.
    pub fn try_new(title: impl Into<String>, axes: [Axis; N]) -> Result<Self, Error> {
        let title = title.into();
        let grid = Grid::new(axes, &title)?;
        Ok(Histogram {
            title,
            weights: Weights::new(grid.len()),
            grid,
            moments: Moments::new(),
        })
    }

    #[inline]
    fn fill_at(&mut self, places: [Location; N]) {
        let (bin, inside) = self.grid.locate(&places);
        self.weights.count(bin);
        if inside {
            self.moments.add(&self.grid.scale, &places);
        }
    }

    #[inline]
    fn fill_weighted_at(&mut self, places: [Location; N], weight: f64) {
        let (bin, inside) = self.grid.locate(&places);
        self.weights.add(bin, weight);
        if inside {
            self.moments.add_weighted(&places, weight);
        }
    }

    /// The title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The axes.
    pub fn axes(&self) -> &[Axis; N] {
        &self.grid.axes
    }

    /// Whether any fill had a weight.
    pub fn is_weighted(&self) -> bool {
        self.weights.is_weighted()
    }

    /// Number of all fills, those in under- and overflow included.
    pub fn entries(&self) -> u64 {
        self.weights.entries()
    }

    /// Content of a bin: the sum of its weights.
    ///
    /// # Panics
    ///
    /// When an axis has no such bin.
    #[track_caller]
    pub fn value(&self, bin: impl Into<Bins<N>>) -> f64 {
        self.weights.at(self.grid.index(bin.into())).w
    }

    /// Variance of the content of a bin: the sum of its squared weights.
    ///
    /// # Panics
    ///
    /// When an axis has no such bin.
    #[track_caller]
    pub fn variance(&self, bin: impl Into<Bins<N>>) -> f64 {
        self.weights.at(self.grid.index(bin.into())).w2
    }

    /// Contents of all bins without under- and overflow; the last axis runs fastest.
    pub fn values(&self) -> Vec<f64> {
        self.grid.inside().map(|bin| self.weights.at(bin).w).collect()
    }

    /// Variances of all bins without under- and overflow; the last axis runs fastest.
    pub fn variances(&self) -> Vec<f64> {
        self.grid.inside().map(|bin| self.weights.at(bin).w2).collect()
    }

    /// Contents of all bins; along each axis underflow (where there is one) comes first and overflow last, the last
    /// axis runs fastest.
    pub fn values_with_flow(&self) -> Vec<f64> {
        (0..self.grid.len()).map(|bin| self.weights.at(bin).w).collect()
    }

    /// Variances of all bins, in the order of [`values_with_flow`](Self::values_with_flow).
    pub fn variances_with_flow(&self) -> Vec<f64> {
        (0..self.grid.len()).map(|bin| self.weights.at(bin).w2).collect()
    }

    /// Number of fills without weight in each bin, in the order of [`values_with_flow`](Self::values_with_flow).
    pub(super) fn counts_with_flow(&self) -> &[u64] {
        self.weights.counts()
    }

    /// Exact Σw and Σw² of all bins, in the order of [`values_with_flow`](Self::values_with_flow).
    pub(super) fn weights_with_flow(&self) -> Vec<[ExactSum; 2]> {
        (0..self.grid.len()).map(|bin| self.weights.exact([bin])).collect()
    }

    pub(super) fn moments(&self) -> &Moments<N> {
        &self.moments
    }

    pub(super) fn scale(&self) -> &Scale<N> {
        &self.grid.scale
    }

    /// Puts these fills in place of those it has.
    pub(super) fn set(&mut self, weights: Weights, moments: Moments<N>) -> Result<(), Error> {
        weights.check_len(&self.title, self.grid.len())?;
        self.weights = weights;
        self.moments = moments;
        Ok(())
    }

    /// Over the fills inside all axes.
    fn totals(&self) -> Totals {
        self.weights.total(self.grid.inside())
    }

    /// Sum of the contents of all bins without under- and overflow.
    pub fn integral(&self) -> f64 {
        self.totals().w
    }

    /// The number of fills without weights that has the same relative error: (Σw)² / Σw² without under- and
    /// overflow, as ROOT's `GetEffectiveEntries`.
    pub fn effective_entries(&self) -> f64 {
        self.totals().effective_entries()
    }

    /// Mean along an axis of what was filled inside all axes, as ROOT's `GetMean`; NaN for an axis of categories.
    pub fn mean_along(&self, axis: usize) -> f64 {
        self.moments.mean(&self.grid, axis, self.totals().w)
    }

    /// Standard deviation along an axis of what was filled inside all axes, as ROOT's `GetStdDev`; NaN for an axis of
    /// categories.
    pub fn std_dev_along(&self, axis: usize) -> f64 {
        self.moments.std_dev(&self.grid, axis, self.totals().w)
    }

    /// Covariance along two axes of what was filled inside all axes, as ROOT's `GetCovariance`; NaN for axes of
    /// categories.
    pub fn covariance(&self, first: usize, second: usize) -> f64 {
        self.moments.covariance(&self.grid, first, second, self.totals().w)
    }

    /// Adds the fills of another histogram of the same title and axes. The order of merging does not matter, not to a
    /// bit.
    ///
    /// # Errors
    ///
    /// When titles or axes differ; nothing has been added then.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.check_mergeable(other)?;
        self.weights.merge(&other.weights);
        self.moments.merge(&other.moments);
        Ok(())
    }

    pub(super) fn check_mergeable(&self, other: &Self) -> Result<(), Error> {
        super::check_same("title", &self.title, &self.title, &other.title)?;
        self.grid.check_same(&self.title, &other.grid)
    }
}

impl Histogram<1> {
    /// An empty histogram.
    pub fn new(title: impl Into<String>, axis: Axis) -> Self {
        super::or_panic(Self::try_new(title, [axis]))
    }

    /// Counts a value.
    ///
    /// # Panics
    ///
    /// When the axis wants a number and gets a text, or the reverse; so do the other ways to fill.
    #[inline]
    pub fn fill(&mut self, x: impl Coordinate) {
        self.fill_at([self.grid.axes[0].locate(x)]);
    }

    /// Adds `weight` to the bin of a value.
    #[inline]
    pub fn fill_weighted(&mut self, x: impl Coordinate, weight: f64) {
        self.fill_weighted_at([self.grid.axes[0].locate(x)], weight);
    }

    /// Counts many values: the same as [`fill`](Self::fill) for each, and faster on a uniform axis, where it takes them
    /// in blocks of some hundred. Should the iterator panic, the block at hand is not counted.
    ///
    /// ```
    /// use gaudi_mpi::hist::{Axis, Histogram1D};
    ///
    /// let mut squares = Histogram1D::new("Squares", Axis::uniform(10, 0.0, 100.0));
    /// squares.fill_all((0..10).map(|i| i * i));
    /// assert_eq!(squares.value(0), 4.0);
    /// ```
    pub fn fill_all<C: Coordinate>(&mut self, values: impl IntoIterator<Item = C>) {
        let axis = &self.grid.axes[0];
        let Some(uniform) = axis.as_uniform() else {
            values.into_iter().for_each(|x| self.fill(x));
            return;
        };
        let mut values = values.into_iter().map(|x| axis.number(&x));
        let mut block = [0.0; block::LENGTH];
        loop {
            let mut count = 0;
            for (slot, x) in block.iter_mut().zip(&mut values) {
                *slot = x;
                count += 1;
            }
            let counts = self.weights.counts_mut();
            block::fill(uniform, &self.grid.scale, &block[..count], counts, &mut self.moments);
            if count < block.len() {
                return;
            }
        }
    }

    /// Content of the underflow bin; 0 for an axis of categories, which has none.
    pub fn underflow(&self) -> f64 {
        if self.grid.axes[0].is_numeric() {
            self.value(Bin::Underflow)
        } else {
            0.0
        }
    }

    /// Content of the overflow bin; for an axis of categories, of the bin for all others.
    pub fn overflow(&self) -> f64 {
        self.value(Bin::Overflow)
    }

    /// Mean of what was filled inside the axis, as ROOT's `GetMean`; NaN for an axis of categories.
    pub fn mean(&self) -> f64 {
        self.mean_along(0)
    }

    /// Standard deviation of what was filled inside the axis, as ROOT's `GetStdDev`; NaN for an axis of categories.
    pub fn std_dev(&self) -> f64 {
        self.std_dev_along(0)
    }
}

impl Histogram<2> {
    /// An empty histogram.
    ///
    /// # Panics
    ///
    /// When [`try_new`](Self::try_new) returns an error.
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        super::or_panic(Self::try_new(title, [x, y]))
    }

    /// Counts a pair of values.
    #[inline]
    pub fn fill(&mut self, x: impl Coordinate, y: impl Coordinate) {
        let [x_axis, y_axis] = &self.grid.axes;
        self.fill_at([x_axis.locate(x), y_axis.locate(y)]);
    }

    /// Adds `weight` to the bin of a pair of values.
    #[inline]
    pub fn fill_weighted(&mut self, x: impl Coordinate, y: impl Coordinate, weight: f64) {
        let [x_axis, y_axis] = &self.grid.axes;
        self.fill_weighted_at([x_axis.locate(x), y_axis.locate(y)], weight);
    }
}

impl Histogram<3> {
    /// An empty histogram.
    ///
    /// # Panics
    ///
    /// When [`try_new`](Self::try_new) returns an error.
    pub fn new(title: impl Into<String>, x: Axis, y: Axis, z: Axis) -> Self {
        super::or_panic(Self::try_new(title, [x, y, z]))
    }

    /// Counts a triple of values.
    #[inline]
    pub fn fill(&mut self, x: impl Coordinate, y: impl Coordinate, z: impl Coordinate) {
        let [x_axis, y_axis, z_axis] = &self.grid.axes;
        self.fill_at([x_axis.locate(x), y_axis.locate(y), z_axis.locate(z)]);
    }

    /// Adds `weight` to the bin of a triple of values.
    #[inline]
    pub fn fill_weighted(&mut self, x: impl Coordinate, y: impl Coordinate, z: impl Coordinate, weight: f64) {
        let [x_axis, y_axis, z_axis] = &self.grid.axes;
        self.fill_weighted_at([x_axis.locate(x), y_axis.locate(y), z_axis.locate(z)], weight);
    }
}

/// A histogram as it arrives, before its sizes are checked.
#[derive(Deserialize)]
struct Parts<const N: usize> {
    title: String,
    grid: Grid<N>,
    weights: Weights,
    moments: Moments<N>,
}

impl<const N: usize> TryFrom<Parts<N>> for Histogram<N> {
    type Error = Error;

    fn try_from(parts: Parts<N>) -> Result<Self, Error> {
        let Parts {
            title,
            grid,
            weights,
            moments,
        } = parts;
        weights.check_len(&title, grid.len())?;
        Ok(Histogram {
            title,
            grid,
            weights,
            moments,
        })
    }
}
