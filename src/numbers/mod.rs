//! Results that do not depend on the order of processing: exact sums, merging, counters and random numbers.

pub(crate) mod counter;
pub mod exact_sum;
pub mod merge;
pub mod random;
