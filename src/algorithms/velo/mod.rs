//! Reconstruction in a vertex locator, the VELO of LHCb's first upgrade: 52 modules of silicon pixels along the beam.
//!
//! - [`VeloTracking`] finds tracks in hits, [`VeloFit`] fits them, [`PrimaryVertices`] finds where they come from.
//! - [`ToyVelo`] makes events, [`TrackChecker`] compares tracks with the true particles.
//!
//! What they compute is in modules of its own, free of events: [`tracking`], [`fit`], [`vertices`], [`toy_event`],
//! [`matching`]; [`geometry`] and [`conditions`] have the detector. Lengths are in mm, momenta in MeV.

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
