//! Event processing on all cores: write the code that processes one item, run it on any number of MPI ranks, and get
//! the same bytes every time.
//!
//! # The model on one page
//!
//! A [`Task`] defines what runs where. A [`WorkManager`] runs the task on all of the program's ranks (`mpirun -n 8
//! program`), or in a single process if the program was started without `mpirun`.
//!
//! ```
//! use gaudi_mpi::prelude::*;
//!
//! /// Estimates π from the fraction of random points that lie within the circle.
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
//! - **Items** come from any iterator. Rank 0 hands items out and processes its own share. Items travel in batches of
//!   consecutive items, sized to take a few tens of milliseconds.
//! - **The output** is summed over all items by [`Merge`]. Floating-point sums are [exact](ExactSum), so the result is
//!   identical to the last bit for any number of ranks and any order of the items. Histograms ([`hist`]) also use exact
//!   sums.
//! - **Replies** reach rank 0 in item order, through a buffer of bounded size.
//! - **An item counts once.** A failed attempt adds nothing to the sum. The item is retried; if it keeps failing, the
//!   job stops or continues without the item.
//! - **[`Options`]** are the command-line options that every program accepts.
//!
//! # Features
//!
//! All features are on by default. With `default-features = false` the crate provides tasks, the farm and in-memory
//! histograms; the features add `hdf5` (histogram files), `pictures`, `events` (event store and event files), `jobs`
//! (job files, algorithms, expressions), `velo` (the reconstruction example) and `command` (the program `gaudi-mpi`).
//!
//! # Crates whose versions must match
//!
//! The public interface uses types from [`clap`], [`log`] and `hdf5`. These crates are re-exported so that a program
//! can use exactly the same versions:
//!
//! ```
//! use gaudi_mpi::clap::{self, Parser};
//!
//! #[derive(Parser)]
//! struct Arguments {
//!     #[command(flatten)]
//!     farm: gaudi_mpi::Options,
//! }
//! let arguments = Arguments::parse_from(["program", "--seed", "7"]);
//! assert_eq!(arguments.farm.seed, 7);
//! ```

#[cfg(feature = "jobs")]
pub mod algorithms;
#[cfg(feature = "jobs")]
pub mod app;
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

pub use clap;
pub use error::{Error, Result};
#[cfg(feature = "hdf5")]
pub use hdf5;
pub use host::launcher::{mpi_library, mpirun};
pub use job::context::{current_item, item_random};
pub use job::identity;
pub use job::memory::MemoryUse;
pub use job::options::{ForkAfter, OnError, Options, Schedule, parse};
pub use job::statistics::{HostStatistics, RankStatistics, Statistics};
pub use job::summary::{JobResult, SkippedItem, Summary};
pub use job::task::Task;
pub use log;
pub use manager::{Exit, WorkManager};
pub use numbers::counter::Counter;
pub use numbers::exact_sum::ExactSum;
pub use numbers::merge::Merge;
pub use numbers::random::Random;
pub use worker::{ForkHooks, set_fork_hooks};

/// Compiles the README's program.
#[cfg(all(doctest, feature = "jobs"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// Compiles the programs on the page about jobs.
#[cfg(all(doctest, feature = "jobs"))]
#[doc = include_str!("../docs/jobs.md")]
struct Jobs;

/// What most programs need: `use gaudi_mpi::prelude::*;`
pub mod prelude {
    pub use crate::error::Result;
    pub use crate::job::context::item_random;
    pub use crate::job::options::Options;
    pub use crate::job::statistics::Statistics;
    pub use crate::job::summary::{JobResult, Summary};
    pub use crate::job::task::Task;
    pub use crate::manager::WorkManager;
    pub use crate::mergeable;
    pub use crate::numbers::counter::Counter;
    pub use crate::numbers::exact_sum::ExactSum;
    pub use crate::numbers::merge::Merge;
    pub use crate::numbers::random::Random;
    pub use serde::{Deserialize, Serialize};
}
