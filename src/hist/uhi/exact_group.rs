//! The group `exact`: the digits of exact sums that do not fit in one `f64`.
//!
//! UHI stores one rounded number where this crate has an exact sum. With the rounded numbers alone, the sum of several
//! files would depend on how they are grouped, because `(a + b) + c` is rounded once more than `a + b + c`. A
//! histogram's `exact` group therefore stores the remainder of each sum as additional numbers. Each number is the
//! rounded difference between the sum and the numbers before it. The exact sum of all these numbers (`math.fsum`) is
//! the original sum.
//!
//! - Attributes `sum_wx`, `sum_wxx`, and with several axes `sum_wy`, `sum_wxy`, …: Σw·x and Σw·x·y over the fills
//!   inside the axes, for numeric axes. Each is an array of numbers to add up.
//! - Datasets: `values` and `variances` of a weighted histogram, `sum_of_weights` and `sum_of_weights_squared` of a
//!   weighted profile, to be added to the storage's arrays; `sum_of_values` (Σw·y) and `sum_of_values_squared` (Σw·y²)
//!   of a profile, because its storage contains means instead. The first dimension runs over the numbers to add up; the
//!   others are the histogram's dimensions. A dataset is omitted if all its numbers are 0, which is the case for small
//!   integer weights.

use crate::files::hdf5_node::Node;
use crate::hist::axis::Axis;
use crate::hist::binned_fills::BinnedFills;
use crate::hist::weights::Weights;
use crate::numbers::exact_sum::ExactSum;

pub(super) const NAME: &str = "exact";
pub(super) const VALUES: &str = "values";
pub(super) const VARIANCES: &str = "variances";
pub(super) const SUM_W: &str = "sum_of_weights";
pub(super) const SUM_W2: &str = "sum_of_weights_squared";
pub(super) const SUM_WY: &str = "sum_of_values";
pub(super) const SUM_WY2: &str = "sum_of_values_squared";

/// The contents of the group `exact`.
pub(super) struct ExactGroup {
    moments: Vec<(String, Vec<f64>)>,
    datasets: Vec<(&'static str, Layers)>,
}

/// The numbers to add up in each bin, stored as the first number of every bin, then the second number of every bin, and
/// so on.
type Layers = Vec<Vec<f64>>;

impl ExactGroup {
    pub(super) fn of_moments<const N: usize>(fills: &BinnedFills<N>) -> Self {
        let (moments, units) = (&fills.moments, &fills.grid.units);
        let sums = moment_names(&fills.grid.axes).into_iter().map(|(name, i, j)| {
            let sum = match j {
                None => moments.first(units, i),
                Some(j) => moments.second(units, i, j),
            };
            let mut terms = sum.terms();
            if terms.is_empty() {
                terms.push(0.0);
            }
            (name, terms)
        });
        ExactGroup {
            moments: sums.collect(),
            datasets: Vec::new(),
        }
    }

    /// Adds a dataset with the terms of one sum per bin, leaving out the first `skipped` terms of each sum.
    pub(super) fn add<'a>(
        &mut self,
        name: &'static str,
        skipped: usize,
        sums: impl ExactSizeIterator<Item = &'a ExactSum>,
    ) {
        let bins = sums.len();
        let mut layers = Layers::new();
        for (bin, sum) in sums.enumerate() {
            for (layer, term) in sum.terms().into_iter().skip(skipped).enumerate() {
                if layer == layers.len() {
                    layers.push(vec![0.0; bins]);
                }
                layers[layer][bin] = term;
            }
        }
        self.datasets.push((name, layers));
    }

    /// Adds datasets with the digits of Σw and Σw² that the storage lacks.
    pub(super) fn add_weights(&mut self, w: &'static str, w2: &'static str, weights: &Weights) {
        let sums: Vec<_> = (0..weights.counts().len()).map(|bin| weights.exact([bin])).collect();
        self.add(w, 1, sums.iter().map(|[w, _]| w));
        self.add(w2, 1, sums.iter().map(|[_, w2]| w2));
    }

    pub(super) fn write(self, group: &Node, shape: &[usize]) -> hdf5::Result<()> {
        for (name, terms) in self.moments {
            group.numbers(&name, &terms)?;
        }
        for (name, layers) in self.datasets {
            if !layers.is_empty() {
                let shape: Vec<usize> = [layers.len()].into_iter().chain(shape.iter().copied()).collect();
                group.array(name, &layers.concat(), &shape)?;
            }
        }
        Ok(())
    }
}

/// The names of the moments along these axes. Each name comes with the number of its axis, or with the numbers i ≤ j of
/// its two axes.
pub(super) fn moment_names(axes: &[Axis]) -> Vec<(String, usize, Option<usize>)> {
    const LETTERS: [&str; 3] = ["x", "y", "z"];
    let numeric = || (0..axes.len()).filter(|&axis| axes[axis].is_numeric());
    let mut names = Vec::new();
    for i in numeric() {
        names.push((format!("sum_w{}", LETTERS[i]), i, None));
        for j in numeric().filter(|&j| j >= i) {
            names.push((format!("sum_w{}{}", LETTERS[i], LETTERS[j]), i, Some(j)));
        }
    }
    names
}
