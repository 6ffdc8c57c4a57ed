//! The default table paths.

/// Hits.
pub(super) const HITS: &str = "Raw/Velo/Hits";
/// Tracks.
pub(super) const TRACKS: &str = "Rec/Track/Velo";
/// True particles.
pub(super) const PARTICLES: &str = "MC/Particles";
/// Links between true particles and their hits.
pub(super) const LINKS: &str = "MC/Links";

pub(super) fn hits() -> String {
    HITS.into()
}

pub(super) fn tracks() -> String {
    TRACKS.into()
}
