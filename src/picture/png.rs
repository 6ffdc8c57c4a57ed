//! Renders a drawing as PNG.

use std::io;

use plotters_backend::{BackendColor, DrawingBackend, DrawingErrorKind};
use plotters_bitmap::{BitMapBackend, BitMapBackendError};

use super::colours::{BLACK, Colour};
use super::drawing::{Drawing, Point, Rect, Shape, Text};
use super::font;

/// To get smooth letters and thin lines, the drawing is painted this many times larger and then scaled down by
/// averaging.
const FINE: u32 = 3;

type DrawResult = Result<(), DrawingErrorKind<BitMapBackendError>>;

/// Returns the bytes of a PNG file.
pub(super) fn encode(drawing: &Drawing) -> io::Result<Vec<u8>> {
    let (width, height) = (drawing.width * FINE, drawing.height * FINE);
    let mut fine = vec![255; width as usize * height as usize * 3];
    {
        let mut backend = BitMapBackend::with_buffer(&mut fine, (width, height));
        let drawn = drawing.shapes.iter().try_for_each(|shape| draw(&mut backend, shape));
        drawn.and_then(|()| backend.present()).map_err(io::Error::other)?;
    }
    let pixels = average(&fine, width as usize);
    let mut file = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut file, drawing.width, drawing.height);
    encoder.set_color(::png::ColorType::Rgb);
    encoder.set_depth(::png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(file)
}

/// Averages each square of `FINE` × `FINE` pixels in an image of this width.
fn average(fine: &[u8], width: usize) -> Vec<u8> {
    let side = FINE as usize;
    let cells = (side * side) as u16;
    let mut pixels = Vec::with_capacity(fine.len() / (side * side));
    let mut sums = vec![0u16; width / side * 3];
    for band in fine.chunks_exact(width * 3 * side) {
        sums.fill(cells / 2);
        for row in band.chunks_exact(width * 3) {
            for (sum, square) in sums.chunks_exact_mut(3).zip(row.chunks_exact(3 * side)) {
                for rgb in square.chunks_exact(3) {
                    sum[0] += u16::from(rgb[0]);
                    sum[1] += u16::from(rgb[1]);
                    sum[2] += u16::from(rgb[2]);
                }
            }
        }
        pixels.extend(sums.iter().map(|sum| (sum / cells) as u8));
    }
    pixels
}

fn draw(backend: &mut BitMapBackend<'_>, shape: &Shape) -> DrawResult {
    match shape {
        Shape::Rect(rect, colour) => fill(backend, rect, *colour),
        Shape::Line { points, width, colour } => points
            .windows(2)
            .try_for_each(|ends| piece(backend, ends[0], ends[1], *width, *colour)),
        Shape::Segment {
            from,
            to,
            width,
            colour,
        } => segment(backend, *from, *to, *width, *colour),
        Shape::Area { points, base, colour } => points.windows(2).try_for_each(|ends| {
            let ((left, y), (right, _)) = (ends[0], ends[1]);
            let (top, bottom) = (y.min(*base), y.max(*base));
            if left == right {
                return Ok(());
            }
            fill(
                backend,
                &Rect {
                    left,
                    right,
                    top,
                    bottom,
                },
                *colour,
            )
        }),
        Shape::Disc { centre, radius, colour } => disc(backend, *centre, *radius, *colour),
        Shape::Text(text) => letters(backend, text),
    }
}

fn fine(pixels: f64) -> i32 {
    (pixels * f64::from(FINE)).round() as i32
}

fn solid(rgb: Colour) -> BackendColor {
    BackendColor { alpha: 1.0, rgb }
}

/// Fills a rectangle. The backend does not fill the last row and column of the area it is given.
fn fill(backend: &mut BitMapBackend<'_>, r: &Rect, colour: Colour) -> DrawResult {
    let (left, top) = (fine(r.left), fine(r.top));
    let (right, bottom) = (fine(r.right).max(left + 1), fine(r.bottom).max(top + 1));
    backend.draw_rect((left, top), (right, bottom), &solid(colour), true)
}

/// Paints a horizontal or vertical segment of a line. The segment is extended to meet the next one at a corner.
fn piece(backend: &mut BitMapBackend<'_>, (ax, ay): Point, (bx, by): Point, width: f64, colour: Colour) -> DrawResult {
    let half = width / 2.0;
    let (left, right) = (fine(ax.min(bx) - half), fine(ax.max(bx) + half));
    let (top, bottom) = (fine(ay.min(by) - half), fine(ay.max(by) + half));
    // If both sides were rounded separately, lines of the same width would differ in thickness.
    let thickness = fine(width).max(1);
    let (right, bottom) = if ay == by {
        (right, top + thickness)
    } else {
        (left + thickness, bottom)
    };
    backend.draw_rect((left, top), (right, bottom), &solid(colour), true)
}

/// Paints a line in any direction as a row of squares.
fn segment(
    backend: &mut BitMapBackend<'_>,
    (ax, ay): Point,
    (bx, by): Point,
    width: f64,
    colour: Colour,
) -> DrawResult {
    let longest = (bx - ax).abs().max((by - ay).abs()) * f64::from(FINE);
    let steps = longest.ceil().max(1.0) as u32;
    let half = 0.5 * width;
    for step in 0..=steps {
        let part = f64::from(step) / f64::from(steps);
        let (x, y) = (ax + part * (bx - ax), ay + part * (by - ay));
        let (left, top) = (fine(x - half), fine(y - half));
        let side = fine(width).max(1);
        backend.draw_rect((left, top), (left + side, top + side), &solid(colour), true)?;
    }
    Ok(())
}

/// Paints a filled circle, row by row.
fn disc(backend: &mut BitMapBackend<'_>, (x, y): Point, radius: f64, colour: Colour) -> DrawResult {
    let scale = f64::from(FINE);
    let (x, y, radius) = (x * scale, y * scale, radius * scale);
    let rows = (y - radius).floor() as i32..=(y + radius).ceil() as i32;
    for row in rows {
        let above = f64::from(row) + 0.5 - y;
        let half = (radius * radius - above * above).max(0.0).sqrt();
        let (left, right) = ((x - half).round() as i32, (x + half).round() as i32);
        if left < right {
            backend.draw_rect((left, row), (right, row + 1), &solid(colour), true)?;
        }
    }
    Ok(())
}

/// Paints text from the outlines of its letters. The backend would place text only at whole pixels and anchor it by an
/// estimated height.
fn letters(backend: &mut BitMapBackend<'_>, text: &Text) -> DrawResult {
    let scale = f64::from(FINE);
    let (x, y) = text.start();
    let (x, y) = ((x * scale).round() as i32, (y * scale).round() as i32);
    let (width, height) = backend.get_size();
    let inside = |x: i32, y: i32| (0..width as i32).contains(&x) && (0..height as i32).contains(&y);
    for glyph in font::outlines(&text.text, text.size * scale) {
        let corner = glyph.px_bounds().min;
        let (left, top) = (corner.x as i32, corner.y as i32);
        let mut drawn = Ok(());
        glyph.draw(|dx, dy, coverage| {
            let (across, down) = (left + dx as i32, top + dy as i32);
            let (px, py) = if text.upwards {
                (x + down, y - across)
            } else {
                (x + across, y + down)
            };
            if drawn.is_ok() && inside(px, py) {
                drawn = backend.draw_pixel((px, py), solid(BLACK).mix(f64::from(coverage.min(1.0))));
            }
        });
        drawn?;
    }
    Ok(())
}
