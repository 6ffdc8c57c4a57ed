//! Histograms and profiles as the output of a task. Joining panics when titles, axes or paths differ: then `new_output`
//! does not always book the same.

use super::error::or_panic;
use super::histogram::Histogram;
use super::histograms::Histograms;
use super::profile::Profile;
use crate::numbers::merge::merge_in_place;

merge_in_place!([] Histograms: |into, other| or_panic(into.merge(&other)));
merge_in_place!([const N: usize] Histogram<N>: |into, other| or_panic(into.merge(&other)));
merge_in_place!([const N: usize] Profile<N>: |into, other| or_panic(into.merge(&other)));
