//! Where an axis has ticks, and the numbers written at them.

use super::scale::Scale;

/// A tick with a number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) value: f64,
    /// Written at the tick; empty where there is no room.
    pub(super) label: String,
}

/// The ticks of one axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ticks {
    pub(super) major: Vec<Tick>,
    pub(super) minor: Vec<f64>,
    /// What the numbers at the ticks have to be multiplied with, for example `10³`.
    pub(super) factor: Option<String>,
}

impl Ticks {
    /// About `count` ticks with numbers, at most.
    pub(super) fn new(scale: &Scale, count: usize) -> Self {
        let count = count.clamp(1, 20);
        if scale.log {
            log(scale, count)
        } else {
            linear(scale, count)
        }
    }
}

/// A distance between ticks: 1, 2 or 5 times a power of ten.
struct Step {
    mantissa: i32,
    exponent: i32,
}

impl Step {
    /// The smallest step with which the range has at most `count` intervals.
    fn new(range: f64, count: usize) -> Self {
        let least = range / count as f64;
        let mut exponent = least.log10().floor() as i32;
        // A step may be a rounding error short of the least one: 0.1 for 0.30000000000000004 / 3.
        let enough =
            |mantissa: i32, exponent: i32| f64::from(mantissa) * power_of_ten(exponent) >= least * (1.0 - 1e-9);
        loop {
            if let Some(mantissa) = [1, 2, 5].into_iter().find(|&m| enough(m, exponent)) {
                return Step { mantissa, exponent };
            }
            exponent += 1;
        }
    }

    fn size(&self) -> f64 {
        f64::from(self.mantissa) * power_of_ten(self.exponent)
    }

    /// Into how many parts minor ticks divide the step.
    fn parts(&self) -> usize {
        if self.mantissa == 2 { 4 } else { 5 }
    }
}

fn power_of_ten(exponent: i32) -> f64 {
    // Parsing is correctly rounded; `powi` is not.
    format!("1e{exponent}").parse().unwrap_or(0.0)
}

/// The multiples of a step within a range, as whole numbers, as long as they can be told apart.
fn multiples(scale: &Scale, step: f64) -> impl Iterator<Item = f64> {
    let slack = 1e-9;
    let first = (scale.low / step - slack).ceil();
    let last = (scale.high / step + slack).floor();
    let count = if last - first < 1000.0 {
        (last - first) as i64
    } else {
        -1
    };
    let distinct = first.abs().max(last.abs()) < 9e15;
    (0..=count).filter(move |_| distinct).map(move |i| first + i as f64)
}

fn linear(scale: &Scale, count: usize) -> Ticks {
    let step = Step::new(scale.high - scale.low, count);
    let size = step.size();
    let steps: Vec<f64> = multiples(scale, size).collect();
    let label = |factor: i32, k: f64| {
        let decimals = (factor - step.exponent).max(0) as usize;
        let number = k * f64::from(step.mantissa) * power_of_ten(step.exponent - factor);
        minus(&format!("{number:.decimals$}"))
    };
    let longest = |factor: i32| {
        steps
            .iter()
            .map(|&k| label(factor, k).chars().count())
            .max()
            .unwrap_or(0)
    };
    let largest = scale.low.abs().max(scale.high.abs());
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
    let part = size / step.parts() as f64;
    let minor = multiples(scale, part)
        .filter(|k| k % step.parts() as f64 != 0.0)
        .map(|k| k * part)
        .collect();
    Ticks {
        major,
        minor,
        factor: (factor != 0).then(|| ten_to(factor)),
    }
}

fn log(scale: &Scale, count: usize) -> Ticks {
    let first = (scale.low.log10() - 1e-9).ceil() as i32;
    let last = (scale.high.log10() + 1e-9).floor() as i32;
    let decades = last - first + 1;
    if decades < 2 {
        return within_a_decade(scale, first, count);
    }
    let every = (1..).find(|every| decades / every <= count as i32).unwrap_or(decades);
    let mut ticks = Ticks::default();
    for exponent in first - 1..=last {
        let power = power_of_ten(exponent);
        if exponent >= first {
            if exponent.rem_euclid(every) == 0 {
                ticks.major.push(Tick {
                    value: power,
                    label: ten_to(exponent),
                });
            } else if every <= 10 {
                ticks.minor.push(power);
            }
        }
        if every == 1 {
            let between = (2..10).map(|m| f64::from(m) * power);
            ticks.minor.extend(between.filter(|&v| v > scale.low && v < scale.high));
        }
    }
    ticks
}

/// Where powers of ten are too far apart, their multiples by 2 and 5, or else evenly spaced
/// numbers, have labels as well.
fn within_a_decade(scale: &Scale, first: i32, count: usize) -> Ticks {
    let candidates = (first - 1..=first).flat_map(|e| (1..10).map(move |m| (m, e)));
    let inside = |&(m, e): &(i32, i32)| {
        let value = f64::from(m) * power_of_ten(e);
        value >= scale.low * (1.0 - 1e-9) && value <= scale.high * (1.0 + 1e-9)
    };
    let values: Vec<(i32, i32)> = candidates.filter(inside).collect();
    let labelled = |m: i32| [1, 2, 5].contains(&m);
    if values.iter().filter(|(m, _)| labelled(*m)).count() < 2 || !(-4..5).contains(&first) {
        return linear(scale, count);
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

/// A power of ten as people write it: 1, 10, 10², 10⁻³.
fn ten_to(exponent: i32) -> String {
    match exponent {
        0 => "1".to_string(),
        1 => "10".to_string(),
        _ => format!("10{}", superscript(exponent)),
    }
}

fn superscript(number: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digit = |c: char| c.to_digit(10).map_or('⁻', |d| DIGITS[d as usize]);
    number.to_string().chars().map(digit).collect()
}

/// The typographic minus sign, as wide as a plus; and no minus before zero.
fn minus(number: &str) -> String {
    match number.strip_prefix('-') {
        Some(digits) if digits.chars().all(|c| c == '0' || c == '.') => digits.to_string(),
        Some(digits) => format!("−{digits}"),
        None => number.to_string(),
    }
}

/// A number with at most this many significant digits and no trailing zeros, as in `5366.9`,
/// `0.03`, `2.1×10⁻⁷`: for statistics boxes and axis titles.
///
/// ```
/// use gaudi_mpi::picture::plain_number;
/// assert_eq!(plain_number(5366.8971, 5), "5366.9");
/// assert_eq!(plain_number(-0.03, 4), "−0.03");
/// assert_eq!(plain_number(2.13e-7, 2), "2.1×10⁻⁷");
/// ```
pub fn plain_number(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return minus(&format!("{value}"));
    }
    let digits = digits.clamp(1, 17);
    // Rounding comes first: 9.99 with two digits is 10, which has another exponent.
    let scientific = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |number: &str| match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => number.to_string(),
    };
    if (-4..digits.max(6) as i32).contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        let rounded: f64 = scientific.parse().unwrap_or(value);
        minus(&trim(&format!("{rounded:.decimals$}")))
    } else {
        minus(&format!("{}×10{}", trim(mantissa), superscript(exponent)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale, count: usize) -> Vec<String> {
        Ticks::new(&scale, count)
            .major
            .into_iter()
            .map(|tick| tick.label)
            .collect()
    }

    #[test]
    fn linear_axes_have_round_numbers() {
        let mass = Scale::linear(5200.0, 5500.0);
        assert_eq!(
            labels(mass, 6),
            ["5200", "5250", "5300", "5350", "5400", "5450", "5500"]
        );
        assert_eq!(
            labels(Scale::linear(-1.0, 1.0), 4),
            ["−1.0", "−0.5", "0.0", "0.5", "1.0"]
        );
        assert_eq!(labels(Scale::linear(0.0, 0.3), 3), ["0.0", "0.1", "0.2", "0.3"]);
        let ticks = Ticks::new(&Scale::linear(0.0, 10.0), 5);
        assert_eq!(ticks.minor.len(), 15, "three between two ticks: {:?}", ticks.minor);
    }

    #[test]
    fn large_and_small_numbers_have_a_factor() {
        let ticks = |low, high| Ticks::new(&Scale::linear(low, high), 4);
        let millions = ticks(0.0, 4e6);
        assert_eq!(millions.factor.as_deref(), Some("10⁶"));
        assert_eq!(millions.major[3].label, "3");
        assert_eq!(millions.major[3].value, 3e6);
        assert_eq!(ticks(0.0, 2e-7).factor.as_deref(), Some("10⁻⁹"));
        assert_eq!(ticks(0.0, 1e300).factor.as_deref(), Some("10³⁰⁰"));
        assert_eq!(ticks(0.0, 9000.0).factor, None);
        // A factor would not make these shorter.
        assert_eq!(ticks(305_120.0, 305_124.0).factor, None);
        assert_eq!(ticks(305_120.0, 305_124.0).major[1].label, "305121");
    }

    #[test]
    fn logarithmic_axes_have_powers_of_ten() {
        assert_eq!(labels(Scale::log(0.5, 2000.0), 8), ["1", "10", "10²", "10³"]);
        assert_eq!(labels(Scale::log(1e-9, 1e9), 4), ["10⁻⁸", "10⁻⁴", "1", "10⁴", "10⁸"]);
        assert_eq!(labels(Scale::log(3.0, 30.0), 8), ["5", "10", "20"]);
        assert_eq!(labels(Scale::log(31.0, 34.0), 3), ["31", "32", "33", "34"]);
        let minor = Ticks::new(&Scale::log(1.0, 1000.0), 8).minor;
        assert_eq!(minor.len(), 24, "2 to 9 times each power: {minor:?}");
    }

    #[test]
    fn any_axis_has_a_bounded_number_of_ticks_within_it() {
        let numbers = [-1e304, -3.0, -1e-300, 0.0, 5e-324, 1e-12, 1.0, 1.0 + 1e-12, 1e16, 1e304];
        for (i, &low) in numbers.iter().enumerate() {
            for &high in &numbers[i..] {
                for count in 1..10 {
                    check(Scale::linear(low, high), count);
                    if low > 0.0 {
                        check(Scale::log(low, high), count);
                    }
                }
            }
        }
        fn check(scale: Scale, count: usize) {
            let ticks = Ticks::new(&scale, count);
            assert!(ticks.major.len() <= count + 2, "{scale:?} {count}: {ticks:?}");
            assert!(ticks.minor.len() <= 10 * (count + 2), "{scale:?} {count}: {ticks:?}");
            let slack = (scale.high - scale.low) * 1e-6;
            for value in ticks.major.iter().map(|t| t.value).chain(ticks.minor) {
                assert!(
                    value >= scale.low - slack && value <= scale.high + slack,
                    "{scale:?}: {value}"
                );
            }
        }
    }

    #[test]
    fn numbers_for_people() {
        assert_eq!(plain_number(3.0, 6), "3");
        assert_eq!(plain_number(0.1 + 0.2, 6), "0.3");
        assert_eq!(plain_number(28_962.0, 9), "28962");
        assert_eq!(plain_number(5350.691, 5), "5350.7");
        assert_eq!(plain_number(-0.000_123_45, 3), "−0.000123");
        assert_eq!(plain_number(9.996, 3), "10");
        assert_eq!(plain_number(1e9, 4), "1×10⁹");
        assert_eq!(plain_number(123_456.0, 3), "123000");
        assert_eq!(plain_number(0.0, 3), "0");
        assert_eq!(plain_number(-0.0, 3), "0");
        assert_eq!(plain_number(f64::NAN, 3), "NaN");
        assert_eq!(plain_number(f64::NEG_INFINITY, 3), "−inf");
    }
}
