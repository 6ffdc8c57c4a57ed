//! First and second moments of the coordinates, computed from the filled numbers rather than from the bins.

use serde::{Deserialize, Serialize};

use super::axis::binning::Location;
use super::fixed_point::FixedPoint;
use super::moment_units::MomentUnits;
use super::serde_array;
use crate::numbers::exact_sum::ExactSum;

/// Σw·xᵢ and Σw·xᵢ·xⱼ over all fills inside the axes.
///
/// Unweighted fills are summed as [fixed-point integers](FixedPoint). These sums are exact, do not depend on the order
/// of the fills, and are as fast as floating-point sums. Let 2^e be the smallest power of two above the magnitudes of
/// all coordinates inside an axis. Coordinates are rounded to the nearest multiple of 2^(e − 62), and products to the
/// nearest multiple of 2^(eᵢ + eⱼ − 62). Coordinates of magnitude 2^(e − 10) or more keep all their bits. Products are
/// first rounded to `f64`, as in ROOT.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Moments<const N: usize> {
    #[serde(with = "serde_array")]
    unweighted: [AxisMoments<i128, N>; N],
    weighted: Option<Box<WeightedMoments<N>>>,
}

/// The moments of one axis i: Σxᵢ, and Σxᵢ·xⱼ for all j ≥ i.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "T: Serialize + serde::de::DeserializeOwned")]
struct AxisMoments<T, const N: usize> {
    first: T,
    #[serde(with = "serde_array")]
    second: [T; N],
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct WeightedMoments<const N: usize> {
    #[serde(with = "serde_array")]
    axes: [AxisMoments<ExactSum, N>; N],
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
    pub(super) fn add(&mut self, units: &MomentUnits<N>, places: &[Location; N]) {
        for i in 0..N {
            let x = places[i].value;
            let sums = &mut self.unweighted[i];
            sums.first += i128::from(units.first[i].round(x));
            for j in i..N {
                sums.second[j] += i128::from(units.second[i][j].round(x * places[j].value));
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
            // Wrapping addition ensures that a corrupt serialised number cannot make a job panic.
            let (mine, theirs) = (&mut self.unweighted[i], &other.unweighted[i]);
            mine.first = mine.first.wrapping_add(theirs.first);
            for j in i..N {
                mine.second[j] = mine.second[j].wrapping_add(theirs.second[j]);
            }
        }
        if let Some(theirs) = &other.weighted {
            let mine = self.weighted_axes();
            for (i, (mine, theirs)) in mine.iter_mut().zip(&theirs.axes).enumerate() {
                mine.first.merge(&theirs.first);
                for j in i..N {
                    mine.second[j].merge(&theirs.second[j]);
                }
            }
        }
    }

    /// Σw·xᵢ, unrounded.
    pub(super) fn first(&self, units: &MomentUnits<N>, i: usize) -> ExactSum {
        let weighted = self.weighted.as_ref().map(|sums| &sums.axes[i].first);
        total(weighted, self.unweighted[i].first, &units.first[i])
    }

    /// Σw·xᵢ·xⱼ, unrounded.
    pub(super) fn second(&self, units: &MomentUnits<N>, i: usize, j: usize) -> ExactSum {
        let (i, j) = (i.min(j), i.max(j));
        let weighted = self.weighted.as_ref().map(|sums| &sums.axes[i].second[j]);
        total(weighted, self.unweighted[i].second[j], &units.second[i][j])
    }

    fn weighted_axes(&mut self) -> &mut [AxisMoments<ExactSum, N>; N] {
        &mut self.weighted.get_or_insert_with(Default::default).axes
    }
}

/// Moments read from a file. The sum is Σw·xᵢ·xⱼ with j ≥ i, or Σw·xᵢ if `j` is `None`.
#[cfg(feature = "hdf5")]
impl<const N: usize> Moments<N> {
    /// Adds a sum over weighted fills.
    pub(super) fn add_weighted_sum(&mut self, i: usize, j: Option<usize>, sum: &ExactSum) {
        let moments = &mut self.weighted_axes()[i];
        j.map_or(&mut moments.first, |j| &mut moments.second[j]).merge(sum);
    }

    /// Adds a sum over unweighted fills. Returns false if no unweighted fills can have this sum.
    pub(super) fn add_unweighted_sum(
        &mut self,
        units: &MomentUnits<N>,
        i: usize,
        j: Option<usize>,
        sum: &ExactSum,
    ) -> bool {
        let moments = &mut self.unweighted[i];
        let (to, unit) = match j {
            None => (&mut moments.first, units.first[i]),
            Some(j) => (&mut moments.second[j], units.second[i][j]),
        };
        let total = sum.as_fixed(unit.unit()).and_then(|integer| to.checked_add(integer));
        *to = total.unwrap_or(*to);
        total.is_some()
    }
}

fn total(weighted: Option<&ExactSum>, unweighted: i128, unit: &FixedPoint) -> ExactSum {
    let mut sum = weighted.cloned().unwrap_or_default();
    sum.add_fixed(unweighted, unit.unit());
    sum
}

impl Moments<1> {
    /// Adds Σx and Σx² of unweighted fills, in the axis' [`MomentUnits`].
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
