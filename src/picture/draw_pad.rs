//! Draws a pad with its frame, ticks, titles, contents and boxes.

use super::colours::BLACK;
use super::draw_curves;
use super::draw_map;
use super::drawing::{Anchor, Drawing, Rect, clean};
use super::font;
use super::labelled_axis::LabelledAxis;
use super::layout::{LABEL_GAP, Layout, STRIP_LINE};
use super::pad::Pad;
use super::sizes::Sizes;

/// Draws a pad into this area.
pub(super) fn draw(drawing: &mut Drawing, pad: &Pad, area: &Rect, layout: &Layout, sizes: &Sizes) {
    let frame = &layout.frame;
    match (&pad.map, &layout.z) {
        (Some(map), Some((z, bar))) => {
            draw_map::draw(drawing, map, frame, &layout.x.range, &layout.y.range, &z.range);
            draw_map::draw_bar(drawing, bar, sizes);
            vertical_ticks(drawing, z, bar, &[bar.right], -0.5, sizes);
            let at = bar.right + sizes.gap;
            vertical_labels(drawing, z, bar, (at, Anchor::Start));
            factor(drawing, z, (bar.left, frame.top), Anchor::Start);
        }
        _ => draw_curves::draw(drawing, pad, frame, &layout.x.range, &layout.y.range, sizes),
    }
    // The frame is drawn after the contents; otherwise, a map could cover the ticks.
    horizontal_ticks(drawing, &layout.x, frame, sizes);
    vertical_ticks(drawing, &layout.y, frame, &[frame.left, frame.right], 1.0, sizes);
    drawing.outline(*frame, sizes.thin, BLACK);
    horizontal_labels(drawing, &layout.x, frame, sizes);
    vertical_labels(drawing, &layout.y, frame, (frame.left - sizes.gap, Anchor::End));
    factor(drawing, &layout.y, (frame.left - sizes.gap, frame.top), Anchor::End);
    titles(drawing, pad, area, layout, sizes);
    for (text_box, at) in &layout.boxes {
        text_box.draw(drawing, *at, pad, sizes);
    }
}

fn horizontal_ticks(drawing: &mut Drawing, axis: &LabelledAxis, frame: &Rect, sizes: &Sizes) {
    for (fraction, length) in tick_places(axis, sizes) {
        let x = frame.left + fraction * frame.width();
        drawing.line(vec![(x, frame.bottom), (x, frame.bottom - length)], sizes.thin, BLACK);
        drawing.line(vec![(x, frame.top), (x, frame.top + length)], sizes.thin, BLACK);
    }
}

/// Draws a vertical axis' ticks at these x positions, pointing into the frame, with their lengths multiplied by
/// `stretch`.
fn vertical_ticks(
    drawing: &mut Drawing,
    axis: &LabelledAxis,
    frame: &Rect,
    sides: &[f64],
    stretch: f64,
    sizes: &Sizes,
) {
    for (fraction, length) in tick_places(axis, sizes) {
        let y = frame.bottom - fraction * frame.height();
        for &side in sides {
            let inwards = if side == frame.left { length } else { -length };
            drawing.line(vec![(side, y), (side + stretch * inwards, y)], sizes.thin, BLACK);
        }
    }
}

/// The tick positions as fractions of the axis, and the tick lengths. Category axes have no ticks.
fn tick_places(axis: &LabelledAxis, sizes: &Sizes) -> Vec<(f64, f64)> {
    if axis.names {
        return Vec::new();
    }
    let major = axis.ticks.major.iter().map(|tick| (tick.value, sizes.tick));
    let minor = axis.ticks.minor.iter().map(|&value| (value, 0.5 * sizes.tick));
    let place = |(value, length)| (axis.range.fraction(value), length);
    major.chain(minor).map(place).collect()
}

fn horizontal_labels(drawing: &mut Drawing, axis: &LabelledAxis, frame: &Rect, sizes: &Sizes) {
    let top = frame.bottom + LABEL_GAP * sizes.gap;
    let rise = font::CAP_HEIGHT * axis.size;
    for tick in &axis.ticks.major {
        let x = frame.left + axis.range.fraction(tick.value) * frame.width();
        if axis.upwards {
            drawing.text_upwards(&tick.label, (x + rise / 2.0, top), Anchor::End, axis.size);
        } else {
            drawing.text(&tick.label, (x, top + rise), Anchor::Middle, axis.size);
        }
    }
}

fn vertical_labels(drawing: &mut Drawing, axis: &LabelledAxis, frame: &Rect, (x, anchor): (f64, Anchor)) {
    let rise = font::CAP_HEIGHT * axis.size;
    for tick in &axis.ticks.major {
        let y = frame.bottom - axis.range.fraction(tick.value) * frame.height();
        drawing.text(&tick.label, (x, y + rise / 2.0), anchor, axis.size);
    }
}

/// Draws the factor of a vertical axis above the corner of the frame.
fn factor(drawing: &mut Drawing, axis: &LabelledAxis, (x, top): (f64, f64), anchor: Anchor) {
    if let Some(text) = axis.factor_text() {
        // The position leaves room for the highest label, which may be level with the corner.
        let base = top - (font::CAP_HEIGHT / 2.0 + 1.4 * font::DESCENT) * axis.size;
        drawing.text(&text, (x, base), anchor, axis.size);
    }
}

fn titles(drawing: &mut Drawing, pad: &Pad, area: &Rect, layout: &Layout, sizes: &Sizes) {
    let frame = &layout.frame;
    let (text, size) = font::fit(&layout.x_title(pad), sizes.title, frame.width());
    let base = frame.bottom + layout.below_labels(sizes) + 0.95 * sizes.title;
    drawing.text(&text, (frame.right, base), Anchor::End, size);

    let (text, size) = font::fit(&layout.y_title(pad), sizes.title, frame.height());
    let base = area.left + 0.5 * sizes.gap + font::CAP_HEIGHT * sizes.title;
    drawing.text_upwards(&text, (base, frame.top), Anchor::End, size);

    if layout.z.is_some() {
        let (text, size) = font::fit(&layout.z_title(pad), sizes.title, frame.height());
        let base = area.right - 1.5 * sizes.gap - font::DESCENT * sizes.title;
        drawing.text_upwards(&text, (base, frame.top), Anchor::End, size);
    }

    let middle = (frame.left + frame.right) / 2.0;
    let lines = layout.strip.len() as f64;
    for (i, line) in layout.strip.iter().enumerate() {
        let base = frame.top - (0.75 + (lines - 1.0 - i as f64) * STRIP_LINE) * sizes.note;
        drawing.text(line, (middle, base), Anchor::Middle, sizes.note);
    }
    let width = layout.heading_width();
    let (text, size) = font::fit(&clean(&pad.title), sizes.heading, width);
    let base = frame.top - 0.4 * sizes.heading - layout.strip_height(sizes);
    drawing.text(&text, (middle, base), Anchor::Middle, size);
}
