//! What a user holds of a job: the task and its options before it runs, statistics and a summary after it has.

pub(crate) mod context;
pub(crate) mod guard;
pub(crate) mod memory;
pub(crate) mod options;
pub(crate) mod progress;
pub(crate) mod report;
pub(crate) mod statistics;
pub(crate) mod summary;
pub(crate) mod task;
