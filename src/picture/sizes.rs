//! Sizes of letters, lines and gaps.

/// Sizes in pixels, which are the same for all pads on a canvas.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// The font size of the numbers along the axes.
    pub(super) label: f64,
    /// The font size of the axis titles.
    pub(super) title: f64,
    /// The font size of the title above the frame.
    pub(super) heading: f64,
    /// The font size in the statistics box and the legend.
    pub(super) note: f64,
    /// The space between related elements.
    pub(super) gap: f64,
    /// The line width of the frame and the ticks.
    pub(super) thin: f64,
    /// The line width of curves.
    pub(super) thick: f64,
    /// The length of a tick that has a number. Ticks without numbers are half as long.
    pub(super) tick: f64,
    /// The radius of a marker.
    pub(super) marker: f64,
}

impl Sizes {
    /// Returns the sizes for pads of this size on a canvas of this size, all in pixels.
    ///
    /// Letters shrink less than the pads do; otherwise, the text on a canvas with nine pads would be illegible.
    pub(super) fn new(canvas: (f64, f64), pad: (f64, f64)) -> Self {
        let extent = |(width, height): (f64, f64)| height.min(0.75 * width);
        let part = extent(pad) / extent(canvas);
        Self::of(0.037 * extent(canvas) * part.powf(0.75))
    }

    /// Returns all sizes multiplied by a factor.
    pub(super) fn scaled(&self, factor: f64) -> Self {
        Self::of(factor * self.label)
    }

    fn of(label: f64) -> Self {
        Sizes {
            label,
            title: 1.1 * label,
            heading: 1.15 * label,
            note: 0.9 * label,
            gap: 0.4 * label,
            thin: (0.055 * label).max(0.7),
            thick: (0.085 * label).max(0.8),
            tick: 0.6 * label,
            marker: 0.22 * label,
        }
    }
}
