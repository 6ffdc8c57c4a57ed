//! The settings for the three passes of the [tracking](super::tracking).

/// The settings for one pass.
pub(super) struct SearchPass {
    /// The maximum angle about the beam between the first two hits, as a pseudo-angle (a full circle is 4).
    pub window: f32,
    /// The distances to try between the first hit and the second, as numbers of modules upstream.
    pub steps: &'static [usize],
    /// Like `window` and `distance`, but for hits that are not in adjacent modules on the same side.
    pub other_window: f32,
    pub other_distance: f32,
    /// The maximum distance between the second hit and the third, as a number of modules upstream.
    pub third: usize,
    /// Whether the third hit of a pair that does not point to the beam must be in the next module on the same side.
    pub third_is_next: bool,
    /// The maximum distance between the beam and the line through the first two hits, in mm.
    pub distance: f32,
    /// The maximum scattering angle in rad.
    pub kink: f32,
    /// The minimum number of hits on a track.
    pub hits: usize,
    /// The maximum score of a track; lower scores are better.
    pub score: f32,
}

/// The first pass: long tracks that point to the beam.
pub(super) const STRAIGHT: SearchPass = SearchPass {
    window: 0.08,
    steps: &[2, 1],
    other_window: 0.08,
    other_distance: 1.0,
    third: 2,
    third_is_next: true,
    distance: 1.0,
    kink: 0.005,
    hits: 4,
    score: -6.0,
};

/// The second pass: all other tracks.
pub(super) const OTHERS: SearchPass = SearchPass {
    window: 0.3,
    steps: &[2, 1, 4, 3],
    other_window: 0.09,
    other_distance: 2.0,
    third: 3,
    third_is_next: true,
    distance: 50.0,
    kink: 0.024,
    hits: 3,
    score: 10.0,
};

/// The third pass: short tracks that share a hit.
pub(super) const SHARING: SearchPass = SearchPass {
    window: 0.1,
    steps: &[2, 1, 4, 3],
    other_window: 0.09,
    other_distance: 2.0,
    third: 3,
    third_is_next: false,
    distance: 3.0,
    kink: 0.008,
    hits: 3,
    score: -4.0,
};
