//! Profiles: the mean of one quantity in bins of other quantities.

use serde::{Deserialize, Serialize};

use super::axis::{Axis, title_with_unit};
use super::bin_index::BinIndex;
use super::binned_fills::{BinnedFills, shared_methods};
use super::coordinate::Coordinate;
use super::error::{Error, check_same, or_panic};
use super::value_statistics::{ValueStatistics, ValueSums};

/// The mean and spread of a quantity in each bin of `N` axes: [`Profile1D`] or [`Profile2D`].
///
/// Contents and statistics depend neither on the order of the fills nor on their distribution over profiles that are
/// later [merged](Self::merge). They match those of ROOT's `TProfile` and `TProfile2D` with default options and no
/// limits on the profiled quantity.
///
/// ```
/// use gaudi_mpi::hist::{Axis, Profile1D};
///
/// let mut momentum = Profile1D::new("p against θ", Axis::uniform(2, 0.0, 0.4).label("θ")).label("p").unit("GeV");
/// momentum.fill(0.1, 20.0);
/// momentum.fill(0.1, 30.0);
/// momentum.fill_weighted(0.3, 12.0, 0.5);
/// assert_eq!(momentum.values(), [25.0, 12.0]);
/// assert_eq!(momentum.spread(0), 5.0);
/// assert_eq!(momentum.error(0), 5.0 / 2_f64.sqrt());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked<N>")]
pub struct Profile<const N: usize> {
    /// The profiled quantity, such as `p`.
    pub label: String,
    /// The unit of the profiled quantity, such as `MeV`; empty if there is none.
    pub unit: String,
    pub(super) fills: BinnedFills<N>,
    /// The sums for each bin.
    pub(super) sums: Vec<ValueSums>,
}

/// A deserialised profile whose number of sums has not yet been checked against its number of bins.
#[derive(Deserialize)]
struct Unchecked<const N: usize> {
    label: String,
    unit: String,
    fills: BinnedFills<N>,
    sums: Vec<ValueSums>,
}

impl<const N: usize> TryFrom<Unchecked<N>> for Profile<N> {
    type Error = Error;

    fn try_from(unchecked: Unchecked<N>) -> Result<Self, Error> {
        let Unchecked {
            label,
            unit,
            fills,
            sums,
        } = unchecked;
        if sums.len() != fills.grid.len() {
            return Err(Error::Corrupt(format!(
                "'{}' has {} bins but sums for {}",
                fills.title,
                fills.grid.len(),
                sums.len()
            )));
        }
        Ok(Profile {
            label,
            unit,
            fills,
            sums,
        })
    }
}

/// A profile along one axis.
pub type Profile1D = Profile<1>;
/// A profile over two axes.
pub type Profile2D = Profile<2>;

shared_methods!(Profile, "Returns an empty profile.");

impl<const N: usize> Profile<N> {
    /// Returns an empty profile with these axes.
    ///
    /// # Errors
    ///
    /// When the total number of bins, including under- and overflow, exceeds 2³¹.
    pub fn try_new(title: impl Into<String>, axes: [Axis; N]) -> Result<Self, Error> {
        let fills = BinnedFills::new(title.into(), axes)?;
        Ok(Profile {
            label: String::new(),
            unit: String::new(),
            sums: vec![ValueSums::default(); fills.grid.len()],
            fills,
        })
    }

    /// Sets the label: the profiled quantity, such as `p`.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Sets the unit of the profiled quantity, such as `MeV`.
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = unit.into();
        self
    }

    /// The label and unit of the profiled quantity as shown in a plot, such as `p [MeV]`.
    pub fn value_title(&self) -> String {
        title_with_unit(&self.label, &self.unit)
    }

    /// The mean of the values in a bin; 0 if the bin is empty.
    ///
    /// # Panics
    ///
    /// When an axis has no such bin. This applies to all methods that take a bin.
    #[track_caller]
    pub fn value(&self, bin: impl Into<BinIndex<N>>) -> f64 {
        self.statistics_at(bin.into()).mean()
    }

    /// The spread of the values in a bin, √|Σw·y² / Σw − mean²|; this is the error that ROOT returns with option "s".
    #[track_caller]
    pub fn spread(&self, bin: impl Into<BinIndex<N>>) -> f64 {
        self.statistics_at(bin.into()).spread()
    }

    /// The error of the mean in a bin: the spread divided by the square root of the number of effective entries, like
    /// ROOT's default error.
    #[track_caller]
    pub fn error(&self, bin: impl Into<BinIndex<N>>) -> f64 {
        self.statistics_at(bin.into()).error()
    }

    /// The sum of the weights in a bin; if no fill was weighted, this is the number of values.
    #[track_caller]
    pub fn sum_of_weights(&self, bin: impl Into<BinIndex<N>>) -> f64 {
        self.fills.weights.at(self.fills.grid.index(bin.into())).w
    }

    /// The means in all bins except under- and overflow. The index along the last axis varies fastest.
    pub fn values(&self) -> Vec<f64> {
        let bins = self.fills.grid.inside();
        bins.map(|bin| self.statistics([bin]).mean()).collect()
    }

    /// The errors of the means in all bins except under- and overflow. The index along the last axis varies fastest.
    pub fn errors(&self) -> Vec<f64> {
        let bins = self.fills.grid.inside();
        bins.map(|bin| self.statistics([bin]).error()).collect()
    }

    /// The sums of the weights in all bins except under- and overflow. The index along the last axis varies fastest.
    pub fn sums_of_weights(&self) -> Vec<f64> {
        let bins = self.fills.grid.inside();
        bins.map(|bin| self.fills.weights.at(bin).w).collect()
    }

    /// The mean of all values filled inside the axes, in the unit of the profiled quantity, like ROOT's `GetMean`.
    pub fn value_mean(&self) -> f64 {
        self.statistics(self.fills.grid.inside()).mean()
    }

    /// The standard deviation of all values filled inside the axes, in the unit of the profiled quantity, like ROOT's
    /// `GetStdDev`.
    pub fn value_std_dev(&self) -> f64 {
        self.statistics(self.fills.grid.inside()).spread()
    }

    #[track_caller]
    fn statistics_at(&self, bin: BinIndex<N>) -> ValueStatistics {
        self.statistics([self.fills.grid.index(bin)])
    }

    /// The statistics of each bin, including flow bins.
    #[cfg(any(test, feature = "hdf5"))]
    pub(super) fn statistics_with_flow(&self) -> Vec<ValueStatistics> {
        (0..self.fills.grid.len()).map(|bin| self.statistics([bin])).collect()
    }

    /// The statistics of all values in these bins.
    fn statistics(&self, bins: impl IntoIterator<Item = usize> + Clone) -> ValueStatistics {
        let mut sums = ValueSums::default();
        bins.clone().into_iter().for_each(|bin| sums.merge(&self.sums[bin]));
        ValueStatistics::new(self.fills.weights.total(bins), &sums)
    }

    /// Adds the fills of another profile with the same title and axes. The result is the same, bit for bit, for any
    /// order of merging.
    ///
    /// # Errors
    ///
    /// When the titles, labels, units or axes differ. In that case, nothing is added.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.check_mergeable(other)?;
        self.fills.merge(&other.fills);
        for (mine, theirs) in self.sums.iter_mut().zip(&other.sums) {
            mine.merge(theirs);
        }
        Ok(())
    }

    pub(super) fn check_mergeable(&self, other: &Self) -> Result<(), Error> {
        self.fills.check_mergeable(&other.fills)?;
        check_same("label", self.title(), &self.label, &other.label)?;
        check_same("unit", self.title(), &self.unit, &other.unit)
    }
}

impl Profile<1> {
    /// Adds a value `y` to the bin of `x`.
    ///
    /// # Panics
    ///
    /// When the value for an axis is a string but the axis requires a number, or vice versa. This applies to all
    /// filling methods.
    #[inline]
    pub fn fill(&mut self, x: impl Coordinate, y: f64) {
        let place = self.fills.grid.axes[0].locate(x);
        let bin = self.fills.count(&[place]);
        self.sums[bin].add(y, y);
    }

    /// Adds a value `y` with a weight to the bin of `x`.
    #[inline]
    pub fn fill_weighted(&mut self, x: impl Coordinate, y: f64, weight: f64) {
        let place = self.fills.grid.axes[0].locate(x);
        let bin = self.fills.add(&[place], weight);
        self.sums[bin].add(weight * y, y);
    }
}

impl Profile<2> {
    /// Adds a value `z` to the bin of `x` and `y`.
    #[inline]
    pub fn fill(&mut self, x: impl Coordinate, y: impl Coordinate, z: f64) {
        let [x_axis, y_axis] = &self.fills.grid.axes;
        let places = [x_axis.locate(x), y_axis.locate(y)];
        let bin = self.fills.count(&places);
        self.sums[bin].add(z, z);
    }

    /// Adds a value `z` with a weight to the bin of `x` and `y`.
    #[inline]
    pub fn fill_weighted(&mut self, x: impl Coordinate, y: impl Coordinate, z: f64, weight: f64) {
        let [x_axis, y_axis] = &self.fills.grid.axes;
        let places = [x_axis.locate(x), y_axis.locate(y)];
        let bin = self.fills.add(&places, weight);
        self.sums[bin].add(weight * z, z);
    }
}
