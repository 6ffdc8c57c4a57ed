//! Results that do not depend on the order of the work: exact sums, merging, counters, random numbers.

pub(crate) mod counter;
pub mod exact_sum;
pub mod merge;
pub mod random;
