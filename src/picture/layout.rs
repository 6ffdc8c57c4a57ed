//! The layout of a pad: its frame, axes and boxes.

use super::axis_range::AxisRange;
use super::bins::Bins;
use super::box_placement::{Boxes, place_boxes};
use super::draw_map;
use super::drawing::{Rect, clean};
use super::font;
use super::labelled_axis::LabelledAxis;
use super::pad::Pad;
use super::sizes::Sizes;

/// The distances between the border of a pad and its frame, in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Margins {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

impl Margins {
    /// The frame within a pad, aligned to whole pixels for sharp lines. The frame keeps at least a quarter of the pad's
    /// width and height, even if the margins would leave less.
    pub(super) fn frame(&self, pad: &Rect) -> Rect {
        let (across, down) = self.squeeze(pad);
        Rect {
            left: (pad.left + across * self.left).ceil(),
            top: (pad.top + down * self.top).ceil(),
            right: (pad.right - across * self.right).floor(),
            bottom: (pad.bottom - down * self.bottom).floor(),
        }
    }

    /// Whether the margins leave enough room for the frame.
    pub(super) fn fit(&self, pad: &Rect) -> bool {
        self.squeeze(pad) == (1.0, 1.0)
    }

    /// The factors by which the margins must be scaled to fit, horizontally and vertically.
    fn squeeze(&self, pad: &Rect) -> (f64, f64) {
        let part = |margins: f64, extent: f64| (0.75 * extent / margins).min(1.0);
        (
            part(self.left + self.right, pad.width()),
            part(self.top + self.bottom, pad.height()),
        )
    }

    /// Whether each margin is at most as wide as the corresponding margin of `others`.
    pub(super) fn within(&self, others: &Margins) -> bool {
        self.widened_to(others) == *others
    }

    /// Returns the wider of the two margins on each side.
    pub(super) fn widened_to(&self, others: &Margins) -> Margins {
        Margins {
            left: self.left.max(others.left),
            right: self.right.max(others.right),
            top: self.top.max(others.top),
            bottom: self.bottom.max(others.bottom),
        }
    }
}

/// All layout decisions that are made before a pad is drawn.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) frame: Rect,
    pub(super) x: LabelledAxis,
    pub(super) y: LabelledAxis,
    /// The axis of a map's colour scale, and the area that the scale covers.
    pub(super) z: Option<(LabelledAxis, Rect)>,
    pub(super) boxes: Boxes,
    /// The statistics of a map, as lines of text above the frame, because a box would cover the map.
    pub(super) strip: Vec<String>,
}

impl Layout {
    /// Returns the layout of a pad with these margins.
    pub(super) fn new(pad: &Pad, area: &Rect, margins: &Margins, sizes: &Sizes) -> Self {
        let frame = margins.frame(area);
        let nothing = Bins::Edges(vec![0.0, 1.0]);
        let x_bins = pad.x_bins().unwrap_or(&nothing);
        let (x_depth, y_depth) = (0.4 * area.height(), 0.3 * area.width());
        let x_range = x_range(pad, x_bins);
        let x = LabelledAxis::horizontal(x_bins, x_range, frame.width(), x_depth, sizes);
        let mut layout = Layout {
            frame,
            y: x.clone(),
            x,
            z: None,
            boxes: Boxes::default(),
            strip: Vec::new(),
        };
        if let Some(map) = &pad.map {
            let range = end_to_end(&map.y);
            layout.y = LabelledAxis::vertical(Some(&map.y), range, frame.height(), y_depth, sizes);
            let z = draw_map::z_range(map, pad.log_z);
            let z = LabelledAxis::vertical(None, z, frame.height(), y_depth, sizes);
            let left = frame.right + sizes.gap;
            let right = left + 1.2 * sizes.label;
            layout.z = Some((z, Rect { left, right, ..frame }));
            layout.strip = strip(pad, layout.heading_width(), sizes);
        } else {
            let (boxes, range) = place_boxes(pad, &frame, &x_range, sizes);
            layout.y = LabelledAxis::vertical(None, range, frame.height(), y_depth, sizes);
            layout.boxes = boxes;
        }
        layout
    }

    /// The margins that this layout needs.
    pub(super) fn margins(&self, pad: &Pad, sizes: &Sizes) -> Margins {
        let title_height = |text: &str| {
            if text.is_empty() { 0.0 } else { 1.25 * sizes.title }
        };
        let beside = title_height(&self.y_title(pad)) + self.y.label_width() + 2.0 * sizes.gap;
        let (before, after) = self.x.overhang();
        let left = beside.max(before + sizes.gap);
        let bottom = self.below_labels(sizes) + title_height(&self.x_title(pad)) + sizes.gap;
        let right = match &self.z {
            None => after + 1.5 * sizes.gap,
            Some((z, bar)) => {
                let numbers = sizes.gap + z.label_width() + sizes.gap;
                // The title of the pad below follows; a gap keeps the two titles apart.
                let apart = 1.5 * sizes.gap;
                bar.right - self.frame.right + numbers + title_height(&self.z_title(pad)) + apart
            }
        };
        // The space above the frame holds the title or, if there is no title, the factor of a vertical axis.
        let factor = |axis: &LabelledAxis| axis.ticks.factor.is_some();
        let factors = factor(&self.y) || self.z.as_ref().is_some_and(|(z, _)| factor(z));
        let mut top = match (pad.title.is_empty(), factors) {
            (false, _) => 1.5 * sizes.heading,
            (true, true) => 1.2 * sizes.label + sizes.gap,
            (true, false) => sizes.label,
        };
        top += self.strip_height(sizes);
        Margins {
            left,
            right,
            top,
            bottom,
        }
    }

    /// The height of the statistics lines above the frame.
    pub(super) fn strip_height(&self, sizes: &Sizes) -> f64 {
        match self.strip.len() {
            0 => 0.0,
            lines => (STRIP_LINE * lines as f64 + 0.35) * sizes.note,
        }
    }

    /// The distance from the frame down to the lower end of the x axis labels.
    pub(super) fn below_labels(&self, sizes: &Sizes) -> f64 {
        LABEL_GAP * sizes.gap + self.x.label_height()
    }

    /// The maximum width of text centred above the frame. Wider text could collide with a vertical axis' factor or with
    /// the number at its upper end.
    pub(super) fn heading_width(&self) -> f64 {
        self.frame.width()
    }

    /// The title below the x axis, including the factor for the axis' numbers.
    pub(super) fn x_title(&self, pad: &Pad) -> String {
        clean(&pad.x.text(self.x.ticks.factor.as_deref()))
    }

    /// The title beside the y axis, without the factor for the axis' numbers, which is drawn above them.
    pub(super) fn y_title(&self, pad: &Pad) -> String {
        clean(&pad.y_title().text(None))
    }

    /// The title of the colour scale.
    pub(super) fn z_title(&self, pad: &Pad) -> String {
        clean(&pad.z_title().text(None))
    }
}

/// The distance between the frame and the labels below it, in units of [`Sizes::gap`]. It keeps the lowest y axis label
/// and the first x axis label apart.
pub(super) const LABEL_GAP: f64 = 1.6;

/// The height of a statistics line above a map, in units of its font size.
pub(super) const STRIP_LINE: f64 = 1.25;

/// The range from the first edge to the last.
fn end_to_end(bins: &Bins) -> AxisRange {
    let edges = bins.edges();
    let (low, high) = (edges.first().copied(), edges.last().copied());
    AxisRange::linear(low.unwrap_or(0.0), high.unwrap_or(1.0))
}

/// The x range that covers the bins of all curves, or of the map.
fn x_range(pad: &Pad, first: &Bins) -> AxisRange {
    let scales = pad.curves.iter().map(|curve| end_to_end(&curve.bins));
    scales.fold(end_to_end(first), |all, one| {
        AxisRange::linear(all.low.min(one.low), all.high.max(one.high))
    })
}

/// Returns the statistics as lines of text, in as few lines as the width allows.
fn strip(pad: &Pad, width: f64, sizes: &Sizes) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (name, value) in &pad.statistics {
        let entry = clean(&format!("{name} {value}"));
        let longer = lines.last().map(|line| format!("{line}\u{2003}{entry}"));
        match (lines.last_mut(), longer) {
            (Some(line), Some(longer)) if font::width(&longer, sizes.note) <= width => {
                *line = longer;
            }
            _ => lines.push(font::shorten(&entry, sizes.note, width)),
        }
    }
    // More lines would leave no room for the map.
    lines.truncate(3);
    lines
}
