//! Counters: the number, sum, mean, spread and range of values.

use crate::numbers::exact_sum::ExactSum;
use crate::numbers::merge::merge_in_place;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::AddAssign;

/// Counts values and computes their sum, mean, standard deviation, minimum and maximum. The result depends neither on
/// the order of the values nor on the order of [merging](crate::Merge).
///
/// ```
/// use gaudi_mpi::Counter;
///
/// let mut tracks = Counter::new();
/// for number in [12.0, 7.0, 11.0] {
///     tracks += number;
/// }
/// assert_eq!((tracks.entries(), tracks.sum(), tracks.mean()), (3, 30.0, 10.0));
/// assert_eq!((tracks.min(), tracks.max()), (Some(7.0), Some(12.0)));
/// assert_eq!(tracks.to_string(), "3 entries, sum 30, mean 10 ± 2.160, from 7 to 12");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Counter {
    entries: u64,
    sum: ExactSum,
    sum_of_squares: ExactSum,
    range: Option<(f64, f64)>,
}

impl Counter {
    /// Returns an empty counter.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value. A NaN makes the sum, the mean and the standard deviation NaN; the minimum and maximum ignore NaNs.
    pub fn add(&mut self, value: f64) {
        self.entries += 1;
        self.sum.add(value);
        self.sum_of_squares.add(value * value);
        // Adding 0 turns -0 into 0. Otherwise, the order of the values would determine whether the minimum is 0 or -0.
        let value = value + 0.0;
        self.extend(Some((value, value)).filter(|_| !value.is_nan()));
    }

    fn extend(&mut self, other: Option<(f64, f64)>) {
        self.range = match (self.range, other) {
            (Some((low, high)), Some((lower, higher))) => Some((low.min(lower), high.max(higher))),
            (range, other) => range.or(other),
        };
    }

    /// The number of values.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// The sum of the values.
    pub fn sum(&self) -> f64 {
        self.sum.value()
    }

    /// The mean of the values; 0 if there are no values.
    pub fn mean(&self) -> f64 {
        if self.entries == 0 {
            0.0
        } else {
            self.sum() / self.entries as f64
        }
    }

    /// The standard deviation of the values, √(⟨x²⟩ − ⟨x⟩²); 0 if there are no values.
    pub fn std_dev(&self) -> f64 {
        if self.entries == 0 {
            return 0.0;
        }
        let mean = self.mean();
        (self.sum_of_squares.value() / self.entries as f64 - mean * mean)
            .max(0.0)
            .sqrt()
    }

    /// The smallest value, or `None` if there are no values.
    pub fn min(&self) -> Option<f64> {
        self.range.map(|(low, _)| low)
    }

    /// The largest value, or `None` if there are no values.
    pub fn max(&self) -> Option<f64> {
        self.range.map(|(_, high)| high)
    }
}

/// Conversions for reading and writing files.
#[cfg(feature = "events")]
impl Counter {
    /// Returns a counter with the given number of values, sums, and smallest and largest value.
    pub(crate) fn from_parts(entries: u64, sum: ExactSum, sum_of_squares: ExactSum, range: Option<(f64, f64)>) -> Self {
        Self {
            entries,
            sum,
            sum_of_squares,
            range,
        }
    }

    pub(crate) fn exact_sum(&self) -> &ExactSum {
        &self.sum
    }

    pub(crate) fn exact_sum_of_squares(&self) -> &ExactSum {
        &self.sum_of_squares
    }
}

impl AddAssign<f64> for Counter {
    fn add_assign(&mut self, value: f64) {
        self.add(value);
    }
}

merge_in_place!([] Counter: |into, other| {
    into.entries += other.entries;
    into.sum.merge(&other.sum);
    into.sum_of_squares.merge(&other.sum_of_squares);
    into.extend(other.range);
});

impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} entries, sum {}, mean {} ± {:.3}",
            self.entries,
            short(self.sum()),
            short(self.mean()),
            self.std_dev()
        )?;
        match self.range {
            Some((low, high)) => write!(f, ", from {} to {}", short(low), short(high)),
            None => Ok(()),
        }
    }
}

/// Rounds a number for display: integers are kept as they are, other numbers are rounded to six digits.
fn short(value: f64) -> f64 {
    match value.fract() == 0.0 {
        true => value,
        false => format!("{value:.5e}").parse().unwrap_or(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::merge::Merge;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_rounded_for_display() {
        for (value, text) in [
            (9_055_429.0, "9055429"),
            (0.999_460_200_9, "0.99946"),
            (-1.0 / 3e20, "-0.00000000000000000000333333"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(short(value).to_string(), text);
        }
    }

    #[test]
    fn zeros_of_both_signs_are_the_same_in_any_order() {
        for values in [[0.0, -0.0], [-0.0, 0.0], [-0.0, -0.0]] {
            let mut counter = Counter::new();
            values.iter().for_each(|&value| counter += value);
            assert_eq!(counter.min().map(f64::to_bits), Some(0));
            assert_eq!(counter.max().map(f64::to_bits), Some(0));
        }
    }

    proptest! {
        #[test]
        fn merged_is_as_counted_in_one_go(values in prop::collection::vec(any::<f64>(), 0..50), cut in any::<usize>()) {
            let count = |values: &[f64]| {
                let mut counter = Counter::new();
                values.iter().for_each(|&value| counter += value);
                counter
            };
            let (first, second) = values.split_at(cut % (values.len() + 1));
            let mut merged = count(second);
            Counter::join(&mut merged, count(first));
            let whole = count(&values);
            prop_assert_eq!(merged.entries(), whole.entries());
            prop_assert_eq!(merged.to_string(), whole.to_string());
        }
    }
}
