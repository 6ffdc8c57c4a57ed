//! Histograms as the output of a task.

use super::{Histogram, Histograms, Profile, or_panic};
use crate::numbers::merge::Merge;
use std::ops::Range;

macro_rules! merge_by_method {
    ($($type:ident $(<$dimensions:ident>)?),+) => {$(
        /// Joining panics when the other's axes or titles differ: then `new_output` does not always book the same.
        impl$(<const $dimensions: usize>)? Merge for $type$(<$dimensions>)? {
            type Gathered = Self;
            fn gather(self, _: Range<u64>) -> Self {
                self
            }
            fn join(into: &mut Self, other: Self) {
                or_panic(into.merge(&other));
            }
            fn finish(gathered: Self) -> Self {
                gathered
            }
        }
    )+};
}

merge_by_method!(Histograms, Histogram<N>, Profile<N>);
