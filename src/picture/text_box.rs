//! Text boxes in the corners of a pad: the statistics box and the legend.

use super::colours::{BLACK, WHITE};
use super::curve::CurveKind;
use super::draw_curves;
use super::drawing::{Anchor, Drawing, Rect, clean};
use super::font;
use super::pad::Pad;
use super::sizes::Sizes;

/// One line of a box.
#[derive(Clone, Debug)]
enum Row {
    Heading(String),
    Pair(String, String),
    /// A sample of the curve with this number, followed by the curve's name.
    Sample(usize, String),
}

/// A box that is just large enough for its lines.
#[derive(Clone, Debug)]
pub(super) struct TextBox {
    rows: Vec<Row>,
    /// The font size in pixels.
    pub(super) size: f64,
    framed: bool,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// The height of a line, in units of the font size.
const LINE: f64 = 1.3;
/// The space between the lines and the border, in units of the font size.
const PADDING: f64 = 0.45;
/// The width of a curve sample in the legend, in units of the font size.
const SAMPLE: f64 = 1.8;

impl TextBox {
    /// Returns the statistics box of a pad, or `None` if the pad has no statistics.
    pub(super) fn statistics(pad: &Pad, frame: &Rect, sizes: &Sizes) -> Option<Self> {
        let row = |(name, value): &(String, String)| match value.as_str() {
            "" => Row::Heading(clean(name)),
            value => Row::Pair(clean(name), clean(value)),
        };
        let rows = pad.statistics.iter().map(row).collect();
        Self::new(rows, true, 0.5 * frame.width(), frame, sizes)
    }

    /// Returns the legend of a pad, at most this wide, or `None` if no curve has a name.
    pub(super) fn legend(pad: &Pad, frame: &Rect, width: f64, sizes: &Sizes) -> Option<Self> {
        let named = pad
            .curves
            .iter()
            .enumerate()
            .filter(|(_, curve)| !curve.name.is_empty());
        let rows = named.map(|(i, curve)| Row::Sample(i, clean(&curve.name))).collect();
        Self::new(rows, false, width, frame, sizes)
    }

    /// Returns a box that is at most this wide and at most two fifths as high as the frame.
    fn new(rows: Vec<Row>, framed: bool, max_width: f64, frame: &Rect, sizes: &Sizes) -> Option<Self> {
        if rows.is_empty() {
            return None;
        }
        let max_height = 0.4 * frame.height();
        let height = |size: f64| (rows.len() as f64 * LINE + 2.0 * PADDING) * size;
        let mut size = sizes.note * (max_height / height(sizes.note)).min(1.0);
        let mut width = rows.iter().map(|row| row.width(size)).fold(0.0, f64::max);
        width += 2.0 * PADDING * size;
        let narrower = (max_width / width).min(1.0);
        size *= narrower;
        let height = height(size);
        Some(TextBox {
            rows,
            size,
            framed,
            width: width * narrower,
            height,
        })
    }

    /// Draws the box with its upper left corner at this position.
    pub(super) fn draw(&self, drawing: &mut Drawing, (left, top): (f64, f64), pad: &Pad, sizes: &Sizes) {
        let right = left + self.width;
        let area = Rect {
            left,
            top,
            right,
            bottom: top + self.height,
        };
        if self.framed {
            drawing.rect(area, WHITE);
            drawing.outline(area, sizes.thin, BLACK);
        }
        let padding = PADDING * self.size;
        let (start, end) = (left + padding, right - padding);
        for (i, row) in self.rows.iter().enumerate() {
            let middle = top + padding + (i as f64 + 0.5) * LINE * self.size;
            let base = middle + font::CAP_HEIGHT / 2.0 * self.size;
            match row {
                Row::Heading(text) => {
                    let below = middle + 0.52 * LINE * self.size;
                    // A heading at the top is centred between the border and the line below it.
                    let first = i == 0 && self.rows.len() > 1;
                    let lift = if first { padding / 2.0 } else { 0.0 };
                    let base = base - lift;
                    drawing.text(text, ((left + right) / 2.0, base), Anchor::Middle, self.size);
                    if first {
                        let line = vec![(left, below), (right, below)];
                        drawing.line(line, sizes.thin, BLACK);
                    }
                }
                Row::Pair(name, value) => {
                    drawing.text(name, (start, base), Anchor::Start, self.size);
                    drawing.text(value, (end, base), Anchor::End, self.size);
                }
                Row::Sample(curve, name) => {
                    let length = SAMPLE * self.size;
                    let at = (start + length / 2.0, middle);
                    let style = pad.style(*curve);
                    match pad.curves[*curve].kind {
                        CurveKind::Steps => draw_curves::line_sample(drawing, at, length, style, sizes),
                        CurveKind::Points => draw_curves::point_sample(drawing, at, length, style, sizes),
                    }
                    let text = start + length + 0.5 * self.size;
                    drawing.text(name, (text, base), Anchor::Start, self.size);
                }
            }
        }
    }
}

impl Row {
    fn width(&self, size: f64) -> f64 {
        match self {
            Row::Heading(text) => font::width(text, size),
            Row::Pair(name, value) => font::width(name, size) + font::width(value, size) + 1.2 * size,
            Row::Sample(_, name) => font::width(name, size) + (SAMPLE + 0.5) * size,
        }
    }
}
