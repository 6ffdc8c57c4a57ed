//! The bins of an axis, and the search for the bin that contains a value.

use std::borrow::Borrow;
use std::fmt::Debug;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::hist::error::Error;

/// The bins of one axis. Only the numbers or names that define the bins are serialised; they are checked again when
/// deserialised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Binning {
    Uniform(Uniform),
    Variable(Edges),
    Categories(Categories<String>),
    IntegerCategories(Categories<i64>),
}

/// The position of a coordinate on an axis.
#[derive(Clone, Copy, Debug)]
pub(in crate::hist) struct Location {
    /// The bin index. The underflow bin, if the axis has one, has index 0; the overflow bin has the last index.
    pub index: usize,
    /// False for underflow and overflow.
    pub inside: bool,
    /// The coordinate as a number; 0 on a category axis.
    pub value: f64,
}

/// The maximum number of bins on an axis.
const MAX_BINS: usize = (1 << 31) - 2;
/// The largest of the magnitudes of an axis' edges must lie between 1 / `MAX_EDGE` and `MAX_EDGE`, so that its square
/// neither overflows nor underflows.
const MAX_EDGE: f64 = 1e140;

fn refusal(reason: impl Into<String>) -> Error {
    Error::Axis(reason.into())
}

fn check_count(bins: usize) -> Result<u32, Error> {
    u32::try_from(bins)
        .ok()
        .filter(|_| bins <= MAX_BINS)
        .ok_or_else(|| refusal(format!("it has {bins} bins, more than the maximum of {MAX_BINS}")))
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

/// Bins of equal width.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "(u32, f64, f64)", into = "(u32, f64, f64)")]
pub(in crate::hist) struct Uniform {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) bins: u32,
    range: f64,
    /// The number of bins per unit of the axis.
    density: f64,
}

impl From<Uniform> for (u32, f64, f64) {
    fn from(uniform: Uniform) -> Self {
        (uniform.bins, uniform.low, uniform.high)
    }
}

impl TryFrom<(u32, f64, f64)> for Uniform {
    type Error = Error;

    fn try_from((bins, low, high): (u32, f64, f64)) -> Result<Self, Error> {
        Uniform::new(bins as usize, low, high)
    }
}

/// Adding this constant to a number of magnitude below 2⁵¹ leaves the nearest integer in the lowest bits of the sum.
const WHOLE: f64 = 1.5 * (1_u64 << 52) as f64;
/// Adding this constant to a number of magnitude below 2³³ leaves the nearest multiple of 2^−FRACTION in the lowest
/// bits of the sum.
const POINT: f64 = 1.5 * (1_u64 << (52 - FRACTION)) as f64;
const FRACTION: u32 = 18;

impl Uniform {
    pub(super) fn new(bins: usize, low: f64, high: f64) -> Result<Self, Error> {
        if bins == 0 {
            return Err(refusal("it has no bins"));
        }
        check_edges(&[low, high])?;
        let bins = check_count(bins)?;
        let range = high - low;
        Ok(Uniform {
            low,
            high,
            bins,
            range,
            density: f64::from(bins) / range,
        })
    }

    /// Returns the same result as [`locate_exactly`](Self::locate_exactly), usually without a division.
    ///
    /// Both methods start from the same difference and round twice, so before rounding to an integer they differ by
    /// less than 2⁻⁵¹ · `bins`. If the fast result is 2⁻¹⁹ or more away from an integer, both methods round to the same
    /// integer. Latency matters here: the code after the fill may have to wait for the bin index, but it does not have
    /// to wait for a branch that was predicted correctly.
    #[inline]
    pub(in crate::hist) fn locate(&self, value: f64) -> Location {
        let position = (value - self.low) * self.density;
        // The position as a fixed-point number. A position that is out of range for this format turns into a number
        // above the maximum number of bins.
        let fixed = (position + POINT).to_bits().wrapping_sub(POINT.to_bits());
        let (bin, fraction) = (fixed >> FRACTION, fixed & ((1 << FRACTION) - 1));
        if bin < u64::from(self.bins) && fraction != 0 {
            Location {
                index: bin as usize + 1,
                inside: true,
                value,
            }
        } else {
            self.locate_slowly(value)
        }
    }

    /// This is a separate function to keep the inlined code of a fill short.
    #[inline(never)]
    fn locate_slowly(&self, value: f64) -> Location {
        self.locate_exactly(value)
    }

    /// Performs exactly the operations of boost-histogram's `axis::regular`: any other way of writing the expression
    /// would assign some numbers to a neighbouring bin.
    ///
    /// There is no branch and no saturating cast, so compilers can turn a loop over many values into vector
    /// instructions.
    #[inline]
    pub(in crate::hist) fn locate_exactly(&self, value: f64) -> Location {
        let bins = f64::from(self.bins);
        let position = (value - self.low) / self.range * bins;
        // The position is below the number of bins if and only if the quotient is below 1: even for the largest
        // quotient below 1, the product does not round up to the number of bins.
        let inside = (position >= 0.0) & (position < bins);
        // NaN fails the first comparison and therefore counts as overflow.
        let position = if position < bins { position } else { bins };
        let position = if position > -1.0 { position } else { -1.0 };
        let rounded = position + WHOLE;
        let up = u64::from(rounded - WHOLE > position);
        let index = rounded.to_bits().wrapping_sub(WHOLE.to_bits()).wrapping_add(1) - up;
        Location {
            index: index as usize,
            inside,
            value,
        }
    }

    pub(super) fn edge(&self, edge: u32) -> f64 {
        let z = f64::from(edge) / f64::from(self.bins);
        (1.0 - z) * self.low + z * (self.low + self.range)
    }
}

/// Two or more ascending edges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<f64>", into = "Vec<f64>")]
pub(super) struct Edges(Vec<f64>);

impl From<Edges> for Vec<f64> {
    fn from(edges: Edges) -> Self {
        edges.0
    }
}

impl TryFrom<Vec<f64>> for Edges {
    type Error = Error;

    fn try_from(edges: Vec<f64>) -> Result<Self, Error> {
        if edges.len() < 2 {
            return Err(refusal("it needs two edges or more"));
        }
        check_edges(&edges)?;
        check_count(edges.len() - 1)?;
        Ok(Edges(edges))
    }
}

impl Edges {
    pub(super) fn as_slice(&self) -> &[f64] {
        &self.0
    }

    /// Finds the bin that contains the value. NaN counts as overflow.
    #[inline(never)]
    pub(super) fn locate(&self, value: f64) -> Location {
        let index = if value.is_nan() {
            self.0.len()
        } else {
            self.0.partition_point(|&edge| edge <= value)
        };
        Location {
            index,
            inside: 0 < index && index < self.0.len(),
            value,
        }
    }
}

/// A value that names a category.
pub(super) trait Category: Clone + Debug + Ord + Serialize + DeserializeOwned {
    /// Returns whether the name contains a NUL character, which HDF5 cannot store.
    fn has_nul(&self) -> bool {
        false
    }
}

impl Category for i64 {}

impl Category for String {
    fn has_nul(&self) -> bool {
        self.contains('\0')
    }
}

/// Categories in the order of their bins, with a sorted index for lookups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<T>", into = "Vec<T>", bound = "T: Category")]
pub(super) struct Categories<T> {
    names: Vec<T>,
    /// The bin numbers, sorted by category.
    sorted: Vec<u32>,
}

impl<T: Category> From<Categories<T>> for Vec<T> {
    fn from(categories: Categories<T>) -> Self {
        categories.names
    }
}

impl<T: Category> TryFrom<Vec<T>> for Categories<T> {
    type Error = Error;

    fn try_from(names: Vec<T>) -> Result<Self, Error> {
        if names.is_empty() {
            return Err(refusal("it has no categories"));
        }
        if let Some(name) = names.iter().find(|name| name.has_nul()) {
            return Err(refusal(format!("the category {name:?} contains a NUL character")));
        }
        let mut sorted: Vec<u32> = (0..check_count(names.len())?).collect();
        sorted.sort_by_key(|&bin| &names[bin as usize]);
        for pair in sorted.windows(2) {
            let name = &names[pair[0] as usize];
            if name == &names[pair[1] as usize] {
                return Err(refusal(format!("the category {name:?} is given twice")));
            }
        }
        Ok(Categories { names, sorted })
    }
}

impl<T> Categories<T> {
    pub(super) fn names(&self) -> &[T] {
        &self.names
    }

    #[inline(never)]
    pub(super) fn locate<Q: Ord + ?Sized>(&self, name: Option<&Q>) -> Location
    where
        T: Borrow<Q>,
    {
        let compare = |&bin: &u32, name: &Q| self.names[bin as usize].borrow().cmp(name);
        let found = name.and_then(|name| self.sorted.binary_search_by(|bin| compare(bin, name)).ok());
        let index = found.map_or(self.names.len(), |at| self.sorted[at] as usize);
        Location {
            index,
            inside: found.is_some(),
            value: 0.0,
        }
    }
}
