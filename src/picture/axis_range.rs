//! Axis ranges: the mapping from numbers to positions along an axis.

/// The range of a linear or logarithmic axis, from `low` to `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct AxisRange {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) log: bool,
}

impl AxisRange {
    /// Returns a linear range. A range that is too narrow to be divided into intervals is widened.
    pub(super) fn linear(low: f64, high: f64) -> Self {
        // Halving both ends before subtracting avoids overflow for the widest ranges. In ranges narrower than 1e-290,
        // tick distances would underflow.
        let narrow = (high / 2.0 - low / 2.0) <= low.abs().max(high.abs()).max(1e-290) * 1e-14;
        if narrow {
            let half = (low.abs().max(high.abs()) * 0.1).max(1e-290);
            AxisRange {
                low: low - half,
                high: high + half,
                log: false,
            }
        } else {
            AxisRange { low, high, log: false }
        }
    }

    /// Returns a logarithmic range. Both ends must be positive.
    pub(super) fn log(low: f64, high: f64) -> Self {
        let low = low.max(1e-305);
        AxisRange {
            low,
            high: high.max(low * 1.0001),
            log: true,
        }
    }

    /// Returns the position of a number between the ends: 0 at the low end, 1 at the high end. Numbers beyond an end
    /// are placed at that end; numbers that have no logarithm are placed at the low end.
    pub(super) fn fraction(&self, value: f64) -> f64 {
        let fraction = if self.log {
            if value <= 0.0 {
                return 0.0;
            }
            (value.ln() - self.low.ln()) / (self.high.ln() - self.low.ln())
        } else {
            (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0)
        };
        if fraction.is_nan() {
            0.0
        } else {
            fraction.clamp(0.0, 1.0)
        }
    }

    /// Returns the number at a position, which may exceed 1. The result is at most 1e307 on a logarithmic range.
    pub(super) fn at(&self, fraction: f64) -> f64 {
        if self.log {
            let (low, high) = (self.low.ln(), self.high.ln());
            (low + (high - low) * fraction).exp().min(1e307)
        } else {
            self.low + (self.high / 2.0 - self.low / 2.0) * fraction * 2.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions() {
        let linear = AxisRange::linear(10.0, 20.0);
        assert_eq!(linear.fraction(15.0), 0.5);
        assert_eq!(linear.fraction(30.0), 1.0);
        assert_eq!(linear.at(0.5), 15.0);
        let log = AxisRange::log(1.0, 10000.0);
        assert!((log.fraction(100.0) - 0.5).abs() < 1e-12);
        assert!((log.at(0.25) - 10.0).abs() < 1e-9);
        assert_eq!(log.fraction(0.0), 0.0);
        assert_eq!(log.fraction(-1.0), 0.0);
        assert_eq!(AxisRange::linear(-1e304, 1e304).fraction(0.0), 0.5);
    }

    #[test]
    fn a_range_without_width_is_widened() {
        for value in [0.0, 1.0, -5e300, 1e-320] {
            let range = AxisRange::linear(value, value);
            assert!(range.high - range.low > 0.0);
            assert!((range.fraction(value) - 0.5).abs() < 1e-6, "{value}");
        }
    }
}
