//! Draws maps: two-dimensional bins as colours, with a colour scale beside them.

use super::axis_range::AxisRange;
use super::colours::{BLACK, MAP_COLOURS, of_map};
use super::drawing::{Drawing, Rect};
use super::limits::drawable;
use super::pad::Map;
use super::sizes::Sizes;

/// Neighbouring areas overlap by this many pixels, so that no gaps appear between them when a viewer smooths their
/// edges.
const OVERLAP: f64 = 0.5;

/// The range of a map's colour scale.
pub(super) fn z_range(map: &Map, log: bool) -> AxisRange {
    let mut extent: Option<(f64, f64)> = None;
    for &value in map.values.iter().filter(|&&value| shown(map, log, value)) {
        let (low, high) = extent.unwrap_or((value, value));
        extent = Some((low.min(value), high.max(value)));
    }
    match extent {
        None if log => AxisRange::log(0.5, 10.0),
        None => AxisRange::linear(0.0, 1.0),
        Some((low, high)) if log => AxisRange::log(low.min(high / 10.0), high),
        Some((low, high)) if map.counts => AxisRange::linear(low.min(0.0), high.max(0.0)),
        Some((low, high)) => AxisRange::linear(low, high),
    }
}

/// Returns whether a bin with this content is coloured.
fn shown(map: &Map, log: bool, value: f64) -> bool {
    drawable(value) && !(map.counts && value == 0.0) && !(log && value <= 0.0)
}

/// Draws the bins of a map.
pub(super) fn draw(drawing: &mut Drawing, map: &Map, frame: &Rect, x: &AxisRange, y: &AxisRange, z: &AxisRange) {
    let columns = spans(&map.x.edges(), |edge| frame.left + x.fraction(edge) * frame.width());
    let mut rows = spans(&map.y.edges(), |edge| frame.bottom - y.fraction(edge) * frame.height());
    rows.reverse();
    let level = |column: &Span, row: &Span| {
        let bins = column.bins().flat_map(|i| row.bins().map(move |j| i * map.y.len() + j));
        let shown = bins
            .map(|bin| map.values[bin])
            .filter(|&value| shown(map, z.log, value));
        let largest = shown.reduce(f64::max)?;
        Some(((z.fraction(largest) * MAP_COLOURS as f64) as usize).min(MAP_COLOURS - 1))
    };
    let levels: Vec<Vec<Option<usize>>> = rows
        .iter()
        .map(|row| columns.iter().map(|column| level(column, row)).collect())
        .collect();
    for (r, row) in rows.iter().enumerate() {
        let mut c = 0;
        while c < columns.len() {
            let first = c;
            while c < columns.len() && levels[r][c] == levels[r][first] {
                c += 1;
            }
            let Some(level) = levels[r][first] else {
                continue;
            };
            let covered_right = c < columns.len() && levels[r][c].is_some();
            let covered_below = levels
                .get(r + 1)
                .is_some_and(|below| below[first..c].iter().all(Option::is_some));
            let overlap = |covered: bool| if covered { OVERLAP } else { 0.0 };
            let area = Rect {
                left: columns[first].low,
                right: columns[c - 1].high + overlap(covered_right),
                top: row.low,
                bottom: row.high + overlap(covered_below),
            };
            drawing.rect(area, of_map(level));
        }
    }
}

/// Draws the colour scale, with low values at the bottom and high values at the top, and its frame.
pub(super) fn draw_bar(drawing: &mut Drawing, bar: &Rect, sizes: &Sizes) {
    for level in 0..MAP_COLOURS {
        let bottom = bar.bottom - bar.height() * level as f64 / MAP_COLOURS as f64;
        drawing.rect(Rect { bottom, ..*bar }, of_map(level));
    }
    drawing.outline(*bar, sizes.thin, BLACK);
}

/// Bins that share a span of whole pixels.
struct Span {
    first: usize,
    last: usize,
    low: f64,
    high: f64,
}

impl Span {
    fn bins(&self) -> std::ops::RangeInclusive<usize> {
        self.first..=self.last
    }
}

/// Divides an axis into spans that are at least one pixel wide and consist of one or more bins each.
fn spans(edges: &[f64], place: impl Fn(f64) -> f64) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut first = 0;
    for last in 0..edges.len().saturating_sub(1) {
        let (from, to) = (place(edges[first]).round(), place(edges[last + 1]).round());
        if from != to {
            spans.push(Span {
                first,
                last,
                low: from.min(to),
                high: from.max(to),
            });
            first = last + 1;
        }
    }
    // Any bins left over at the end are less than a pixel wide in total and are added to the last span.
    if let Some(span) = spans.last_mut() {
        span.last = edges.len() - 2;
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bin_belongs_to_one_span() {
        for bins in [1, 3, 100, 999, 5000] {
            let edges: Vec<f64> = (0..=bins).map(|i| i as f64).collect();
            let spans = spans(&edges, |edge| 50.0 + edge / bins as f64 * 300.0);
            assert_eq!((spans[0].first, spans[0].low), (0, 50.0));
            let end = &spans[spans.len() - 1];
            assert_eq!((end.last, end.high), (bins - 1, 350.0));
            for pair in spans.windows(2) {
                assert_eq!(pair[0].last + 1, pair[1].first);
                assert_eq!(pair[0].high, pair[1].low);
            }
        }
    }
}
