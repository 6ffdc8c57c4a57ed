//! Sums of weights in bins, kept as plain counts until the first weighted fill.

use serde::{Deserialize, Serialize};

use super::error::Error;
use crate::numbers::exact_sum::ExactSum;

/// The number of unweighted fills in each bin and, once there is a weighted fill, the exact sums of weights and of
/// squared weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Weights {
    counts: Vec<u64>,
    weighted: Option<Box<Weighted>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Weighted {
    /// The number of weighted fills.
    entries: u64,
    sums: Vec<WeightSums>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct WeightSums {
    w: ExactSum,
    w2: ExactSum,
}

/// Σw and Σw², each rounded once. An unweighted fill counts as a fill with weight 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct WeightTotals {
    pub(super) w: f64,
    pub(super) w2: f64,
}

impl WeightTotals {
    /// (Σw)² / Σw², like ROOT's `GetEffectiveEntries`.
    pub(super) fn effective_entries(self) -> f64 {
        if self.w2 == 0.0 { 0.0 } else { self.w * self.w / self.w2 }
    }
}

impl Weights {
    pub(super) fn new(bins: usize) -> Self {
        Weights {
            counts: vec![0; bins],
            weighted: None,
        }
    }

    /// Returns weights with the given number of unweighted fills in each bin.
    #[cfg(feature = "hdf5")]
    pub(super) fn of_counts(counts: Vec<u64>) -> Self {
        Weights { counts, weighted: None }
    }

    /// Returns weights for this number of fills, at least one of which was weighted, with the given Σw and Σw² in each
    /// bin.
    #[cfg(feature = "hdf5")]
    pub(super) fn of_sums(entries: u64, sums: Vec<[ExactSum; 2]>) -> Self {
        let counts = vec![0; sums.len()];
        let sums = sums.into_iter().map(|[w, w2]| WeightSums { w, w2 }).collect();
        Weights {
            counts,
            weighted: Some(Box::new(Weighted { entries, sums })),
        }
    }

    #[inline]
    pub(super) fn count(&mut self, bin: usize) {
        self.counts[bin] += 1;
    }

    #[inline]
    pub(super) fn add(&mut self, bin: usize, weight: f64) {
        let bins = self.counts.len();
        let weighted = self.weighted.get_or_insert_with(|| Box::new(Weighted::new(bins)));
        weighted.entries += 1;
        weighted.sums[bin].w.add(weight);
        weighted.sums[bin].w2.add(weight * weight);
    }

    /// The number of unweighted fills in each bin.
    #[cfg(feature = "hdf5")]
    pub(super) fn counts(&self) -> &[u64] {
        &self.counts
    }

    #[inline]
    pub(super) fn counts_mut(&mut self) -> &mut [u64] {
        &mut self.counts
    }

    pub(super) fn is_weighted(&self) -> bool {
        self.weighted.is_some()
    }

    /// The number of all fills.
    pub(super) fn entries(&self) -> u64 {
        let weighted = self.weighted.as_ref().map_or(0, |weighted| weighted.entries);
        self.counts.iter().fold(weighted, |sum, &count| sum.wrapping_add(count))
    }

    pub(super) fn at(&self, bin: usize) -> WeightTotals {
        match &self.weighted {
            None => WeightTotals {
                w: self.counts[bin] as f64,
                w2: self.counts[bin] as f64,
            },
            Some(_) => self.total([bin]),
        }
    }

    pub(super) fn total(&self, bins: impl IntoIterator<Item = usize>) -> WeightTotals {
        let [w, w2] = self.exact(bins);
        WeightTotals {
            w: w.value(),
            w2: w2.value(),
        }
    }

    /// Σw and Σw², unrounded.
    pub(super) fn exact(&self, bins: impl IntoIterator<Item = usize>) -> [ExactSum; 2] {
        let (mut count, mut sums) = (0, WeightSums::default());
        for bin in bins {
            count += i128::from(self.counts[bin]);
            if let Some(weighted) = &self.weighted {
                sums.merge(&weighted.sums[bin]);
            }
        }
        sums.w.add_fixed(count, 0);
        sums.w2.add_fixed(count, 0);
        [sums.w, sums.w2]
    }

    /// Adds another set of weights, which must have the same number of bins.
    pub(super) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            // Wrapping addition ensures that a corrupt serialised number cannot make a job panic.
            *mine = mine.wrapping_add(*theirs);
        }
        if let Some(theirs) = &other.weighted {
            let bins = self.counts.len();
            let mine = self.weighted.get_or_insert_with(|| Box::new(Weighted::new(bins)));
            mine.entries = mine.entries.wrapping_add(theirs.entries);
            for (mine, theirs) in mine.sums.iter_mut().zip(&theirs.sums) {
                mine.merge(theirs);
            }
        }
    }

    /// Returns an error if these deserialised weights do not have the number of bins that the axes have.
    pub(super) fn check_len(&self, title: &str, bins: usize) -> Result<(), Error> {
        let weighted = self.weighted.as_ref().map_or(bins, |weighted| weighted.sums.len());
        match self.counts.len() == bins && weighted == bins {
            true => Ok(()),
            false => Err(Error::Corrupt(format!(
                "the axes of '{title}' have {bins} bins, but its contents have another number"
            ))),
        }
    }
}

impl Weighted {
    fn new(bins: usize) -> Self {
        Weighted {
            entries: 0,
            sums: vec![WeightSums::default(); bins],
        }
    }
}

impl WeightSums {
    fn merge(&mut self, other: &Self) {
        self.w.merge(&other.w);
        self.w2.merge(&other.w2);
    }
}
