//! A pad drawn onto the sheet: frame, ticks, titles, contents and boxes.

use super::axis::Axis;
use super::colours::BLACK;
use super::font;
use super::heat;
use super::layout::{LABEL_GAP, Layout, STRIP_LINE};
use super::marks;
use super::pad::Pad;
use super::sheet::{Anchor, Rect, Sheet, clean};
use super::sizes::Sizes;

/// Draws a pad that covers this area of the sheet.
pub(super) fn draw(sheet: &mut Sheet, pad: &Pad, area: &Rect, layout: &Layout, sizes: &Sizes) {
    let frame = &layout.frame;
    match (&pad.map, &layout.z) {
        (Some(map), Some((z, bar))) => {
            heat::draw(sheet, map, frame, &layout.x.scale, &layout.y.scale, &z.scale);
            heat::draw_bar(sheet, bar, sizes);
            vertical_ticks(sheet, z, bar, &[bar.right], -0.5, sizes);
            let at = bar.right + sizes.gap;
            vertical_labels(sheet, z, bar, (at, Anchor::Start));
            factor(sheet, z, (bar.left, frame.top), Anchor::Start);
        }
        _ => marks::draw(sheet, pad, frame, &layout.x.scale, &layout.y.scale, sizes),
    }
    // The frame comes after the contents, so that a full map does not hide the ticks.
    horizontal_ticks(sheet, &layout.x, frame, sizes);
    vertical_ticks(sheet, &layout.y, frame, &[frame.left, frame.right], 1.0, sizes);
    sheet.outline(*frame, sizes.thin, BLACK);
    horizontal_labels(sheet, &layout.x, frame, sizes);
    vertical_labels(sheet, &layout.y, frame, (frame.left - sizes.gap, Anchor::End));
    factor(sheet, &layout.y, (frame.left - sizes.gap, frame.top), Anchor::End);
    titles(sheet, pad, area, layout, sizes);
    for (table, at) in &layout.boxes {
        table.draw(sheet, *at, pad, sizes);
    }
}

fn horizontal_ticks(sheet: &mut Sheet, axis: &Axis, frame: &Rect, sizes: &Sizes) {
    for (fraction, length) in tick_places(axis, sizes) {
        let x = frame.left + fraction * frame.width();
        sheet.line(vec![(x, frame.bottom), (x, frame.bottom - length)], sizes.thin, BLACK);
        sheet.line(vec![(x, frame.top), (x, frame.top + length)], sizes.thin, BLACK);
    }
}

/// Ticks at the sides with these x positions, pointing into the frame, `scale` times as long.
fn vertical_ticks(sheet: &mut Sheet, axis: &Axis, frame: &Rect, sides: &[f64], scale: f64, sizes: &Sizes) {
    for (fraction, length) in tick_places(axis, sizes) {
        let y = frame.bottom - fraction * frame.height();
        for &side in sides {
            let inwards = if side == frame.left { length } else { -length };
            sheet.line(vec![(side, y), (side + scale * inwards, y)], sizes.thin, BLACK);
        }
    }
}

/// Where ticks are, in fractions of the axis, and how long they are. Categories have none.
fn tick_places(axis: &Axis, sizes: &Sizes) -> Vec<(f64, f64)> {
    if axis.names {
        return Vec::new();
    }
    let major = axis.ticks.major.iter().map(|tick| (tick.value, sizes.tick));
    let minor = axis.ticks.minor.iter().map(|&value| (value, 0.5 * sizes.tick));
    let place = |(value, length)| (axis.scale.fraction(value), length);
    major.chain(minor).map(place).collect()
}

fn horizontal_labels(sheet: &mut Sheet, axis: &Axis, frame: &Rect, sizes: &Sizes) {
    let top = frame.bottom + LABEL_GAP * sizes.gap;
    let rise = font::CAP_HEIGHT * axis.size;
    for tick in &axis.ticks.major {
        let x = frame.left + axis.scale.fraction(tick.value) * frame.width();
        if axis.upwards {
            sheet.text_upwards(&tick.label, (x + rise / 2.0, top), Anchor::End, axis.size);
        } else {
            sheet.text(&tick.label, (x, top + rise), Anchor::Middle, axis.size);
        }
    }
}

fn vertical_labels(sheet: &mut Sheet, axis: &Axis, frame: &Rect, (x, anchor): (f64, Anchor)) {
    let rise = font::CAP_HEIGHT * axis.size;
    for tick in &axis.ticks.major {
        let y = frame.bottom - axis.scale.fraction(tick.value) * frame.height();
        sheet.text(&tick.label, (x, y + rise / 2.0), anchor, axis.size);
    }
}

/// The factor of a vertical axis' numbers, above the corner of its frame.
fn factor(sheet: &mut Sheet, axis: &Axis, (x, top): (f64, f64), anchor: Anchor) {
    if let Some(text) = axis.factor_text() {
        // The highest label may be level with the corner.
        let base = top - (font::CAP_HEIGHT / 2.0 + 1.4 * font::DESCENT) * axis.size;
        sheet.text(&text, (x, base), anchor, axis.size);
    }
}

fn titles(sheet: &mut Sheet, pad: &Pad, area: &Rect, layout: &Layout, sizes: &Sizes) {
    let frame = &layout.frame;
    let (text, size) = font::fit(&layout.x_title(pad), sizes.title, frame.width());
    let base = frame.bottom + layout.below_labels(sizes) + 0.95 * sizes.title;
    sheet.text(&text, (frame.right, base), Anchor::End, size);

    let (text, size) = font::fit(&layout.y_title(pad), sizes.title, frame.height());
    let base = area.left + 0.5 * sizes.gap + font::CAP_HEIGHT * sizes.title;
    sheet.text_upwards(&text, (base, frame.top), Anchor::End, size);

    if layout.z.is_some() {
        let (text, size) = font::fit(&layout.z_title(pad), sizes.title, frame.height());
        let base = area.right - 1.5 * sizes.gap - font::DESCENT * sizes.title;
        sheet.text_upwards(&text, (base, frame.top), Anchor::End, size);
    }

    let middle = (frame.left + frame.right) / 2.0;
    let lines = layout.strip.len() as f64;
    for (i, line) in layout.strip.iter().enumerate() {
        let base = frame.top - (0.75 + (lines - 1.0 - i as f64) * STRIP_LINE) * sizes.note;
        sheet.text(line, (middle, base), Anchor::Middle, sizes.note);
    }
    let width = layout.heading_width();
    let (text, size) = font::fit(&clean(&pad.title), sizes.heading, width);
    let base = frame.top - 0.4 * sizes.heading - layout.strip_height(sizes);
    sheet.text(&text, (middle, base), Anchor::Middle, size);
}
