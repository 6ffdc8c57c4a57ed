//! The ticks of an axis and the numbers beside them.

use super::axis_range::AxisRange;
use super::number_text::{power_of_ten_text, with_minus_sign};

/// A tick with a number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) value: f64,
    /// The text beside the tick; empty if there is no room for it.
    pub(super) label: String,
}

/// The ticks of one axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ticks {
    pub(super) major: Vec<Tick>,
    pub(super) minor: Vec<f64>,
    /// The factor, such as `10³`, by which the numbers beside the ticks must be multiplied.
    pub(super) factor: Option<String>,
}

impl Ticks {
    /// Returns ticks for a range, of which at most about `count` have numbers.
    pub(super) fn new(range: &AxisRange, count: usize) -> Self {
        let count = count.clamp(1, 20);
        if range.log {
            log(range, count)
        } else {
            linear(range, count)
        }
    }
}

/// The distance between ticks: 1, 2 or 5 times a power of ten.
struct TickSpacing {
    mantissa: i32,
    exponent: i32,
}

impl TickSpacing {
    /// Returns the smallest such distance that divides the range into at most `count` intervals.
    fn new(range: f64, count: usize) -> Self {
        let least = range / count as f64;
        let mut exponent = least.log10().floor() as i32;
        // The distance may be too small by a rounding error: 0.1 is accepted for 0.30000000000000004 / 3.
        let enough =
            |mantissa: i32, exponent: i32| f64::from(mantissa) * power_of_ten(exponent) >= least * (1.0 - 1e-9);
        loop {
            if let Some(mantissa) = [1, 2, 5].into_iter().find(|&m| enough(m, exponent)) {
                return TickSpacing { mantissa, exponent };
            }
            exponent += 1;
        }
    }

    fn size(&self) -> f64 {
        f64::from(self.mantissa) * power_of_ten(self.exponent)
    }

    /// The number of intervals into which minor ticks divide the distance between two ticks.
    fn parts(&self) -> usize {
        if self.mantissa == 2 { 4 } else { 5 }
    }
}

fn power_of_ten(exponent: i32) -> f64 {
    // Parsing rounds correctly, whereas `powi` does not.
    format!("1e{exponent}").parse().unwrap_or(0.0)
}

/// The integers whose products with `step` are within a range. The result is empty if the integers are so large that
/// floating-point numbers cannot distinguish neighbouring ones.
fn multiples(range: &AxisRange, step: f64) -> impl Iterator<Item = f64> {
    let slack = 1e-9;
    let first = (range.low / step - slack).ceil();
    let last = (range.high / step + slack).floor();
    let count = if last - first < 1000.0 {
        (last - first) as i64
    } else {
        -1
    };
    let distinct = first.abs().max(last.abs()) < 9e15;
    (0..=count).filter(move |_| distinct).map(move |i| first + i as f64)
}

fn linear(range: &AxisRange, count: usize) -> Ticks {
    let spacing = TickSpacing::new(range.high - range.low, count);
    let size = spacing.size();
    let steps: Vec<f64> = multiples(range, size).collect();
    let label = |factor: i32, k: f64| {
        let decimals = (factor - spacing.exponent).max(0) as usize;
        let number = k * f64::from(spacing.mantissa) * power_of_ten(spacing.exponent - factor);
        with_minus_sign(&format!("{number:.decimals$}"))
    };
    let longest = |factor: i32| {
        steps
            .iter()
            .map(|&k| label(factor, k).chars().count())
            .max()
            .unwrap_or(0)
    };
    let largest = range.low.abs().max(range.high.abs());
    let thousands = 3 * (largest.log10() / 3.0).floor() as i32;
    let unusual = !(1e-2..1e5).contains(&largest);
    let factor = if unusual && longest(thousands) < longest(0) {
        thousands
    } else {
        0
    };
    let major = steps
        .iter()
        .map(|&k| Tick {
            value: k * size,
            label: label(factor, k),
        })
        .collect();
    let part = size / spacing.parts() as f64;
    let minor = multiples(range, part)
        .filter(|k| k % spacing.parts() as f64 != 0.0)
        .map(|k| k * part)
        .collect();
    Ticks {
        major,
        minor,
        factor: (factor != 0).then(|| power_of_ten_text(factor)),
    }
}

fn log(range: &AxisRange, count: usize) -> Ticks {
    let first = (range.low.log10() - 1e-9).ceil() as i32;
    let last = (range.high.log10() + 1e-9).floor() as i32;
    let decades = last - first + 1;
    if decades < 2 {
        return within_a_decade(range, first, count);
    }
    let every = (1..).find(|every| decades / every <= count as i32).unwrap_or(decades);
    let mut ticks = Ticks::default();
    for exponent in first - 1..=last {
        let power = power_of_ten(exponent);
        if exponent >= first {
            if exponent.rem_euclid(every) == 0 {
                ticks.major.push(Tick {
                    value: power,
                    label: power_of_ten_text(exponent),
                });
            } else if every <= 10 {
                ticks.minor.push(power);
            }
        }
        if every == 1 {
            let between = (2..10).map(|m| f64::from(m) * power);
            ticks.minor.extend(between.filter(|&v| v > range.low && v < range.high));
        }
    }
    ticks
}

/// Returns the ticks of a logarithmic range that contains fewer than two powers of ten. Labels are at 1, 2 and 5 times
/// a power of ten. If that yields too few labels, evenly spaced ticks are used instead.
fn within_a_decade(range: &AxisRange, first: i32, count: usize) -> Ticks {
    let candidates = (first - 1..=first).flat_map(|e| (1..10).map(move |m| (m, e)));
    let inside = |&(m, e): &(i32, i32)| {
        let value = f64::from(m) * power_of_ten(e);
        value >= range.low * (1.0 - 1e-9) && value <= range.high * (1.0 + 1e-9)
    };
    let values: Vec<(i32, i32)> = candidates.filter(inside).collect();
    let labelled = |m: i32| [1, 2, 5].contains(&m);
    if values.iter().filter(|(m, _)| labelled(*m)).count() < 2 || !(-4..5).contains(&first) {
        return linear(range, count);
    }
    let mut ticks = Ticks::default();
    for (m, exponent) in values {
        let value = f64::from(m) * power_of_ten(exponent);
        if labelled(m) {
            let decimals = (-exponent).max(0) as usize;
            ticks.major.push(Tick {
                value,
                label: format!("{value:.decimals$}"),
            });
        } else {
            ticks.minor.push(value);
        }
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(range: AxisRange, count: usize) -> Vec<String> {
        Ticks::new(&range, count)
            .major
            .into_iter()
            .map(|tick| tick.label)
            .collect()
    }

    #[test]
    fn linear_axes_have_round_numbers() {
        let mass = AxisRange::linear(5200.0, 5500.0);
        assert_eq!(
            labels(mass, 6),
            ["5200", "5250", "5300", "5350", "5400", "5450", "5500"]
        );
        assert_eq!(
            labels(AxisRange::linear(-1.0, 1.0), 4),
            ["−1.0", "−0.5", "0.0", "0.5", "1.0"]
        );
        assert_eq!(labels(AxisRange::linear(0.0, 0.3), 3), ["0.0", "0.1", "0.2", "0.3"]);
        let ticks = Ticks::new(&AxisRange::linear(0.0, 10.0), 5);
        assert_eq!(ticks.minor.len(), 15, "three between two ticks: {:?}", ticks.minor);
    }

    #[test]
    fn large_and_small_numbers_have_a_factor() {
        let ticks = |low, high| Ticks::new(&AxisRange::linear(low, high), 4);
        let millions = ticks(0.0, 4e6);
        assert_eq!(millions.factor.as_deref(), Some("10⁶"));
        assert_eq!(millions.major[3].label, "3");
        assert_eq!(millions.major[3].value, 3e6);
        assert_eq!(ticks(0.0, 2e-7).factor.as_deref(), Some("10⁻⁹"));
        assert_eq!(ticks(0.0, 1e300).factor.as_deref(), Some("10³⁰⁰"));
        assert_eq!(ticks(0.0, 9000.0).factor, None);
        // Factoring out a power of ten would not make these labels shorter.
        assert_eq!(ticks(305_120.0, 305_124.0).factor, None);
        assert_eq!(ticks(305_120.0, 305_124.0).major[1].label, "305121");
    }

    #[test]
    fn logarithmic_axes_have_powers_of_ten() {
        assert_eq!(labels(AxisRange::log(0.5, 2000.0), 8), ["1", "10", "10²", "10³"]);
        assert_eq!(
            labels(AxisRange::log(1e-9, 1e9), 4),
            ["10⁻⁸", "10⁻⁴", "1", "10⁴", "10⁸"]
        );
        assert_eq!(labels(AxisRange::log(3.0, 30.0), 8), ["5", "10", "20"]);
        assert_eq!(labels(AxisRange::log(31.0, 34.0), 3), ["31", "32", "33", "34"]);
        let minor = Ticks::new(&AxisRange::log(1.0, 1000.0), 8).minor;
        assert_eq!(minor.len(), 24, "2 to 9 times each power: {minor:?}");
    }

    #[test]
    fn any_axis_has_a_bounded_number_of_ticks_within_it() {
        let numbers = [-1e304, -3.0, -1e-300, 0.0, 5e-324, 1e-12, 1.0, 1.0 + 1e-12, 1e16, 1e304];
        for (i, &low) in numbers.iter().enumerate() {
            for &high in &numbers[i..] {
                for count in 1..10 {
                    check(AxisRange::linear(low, high), count);
                    if low > 0.0 {
                        check(AxisRange::log(low, high), count);
                    }
                }
            }
        }
        fn check(range: AxisRange, count: usize) {
            let ticks = Ticks::new(&range, count);
            assert!(ticks.major.len() <= count + 2, "{range:?} {count}: {ticks:?}");
            assert!(ticks.minor.len() <= 10 * (count + 2), "{range:?} {count}: {ticks:?}");
            let slack = (range.high - range.low) * 1e-6;
            for value in ticks.major.iter().map(|t| t.value).chain(ticks.minor) {
                assert!(
                    value >= range.low - slack && value <= range.high + slack,
                    "{range:?}: {value}"
                );
            }
        }
    }
}
