//! The bins along one axis of a picture.

use super::error::{Error, Result};
use super::limits::drawable;

/// The bins along one axis: intervals between edges, or named categories.
#[derive(Clone, Debug, PartialEq)]
pub enum Bins {
    /// The `n + 1` increasing edges of `n` bins, in the unit of the axis.
    Edges(Vec<f64>),
    /// One name per bin, written below its centre.
    Categories(Vec<String>),
}

impl Bins {
    /// Returns `n` bins of equal width from `low` to `high`.
    ///
    /// ```
    /// use gaudi_mpi::picture::Bins;
    /// assert_eq!(Bins::uniform(2, 0.0, 1.0), Bins::Edges(vec![0.0, 0.5, 1.0]));
    /// ```
    pub fn uniform(n: usize, low: f64, high: f64) -> Self {
        let edge = |i: usize| {
            let t = i as f64 / n as f64;
            low * (1.0 - t) + high * t
        };
        Bins::Edges((0..=n).map(edge).collect())
    }

    /// The number of bins.
    pub fn len(&self) -> usize {
        match self {
            Bins::Edges(edges) => edges.len().saturating_sub(1),
            Bins::Categories(names) => names.len(),
        }
    }

    /// Whether there are no bins.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The edges of the bins. Categories are one unit wide and start at 0.
    pub(super) fn edges(&self) -> Vec<f64> {
        match self {
            Bins::Edges(edges) => edges.clone(),
            Bins::Categories(names) => (0..=names.len()).map(|i| i as f64).collect(),
        }
    }

    /// The common width of the bins, or `None` if the bins differ in width or are categories.
    pub(super) fn width(&self) -> Option<f64> {
        let Bins::Edges(edges) = self else {
            return None;
        };
        let n = self.len();
        let width = edges.last()? / n as f64 - edges.first()? / n as f64;
        // The rounding errors of edges are proportional to the edges rather than to the bin width.
        let size = edges.first()?.abs().max(edges.last()?.abs());
        let tolerance = width * 1e-6 + size * 1e-14;
        edges
            .windows(2)
            .all(|pair| (pair[1] - pair[0] - width).abs() <= tolerance)
            .then_some(width)
    }

    pub(super) fn check(&self, what: impl Fn() -> String) -> Result<()> {
        if self.is_empty() {
            return Err(Error::NoBins { what: what() });
        }
        if let Bins::Edges(edges) = self {
            let wrong = (0..edges.len()).find(|&i| !drawable(edges[i]) || (i > 0 && edges[i] <= edges[i - 1]));
            if let Some(index) = wrong {
                let edge = edges[index];
                return Err(Error::Edges {
                    what: what(),
                    index,
                    edge,
                });
            }
        }
        Ok(())
    }
}

impl From<Vec<f64>> for Bins {
    fn from(edges: Vec<f64>) -> Self {
        Bins::Edges(edges)
    }
}

impl From<&[f64]> for Bins {
    fn from(edges: &[f64]) -> Self {
        Bins::Edges(edges.to_vec())
    }
}

impl From<Vec<String>> for Bins {
    fn from(names: Vec<String>) -> Self {
        Bins::Categories(names)
    }
}

impl<const N: usize> From<[&str; N]> for Bins {
    fn from(names: [&str; N]) -> Self {
        Bins::Categories(names.iter().map(|name| name.to_string()).collect())
    }
}
