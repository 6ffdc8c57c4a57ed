//! The data that histograms and profiles have in common: a title, axes, and the fills in each bin.

use serde::{Deserialize, Serialize};

use super::axis::Axis;
use super::axis::binning::Location;
use super::bin_grid::BinGrid;
use super::error::{Error, check_same};
use super::moments::Moments;
use super::weights::{WeightTotals, Weights};

/// A title, axes, the weights in each bin, and the moments along the axes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked<N>")]
pub(super) struct BinnedFills<const N: usize> {
    pub(super) title: String,
    pub(super) grid: BinGrid<N>,
    pub(super) weights: Weights,
    pub(super) moments: Moments<N>,
}

/// Deserialised fills, whose number of bins has not yet been checked against the axes.
#[derive(Deserialize)]
struct Unchecked<const N: usize> {
    title: String,
    grid: BinGrid<N>,
    weights: Weights,
    moments: Moments<N>,
}

impl<const N: usize> TryFrom<Unchecked<N>> for BinnedFills<N> {
    type Error = Error;

    fn try_from(unchecked: Unchecked<N>) -> Result<Self, Error> {
        let Unchecked {
            title,
            grid,
            weights,
            moments,
        } = unchecked;
        weights.check_len(&title, grid.len())?;
        Ok(BinnedFills {
            title,
            grid,
            weights,
            moments,
        })
    }
}

impl<const N: usize> BinnedFills<N> {
    pub(super) fn new(title: String, axes: [Axis; N]) -> Result<Self, Error> {
        let grid = BinGrid::new(axes, &title)?;
        Ok(BinnedFills {
            title,
            weights: Weights::new(grid.len()),
            grid,
            moments: Moments::new(),
        })
    }

    /// Counts an unweighted fill and returns its bin.
    #[inline]
    pub(super) fn count(&mut self, places: &[Location; N]) -> usize {
        let (bin, inside) = self.grid.locate(places);
        self.weights.count(bin);
        if inside {
            self.moments.add(&self.grid.units, places);
        }
        bin
    }

    /// Adds a weighted fill and returns its bin.
    #[inline]
    pub(super) fn add(&mut self, places: &[Location; N], weight: f64) -> usize {
        let (bin, inside) = self.grid.locate(places);
        self.weights.add(bin, weight);
        if inside {
            self.moments.add_weighted(places, weight);
        }
        bin
    }

    /// The totals over the fills inside all axes.
    pub(super) fn totals(&self) -> WeightTotals {
        self.weights.total(self.grid.inside())
    }

    /// The mean along an axis, like ROOT's `GetMean`; 0 if the weights sum to 0, NaN for a category axis.
    pub(super) fn mean(&self, axis: usize) -> f64 {
        self.mean_of(axis, self.totals().w)
    }

    /// The standard deviation along an axis, like ROOT's `GetStdDev`; 0 if weights of both signs make the variance
    /// negative.
    pub(super) fn std_dev(&self, axis: usize) -> f64 {
        self.std_dev_of(axis, self.totals().w)
    }

    /// The covariance of the coordinates along two axes, like ROOT's `GetCovariance`: Σw·xᵢ·xⱼ / Σw minus the product
    /// of the means.
    pub(super) fn covariance(&self, i: usize, j: usize) -> f64 {
        self.covariance_of(i, j, self.totals().w)
    }

    /// The axis number, the mean and the standard deviation for each numeric axis.
    #[cfg(any(feature = "hdf5", feature = "pictures"))]
    pub(super) fn numeric_axes(&self) -> Vec<(usize, f64, f64)> {
        let sum_w = self.totals().w;
        let numeric = (0..N).filter(|&axis| self.grid.axes[axis].is_numeric());
        numeric
            .map(|axis| (axis, self.mean_of(axis, sum_w), self.std_dev_of(axis, sum_w)))
            .collect()
    }

    fn mean_of(&self, axis: usize, sum_w: f64) -> f64 {
        match self.grid.axes[axis].is_numeric() {
            false => f64::NAN,
            true if sum_w == 0.0 => 0.0,
            true => self.moments.first(&self.grid.units, axis).value() / sum_w,
        }
    }

    fn std_dev_of(&self, axis: usize, sum_w: f64) -> f64 {
        let variance = self.covariance_of(axis, axis, sum_w);
        if variance < 0.0 { 0.0 } else { variance.sqrt() }
    }

    fn covariance_of(&self, i: usize, j: usize, sum_w: f64) -> f64 {
        let means = self.mean_of(i, sum_w) * self.mean_of(j, sum_w);
        if means.is_nan() || sum_w == 0.0 {
            return means;
        }
        self.moments.second(&self.grid.units, i, j).value() / sum_w - means
    }

    /// Returns an error if the fills cannot be merged because their titles or axes differ.
    pub(super) fn check_mergeable(&self, other: &Self) -> Result<(), Error> {
        check_same("title", &self.title, &self.title, &other.title)?;
        self.grid.check_same(&self.title, &other.grid)
    }

    /// Adds other fills, which must be [mergeable](Self::check_mergeable) with these.
    pub(super) fn merge(&mut self, other: &Self) {
        self.weights.merge(&other.weights);
        self.moments.merge(&other.moments);
    }
}

/// Defines the public methods that histograms and profiles share. The type must have a field `fills` of type
/// [`BinnedFills`].
macro_rules! shared_methods {
    ($type:ident, $empty:literal) => {
        impl<const N: usize> $type<N> {
            /// The title.
            pub fn title(&self) -> &str {
                &self.fills.title
            }

            /// The axes.
            pub fn axes(&self) -> &[Axis; N] {
                &self.fills.grid.axes
            }

            /// Whether any fill was weighted.
            pub fn is_weighted(&self) -> bool {
                self.fills.weights.is_weighted()
            }

            /// The number of all fills, including those in under- and overflow.
            pub fn entries(&self) -> u64 {
                self.fills.weights.entries()
            }

            /// The number of unweighted fills that would have the same relative error, (Σw)² / Σw², like ROOT's
            /// `GetEffectiveEntries`. Fills in under- and overflow are excluded.
            pub fn effective_entries(&self) -> f64 {
                self.fills.totals().effective_entries()
            }

            /// The mean along an axis, in the axis' unit, over the fills inside all axes, like ROOT's `GetMean`; NaN
            /// for a category axis.
            ///
            /// # Panics
            ///
            /// When there is no axis with this number. Axes are counted from 0.
            pub fn mean_along(&self, axis: usize) -> f64 {
                self.fills.mean(axis)
            }

            /// The standard deviation along an axis, in the axis' unit, over the fills inside all axes, like ROOT's
            /// `GetStdDev`; NaN for a category axis.
            ///
            /// # Panics
            ///
            /// When there is no axis with this number. Axes are counted from 0.
            pub fn std_dev_along(&self, axis: usize) -> f64 {
                self.fills.std_dev(axis)
            }
        }

        impl $type<1> {
            #[doc = $empty]
            ///
            /// # Panics
            ///
            /// When [`try_new`](Self::try_new) returns an error.
            pub fn new(title: impl Into<String>, axis: Axis) -> Self {
                or_panic(Self::try_new(title, [axis]))
            }

            /// The mean of `x` over the fills inside the axis, like ROOT's `GetMean`; NaN for a category axis.
            pub fn mean(&self) -> f64 {
                self.mean_along(0)
            }

            /// The standard deviation of `x` over the fills inside the axis, like ROOT's `GetStdDev`; NaN for a
            /// category axis.
            pub fn std_dev(&self) -> f64 {
                self.std_dev_along(0)
            }
        }

        impl $type<2> {
            #[doc = $empty]
            ///
            /// # Panics
            ///
            /// When [`try_new`](Self::try_new) returns an error.
            pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
                or_panic(Self::try_new(title, [x, y]))
            }
        }
    };
}
pub(super) use shared_methods;
