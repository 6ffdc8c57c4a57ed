//! Draws the curves of a pad: steps, points and error bars.

use super::axis_range::AxisRange;
use super::colours::{WHITE, lighten};
use super::curve::{Curve, CurveKind};
use super::drawing::{Drawing, Point, Rect};
use super::limits::drawable;
use super::pad::{CurveStyle, Pad};
use super::sizes::Sizes;

/// Draws all curves of a pad.
pub(super) fn draw(drawing: &mut Drawing, pad: &Pad, frame: &Rect, x: &AxisRange, y: &AxisRange, sizes: &Sizes) {
    let alone = pad.curves.len() == 1;
    for (number, curve) in pad.curves.iter().enumerate() {
        let marks = CurvePainter {
            curve,
            style: pad.style(number),
            frame,
            x,
            y,
            sizes,
        };
        match curve.kind {
            CurveKind::Steps => marks.steps(drawing, alone),
            CurveKind::Points => marks.points(drawing),
        }
    }
}

struct CurvePainter<'a> {
    curve: &'a Curve,
    style: CurveStyle,
    frame: &'a Rect,
    x: &'a AxisRange,
    y: &'a AxisRange,
    sizes: &'a Sizes,
}

impl CurvePainter<'_> {
    fn px(&self, x: f64) -> f64 {
        self.frame.left + self.x.fraction(x) * self.frame.width()
    }

    fn py(&self, y: f64) -> f64 {
        self.frame.bottom - self.y.fraction(y) * self.frame.height()
    }

    fn steps(&self, drawing: &mut Drawing, filled: bool) {
        let colour = self.style.colour;
        let base = self.py(0.0);
        let edges = self.curve.bins.edges();
        let values = &self.curve.values;
        let mut bin = 0;
        while bin < values.len() {
            let mut line = Vec::new();
            while bin < values.len() && drawable(values[bin]) {
                let y = self.py(values[bin]);
                line.extend([(self.px(edges[bin]), y), (self.px(edges[bin + 1]), y)]);
                bin += 1;
            }
            if filled {
                drawing.area(simplify(&line), base, lighten(colour, 0.16));
            }
            // The line drops to the base line at its end, unless the last step ends at the frame.
            let at_frame = |x: f64| x <= self.frame.left + 0.5 || x >= self.frame.right - 0.5;
            if let (Some(&start), Some(&end)) = (line.first(), line.last()) {
                if !at_frame(start.0) {
                    line.insert(0, (start.0, base));
                }
                if !at_frame(end.0) {
                    line.push((end.0, base));
                }
            }
            drawing.line(simplify(&line), self.sizes.thick, colour);
            bin += 1;
        }
        for bin in 0..values.len() {
            if drawable(values[bin]) && self.curve.error(bin) > 0.0 {
                self.error_bar(drawing, bin, (self.px(edges[bin]) + self.px(edges[bin + 1])) / 2.0);
            }
        }
    }

    fn points(&self, drawing: &mut Drawing) {
        let colour = self.style.colour;
        let edges = self.curve.bins.edges();
        let mut last = None;
        for (bin, &value) in self.curve.values.iter().enumerate() {
            // Numbers that are not positive have no position on a logarithmic axis.
            if !drawable(value) || (self.y.log && value <= 0.0) {
                continue;
            }
            let (left, right) = (self.px(edges[bin]), self.px(edges[bin + 1]));
            let centre = ((left + right) / 2.0, self.py(value));
            // If several points have the same position, only the first is drawn.
            let spot = ((centre.0 * 4.0).round(), (centre.1 * 4.0).round());
            if last == Some(spot) && self.curve.error(bin) == 0.0 {
                continue;
            }
            last = Some(spot);
            let bar = vec![(left, centre.1), (right, centre.1)];
            drawing.line(bar, self.sizes.thin, colour);
            if self.curve.error(bin) > 0.0 {
                self.error_bar(drawing, bin, centre.0);
            }
            marker(drawing, centre, self.style, self.sizes);
        }
    }

    fn error_bar(&self, drawing: &mut Drawing, bin: usize, x: f64) {
        let (value, error) = (self.curve.values[bin], self.curve.error(bin));
        let bar = vec![(x, self.py(value - error)), (x, self.py(value + error))];
        drawing.line(bar, self.sizes.thin, self.style.colour);
    }
}

/// Draws a marker: a disc, a ring, a square or a hollow square. The different shapes let readers tell curves apart even
/// without colours.
fn marker(drawing: &mut Drawing, (x, y): Point, style: CurveStyle, sizes: &Sizes) {
    let colour = style.colour;
    let radius = sizes.marker;
    let inner = radius - sizes.thick.min(0.5 * radius);
    let square = |r: f64| Rect {
        left: x - r,
        right: x + r,
        top: y - r,
        bottom: y + r,
    };
    match style.marker % 4 {
        0 => drawing.disc((x, y), radius, colour),
        1 => {
            drawing.disc((x, y), radius, colour);
            drawing.disc((x, y), inner, WHITE);
        }
        2 => drawing.rect(square(0.9 * radius), colour),
        _ => {
            drawing.rect(square(0.9 * radius), colour);
            drawing.rect(square(0.9 * inner), WHITE);
        }
    }
}

/// Draws a sample of a step line, for the legend.
pub(super) fn line_sample(drawing: &mut Drawing, (x, y): Point, length: f64, style: CurveStyle, sizes: &Sizes) {
    let ends = vec![(x - length / 2.0, y), (x + length / 2.0, y)];
    drawing.line(ends, sizes.thick, style.colour);
}

/// Draws a marker with its bar, for the legend.
pub(super) fn point_sample(drawing: &mut Drawing, at: Point, length: f64, style: CurveStyle, sizes: &Sizes) {
    let (x, y) = at;
    let ends = vec![(x - length / 2.0, y), (x + length / 2.0, y)];
    drawing.line(ends, sizes.thin, style.colour);
    marker(drawing, at, style, sizes);
}

/// Drops the points of a step line that make no visible difference. Among points within the same tenth of a pixel
/// horizontally, only the first, the lowest, the highest and the last are kept. Points in the interior of a straight
/// segment are dropped.
fn simplify(points: &[Point]) -> Vec<Point> {
    let column = |p: &Point| (p.0 * 10.0).round();
    let mut kept: Vec<Point> = Vec::new();
    let mut rest = points;
    while let Some(first) = rest.first() {
        let length = rest.iter().take_while(|p| column(p) == column(first)).count();
        let (run, after) = rest.split_at(length);
        rest = after;
        if run.len() <= 4 {
            kept.extend(run);
            continue;
        }
        let by_height = |a: &&Point, b: &&Point| a.1.total_cmp(&b.1);
        let extremes = [run.iter().min_by(by_height), run.iter().max_by(by_height)];
        kept.push(run[0]);
        kept.extend(extremes.into_iter().flatten());
        kept.push(run[run.len() - 1]);
    }
    let mut straight: Vec<Point> = Vec::new();
    for point in kept {
        while let [.., a, b] = straight[..] {
            let level = (a.1 == b.1 && b.1 == point.1) || b == point;
            if !level {
                break;
            }
            straight.pop();
        }
        straight.push(point);
    }
    straight
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_shape_and_lose_what_is_not_seen() {
        let level = [(0.0, 5.0), (1.0, 5.0), (1.0, 5.0), (2.0, 5.0), (2.0, 7.0), (3.0, 7.0)];
        let kept = [(0.0, 5.0), (2.0, 5.0), (2.0, 7.0), (3.0, 7.0)];
        assert_eq!(simplify(&level), kept);
        let dense: Vec<Point> = (0..100_000)
            .map(|i| (f64::from(i) * 1e-3, f64::from(i * 7919 % 1000)))
            .collect();
        let simple = simplify(&dense);
        assert!(simple.len() <= 4 * 1001, "{} points left", simple.len());
        assert_eq!(simple.first(), dense.first());
        assert_eq!(simple.last(), dense.last());
    }
}
