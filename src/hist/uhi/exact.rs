//! What rounding takes away: the digits of exact sums beyond those of one `f64`.
//!
//! UHI has room for one number where we have a sum without rounding. If no more were stored, the sum of files would
//! depend on their grouping: `(a + b) + c` is rounded once more than `a + b + c`. So the group `exact` of a histogram
//! holds the rest of each sum, as further numbers of which each is what those before it leave, rounded; adding them up
//! exactly (`math.fsum`) gives the sum.
//!
//! - Attributes `sum_wx`, `sum_wxx`, and with several axes `sum_wy`, `sum_wxy`, …: Σw·x and Σw·x·y over fills inside the
//!   axes, for axes that are not of categories; an array of numbers to be added up.
//! - Datasets, with one dimension more than the histogram has axes, the first of which counts the numbers to be added
//!   up; absent where all are zero, as for weights that are small integers:
//!   `values` and `variances` of a weighted histogram, `sum_of_weights` and `sum_of_weights_squared` of a weighted
//!   profile, to be added to those of the storage; `sum_of_values` (Σw·y) and `sum_of_values_squared` (Σw·y²) of a
//!   profile, whose storage has means instead.

use super::super::Axis;
use super::super::moments::{Moments, Scale};
use crate::files::hdf5_node::Node;
use crate::numbers::exact_sum::ExactSum;

pub(super) const GROUP: &str = "exact";
pub(super) const VALUES: &str = "values";
pub(super) const VARIANCES: &str = "variances";
pub(super) const SUM_W: &str = "sum_of_weights";
pub(super) const SUM_W2: &str = "sum_of_weights_squared";
pub(super) const SUM_WY: &str = "sum_of_values";
pub(super) const SUM_WY2: &str = "sum_of_values_squared";

/// What the group is to hold.
pub(super) struct Exact {
    moments: Vec<(String, Vec<f64>)>,
    columns: Vec<(&'static str, Layers)>,
}

/// Numbers to be added up, bin by bin: all first ones, all second ones, …
type Layers = Vec<Vec<f64>>;

impl Exact {
    pub(super) fn of_moments<const N: usize>(axes: &[Axis], moments: &Moments<N>, scale: &Scale<N>) -> Self {
        let sums = names(axes).into_iter().map(|(name, i, j)| {
            let sum = match j {
                None => moments.first(scale, i),
                Some(j) => moments.second(scale, i, j),
            };
            let mut terms = sum.terms();
            if terms.is_empty() {
                terms.push(0.0);
            }
            (name, terms)
        });
        Exact {
            moments: sums.collect(),
            columns: Vec::new(),
        }
    }

    /// Adds what is left of the sums in all bins without the first `skipped` numbers of each.
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
        self.columns.push((name, layers));
    }

    /// Adds what the storage leaves of Σw and Σw².
    pub(super) fn add_rests(&mut self, w: &'static str, w2: &'static str, weights: &[[ExactSum; 2]]) {
        self.add(w, 1, weights.iter().map(|[w, _]| w));
        self.add(w2, 1, weights.iter().map(|[_, w2]| w2));
    }

    pub(super) fn write(self, group: &Node, shape: &[usize]) -> hdf5::Result<()> {
        for (name, terms) in self.moments {
            group.numbers(&name, &terms)?;
        }
        for (name, layers) in self.columns {
            if !layers.is_empty() {
                let shape: Vec<usize> = [layers.len()].into_iter().chain(shape.iter().copied()).collect();
                group.array(name, &layers.concat(), &shape)?;
            }
        }
        Ok(())
    }
}

/// The moments of these axes: their names, and of which axis or pair of axes they are.
pub(super) fn names(axes: &[Axis]) -> Vec<(String, usize, Option<usize>)> {
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
