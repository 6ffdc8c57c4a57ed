//! Histogram axes, each with bins, a label and a unit.

pub(super) mod binning;

use binning::{Binning, Categories, Edges, Location, Uniform};
use serde::{Deserialize, Serialize};

use super::coordinate::Coordinate;
use super::error::{Error, or_panic};

/// One axis of a histogram: its bins, a label and a unit.
///
/// Uniform and variable axes have an underflow bin and an overflow bin; NaN counts as overflow. Category axes have one
/// bin for all other values. A bin contains its lower edge but not its upper edge. Values are assigned to bins exactly
/// as by boost-histogram's `Regular`, `Variable`, `StrCategory` and `IntCategory` axes with overflow.
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
pub struct Axis {
    /// The quantity along the axis, such as `m(J/ψ φ)`.
    pub label: String,
    /// The unit of the edges, such as `MeV`; empty if there is none.
    pub unit: String,
    binning: Binning,
}

/// The kind of an axis and the values that define it, as returned by [`Axis::kind`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AxisKind<'a> {
    /// Bins of equal width.
    Uniform {
        /// The number of bins.
        bins: usize,
        /// The lower edge of the first bin.
        low: f64,
        /// The upper edge of the last bin.
        high: f64,
    },
    /// One bin between each pair of neighbouring edges.
    Variable {
        /// The edges in ascending order. There is one more edge than there are bins.
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

impl Axis {
    /// An axis with `bins` bins of equal width from `low` to `high`.
    ///
    /// # Panics
    ///
    /// When [`try_uniform`](Self::try_uniform) returns an error.
    #[track_caller]
    pub fn uniform(bins: usize, low: f64, high: f64) -> Self {
        or_panic(Self::try_uniform(bins, low, high))
    }

    /// An axis with `bins` bins of equal width from `low` to `high`.
    ///
    /// # Errors
    ///
    /// When the number of bins is 0 or above 2³¹ − 2, `low` is not below `high`, or the larger of the two edges'
    /// magnitudes is not between 10⁻¹⁴⁰ and 10¹⁴⁰.
    pub fn try_uniform(bins: usize, low: f64, high: f64) -> Result<Self, Error> {
        Ok(Self::new(Binning::Uniform(Uniform::new(bins, low, high)?)))
    }

    /// An axis with one bin between each pair of neighbouring edges.
    ///
    /// # Panics
    ///
    /// When [`try_variable`](Self::try_variable) returns an error.
    #[track_caller]
    pub fn variable(edges: impl Into<Vec<f64>>) -> Self {
        or_panic(Self::try_variable(edges))
    }

    /// An axis with one bin between each pair of neighbouring edges.
    ///
    /// # Errors
    ///
    /// When there are fewer than two edges or more than 2³¹ − 1, the edges are not in ascending order, or the largest
    /// of the edges' magnitudes is not between 10⁻¹⁴⁰ and 10¹⁴⁰.
    pub fn try_variable(edges: impl Into<Vec<f64>>) -> Result<Self, Error> {
        Ok(Self::new(Binning::Variable(Edges::try_from(edges.into())?)))
    }

    /// An axis with a bin for each name, plus one bin for all other names.
    ///
    /// # Panics
    ///
    /// When [`try_categories`](Self::try_categories) returns an error.
    #[track_caller]
    pub fn categories<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        or_panic(Self::try_categories(names))
    }

    /// An axis with a bin for each name, plus one bin for all other names.
    ///
    /// # Errors
    ///
    /// When no name is given, a name is given twice, or a name contains a NUL character.
    pub fn try_categories<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Result<Self, Error> {
        let names: Vec<String> = names.into_iter().map(|name| name.as_ref().to_owned()).collect();
        Ok(Self::new(Binning::Categories(Categories::try_from(names)?)))
    }

    /// An axis with a bin for each integer, plus one bin for all other numbers.
    ///
    /// # Panics
    ///
    /// When [`try_integer_categories`](Self::try_integer_categories) returns an error.
    #[track_caller]
    pub fn integer_categories(values: impl IntoIterator<Item = i64>) -> Self {
        or_panic(Self::try_integer_categories(values))
    }

    /// An axis with a bin for each integer, plus one bin for all other numbers.
    ///
    /// # Errors
    ///
    /// When no integer is given, or an integer is given twice.
    pub fn try_integer_categories(values: impl IntoIterator<Item = i64>) -> Result<Self, Error> {
        let values: Vec<i64> = values.into_iter().collect();
        Ok(Self::new(Binning::IntegerCategories(Categories::try_from(values)?)))
    }

    fn new(binning: Binning) -> Self {
        Axis {
            label: String::new(),
            unit: String::new(),
            binning,
        }
    }

    /// Sets the label: the quantity along the axis, such as `m(J/ψ φ)`.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Sets the unit, such as `MeV`.
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = unit.into();
        self
    }

    /// The label and unit as shown in a plot, such as `m(J/ψ φ) [MeV]`.
    pub fn title(&self) -> String {
        title_with_unit(&self.label, &self.unit)
    }

    /// The kind of the axis and the values that define it.
    pub fn kind(&self) -> AxisKind<'_> {
        match &self.binning {
            Binning::Uniform(uniform) => AxisKind::Uniform {
                bins: uniform.bins as usize,
                low: uniform.low,
                high: uniform.high,
            },
            Binning::Variable(edges) => AxisKind::Variable {
                edges: edges.as_slice(),
            },
            Binning::Categories(categories) => AxisKind::Categories {
                names: categories.names(),
            },
            Binning::IntegerCategories(categories) => AxisKind::IntegerCategories {
                values: categories.names(),
            },
        }
    }

    /// The number of bins, excluding underflow, overflow and the bin for other categories.
    pub fn bins(&self) -> usize {
        match self.kind() {
            AxisKind::Uniform { bins, .. } => bins,
            AxisKind::Variable { edges } => edges.len() - 1,
            AxisKind::Categories { names } => names.len(),
            AxisKind::IntegerCategories { values } => values.len(),
        }
    }

    /// Whether coordinates on this axis are numbers, for which a mean is defined, rather than categories.
    pub fn is_numeric(&self) -> bool {
        matches!(self.binning, Binning::Uniform(_) | Binning::Variable(_))
    }

    /// The `bins() + 1` bin edges. For categories, the edges are 0, 1, 2, …
    pub fn edges(&self) -> Vec<f64> {
        match &self.binning {
            Binning::Uniform(uniform) => (0..=uniform.bins).map(|edge| uniform.edge(edge)).collect(),
            Binning::Variable(edges) => edges.as_slice().to_vec(),
            _ => (0..=self.bins()).map(|edge| edge as f64).collect(),
        }
    }

    /// The category names, or `None` if the axis is numeric.
    pub fn category_names(&self) -> Option<Vec<String>> {
        match self.kind() {
            AxisKind::Categories { names } => Some(names.to_vec()),
            AxisKind::IntegerCategories { values } => Some(values.iter().map(i64::to_string).collect()),
            _ => None,
        }
    }

    /// The number of bins, flow bins included.
    pub(super) fn bins_with_flow(&self) -> usize {
        self.bins() + 1 + self.first_bin()
    }

    /// The index of the first bin among all bins: 1 if the axis has an underflow bin, else 0.
    pub(super) fn first_bin(&self) -> usize {
        usize::from(self.is_numeric())
    }

    /// The largest magnitude that a coordinate inside the axis can have; 0 for categories.
    pub(super) fn largest_magnitude(&self) -> f64 {
        match self.kind() {
            AxisKind::Uniform { low, high, .. } => low.abs().max(high.abs()),
            AxisKind::Variable { edges } => edges[0].abs().max(edges[edges.len() - 1].abs()),
            _ => 0.0,
        }
    }

    /// The bins, if the axis is uniform.
    #[inline]
    pub(super) fn as_uniform(&self) -> Option<Uniform> {
        match self.binning {
            Binning::Uniform(uniform) => Some(uniform),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn locate(&self, coordinate: impl Coordinate) -> Location {
        // Only the search on uniform axes is inlined, to keep the code that fills them short.
        match &self.binning {
            Binning::Uniform(uniform) => uniform.locate(self.number(&coordinate)),
            Binning::Variable(edges) => edges.locate(self.number(&coordinate)),
            Binning::Categories(categories) => match coordinate.text() {
                Some(text) => categories.locate(Some(text)),
                None => self.refuse("it has named categories: fill it with one of their names"),
            },
            Binning::IntegerCategories(categories) => match coordinate.number() {
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

    /// Describes the bins in words, for use in messages.
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

/// A label, followed by its unit in brackets if it has one.
pub(super) fn title_with_unit(label: &str, unit: &str) -> String {
    if unit.is_empty() {
        label.to_owned()
    } else {
        format!("{label} [{unit}]").trim_start().to_owned()
    }
}
