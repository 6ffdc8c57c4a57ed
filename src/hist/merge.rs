//! Histograms and profiles as the output of a task.

use super::error::or_panic;
use super::histogram::Histogram;
use super::histograms::Histograms;
use super::profile::Profile;
use crate::numbers::merge::merge_in_place;

merge_in_place! {
    /// Joining panics if the books differ in paths, titles or axes, which means that `new_output` does not always book
    /// the same objects.
    [] Histograms: |into, other| or_panic(into.merge(&other))
}
merge_in_place! {
    /// Joining panics if the titles or axes differ, which means that `new_output` does not always return the same
    /// histogram.
    [const N: usize] Histogram<N>: |into, other| or_panic(into.merge(&other))
}
merge_in_place! {
    /// Joining panics if the titles, labels or axes differ, which means that `new_output` does not always return the
    /// same profile.
    [const N: usize] Profile<N>: |into, other| or_panic(into.merge(&other))
}
