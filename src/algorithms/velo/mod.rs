//! Reconstruction in a vertex locator, the VELO of LHCb's first upgrade: 52 modules of silicon pixels along the beam.
//!
//! - [`VeloTracking`] finds tracks in hits, [`VeloFit`] fits them, [`PrimaryVertices`] finds where they come from.
//! - [`ToyVelo`] makes events, [`TrackChecker`] compares tracks with the true particles.
//!
//! What they compute is in modules of its own, free of events: [`tracking`], [`fit`], [`vertices`], [`toy`],
//! [`matching`]; [`geometry`] and [`conditions`] have the detector. Lengths are in mm, momenta in MeV.

mod candidate;
mod check_tracks;
pub mod conditions;
mod efficiency;
mod find_tracks;
mod find_vertices;
pub mod fit;
mod fit_tracks;
pub mod geometry;
mod hit_index;
mod make_events;
pub mod matching;
mod search;
pub mod toy;
pub mod tracking;
mod triplets;
pub mod vertices;

pub use check_tracks::TrackChecker;
pub use find_tracks::VeloTracking;
pub use find_vertices::PrimaryVertices;
pub use fit_tracks::VeloFit;
pub use make_events::ToyVelo;

/// Where hits are, unless a job says otherwise.
const HITS: &str = "Raw/Velo/Hits";
/// Where tracks are.
const TRACKS: &str = "Rec/Track/Velo";
/// Where true particles are, and which hits they made.
const PARTICLES: &str = "MC/Particles";
const LINKS: &str = "MC/Links";

fn hits() -> String {
    HITS.into()
}

fn tracks() -> String {
    TRACKS.into()
}
