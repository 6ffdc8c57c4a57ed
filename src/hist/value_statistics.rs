//! The mean and spread of profiled values.

use serde::{Deserialize, Serialize};

use super::weights::WeightTotals;
use crate::numbers::exact_sum::ExactSum;

/// The exact sums Σw·y and Σw·y² over the profiled values in a bin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct ValueSums {
    pub(super) wy: ExactSum,
    pub(super) wy2: ExactSum,
}

impl ValueSums {
    #[inline]
    pub(super) fn add(&mut self, weighted: f64, y: f64) {
        self.wy.add(weighted);
        self.wy2.add(weighted * y);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.wy.merge(&other.wy);
        self.wy2.merge(&other.wy2);
    }
}

/// Statistics of the profiled values in one or more bins, computed from Σw, Σw², Σw·y and Σw·y², each rounded once.
#[derive(Clone, Copy, Debug)]
pub(super) struct ValueStatistics {
    pub(super) weights: WeightTotals,
    wy: f64,
    wy2: f64,
}

impl ValueStatistics {
    pub(super) fn new(weights: WeightTotals, sums: &ValueSums) -> Self {
        ValueStatistics {
            weights,
            wy: sums.wy.value(),
            wy2: sums.wy2.value(),
        }
    }

    /// Σw·y / Σw; 0 if the weights sum to 0.
    pub(super) fn mean(&self) -> f64 {
        if self.weights.w == 0.0 {
            0.0
        } else {
            self.wy / self.weights.w
        }
    }

    /// √|Σw·y² / Σw − mean²|; 0 if the weights sum to 0.
    pub(super) fn spread(&self) -> f64 {
        if self.weights.w == 0.0 {
            return 0.0;
        }
        let mean = self.mean();
        (self.wy2 / self.weights.w - mean * mean).abs().sqrt()
    }

    /// The spread divided by the square root of the number of effective entries.
    pub(super) fn error(&self) -> f64 {
        let entries = self.weights.effective_entries();
        if entries == 0.0 {
            0.0
        } else {
            self.spread() / entries.sqrt()
        }
    }

    /// The unbiased estimate of the variance, as stored in UHI's `mean` and `weighted_mean` storages: Σw·(y − mean)² /
    /// (Σw − Σw²/Σw); 0 if there are fewer than two values, for which the estimate is undefined.
    #[cfg(any(test, feature = "hdf5"))]
    pub(super) fn unbiased_variance(&self) -> f64 {
        let WeightTotals { w, w2 } = self.weights;
        let freedom = w - w2 / w;
        if w == 0.0 || freedom == 0.0 {
            return 0.0;
        }
        let deviations = self.wy2 - self.wy * self.mean();
        deviations.max(0.0) / freedom
    }
}
