//! Event processing on all cores: write what is done with one item, run it on any number of MPI ranks, and get the same
//! bytes every time.
//!
//! # The model in one page
//!
//! A [`Task`] says what happens where; a [`WorkManager`] runs it on all ranks that the program was started on, `mpirun
//! -n 8 program`, or alone if there was no `mpirun`.
//!
//! ```
//! use gaudi_mpi::prelude::*;
//!
//! /// Estimates π: how many of many random points are within the circle?
//! #[derive(Serialize, Deserialize, Default)]
//! struct Circle {
//!     estimate: f64,
//! }
//!
//! const POINTS: u32 = 10_000;
//!
//! impl Task for Circle {
//!     type Item = u32; // how many points
//!     type Output = (u64, u64); // points within, points thrown: summed over all items
//!     type Reply = ();
//!
//!     fn new_output(&self) -> (u64, u64) {
//!         (0, 0)
//!     }
//!     fn process(&mut self, points: &u32, (within, thrown): &mut (u64, u64)) -> Result<()> {
//!         let mut random = item_random(); // depends on the seed and the item's number alone
//!         for _ in 0..*points {
//!             let (x, y) = (random.uniform(-1.0, 1.0), random.uniform(-1.0, 1.0));
//!             *within += u64::from(x * x + y * y < 1.0);
//!             *thrown += 1;
//!         }
//!         Ok(())
//!     }
//!     fn finalize(&mut self, (within, thrown): (u64, u64), _: &Statistics) -> Result<()> {
//!         self.estimate = 4.0 * within as f64 / thrown as f64;
//!         Ok(())
//!     }
//! }
//!
//! fn main() -> JobResult {
//!     let mut circle = Circle::default();
//!     let summary = WorkManager::new(Options::default().quiet())?.process(&mut circle, vec![POINTS; 20])?;
//!     assert!((circle.estimate - std::f64::consts::PI).abs() < 0.02);
//!     Ok(summary)
//! }
//! ```
//!
//! - **Items** are handed out by rank 0, which works, too. They travel in batches of consecutive items, as many as take
//!   some tens of milliseconds.
//! - **The output** is summed over all items by [`Merge`]; floating-point sums are [exact](ExactSum), so neither the
//!   number of ranks nor the order of the items changes a bit. [`hist`] has histograms that sum this way.
//! - **Replies** of items come back to rank 0 in item order, through a buffer of bounded size.
//! - **An item counts once**: when it fails, nothing of it is in the sum. It is tried again; then the job stops, or
//!   goes on without it.
//! - **[`Options`]** are the command-line options that every program can take.
#![warn(missing_docs)]

#[cfg(feature = "jobs")]
pub mod algorithms;
#[cfg(feature = "jobs")]
pub mod app;
#[cfg(feature = "jobs")]
mod edit_distance;
mod error;
#[cfg(feature = "events")]
pub mod event;
#[cfg(feature = "jobs")]
pub mod expression;
mod farm;
mod files;
pub mod hist;
mod host;
#[cfg(feature = "events")]
pub mod io;
mod job;
mod manager;
pub mod numbers;
#[cfg(feature = "pictures")]
pub mod picture;
mod wire;
mod worker;

pub use error::{Error, JobResult, Result};
pub use host::launcher::{mpi_library, mpirun};
pub use job::context::{current_item, item_random};
pub use job::memory::MemoryUse;
pub use job::options::{ForkAfter, OnError, Options, Schedule, parse};
pub use job::statistics::{HostStatistics, RankStatistics, Statistics};
pub use job::summary::{SkippedItem, Summary};
pub use job::task::Task;
pub use manager::WorkManager;
pub use numbers::counter::Counter;
pub use numbers::exact_sum::ExactSum;
pub use numbers::merge::Merge;
pub use numbers::random::Random;

/// The README's program, so that it keeps compiling.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The same of the page about jobs.
#[cfg(doctest)]
#[doc = include_str!("../docs/jobs.md")]
struct Jobs;

/// What most programs need: `use gaudi_mpi::prelude::*;`
pub mod prelude {
    pub use crate::error::{JobResult, Result};
    pub use crate::job::context::item_random;
    pub use crate::job::options::Options;
    pub use crate::job::statistics::Statistics;
    pub use crate::job::summary::Summary;
    pub use crate::job::task::Task;
    pub use crate::manager::WorkManager;
    pub use crate::mergeable;
    pub use crate::numbers::counter::Counter;
    pub use crate::numbers::exact_sum::ExactSum;
    pub use crate::numbers::merge::Merge;
    pub use crate::numbers::random::Random;
    pub use serde::{Deserialize, Serialize};
}
