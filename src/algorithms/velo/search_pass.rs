//! The settings of the three passes of the [tracking](super::tracking).

/// What a pass looks for.
pub(super) struct SearchPass {
    /// How far the first two hits are apart in angle about the beam, in units of which the full circle has 4.
    pub window: f32,
    /// How many modules upstream of the first hit the second one is.
    pub steps: &'static [usize],
    /// The same where the hits are not in neighbouring modules of the same side, and how far from the beam the line
    /// through them passes then.
    pub other_window: f32,
    pub other_distance: f32,
    /// How many modules upstream of the second hit the third one is, at most.
    pub third: usize,
    /// For pairs that do not point to the beam, the third hit is in the next module of the side.
    pub third_is_next: bool,
    /// How far from the beam the line through them passes, at most, mm.
    pub distance: f32,
    /// The largest scattering, rad.
    pub kink: f32,
    /// The fewest hits.
    pub hits: usize,
    /// The highest score.
    pub score: f32,
}

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
