//! The range of the y axis, chosen to show all contents and leave room above them for the boxes.

use super::axis_range::AxisRange;
use super::curve::{Curve, CurveKind};
use super::limits::drawable;
use super::pad::Pad;

/// The part of the frame that a box at its top covers, in fractions of the frame's width and height.
#[derive(Clone, Copy, Debug)]
pub(super) struct Obstacle {
    pub(super) left: f64,
    pub(super) right: f64,
    /// The distance from the top of the frame to the lower end of the box.
    pub(super) depth: f64,
}

/// Returns the y range for a pad with curves such that no content lies behind an obstacle.
pub(super) fn y_range(pad: &Pad, x: &AxisRange, obstacles: &[Obstacle]) -> AxisRange {
    let range = bare_range(pad);
    let mut highest: f64 = 1.0;
    for obstacle in obstacles {
        let Some(top) = top_between(pad, x, obstacle.left, obstacle.right) else {
            continue;
        };
        let free = 1.0 - obstacle.depth.min(0.9);
        highest = highest.max(range.fraction(top) / free);
    }
    AxisRange {
        high: range.at(highest),
        ..range
    }
}

/// Returns the range that shows all contents, with a small margin.
fn bare_range(pad: &Pad) -> AxisRange {
    if pad.log_y {
        return bare_log_range(pad);
    }
    let mut extent: Option<(f64, f64)> = None;
    let mut positive = true;
    for curve in &pad.curves {
        for (bottom, value, top) in bars(curve) {
            let (low, high) = extent.unwrap_or((bottom, top));
            extent = Some((low.min(bottom), high.max(top)));
            positive &= value >= 0.0;
        }
    }
    let steps = pad.curves.iter().any(|curve| curve.kind == CurveKind::Steps);
    let Some((mut low, mut high)) = extent else {
        return AxisRange::linear(0.0, 1.0);
    };
    if steps {
        // The area below a histogram represents its content, so the axis includes zero. If no bin content is negative,
        // the axis starts at zero even if an error bar extends below zero.
        low = if positive { 0.0 } else { low.min(0.0) };
        high = high.max(0.0);
        if low == high {
            return AxisRange::linear(0.0, 1.0);
        }
    } else if low >= 0.0 && low < 0.25 * high {
        low = 0.0;
    }
    let AxisRange { low, high, .. } = AxisRange::linear(low, high);
    let air = 0.06 * (high - low);
    let below = if low == 0.0 { 0.0 } else { air };
    AxisRange::linear(low - below, high + air)
}

fn bare_log_range(pad: &Pad) -> AxisRange {
    let mut low = f64::INFINITY;
    let mut high: f64 = 0.0;
    for (_, value, top) in pad.curves.iter().flat_map(bars) {
        if value > 0.0 {
            low = low.min(value);
            high = high.max(top);
        }
    }
    if high == 0.0 {
        return AxisRange::log(0.5, 10.0);
    }
    // Starting the axis at half the smallest content makes the steps of single entries visible.
    let low = low / 2.0;
    let bare = AxisRange::log(low, high.max(low * 4.0));
    AxisRange {
        high: bare.at(1.06),
        ..bare
    }
}

/// Returns the highest content drawn between two x positions, given as fractions of the frame's width.
fn top_between(pad: &Pad, x: &AxisRange, left: f64, right: f64) -> Option<f64> {
    let mut highest: Option<f64> = None;
    for curve in &pad.curves {
        let edges = curve.bins.edges();
        for (bin, (_, _, top)) in bars_by_bin(curve) {
            let (from, to) = (x.fraction(edges[bin]), x.fraction(edges[bin + 1]));
            if to >= left && from <= right {
                highest = Some(highest.map_or(top, |highest| highest.max(top)));
            }
        }
    }
    highest
}

/// For each bin that can be drawn, returns the lower end of the error bar, the content, and the upper end of the error
/// bar.
fn bars(curve: &Curve) -> impl Iterator<Item = (f64, f64, f64)> + '_ {
    bars_by_bin(curve).map(|(_, bar)| bar)
}

fn bars_by_bin(curve: &Curve) -> impl Iterator<Item = (usize, (f64, f64, f64))> + '_ {
    let drawn = curve
        .values
        .iter()
        .copied()
        .enumerate()
        .filter(|&(_, value)| drawable(value));
    drawn.map(|(bin, value)| {
        let error = curve.error(bin);
        (bin, (value - error, value, value + error))
    })
}
