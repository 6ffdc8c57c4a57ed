//! A curve in a pad, which shows bin contents along x.

use super::bins::Bins;
use super::error::{Error, Result};
use super::limits::drawable;

/// The kind of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CurveKind {
    /// A line of steps, for histograms.
    Steps,
    /// A marker at the centre of each bin with a bar as wide as the bin, for profiles and data.
    Points,
}

/// Bin contents along x, drawn as a line of steps or as points.
///
/// Bins with non-finite contents are left out.
#[derive(Clone, Debug)]
pub struct Curve {
    pub(super) kind: CurveKind,
    pub(super) bins: Bins,
    pub(super) values: Vec<f64>,
    pub(super) errors: Vec<f64>,
    pub(super) name: String,
}

impl Curve {
    /// Returns a curve for a histogram: a line of steps. If it is the only curve in its pad, the area below it is
    /// lightly shaded.
    ///
    /// ```
    /// use gaudi_mpi::picture::{Bins, Curve};
    /// let bins = Bins::uniform(3, 0.0, 30.0);
    /// let curve = Curve::steps(bins, vec![4.0, 9.0, 1.0]).errors(vec![2.0, 3.0, 1.0]);
    /// ```
    pub fn steps(bins: impl Into<Bins>, values: Vec<f64>) -> Self {
        Self::new(CurveKind::Steps, bins.into(), values)
    }

    /// Returns a curve for a profile or for data points: a marker at the centre of each bin, with a bar as wide as the
    /// bin.
    pub fn points(bins: impl Into<Bins>, values: Vec<f64>) -> Self {
        Self::new(CurveKind::Points, bins.into(), values)
    }

    fn new(kind: CurveKind, bins: Bins, values: Vec<f64>) -> Self {
        Curve {
            kind,
            bins,
            values,
            errors: Vec::new(),
            name: String::new(),
        }
    }

    /// Draws error bars that extend by these lengths above and below the values.
    pub fn errors(mut self, errors: Vec<f64>) -> Self {
        self.errors = errors;
        self
    }

    /// Sets the curve's name in the legend.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The length of a bin's error bar on either side of the value; 0 if the bin has no drawable error.
    pub(super) fn error(&self, bin: usize) -> f64 {
        let error = self.errors.get(bin).copied().unwrap_or(0.0).abs();
        if drawable(error) { error } else { 0.0 }
    }

    pub(super) fn check(&self, pad: &str) -> Result<()> {
        self.bins.check(|| format!("the x axis of {pad}"))?;
        let expected = self.bins.len();
        let what = || match self.name.as_str() {
            "" => format!("the curve of {pad}"),
            name => format!("the curve \"{name}\" of {pad}"),
        };
        let errors = (!self.errors.is_empty()).then_some(("errors", self.errors.len()));
        let mut lengths = std::iter::once(("values", self.values.len())).chain(errors);
        match lengths.find(|&(_, found)| found != expected) {
            None => Ok(()),
            Some((of, found)) => Err(Error::Length {
                what: what(),
                of,
                expected,
                found,
            }),
        }
    }
}
