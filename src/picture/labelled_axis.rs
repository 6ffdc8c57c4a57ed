//! An axis with as many labels as fit without overlap.

use super::axis_range::AxisRange;
use super::bins::Bins;
use super::drawing::clean;
use super::font;
use super::sizes::Sizes;
use super::ticks::{Tick, Ticks};

/// An axis range with its ticks and labels.
#[derive(Clone, Debug)]
pub(super) struct LabelledAxis {
    pub(super) range: AxisRange,
    pub(super) ticks: Ticks,
    /// Whether the labels are category names. Category names have no ticks and may be rotated.
    pub(super) names: bool,
    pub(super) upwards: bool,
    /// The font size of the labels in pixels.
    pub(super) size: f64,
}

/// The font size of rotated names relative to that of numbers. Rotated names are set in a smaller size because they
/// tend to be long.
const TURNED: f64 = 0.85;

impl LabelledAxis {
    /// Returns a horizontal axis of `length` pixels. Category names may be rotated; rotated names are shortened to at
    /// most `depth` pixels.
    pub(super) fn horizontal(bins: &Bins, range: AxisRange, length: f64, depth: f64, sizes: &Sizes) -> Self {
        let size = sizes.label;
        let room = |tick: &Tick| font::width(&tick.label, size) + size;
        let place = |tick: &Tick| range.fraction(tick.value) * length;
        let fits = |a: &Tick, b: &Tick| place(b) - place(a) >= (room(a) + room(b)) / 2.0;
        if let Bins::Categories(names) = bins {
            let mut ticks = centres(names, |name| font::shorten(name, size, length));
            // A name as wide as its bin would touch its neighbours or the ends of the frame.
            let bin = length / names.len() as f64;
            let upwards = !ticks.major.iter().all(|tick| room(tick) - size / 2.0 <= bin);
            if upwards {
                let size = TURNED * size;
                ticks = centres(names, |name| font::shorten(name, size, depth));
                thin_out(&mut ticks.major, |a, b| place(b) - place(a) >= size * 1.1);
            }
            let size = if upwards { TURNED * size } else { size };
            return LabelledAxis {
                range,
                ticks,
                names: true,
                upwards,
                size,
            };
        }
        let most = (length / (size * 2.5)) as usize;
        let fitting = (2..=most.clamp(2, 10))
            .rev()
            .map(|count| Ticks::new(&range, count))
            .find(|ticks| ticks.major.windows(2).all(|pair| fits(&pair[0], &pair[1])));
        let ticks = fitting.unwrap_or_else(|| {
            let mut ticks = Ticks::new(&range, 2);
            thin_out(&mut ticks.major, fits);
            ticks
        });
        LabelledAxis {
            range,
            ticks,
            names: false,
            upwards: false,
            size,
        }
    }

    /// Returns a vertical axis of `length` pixels, with labels that are at most `depth` pixels long.
    pub(super) fn vertical(bins: Option<&Bins>, range: AxisRange, length: f64, depth: f64, sizes: &Sizes) -> Self {
        let size = sizes.label;
        let place = |tick: &Tick| range.fraction(tick.value) * length;
        let fits = |a: &Tick, b: &Tick| place(b) - place(a) >= 1.2 * size;
        let mut ticks = match bins {
            Some(Bins::Categories(names)) => centres(names, |name| font::shorten(name, size, depth)),
            _ => {
                let count = (length / (2.2 * size)) as usize;
                let mut ticks = Ticks::new(&range, count.clamp(2, 8));
                for tick in &mut ticks.major {
                    tick.label = font::shorten(&tick.label, size, depth);
                }
                ticks
            }
        };
        thin_out(&mut ticks.major, fits);
        let names = matches!(bins, Some(Bins::Categories(_)));
        LabelledAxis {
            range,
            ticks,
            names,
            upwards: false,
            size,
        }
    }

    /// The width of the widest label, or of the factor above a vertical axis if the factor is wider.
    pub(super) fn label_width(&self) -> f64 {
        let factor = self.factor_text().map_or(0.0, |text| font::width(&text, self.size));
        self.ticks
            .major
            .iter()
            .map(|tick| self.width(tick))
            .fold(factor, f64::max)
    }

    /// The factor above a vertical axis, such as ×10³.
    pub(super) fn factor_text(&self) -> Option<String> {
        self.ticks.factor.as_ref().map(|factor| format!("×{factor}"))
    }

    /// The lengths by which the first and last label of a horizontal axis may extend beyond the frame.
    pub(super) fn overhang(&self) -> (f64, f64) {
        if self.names {
            return (0.0, 0.0);
        }
        let half = |tick: Option<&Tick>| tick.map_or(0.0, |tick| self.width(tick) / 2.0);
        (half(self.ticks.major.first()), half(self.ticks.major.last()))
    }

    /// The height of the labels of a horizontal axis.
    pub(super) fn label_height(&self) -> f64 {
        if self.upwards {
            self.label_width()
        } else {
            self.size * (font::CAP_HEIGHT + font::DESCENT)
        }
    }

    fn width(&self, tick: &Tick) -> f64 {
        font::width(&tick.label, self.size)
    }
}

/// Returns labels that place the names at the centres of their bins.
fn centres(names: &[String], label: impl Fn(&str) -> String) -> Ticks {
    let tick = |(i, name): (usize, &String)| Tick {
        value: i as f64 + 0.5,
        label: label(&clean(name)),
    };
    Ticks {
        major: names.iter().enumerate().map(tick).collect(),
        ..Ticks::default()
    }
}

/// Blanks labels that are too close to the previous label.
fn thin_out(ticks: &mut [Tick], fits: impl Fn(&Tick, &Tick) -> bool) {
    let mut last: Option<Tick> = None;
    for tick in ticks {
        if tick.label.is_empty() {
            continue;
        }
        match &last {
            Some(last) if !fits(last, tick) => tick.label.clear(),
            _ => last = Some(tick.clone()),
        }
    }
}
