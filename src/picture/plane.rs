//! Points and lines in a plane, such as a side view of an event.

use super::colours::{BLACK, WHITE, of_curve};
use super::drawing::{Anchor, Drawing, Point, Rect};
use super::error::Result;
use super::font;
use super::number_text::plain_number;
use super::save::save;
use std::path::Path;

/// A plane with points and straight lines, and with axes along two of its sides.
///
/// ```
/// use gaudi_mpi::picture::Plane;
///
/// let mut event = Plane::new([-10.0, 50.0], [-5.0, 5.0], [10.0, 1.0]).labels("z [mm]", "x [mm]");
/// event.line([0.0, 0.0], [40.0, 4.0], 0);
/// event.point([20.0, 2.0], 3.0, 1);
/// let folder = tempfile::tempdir()?;
/// Plane::save(&[event], 800, 400, folder.path().join("event.svg"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Plane {
    x: [f64; 2],
    y: [f64; 2],
    /// The distances between ticks along x and y.
    ticks: [f64; 2],
    labels: [String; 2],
    lines: Vec<([f64; 2], [f64; 2], usize)>,
    points: Vec<([f64; 2], f64, usize)>,
}

const SIZE: f64 = 15.0;
const TICK: f64 = 6.0;

impl Plane {
    /// Returns an empty plane with these limits along x and y, and with ticks at the multiples of these distances.
    ///
    /// # Panics
    /// When a range is empty or a tick distance is not positive.
    pub fn new(x: [f64; 2], y: [f64; 2], ticks: [f64; 2]) -> Self {
        assert!(x[0] < x[1] && y[0] < y[1] && ticks[0] > 0.0 && ticks[1] > 0.0);
        Self {
            x,
            y,
            ticks,
            labels: [String::new(), String::new()],
            lines: Vec::new(),
            points: Vec::new(),
        }
    }

    /// Sets the labels of the axes.
    pub fn labels(mut self, x: &str, y: &str) -> Self {
        self.labels = [x.into(), y.into()];
        self
    }

    /// Adds a line in the colour of the curve with this number. Parts beyond the limits are cut off.
    pub fn line(&mut self, from: [f64; 2], to: [f64; 2], colour: usize) {
        self.lines.push((from, to, colour));
    }

    /// Adds a point with a radius in pixels, in the colour of the curve with this number. Points are drawn over lines.
    pub fn point(&mut self, at: [f64; 2], radius: f64, colour: usize) {
        self.points.push((at, radius, colour));
    }

    /// Writes planes, stacked from top to bottom, to a file whose name ends in `.svg` or `.png`. Width and height apply
    /// to each plane and are in pixels.
    ///
    /// # Errors
    /// When the file name has a different ending, or the file cannot be written.
    pub fn save(planes: &[Self], width: u32, height: u32, file: impl AsRef<Path>) -> Result<()> {
        save(file.as_ref(), || {
            let mut drawing = Drawing::new(width, height * planes.len() as u32);
            let paper = Rect {
                left: 0.0,
                top: 0.0,
                right: f64::from(width),
                bottom: f64::from(height) * planes.len() as f64,
            };
            drawing.rect(paper, WHITE);
            for (place, plane) in planes.iter().enumerate() {
                let top = f64::from(height) * place as f64;
                let area = Rect {
                    top,
                    bottom: top + f64::from(height),
                    ..paper
                };
                plane.draw(&mut drawing, &area);
            }
            Ok(drawing)
        })
    }

    fn draw(&self, drawing: &mut Drawing, area: &Rect) {
        let frame = Rect {
            left: area.left + 70.0,
            right: area.right - 20.0,
            top: area.top + 15.0,
            bottom: area.bottom - 50.0,
        };
        let place = |[x, y]: [f64; 2]| -> Point {
            (
                frame.left + (x - self.x[0]) / (self.x[1] - self.x[0]) * frame.width(),
                frame.bottom - (y - self.y[0]) / (self.y[1] - self.y[0]) * frame.height(),
            )
        };
        for (from, to, colour) in &self.lines {
            if let Some((from, to)) = self.clip(*from, *to) {
                drawing.segment(place(from), place(to), 0.7, of_curve(*colour));
            }
        }
        for (at, radius, colour) in &self.points {
            let inside = (self.x[0]..=self.x[1]).contains(&at[0]) && (self.y[0]..=self.y[1]).contains(&at[1]);
            if inside {
                drawing.disc(place(*at), *radius, of_curve(*colour));
            }
        }
        drawing.outline(frame, 1.0, BLACK);
        for value in multiples(self.x, self.ticks[0]) {
            let (x, y) = place([value, self.y[0]]);
            drawing.line(vec![(x, y), (x, y - TICK)], 1.0, BLACK);
            let rise = font::CAP_HEIGHT * SIZE;
            drawing.text(&plain_number(value, 6), (x, y + 6.0 + rise), Anchor::Middle, SIZE);
        }
        for value in multiples(self.y, self.ticks[1]) {
            let (x, y) = place([self.x[0], value]);
            drawing.line(vec![(x, y), (x + TICK, y)], 1.0, BLACK);
            let drop = 0.5 * font::CAP_HEIGHT * SIZE;
            drawing.text(&plain_number(value, 6), (x - 6.0, y + drop), Anchor::End, SIZE);
        }
        drawing.text(&self.labels[0], (frame.right, area.bottom - 8.0), Anchor::End, SIZE);
        drawing.text_upwards(&self.labels[1], (area.left + 20.0, frame.top), Anchor::End, SIZE);
    }

    /// Returns the part of a line that lies within the limits, using the method of Y.-D. Liang and B. A. Barsky, ACM
    /// Trans. Graph. 3, 1 (1984).
    fn clip(&self, from: [f64; 2], to: [f64; 2]) -> Option<([f64; 2], [f64; 2])> {
        let (mut begin, mut end) = (0.0f64, 1.0f64);
        for (axis, limits) in [self.x, self.y].into_iter().enumerate() {
            let way = to[axis] - from[axis];
            if way == 0.0 {
                if !(limits[0]..=limits[1]).contains(&from[axis]) {
                    return None;
                }
                continue;
            }
            let [one, other] = limits.map(|limit| (limit - from[axis]) / way);
            begin = begin.max(one.min(other));
            end = end.min(one.max(other));
        }
        let at = |part: f64| [0, 1].map(|axis| from[axis] + part * (to[axis] - from[axis]));
        (begin < end).then(|| (at(begin), at(end)))
    }
}

/// The multiples of `step` that lie in a range.
fn multiples([low, high]: [f64; 2], step: f64) -> impl Iterator<Item = f64> {
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last).map(move |number| number as f64 * step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_at_the_frame() {
        let plane = Plane::new([0.0, 10.0], [0.0, 5.0], [1.0, 1.0]);
        assert_eq!(plane.clip([-10.0, 1.0], [20.0, 1.0]), Some(([0.0, 1.0], [10.0, 1.0])));
        assert_eq!(plane.clip([-10.0, 6.0], [20.0, 6.0]), None);
        let (from, to) = plane.clip([0.0, 0.0], [20.0, 20.0]).unwrap();
        assert_eq!((from, to), ([0.0, 0.0], [5.0, 5.0]));
    }

    #[test]
    fn ticks_are_at_multiples() {
        assert_eq!(
            multiples([-25.0, 30.0], 10.0).collect::<Vec<_>>(),
            [-20.0, -10.0, 0.0, 10.0, 20.0, 30.0]
        );
    }
}
