//! Axes: how a coordinate becomes a bin.

mod bins;
mod wire;

use bins::{Bins, Categories, locate_between};
pub(super) use bins::{Location, Uniform};
use serde::{Deserialize, Serialize};

use super::{Coordinate, Error, or_panic};

/// One axis of a histogram: its bins, a label and a unit.
///
/// Uniform and variable axes have an underflow and an overflow bin (which also takes NaN), axes of categories have
/// one bin for everything else. Bins contain their lower edge and not their upper edge, and are exactly those of
/// boost-histogram's `Regular`, `Variable`, `StrCategory` and `IntCategory` with overflow.
///
/// ```
/// use gaudi_mpi::hist::Axis;
///
/// let mass = Axis::uniform(100, 5200.0, 5500.0).label("m(J/ψ φ)").unit("MeV");
/// let pt = Axis::variable([0.0, 500.0, 1500.0, 10_000.0]).label("pT").unit("MeV");
/// let kind = Axis::categories(["muon", "kaon", "pion"]);
/// let id = Axis::integer_categories([13, 321, 211]);
/// assert_eq!((mass.bins(), pt.bins(), kind.bins(), id.bins()), (100, 3, 3, 3));
/// assert_eq!(mass.title(), "m(J/ψ φ) [MeV]");
/// assert_eq!(mass.edges()[1], 5203.0);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "wire::Wire", into = "wire::Wire")]
pub struct Axis {
    /// What the axis shows, such as `m(J/ψ φ)`.
    pub label: String,
    /// Unit of the edges, such as `MeV`; empty if there is none.
    pub unit: String,
    bins: Bins,
}

/// The kind of an axis and the numbers that define it, as [`Axis::kind`] returns it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AxisKind<'a> {
    /// Bins of equal width.
    Uniform {
        /// Number of bins.
        bins: usize,
        /// Lower edge of the first bin.
        low: f64,
        /// Upper edge of the last bin.
        high: f64,
    },
    /// Bins between the edges given, which are one more than the bins.
    Variable {
        /// The edges, ascending.
        edges: &'a [f64],
    },
    /// One bin for each name.
    Categories {
        /// The names, in the order of the bins.
        names: &'a [String],
    },
    /// One bin for each integer.
    IntegerCategories {
        /// The integers, in the order of the bins.
        values: &'a [i64],
    },
}

/// The most bins an axis can have.
const MAX_BINS: usize = (1 << 31) - 2;
/// The largest magnitude among an axis' edges lies between the inverse of this and this, so that squares neither
/// overflow nor vanish.
const MAX_EDGE: f64 = 1e140;

impl Axis {
    /// An axis of `bins` equal bins from `low` to `high`.
    ///
    /// # Panics
    ///
    /// When [`try_uniform`](Self::try_uniform) returns an error.
    #[track_caller]
    pub fn uniform(bins: usize, low: f64, high: f64) -> Self {
        or_panic(Self::try_uniform(bins, low, high))
    }

    /// An axis of `bins` equal bins from `low` to `high`.
    ///
    /// # Errors
    ///
    /// When there are no bins or more than 2³¹ − 2, `low` is not below `high`, or the larger of the two in magnitude
    /// does not lie between 10⁻¹⁴⁰ and 10¹⁴⁰.
    pub fn try_uniform(bins: usize, low: f64, high: f64) -> Result<Self, Error> {
        if bins == 0 {
            return Err(refusal("it has no bins"));
        }
        check_edges(&[low, high])?;
        Self::of(Bins::Uniform(Uniform::new(check_count(bins)?, low, high)))
    }

    /// An axis of bins between neighbouring edges.
    ///
    /// # Panics
    ///
    /// When [`try_variable`](Self::try_variable) returns an error.
    #[track_caller]
    pub fn variable(edges: impl Into<Vec<f64>>) -> Self {
        or_panic(Self::try_variable(edges))
    }

    /// An axis of bins between neighbouring edges.
    ///
    /// # Errors
    ///
    /// When there are fewer than two edges or more than 2³¹, they do not ascend, or the largest in magnitude does not
    /// lie between 10⁻¹⁴⁰ and 10¹⁴⁰.
    pub fn try_variable(edges: impl Into<Vec<f64>>) -> Result<Self, Error> {
        let edges = edges.into();
        if edges.len() < 2 {
            return Err(refusal("it needs two edges or more"));
        }
        check_edges(&edges)?;
        check_count(edges.len() - 1)?;
        Self::of(Bins::Variable(edges))
    }

    /// An axis with a bin for each name, and one for all other names.
    ///
    /// # Panics
    ///
    /// When [`try_categories`](Self::try_categories) returns an error.
    #[track_caller]
    pub fn categories<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        or_panic(Self::try_categories(names))
    }

    /// An axis with a bin for each name, and one for all other names.
    ///
    /// # Errors
    ///
    /// When there is no name, a name is there twice, or a name contains a NUL character.
    pub fn try_categories<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Result<Self, Error> {
        let names: Vec<String> = names.into_iter().map(|name| name.as_ref().to_owned()).collect();
        if let Some(name) = names.iter().find(|name| name.contains('\0')) {
            return Err(refusal(format!("the category {name:?} contains a NUL character")));
        }
        Self::of(Bins::Categories(Categories::new(names)?))
    }

    /// An axis with a bin for each integer, and one for all other numbers.
    ///
    /// # Panics
    ///
    /// When [`try_integer_categories`](Self::try_integer_categories) returns an error.
    #[track_caller]
    pub fn integer_categories(values: impl IntoIterator<Item = i64>) -> Self {
        or_panic(Self::try_integer_categories(values))
    }

    /// An axis with a bin for each integer, and one for all other numbers.
    ///
    /// # Errors
    ///
    /// When there is no integer, or one is there twice.
    pub fn try_integer_categories(values: impl IntoIterator<Item = i64>) -> Result<Self, Error> {
        Self::of(Bins::IntegerCategories(Categories::new(values.into_iter().collect())?))
    }

    fn of(bins: Bins) -> Result<Self, Error> {
        Ok(Axis {
            label: String::new(),
            unit: String::new(),
            bins,
        })
    }

    /// Sets what the axis shows, such as `m(J/ψ φ)`.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Sets the unit, such as `MeV`.
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = unit.into();
        self
    }

    /// Label and unit as a plot shows them: `m(J/ψ φ) [MeV]`.
    pub fn title(&self) -> String {
        super::title_with_unit(&self.label, &self.unit)
    }

    /// The kind of the axis and the numbers that define it.
    pub fn kind(&self) -> AxisKind<'_> {
        match &self.bins {
            Bins::Uniform(uniform) => AxisKind::Uniform {
                bins: uniform.bins as usize,
                low: uniform.low,
                high: uniform.high,
            },
            Bins::Variable(edges) => AxisKind::Variable { edges },
            Bins::Categories(categories) => AxisKind::Categories {
                names: &categories.names,
            },
            Bins::IntegerCategories(categories) => AxisKind::IntegerCategories {
                values: &categories.names,
            },
        }
    }

    /// Number of bins, without underflow, overflow and the bin for other categories.
    pub fn bins(&self) -> usize {
        match self.kind() {
            AxisKind::Uniform { bins, .. } => bins,
            AxisKind::Variable { edges } => edges.len() - 1,
            AxisKind::Categories { names } => names.len(),
            AxisKind::IntegerCategories { values } => values.len(),
        }
    }

    /// Whether coordinates on this axis are numbers with a mean, rather than categories.
    pub fn is_numeric(&self) -> bool {
        matches!(self.bins, Bins::Uniform(_) | Bins::Variable(_))
    }

    /// The `bins() + 1` edges of the bins; for categories 0, 1, 2, … as if each were one wide.
    pub fn edges(&self) -> Vec<f64> {
        match &self.bins {
            Bins::Uniform(uniform) => (0..=uniform.bins).map(|edge| uniform.edge(edge)).collect(),
            Bins::Variable(edges) => edges.clone(),
            _ => (0..=self.bins()).map(|edge| edge as f64).collect(),
        }
    }

    /// The names of the categories, or `None` if the axis is numeric.
    pub fn category_names(&self) -> Option<Vec<String>> {
        match self.kind() {
            AxisKind::Categories { names } => Some(names.to_vec()),
            AxisKind::IntegerCategories { values } => Some(values.iter().map(i64::to_string).collect()),
            _ => None,
        }
    }

    /// Number of bins with underflow and overflow.
    pub(super) fn bins_with_flow(&self) -> usize {
        self.bins() + 1 + self.first_bin()
    }

    /// Index of the first bin when underflow is counted: 1 where there is underflow.
    pub(super) fn first_bin(&self) -> usize {
        usize::from(self.is_numeric())
    }

    /// The largest magnitude a coordinate inside the axis can have; 0 for categories.
    pub(super) fn largest_magnitude(&self) -> f64 {
        match &self.bins {
            Bins::Uniform(uniform) => uniform.low.abs().max(uniform.high.abs()),
            Bins::Variable(edges) => edges[0].abs().max(edges[edges.len() - 1].abs()),
            _ => 0.0,
        }
    }

    /// The uniform bins, if they are.
    #[inline]
    pub(super) fn as_uniform(&self) -> Option<Uniform> {
        match self.bins {
            Bins::Uniform(uniform) => Some(uniform),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn locate(&self, coordinate: impl Coordinate) -> Location {
        // Only the first arm is inlined with the search itself, so that fills of uniform axes stay short.
        match &self.bins {
            Bins::Uniform(uniform) => uniform.locate(self.number(&coordinate)),
            Bins::Variable(edges) => locate_between(edges, self.number(&coordinate)),
            Bins::Categories(categories) => match coordinate.text() {
                Some(text) => categories.locate(Some(text)),
                None => self.refuse("it has named categories: fill it with one of their names"),
            },
            Bins::IntegerCategories(categories) => match coordinate.number() {
                Some(_) => categories.locate(coordinate.integer().as_ref()),
                None => self.refuse("it has integer categories: fill it with an integer"),
            },
        }
    }

    #[inline]
    pub(super) fn number(&self, coordinate: &impl Coordinate) -> f64 {
        match coordinate.number() {
            Some(number) => number,
            None => self.refuse("fill it with a number"),
        }
    }

    #[cold]
    fn refuse(&self, why: &str) -> ! {
        panic!("cannot fill the axis '{}' ({}): {why}", self.label, self.description())
    }

    /// Title and bins: `m(J/ψ φ) [MeV], 100 uniform bins from 5200 to 5500`.
    pub(crate) fn in_words(&self) -> String {
        match self.title().as_str() {
            "" => self.description(),
            title => format!("{title}, {}", self.description()),
        }
    }

    /// The axis in words, for messages.
    pub(super) fn description(&self) -> String {
        match self.kind() {
            AxisKind::Uniform { bins, low, high } => {
                format!("{bins} uniform bins from {low} to {high}")
            }
            AxisKind::Variable { edges } => {
                format!(
                    "{} variable bins from {} to {}",
                    edges.len() - 1,
                    edges[0],
                    edges[edges.len() - 1]
                )
            }
            AxisKind::Categories { names } => format!("categories {}", names.join(", ")),
            AxisKind::IntegerCategories { values } => format!("categories {values:?}"),
        }
    }
}

fn refusal(why: impl Into<String>) -> Error {
    Error::Axis(why.into())
}

fn check_count(bins: usize) -> Result<u32, Error> {
    u32::try_from(bins)
        .ok()
        .filter(|_| bins <= MAX_BINS)
        .ok_or_else(|| refusal(format!("it has {bins} bins, more than the {MAX_BINS} possible")))
}

fn check_edges(edges: &[f64]) -> Result<(), Error> {
    if let Some(edge) = edges.iter().find(|edge| !edge.is_finite()) {
        return Err(refusal(format!("its edge {edge} is not finite")));
    }
    if let Some(pair) = edges.windows(2).find(|pair| pair[0] >= pair[1]) {
        return Err(refusal(format!(
            "its edge {} is followed by {}, but edges must ascend",
            pair[0], pair[1]
        )));
    }
    let largest = edges.iter().fold(0.0_f64, |largest, edge| largest.max(edge.abs()));
    if !(1.0 / MAX_EDGE..=MAX_EDGE).contains(&largest) {
        return Err(refusal(format!(
            "its largest edge in magnitude, {largest:e}, must lie between 1e-140 and 1e140; use another unit"
        )));
    }
    Ok(())
}
