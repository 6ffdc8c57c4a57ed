//! A job as its user sees it: the task and the options before it runs, statistics and a summary afterwards.

pub(crate) mod context;
pub(crate) mod guard;
pub mod identity;
pub(crate) mod memory;
pub(crate) mod options;
pub(crate) mod progress;
pub(crate) mod report;
pub(crate) mod statistics;
pub(crate) mod summary;
pub(crate) mod task;
