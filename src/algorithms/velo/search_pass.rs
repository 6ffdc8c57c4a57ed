//! The settings of the three passes of the [tracking](super::tracking).

/// The settings of a pass.
pub(super) struct SearchPass {
    /// The largest angle about the beam between the first two hits, as a pseudo-angle: a full circle is 4.
    pub window: f32,
    /// The distances from the first hit to the second, in modules upstream.
    pub steps: &'static [usize],
    /// The same as `window` and `distance` for hits that are not in adjacent modules of one side.
    pub other_window: f32,
    pub other_distance: f32,
    /// The largest distance from the second hit to the third, in modules upstream.
    pub third: usize,
    /// Whether the third hit of a pair that does not point to the beam must be in the next module of the side.
    pub third_is_next: bool,
    /// The largest distance from the beam of the line through the first two hits, mm.
    pub distance: f32,
    /// The largest scattering angle, rad.
    pub kink: f32,
    /// The smallest number of hits.
    pub hits: usize,
    /// The highest score.
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
