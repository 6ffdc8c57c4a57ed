//! A drawing: the shapes that make up a picture, in pixels and independent of the file format.

use super::colours::Colour;
use super::font;

/// A position in pixels, measured from the upper left corner.
pub(super) type Point = (f64, f64);

/// A rectangle in pixels, with `top < bottom`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Rect {
    pub(super) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(super) fn height(&self) -> f64 {
        self.bottom - self.top
    }
}

/// The point of a piece of text to which its position refers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A piece of text in a drawing.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) text: String,
    /// The position of the start, middle or end of the base line.
    pub(super) at: Point,
    pub(super) anchor: Anchor,
    /// The font size (em) in pixels.
    pub(super) size: f64,
    /// Whether the text is rotated to read from bottom to top.
    pub(super) upwards: bool,
}

impl Text {
    /// The position of the start of the base line.
    pub(super) fn start(&self) -> Point {
        let width = font::width(&self.text, self.size);
        let back = match self.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => width / 2.0,
            Anchor::End => width,
        };
        let (x, y) = self.at;
        if self.upwards { (x, y + back) } else { (x - back, y) }
    }

    /// The bounding rectangle of the letters.
    #[cfg(test)]
    pub(super) fn bounds(&self) -> Rect {
        let (x, y) = self.start();
        let width = font::width(&self.text, self.size);
        let (up, down) = (font::CAP_HEIGHT * self.size, font::DESCENT * self.size);
        if self.upwards {
            Rect {
                left: x - up,
                right: x + down,
                top: y - width,
                bottom: y,
            }
        } else {
            Rect {
                left: x,
                right: x + width,
                top: y - up,
                bottom: y + down,
            }
        }
    }
}

/// One shape of a drawing.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// A filled rectangle.
    Rect(Rect, Colour),
    /// A line through points that consists only of horizontal and vertical segments.
    Line {
        points: Vec<Point>,
        width: f64,
        colour: Colour,
    },
    /// A straight line in any direction.
    Segment {
        from: Point,
        to: Point,
        width: f64,
        colour: Colour,
    },
    /// The area between a line through points and a horizontal base line.
    Area {
        points: Vec<Point>,
        base: f64,
        colour: Colour,
    },
    /// A filled circle.
    Disc { centre: Point, radius: f64, colour: Colour },
    /// A piece of black text.
    Text(Text),
}

/// All shapes of a picture in drawing order: later shapes cover earlier ones.
#[derive(Clone, Debug)]
pub(super) struct Drawing {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) shapes: Vec<Shape>,
}

impl Drawing {
    pub(super) fn new(width: u32, height: u32) -> Self {
        Drawing {
            width,
            height,
            shapes: Vec::new(),
        }
    }

    pub(super) fn rect(&mut self, rect: Rect, colour: Colour) {
        self.shapes.push(Shape::Rect(rect, colour));
    }

    pub(super) fn line(&mut self, points: Vec<Point>, width: f64, colour: Colour) {
        if points.len() > 1 {
            self.shapes.push(Shape::Line { points, width, colour });
        }
    }

    pub(super) fn segment(&mut self, from: Point, to: Point, width: f64, colour: Colour) {
        self.shapes.push(Shape::Segment {
            from,
            to,
            width,
            colour,
        });
    }

    /// Draws the outline of a rectangle.
    pub(super) fn outline(&mut self, r: Rect, width: f64, colour: Colour) {
        let half = width / 2.0;
        let corners = [
            (r.left, r.top),
            (r.right, r.top),
            (r.right, r.bottom),
            (r.left, r.bottom),
        ];
        let mut points = corners.to_vec();
        points.push(corners[0]);
        // Closes the corner at which the line begins and ends.
        points.push((r.left + half, r.top));
        self.line(points, width, colour);
    }

    pub(super) fn area(&mut self, points: Vec<Point>, base: f64, colour: Colour) {
        if points.len() > 1 {
            self.shapes.push(Shape::Area { points, base, colour });
        }
    }

    pub(super) fn disc(&mut self, centre: Point, radius: f64, colour: Colour) {
        self.shapes.push(Shape::Disc { centre, radius, colour });
    }

    pub(super) fn text(&mut self, text: &str, at: Point, anchor: Anchor, size: f64) {
        self.words(text, at, anchor, size, false);
    }

    /// Draws text rotated to read from bottom to top, with its base line on the right.
    pub(super) fn text_upwards(&mut self, text: &str, at: Point, anchor: Anchor, size: f64) {
        self.words(text, at, anchor, size, true);
    }

    fn words(&mut self, text: &str, at: Point, anchor: Anchor, size: f64, upwards: bool) {
        let text = clean(text);
        if !text.is_empty() {
            self.shapes.push(Shape::Text(Text {
                text,
                at,
                anchor,
                size,
                upwards,
            }));
        }
    }
}

/// Replaces control characters, which XML text cannot contain, with spaces, and trims the text.
pub(super) fn clean(text: &str) -> String {
    let forbidden = |c: char| c.is_control() || c == '\u{fffe}' || c == '\u{ffff}';
    text.replace(forbidden, " ").trim().to_string()
}
