//! Profiles: the mean of one quantity in bins of others.

use serde::{Deserialize, Serialize};

use super::axis::Location;
use super::grid::Grid;
use super::moments::{Moments, Scale};
use super::sample::{Sample, ValueSums};
use super::weights::{Totals, Weights};
use super::{Axis, Bins, Coordinate, Error};
use crate::numbers::exact_sum::ExactSum;

/// The mean and spread of a quantity in each bin of `N` axes: [`Profile1D`] or [`Profile2D`].
///
/// Contents and statistics do not depend on the order of the fills, nor on how they were spread over
/// profiles that were then [merged](Self::merge). They are those of ROOT's `TProfile`
/// and `TProfile2D` with default options, without limits on the profiled quantity.
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
#[serde(try_from = "Parts<N>")]
pub struct Profile<const N: usize> {
    title: String,
    /// What is profiled, such as `p`.
    pub label: String,
    /// Unit of what is profiled, such as `MeV`; empty if there is none.
    pub unit: String,
    grid: Grid<N>,
    weights: Weights,
    /// For each bin.
    sums: Vec<ValueSums>,
    moments: Moments<N>,
}

/// A profile along one axis.
pub type Profile1D = Profile<1>;
/// A profile over two axes.
pub type Profile2D = Profile<2>;

impl<const N: usize> Profile<N> {
    /// An empty profile over these axes.
    ///
    /// # Errors
    ///
    /// When the axes' bins, with under- and overflow, multiply to more than 2³¹.
    pub fn try_new(title: impl Into<String>, axes: [Axis; N]) -> Result<Self, Error> {
        let title = title.into();
        let grid = Grid::new(axes, &title)?;
        let bins = grid.len();
        Ok(Profile {
            title,
            label: String::new(),
            unit: String::new(),
            grid,
            weights: Weights::new(bins),
            sums: vec![ValueSums::default(); bins],
            moments: Moments::new(),
        })
    }

    /// Sets what is profiled, such as `p`.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Sets the unit of what is profiled, such as `MeV`.
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = unit.into();
        self
    }

    /// Label and unit of what is profiled, as a plot shows them: `p [MeV]`.
    pub fn value_title(&self) -> String {
        super::title_with_unit(&self.label, &self.unit)
    }

    #[inline]
    fn fill_at(&mut self, places: [Location; N], y: f64) {
        let (bin, inside) = self.grid.locate(&places);
        self.weights.count(bin);
        self.sums[bin].add(y, y);
        if inside {
            self.moments.add(&self.grid.scale, &places);
        }
    }

    #[inline]
    fn fill_weighted_at(&mut self, places: [Location; N], y: f64, weight: f64) {
        let (bin, inside) = self.grid.locate(&places);
        self.weights.add(bin, weight);
        self.sums[bin].add(weight * y, y);
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

    /// Mean of the values in a bin, 0 if there are none.
    ///
    /// # Panics
    ///
    /// When an axis has no such bin; so do the other methods that take a bin.
    #[track_caller]
    pub fn value(&self, bin: impl Into<Bins<N>>) -> f64 {
        self.sample([self.grid.index(bin.into())]).mean()
    }

    /// Spread of the values in a bin, √|Σw·y²/Σw − mean²|: the error of ROOT's option "s".
    #[track_caller]
    pub fn spread(&self, bin: impl Into<Bins<N>>) -> f64 {
        self.sample([self.grid.index(bin.into())]).spread()
    }

    /// Error of the mean in a bin, the spread divided by the root of the effective entries: ROOT's default.
    #[track_caller]
    pub fn error(&self, bin: impl Into<Bins<N>>) -> f64 {
        self.sample([self.grid.index(bin.into())]).error()
    }

    /// Sum of the weights in a bin: the number of its values, if none had a weight.
    #[track_caller]
    pub fn sum_of_weights(&self, bin: impl Into<Bins<N>>) -> f64 {
        self.weights.at(self.grid.index(bin.into())).w
    }

    /// Means in all bins without under- and overflow; the last axis runs fastest.
    pub fn values(&self) -> Vec<f64> {
        self.grid.inside().map(|bin| self.sample([bin]).mean()).collect()
    }

    /// Errors of the means in all bins without under- and overflow; the last axis runs fastest.
    pub fn errors(&self) -> Vec<f64> {
        self.grid.inside().map(|bin| self.sample([bin]).error()).collect()
    }

    /// Sums of the weights in all bins without under- and overflow; the last axis runs fastest.
    pub fn sums_of_weights(&self) -> Vec<f64> {
        self.grid.inside().map(|bin| self.weights.at(bin).w).collect()
    }

    /// All bins, in the order of [`Histogram::values_with_flow`](super::Histogram::values_with_flow).
    pub(super) fn samples_with_flow(&self) -> Vec<Sample> {
        (0..self.grid.len()).map(|bin| self.sample([bin])).collect()
    }

    /// Exact Σw and Σw² of all bins.
    pub(super) fn weights_with_flow(&self) -> Vec<[ExactSum; 2]> {
        (0..self.grid.len()).map(|bin| self.weights.exact([bin])).collect()
    }

    /// Exact sums over the values in all bins.
    pub(super) fn sums_with_flow(&self) -> &[ValueSums] {
        &self.sums
    }

    pub(super) fn moments(&self) -> &Moments<N> {
        &self.moments
    }

    pub(super) fn scale(&self) -> &Scale<N> {
        &self.grid.scale
    }

    /// Puts these fills in place of those it has.
    pub(super) fn set(&mut self, weights: Weights, sums: Vec<ValueSums>, moments: Moments<N>) -> Result<(), Error> {
        weights.check_len(&self.title, self.grid.len())?;
        if sums.len() != self.grid.len() {
            return Err(Error::Corrupt(format!(
                "'{}' has {} bins but sums for {}",
                self.title,
                self.grid.len(),
                sums.len()
            )));
        }
        self.weights = weights;
        self.sums = sums;
        self.moments = moments;
        Ok(())
    }

    fn sample(&self, bins: impl IntoIterator<Item = usize> + Clone) -> Sample {
        let mut sums = ValueSums::default();
        bins.clone().into_iter().for_each(|bin| sums.merge(&self.sums[bin]));
        Sample::new(self.weights.total(bins), &sums)
    }

    /// Over the fills inside all axes.
    fn totals(&self) -> Totals {
        self.weights.total(self.grid.inside())
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

    /// Mean of all values filled inside the axes, as ROOT's `GetMean` of the profiled quantity.
    pub fn value_mean(&self) -> f64 {
        self.inside().mean()
    }

    /// Standard deviation of all values filled inside the axes, as ROOT's `GetStdDev` of the profiled quantity.
    pub fn value_std_dev(&self) -> f64 {
        self.inside().spread()
    }

    fn inside(&self) -> Sample {
        self.sample(self.grid.inside())
    }

    /// Adds the fills of another profile of the same title and axes. The order of merging does not matter, not to a
    /// bit.
    ///
    /// # Errors
    ///
    /// When titles, labels or axes differ; nothing has been added then.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.check_mergeable(other)?;
        self.weights.merge(&other.weights);
        for (mine, theirs) in self.sums.iter_mut().zip(&other.sums) {
            mine.merge(theirs);
        }
        self.moments.merge(&other.moments);
        Ok(())
    }

    pub(super) fn check_mergeable(&self, other: &Self) -> Result<(), Error> {
        super::check_same("title", &self.title, &self.title, &other.title)?;
        super::check_same("label", &self.title, &self.label, &other.label)?;
        super::check_same("unit", &self.title, &self.unit, &other.unit)?;
        self.grid.check_same(&self.title, &other.grid)
    }
}

impl Profile<1> {
    /// An empty profile.
    pub fn new(title: impl Into<String>, axis: Axis) -> Self {
        super::or_panic(Self::try_new(title, [axis]))
    }

    /// Adds a value `y` to the bin of `x`.
    ///
    /// # Panics
    ///
    /// When the axis wants a number and gets a text, or the reverse; so do the other ways to fill.
    #[inline]
    pub fn fill(&mut self, x: impl Coordinate, y: f64) {
        self.fill_at([self.grid.axes[0].locate(x)], y);
    }

    /// Adds a value `y` with a weight to the bin of `x`.
    #[inline]
    pub fn fill_weighted(&mut self, x: impl Coordinate, y: f64, weight: f64) {
        self.fill_weighted_at([self.grid.axes[0].locate(x)], y, weight);
    }

    /// Mean of `x` over what was filled inside the axis, as ROOT's `GetMean`; NaN for an axis of categories.
    pub fn mean(&self) -> f64 {
        self.mean_along(0)
    }

    /// Standard deviation of `x` over what was filled inside the axis, as ROOT's `GetStdDev`; NaN for an axis of
    /// categories.
    pub fn std_dev(&self) -> f64 {
        self.std_dev_along(0)
    }
}

impl Profile<2> {
    /// An empty profile.
    ///
    /// # Panics
    ///
    /// When [`try_new`](Self::try_new) returns an error.
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        super::or_panic(Self::try_new(title, [x, y]))
    }

    /// Adds a value `z` to the bin of `x` and `y`.
    #[inline]
    pub fn fill(&mut self, x: impl Coordinate, y: impl Coordinate, z: f64) {
        let [x_axis, y_axis] = &self.grid.axes;
        self.fill_at([x_axis.locate(x), y_axis.locate(y)], z);
    }

    /// Adds a value `z` with a weight to the bin of `x` and `y`.
    #[inline]
    pub fn fill_weighted(&mut self, x: impl Coordinate, y: impl Coordinate, z: f64, weight: f64) {
        let [x_axis, y_axis] = &self.grid.axes;
        self.fill_weighted_at([x_axis.locate(x), y_axis.locate(y)], z, weight);
    }
}

/// A profile as it arrives, before its sizes are checked.
#[derive(Deserialize)]
struct Parts<const N: usize> {
    title: String,
    label: String,
    unit: String,
    grid: Grid<N>,
    weights: Weights,
    sums: Vec<ValueSums>,
    moments: Moments<N>,
}

impl<const N: usize> TryFrom<Parts<N>> for Profile<N> {
    type Error = Error;

    fn try_from(parts: Parts<N>) -> Result<Self, Error> {
        let Parts {
            title,
            label,
            unit,
            grid,
            weights,
            sums,
            moments,
        } = parts;
        let mut profile = Profile {
            title,
            label,
            unit,
            weights: Weights::of_counts(Vec::new()),
            sums: Vec::new(),
            moments: Moments::new(),
            grid,
        };
        profile.set(weights, sums, moments)?;
        Ok(profile)
    }
}
