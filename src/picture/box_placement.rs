//! The positions of the statistics box and the legend, and the y range that keeps the contents clear of them.

use super::axis_range::AxisRange;
use super::drawing::{Point, Rect};
use super::pad::Pad;
use super::sizes::Sizes;
use super::text_box::TextBox;
use super::y_range::{Obstacle, y_range};

/// The boxes, with the positions of their upper left corners.
pub(super) type Boxes = Vec<(TextBox, Point)>;

/// Places the statistics in the upper right corner, and the legend below them or in the upper left corner, whichever
/// leaves more of the frame for the contents. Returns the boxes, and a y range with which the contents do not overlap
/// them.
pub(super) fn place_boxes(pad: &Pad, frame: &Rect, x: &AxisRange, sizes: &Sizes) -> (Boxes, AxisRange) {
    // Ticks point inwards, so boxes are placed at a distance from the frame.
    let inset = sizes.tick + 0.5 * sizes.gap;
    let (top, start, end) = (frame.top + inset, frame.left + inset, frame.right - inset);
    let upper_right = |text_box: TextBox, top: f64| {
        let left = end - text_box.width;
        (text_box, (left, top))
    };
    let mut below = top;
    let mut beside = end;
    let mut placed = Boxes::new();
    if let Some(text_box) = TextBox::statistics(pad, frame, sizes) {
        let statistics = upper_right(text_box, top);
        below = top + statistics.0.height + 0.5 * sizes.gap;
        beside = statistics.1.0 - sizes.gap;
        placed.push(statistics);
    }
    let scaled = |boxes: Boxes| {
        let obstacles: Vec<Obstacle> = boxes.iter().map(|placed| obstacle(placed, frame, sizes)).collect();
        let range = y_range(pad, x, &obstacles);
        (boxes, range)
    };
    let with = |legend: (TextBox, Point)| {
        let mut boxes = placed.clone();
        boxes.push(legend);
        scaled(boxes)
    };
    let Some(on_the_right) = TextBox::legend(pad, frame, 0.62 * frame.width(), sizes) else {
        return scaled(placed);
    };
    let on_the_left = TextBox::legend(pad, frame, beside - start, sizes)
        .filter(|narrow| narrow.size >= 0.7 * on_the_right.size)
        .map(|narrow| with((narrow, (start, top))));
    let on_the_right = with(upper_right(on_the_right, below));
    match on_the_left {
        Some(on_the_left) if on_the_left.1.high < on_the_right.1.high => on_the_left,
        _ => on_the_right,
    }
}

/// The part of the frame that the contents must avoid because of a box.
fn obstacle((text_box, (left, top)): &(TextBox, Point), frame: &Rect, sizes: &Sizes) -> Obstacle {
    let air = sizes.gap;
    Obstacle {
        left: (left - air - frame.left) / frame.width(),
        right: (left + text_box.width + air - frame.left) / frame.width(),
        depth: (top + text_box.height + air - frame.top) / frame.height(),
    }
}
