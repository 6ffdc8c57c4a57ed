//! How large letters, lines and gaps are in a pad.

/// Sizes in pixels, the same for all pads of a canvas.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// Font of the numbers along the axes.
    pub(super) label: f64,
    /// Font of the axis titles.
    pub(super) title: f64,
    /// Font of the title above the frame.
    pub(super) heading: f64,
    /// Font of the statistics box and the legend.
    pub(super) note: f64,
    /// Space between things that belong together.
    pub(super) gap: f64,
    /// Width of the frame and the ticks.
    pub(super) thin: f64,
    /// Width of curves.
    pub(super) thick: f64,
    /// Length of a tick with a number; those without are half as long.
    pub(super) tick: f64,
    /// Radius of a marker.
    pub(super) marker: f64,
}

impl Sizes {
    /// Sizes for pads of a canvas, all in pixels.
    ///
    /// Letters shrink less than the pad: nine pads side by side would otherwise be illegible.
    pub(super) fn new(canvas: (f64, f64), pad: (f64, f64)) -> Self {
        let extent = |(width, height): (f64, f64)| height.min(0.75 * width);
        let part = extent(pad) / extent(canvas);
        Self::of(0.037 * extent(canvas) * part.powf(0.75))
    }

    /// The same, smaller or larger.
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
