//! Reconstruction in a vertex locator, the VELO of LHCb's first upgrade: 52 modules of silicon pixels along the beam.
//!
//! - [`VeloTracking`] finds tracks in the hits, [`VeloFit`] fits them, and [`PrimaryVertices`] finds primary vertices.
//! - [`ToyVelo`] generates toy events, and [`TrackChecker`] compares tracks with the true particles.
//!
//! ```
//! use gaudi_mpi::app::{AppMgr, JobConfig};
//!
//! gaudi_mpi::algorithms::register_all();
//! let job = JobConfig::parse(r#"
//!     input.events = 2
//!     [[algorithm]]
//!     type = "ToyVelo"
//!     [[algorithm]]
//!     type = "VeloTracking"
//!     [[algorithm]]
//!     type = "VeloFit"
//!     conditions = { field_step = 50 }
//!     [[algorithm]]
//!     type = "PrimaryVertices"
//!     [[algorithm]]
//!     type = "TrackChecker"
//! "#)?;
//! let mut events = AppMgr::from_config(job).events(1)?;
//! let vertices = events.read_table("Rec/Vertex/Primary")?;
//! while let Some(event) = events.next()? {
//!     assert!(event.rows(vertices).len() > 0);
//! }
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! The modules [`tracking`], [`fit`], [`vertices`], [`matching`] and [`toy_event`] contain the computations, which do
//! not depend on the event store; [`geometry`] and [`conditions`] describe the detector. Lengths are in mm, momenta in
//! MeV.

pub mod conditions;
mod efficiency_table;
pub mod fit;
pub mod geometry;
mod hit_index;
mod hit_search;
pub mod matching;
mod primary_vertices;
mod search_pass;
mod table_paths;
pub mod toy_event;
mod toy_velo;
mod track_candidate;
mod track_checker;
pub mod tracking;
mod triplets;
mod velo_fit;
mod velo_tracking;
pub mod vertices;

pub use primary_vertices::PrimaryVertices;
pub use toy_velo::ToyVelo;
pub use track_checker::TrackChecker;
pub use velo_fit::VeloFit;
pub use velo_tracking::VeloTracking;
