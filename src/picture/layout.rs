//! Where the frame of a pad lies, and what its axes look like.

use super::axis::Axis;
use super::bins::Bins;
use super::font;
use super::heat;
use super::pad::Pad;
use super::range::{Obstacle, y_scale};
use super::scale::Scale;
use super::sheet::{Rect, clean};
use super::sizes::Sizes;
use super::table::Table;

/// The space between a pad's border and its frame, in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Margins {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

impl Margins {
    /// The frame within a pad, on whole pixels for sharp lines; however wide the margins, it keeps
    /// a quarter of the pad's width and height.
    pub(super) fn frame(&self, pad: &Rect) -> Rect {
        let fit = |margins: f64, extent: f64| (0.75 * extent / margins).min(1.0);
        let across = fit(self.left + self.right, pad.width());
        let down = fit(self.top + self.bottom, pad.height());
        Rect {
            left: (pad.left + across * self.left).round(),
            top: (pad.top + down * self.top).round(),
            right: (pad.right - across * self.right).round(),
            bottom: (pad.bottom - down * self.bottom).round(),
        }
    }
}

/// A box and the place of its upper left corner.
pub(super) type Placed = (Table, (f64, f64));

/// All that is decided before a pad is drawn.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) frame: Rect,
    pub(super) x: Axis,
    pub(super) y: Axis,
    /// The axis of a map's colour scale and the place of the scale.
    pub(super) z: Option<(Axis, Rect)>,
    pub(super) statistics: Option<Placed>,
    pub(super) legend: Option<Placed>,
    /// A map's statistics, in lines above the frame since a box would cover the map.
    pub(super) strip: Vec<String>,
}

impl Layout {
    /// What fits into a pad with these margins.
    pub(super) fn new(pad: &Pad, area: &Rect, margins: &Margins, sizes: &Sizes) -> Self {
        let frame = margins.frame(area);
        let nothing = Bins::Edges(vec![0.0, 1.0]);
        let x_bins = pad.x_bins().unwrap_or(&nothing);
        let (x_depth, y_depth) = (0.4 * area.height(), 0.3 * area.width());
        let x_scale = x_scale(pad, x_bins);
        let x = Axis::horizontal(x_bins, x_scale, frame.width(), x_depth, sizes);
        let mut layout = Layout {
            frame,
            y: x.clone(),
            x,
            z: None,
            statistics: None,
            legend: None,
            strip: Vec::new(),
        };
        if let Some(map) = &pad.map {
            let scale = end_to_end(&map.y);
            layout.y = Axis::vertical(Some(&map.y), scale, frame.height(), y_depth, sizes);
            let z = heat::z_scale(map, pad.log_z);
            let z = Axis::vertical(None, z, frame.height(), y_depth, sizes);
            let left = frame.right + sizes.gap;
            let right = left + 1.2 * sizes.label;
            layout.z = Some((z, Rect { left, right, ..frame }));
            layout.strip = strip(pad, frame.width(), sizes);
        } else {
            let (statistics, legend, scale) = boxes(pad, &frame, &x_scale, sizes);
            layout.y = Axis::vertical(None, scale, frame.height(), y_depth, sizes);
            layout.statistics = statistics;
            layout.legend = legend;
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
        let bottom = self.below_labels(sizes) + title_height(&self.x_title(pad)) + 0.5 * sizes.gap;
        let right = match &self.z {
            None => (after + 0.5 * sizes.gap).max(2.0 * sizes.gap),
            Some((z, bar)) => {
                let numbers = sizes.gap + z.label_width() + sizes.gap;
                // The next pad's title follows; the two must not look like one.
                let apart = 1.5 * sizes.gap;
                bar.right - self.frame.right + numbers + title_height(&self.z_title(pad)) + apart
            }
        };
        // The title, or else the factor of the y axis, stands above the frame.
        let factor = |axis: &Axis| axis.ticks.factor.is_some();
        let factors = factor(&self.y) || self.z.as_ref().is_some_and(|(z, _)| factor(z));
        let mut top = match (pad.title.is_empty(), factors) {
            (false, _) => 1.5 * sizes.heading,
            (true, true) => 1.2 * sizes.label + sizes.gap,
            (true, false) => sizes.label,
        };
        if !self.strip.is_empty() {
            top += (STRIP_LINE * self.strip.len() as f64 + 0.2) * sizes.note;
        }
        Margins {
            left,
            right,
            top,
            bottom,
        }
    }

    /// How far below the frame the labels of the x axis end.
    pub(super) fn below_labels(&self, sizes: &Sizes) -> f64 {
        LABEL_GAP * sizes.gap + self.x.label_height()
    }

    /// The title below the x axis, with the factor of its numbers.
    pub(super) fn x_title(&self, pad: &Pad) -> String {
        clean(&pad.x.text(self.x.ticks.factor.as_deref()))
    }

    /// The title beside the y axis; the factor of its numbers stands above them.
    pub(super) fn y_title(&self, pad: &Pad) -> String {
        clean(&pad.y_title().text(None))
    }

    /// The title of the colour scale.
    pub(super) fn z_title(&self, pad: &Pad) -> String {
        clean(&pad.z_title().text(None))
    }
}

/// The space between the frame and the labels below it, in gaps: enough to keep the lowest label
/// of the y axis and the first of the x axis apart.
pub(super) const LABEL_GAP: f64 = 1.6;

/// The height of a line of statistics above a map, in units of its font size.
pub(super) const STRIP_LINE: f64 = 1.25;

/// From the first edge to the last.
fn end_to_end(bins: &Bins) -> Scale {
    let edges = bins.edges();
    let (low, high) = (edges.first().copied(), edges.last().copied());
    Scale::linear(low.unwrap_or(0.0), high.unwrap_or(1.0))
}

/// The x range that holds the bins of all curves, or of the map.
fn x_scale(pad: &Pad, first: &Bins) -> Scale {
    let scales = pad.curves.iter().map(|curve| end_to_end(&curve.bins));
    scales.fold(end_to_end(first), |all, one| {
        Scale::linear(all.low.min(one.low), all.high.max(one.high))
    })
}

/// Statistics in the upper right corner; the legend below them or in the upper left corner,
/// whichever leaves more of the frame to the contents; and the y scale that leaves both free.
fn boxes(pad: &Pad, frame: &Rect, x: &Scale, sizes: &Sizes) -> (Option<Placed>, Option<Placed>, Scale) {
    // Ticks point inwards; boxes stay clear of them.
    let inset = sizes.tick + 0.5 * sizes.gap;
    let upper_right = |table: &Table| (frame.right - inset - table.width, frame.top + inset);
    let statistics = Table::statistics(pad, frame, sizes).map(|table| {
        let at = upper_right(&table);
        (table, at)
    });
    let scale_around = |tables: &[&Placed]| {
        let obstacles: Vec<_> = tables.iter().map(|placed| obstacle(placed, frame, sizes)).collect();
        y_scale(pad, x, &obstacles)
    };
    let around_statistics: Vec<&Placed> = statistics.iter().collect();
    let Some(legend) = Table::legend(pad, frame, sizes) else {
        let scale = scale_around(&around_statistics);
        return (statistics, None, scale);
    };
    let (right, mut top) = upper_right(&legend);
    if let Some((table, at)) = &statistics {
        top = at.1 + table.height + 0.5 * sizes.gap;
    }
    let left = (frame.left + inset, frame.top + inset);
    let beside = statistics.as_ref().map_or(frame.right, |(_, at)| at.0);
    let room_on_the_left = left.0 + legend.width + sizes.gap <= beside;
    let candidates = [(right, top), left].map(|at| {
        let placed = (legend.clone(), at);
        let mut tables = around_statistics.clone();
        tables.push(&placed);
        let scale = scale_around(&tables);
        (placed, scale)
    });
    let [(on_the_right, scale_right), (on_the_left, scale_left)] = candidates;
    if room_on_the_left && scale_left.high < scale_right.high {
        (statistics, Some(on_the_left), scale_left)
    } else {
        (statistics, Some(on_the_right), scale_right)
    }
}

/// The part of the frame that contents must keep out of, because of a box.
fn obstacle((table, (left, top)): &Placed, frame: &Rect, sizes: &Sizes) -> Obstacle {
    let air = sizes.gap;
    Obstacle {
        left: (left - air - frame.left) / frame.width(),
        right: (left + table.width + air - frame.left) / frame.width(),
        depth: (top + table.height + air - frame.top) / frame.height(),
    }
}

/// Statistics in as few lines as the width allows.
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
    // More lines than this would leave no room for the map.
    lines.truncate(3);
    lines
}
