//! First and second moments of the coordinates, from the numbers filled rather than from the bins.

use serde::{Deserialize, Serialize};

use super::axis::Location;
use super::fixed_point::FixedPoint;
use super::grid::Grid;
use super::{Axis, array};
use crate::numbers::exact_sum::ExactSum;

/// Σw·xᵢ and Σw·xᵢ·xⱼ over all fills inside the axes.
///
/// Fills without weight are summed as [fixed-point integers](FixedPoint), which is exact, independent of order and as
/// fast as floating-point sums: with 2^e the power of two above all coordinates inside an axis, multiples of 2^(e − 62)
/// for the coordinate and of 2^(eᵢ + eⱼ − 62) for products. Each term is rounded to the nearest of them; every
/// coordinate above 2⁻¹⁰ of the axis' largest is kept whole. Products are rounded to `f64` first, as ROOT's are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Moments<const N: usize> {
    #[serde(with = "array")]
    unweighted: [AxisMoments<i128, N>; N],
    weighted: Option<Box<WeightedMoments<N>>>,
}

/// For one axis i: Σxᵢ, and Σxᵢ·xⱼ for all j ≥ i.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "T: Serialize + serde::de::DeserializeOwned")]
struct AxisMoments<T, const N: usize> {
    first: T,
    #[serde(with = "array")]
    second: [T; N],
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct WeightedMoments<const N: usize> {
    #[serde(with = "array")]
    axes: [AxisMoments<ExactSum, N>; N],
}

/// The fixed-point integers that moments along these axes are summed in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale<const N: usize> {
    pub(super) first: [FixedPoint; N],
    pub(super) second: [[FixedPoint; N]; N],
}

impl<const N: usize> Scale<N> {
    pub(super) fn new(axes: &[Axis; N]) -> Self {
        // The coordinates inside an axis are below 2^exponent.
        let exponents = axes.each_ref().map(|axis| match axis.largest_magnitude() {
            0.0 => 0,
            largest => (largest.to_bits() >> 52) as i32 - 1022,
        });
        Scale {
            first: exponents.map(FixedPoint::up_to),
            second: exponents.map(|i| exponents.map(|j| FixedPoint::up_to(i + j))),
        }
    }
}

impl<const N: usize> Moments<N> {
    pub(super) fn new() -> Self {
        Moments {
            unweighted: [AxisMoments {
                first: 0,
                second: [0; N],
            }; N],
            weighted: None,
        }
    }

    #[inline]
    #[expect(clippy::needless_range_loop, reason = "i and j index several arrays alike")]
    pub(super) fn add(&mut self, scale: &Scale<N>, places: &[Location; N]) {
        for i in 0..N {
            let x = places[i].value;
            let sums = &mut self.unweighted[i];
            sums.first += i128::from(scale.first[i].round(x));
            for j in i..N {
                sums.second[j] += i128::from(scale.second[i][j].round(x * places[j].value));
            }
        }
    }

    #[expect(clippy::needless_range_loop, reason = "i and j index several arrays alike")]
    #[inline]
    pub(super) fn add_weighted(&mut self, places: &[Location; N], weight: f64) {
        let axes = self.weighted_axes();
        for i in 0..N {
            let weighted = weight * places[i].value;
            axes[i].first.add(weighted);
            for j in i..N {
                axes[i].second[j].add(weighted * places[j].value);
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for i in 0..N {
            // Wrapping, so that no serialised number, however corrupt, can stop a job.
            let (mine, theirs) = (&mut self.unweighted[i], &other.unweighted[i]);
            mine.first = mine.first.wrapping_add(theirs.first);
            for j in i..N {
                mine.second[j] = mine.second[j].wrapping_add(theirs.second[j]);
            }
        }
        if let Some(theirs) = &other.weighted {
            let mine = self.weighted.get_or_insert_with(Default::default);
            for i in 0..N {
                mine.axes[i].first.merge(&theirs.axes[i].first);
                for j in i..N {
                    mine.axes[i].second[j].merge(&theirs.axes[i].second[j]);
                }
            }
        }
    }

    /// Σw·xᵢ, not rounded.
    pub(super) fn first(&self, scale: &Scale<N>, i: usize) -> ExactSum {
        let weighted = self.weighted.as_ref().map(|sums| &sums.axes[i].first);
        total(weighted, self.unweighted[i].first, &scale.first[i])
    }

    /// Σw·xᵢ·xⱼ, not rounded.
    pub(super) fn second(&self, scale: &Scale<N>, i: usize, j: usize) -> ExactSum {
        let (i, j) = (i.min(j), i.max(j));
        let weighted = self.weighted.as_ref().map(|sums| &sums.axes[i].second[j]);
        total(weighted, self.unweighted[i].second[j], &scale.second[i][j])
    }

    /// Adds to Σw·xᵢ, over fills with weights.
    pub(super) fn add_first(&mut self, i: usize, sum: &ExactSum) {
        self.weighted_axes()[i].first.merge(sum);
    }

    /// Adds to Σw·xᵢ·xⱼ, over fills with weights.
    pub(super) fn add_second(&mut self, i: usize, j: usize, sum: &ExactSum) {
        self.weighted_axes()[i.min(j)].second[i.max(j)].merge(sum);
    }

    /// Adds to Σxᵢ, over fills without weight; false if no such fills sum to this.
    pub(super) fn add_count_first(&mut self, scale: &Scale<N>, i: usize, sum: &ExactSum) -> bool {
        add_integer(&mut self.unweighted[i].first, scale.first[i].integer(sum))
    }

    /// Adds to Σxᵢ·xⱼ, over fills without weight; false if no such fills sum to this.
    pub(super) fn add_count_second(&mut self, scale: &Scale<N>, i: usize, j: usize, sum: &ExactSum) -> bool {
        let (i, j) = (i.min(j), i.max(j));
        add_integer(&mut self.unweighted[i].second[j], scale.second[i][j].integer(sum))
    }

    fn weighted_axes(&mut self) -> &mut [AxisMoments<ExactSum, N>; N] {
        &mut self.weighted.get_or_insert_with(Default::default).axes
    }

    /// The mean along an axis, where the weights inside sum to `sum_w`: as ROOT's `GetMean`, 0 when that is 0.
    pub(super) fn mean(&self, grid: &Grid<N>, axis: usize, sum_w: f64) -> f64 {
        match grid.axes[axis].is_numeric() {
            false => f64::NAN,
            true if sum_w == 0.0 => 0.0,
            true => self.first(&grid.scale, axis).value() / sum_w,
        }
    }

    /// The covariance of two axes, as ROOT's `GetCovariance`: Σw·xᵢ·xⱼ / Σw less the product of the means.
    pub(super) fn covariance(&self, grid: &Grid<N>, i: usize, j: usize, sum_w: f64) -> f64 {
        let means = self.mean(grid, i, sum_w) * self.mean(grid, j, sum_w);
        if means.is_nan() || sum_w == 0.0 {
            return means;
        }
        self.second(&grid.scale, i, j).value() / sum_w - means
    }

    /// The standard deviation along an axis, as ROOT's `GetStdDev`: 0 where weights of both signs make the variance
    /// negative.
    pub(super) fn std_dev(&self, grid: &Grid<N>, axis: usize, sum_w: f64) -> f64 {
        let variance = self.covariance(grid, axis, axis, sum_w);
        if variance < 0.0 { 0.0 } else { variance.sqrt() }
    }
}

fn total(weighted: Option<&ExactSum>, unweighted: i128, scale: &FixedPoint) -> ExactSum {
    let mut sum = weighted.cloned().unwrap_or_default();
    sum.add_fixed(unweighted, scale.unit());
    sum
}

fn add_integer(to: &mut i128, integer: Option<i128>) -> bool {
    let sum = integer.and_then(|integer| to.checked_add(integer));
    *to = sum.unwrap_or(*to);
    sum.is_some()
}

impl Moments<1> {
    /// Adds Σx and Σx² of fills without weight, in units of the axis' [`Scale`].
    pub(super) fn add_sums(&mut self, first: i128, second: i128) {
        self.unweighted[0].first += first;
        self.unweighted[0].second[0] += second;
    }
}

impl<const N: usize> Default for WeightedMoments<N> {
    fn default() -> Self {
        let empty = || AxisMoments {
            first: ExactSum::new(),
            second: std::array::from_fn(|_| ExactSum::new()),
        };
        WeightedMoments {
            axes: std::array::from_fn(|_| empty()),
        }
    }
}
