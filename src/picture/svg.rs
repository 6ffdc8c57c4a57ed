//! Renders a drawing as SVG.

use std::convert::Infallible;
use std::io;

use plotters_backend::text_anchor::{HPos, Pos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontFamily,
    FontTransform,
};
use plotters_svg::SVGBackend;

use super::colours::{Colour, WHITE};
use super::drawing::{Anchor, Drawing, Point, Rect, Shape, Text};
use super::font;

/// The number of backend units per pixel. The backend takes only integer coordinates; ten units per pixel keep curves
/// accurate.
const UNITS: f64 = 10.0;

/// Returns the bytes of an SVG file.
pub(super) fn encode(drawing: &Drawing) -> io::Result<Vec<u8>> {
    let mut document = String::new();
    let units = |pixels: u32| (f64::from(pixels) * UNITS) as u32;
    let (width, height) = (units(drawing.width), units(drawing.height));
    {
        let mut backend = SVGBackend::with_string(&mut document, (width, height));
        let paper = Rect {
            left: 0.0,
            top: 0.0,
            right: f64::from(drawing.width),
            bottom: f64::from(drawing.height),
        };
        let paper = Shape::Rect(paper, WHITE);
        std::iter::once(&paper)
            .chain(&drawing.shapes)
            .try_for_each(|shape| draw(&mut backend, shape))
            .and_then(|()| backend.present())
            .map_err(io::Error::other)?;
    }
    // The view box is in backend units, whereas the displayed size is the size of the drawing in pixels.
    let size_in = |width, height| format!("<svg width=\"{width}\" height=\"{height}\"");
    let (in_units, in_pixels) = (size_in(width, height), size_in(drawing.width, drawing.height));
    Ok(document.replacen(&in_units, &in_pixels, 1).into_bytes())
}

fn draw(backend: &mut SVGBackend<'_>, shape: &Shape) -> Result<(), DrawingErrorKind<io::Error>> {
    match shape {
        Shape::Rect(r, colour) => {
            let corners = (place((r.left, r.top)), place((r.right, r.bottom)));
            backend.draw_rect(corners.0, corners.1, &Pen::new(*colour, 0.0), true)
        }
        Shape::Line { points, width, colour } => {
            backend.draw_path(points.iter().copied().map(place), &Pen::new(*colour, *width))
        }
        Shape::Segment {
            from,
            to,
            width,
            colour,
        } => backend.draw_line(place(*from), place(*to), &Pen::new(*colour, *width)),
        Shape::Area { points, base, colour } => {
            let ends = points.first().zip(points.last());
            let down = ends.map(|(first, last)| [(last.0, *base), (first.0, *base)]);
            let border = points.iter().copied().chain(down.into_iter().flatten());
            backend.fill_polygon(border.map(place), &Pen::new(*colour, 0.0))
        }
        Shape::Disc { centre, radius, colour } => {
            let radius = (radius * UNITS).round() as u32;
            backend.draw_circle(place(*centre), radius, &Pen::new(*colour, 0.0), true)
        }
        Shape::Text(text) => backend.draw_text(&text.text, text, anchor(text)),
    }
}

fn place((x, y): Point) -> BackendCoord {
    ((x * UNITS).round() as i32, (y * UNITS).round() as i32)
}

/// The backend positions text by a line that is 0.76 times the font size above the base line.
fn anchor(text: &Text) -> BackendCoord {
    let rise = 0.76 * text.size;
    let (x, y) = text.at;
    place(if text.upwards { (x - rise, y) } else { (x, y - rise) })
}

/// A colour and a line width in pixels.
struct Pen {
    colour: Colour,
    width: f64,
}

impl Pen {
    fn new(colour: Colour, width: f64) -> Self {
        Pen { colour, width }
    }
}

impl BackendStyle for Pen {
    fn color(&self) -> BackendColor {
        BackendColor {
            alpha: 1.0,
            rgb: self.colour,
        }
    }

    fn stroke_width(&self) -> u32 {
        (self.width * UNITS).round() as u32
    }
}

impl BackendTextStyle for Text {
    type FontError = Infallible;

    fn size(&self) -> f64 {
        // The backend divides this number by 1.24 to get the size of the em square.
        self.size * UNITS * 1.24
    }

    fn transform(&self) -> FontTransform {
        if self.upwards {
            FontTransform::Rotate270
        } else {
            FontTransform::None
        }
    }

    fn anchor(&self) -> Pos {
        let horizontal = match self.anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        Pos::new(horizontal, VPos::Top)
    }

    fn family(&self) -> FontFamily<'_> {
        FontFamily::Name(font::FAMILY)
    }

    fn layout_box(&self, text: &str) -> Result<((i32, i32), (i32, i32)), Infallible> {
        let size = self.size * UNITS;
        Ok(((0, 0), (font::width(text, size) as i32, size as i32)))
    }

    /// Does nothing, because SVG viewers render the text.
    fn draw<E, F: FnMut(i32, i32, BackendColor) -> Result<(), E>>(
        &self,
        _: &str,
        _: BackendCoord,
        _: F,
    ) -> Result<Result<(), E>, Infallible> {
        Ok(Ok(()))
    }
}
