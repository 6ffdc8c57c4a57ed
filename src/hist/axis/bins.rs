//! The bins of an axis, and how a value finds its own.

use std::borrow::Borrow;

use super::{check_count, refusal};
use crate::hist::Error;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Bins {
    Uniform(Uniform),
    Variable(Vec<f64>),
    Categories(Categories<String>),
    IntegerCategories(Categories<i64>),
}

/// Where a coordinate lies on an axis.
#[derive(Clone, Copy, Debug)]
pub(in crate::hist) struct Location {
    /// The bin, counting underflow (where there is one) as 0, overflow as the last.
    pub index: usize,
    /// False in underflow and overflow.
    pub inside: bool,
    /// The coordinate as a number, 0 if it is none.
    pub value: f64,
}

/// Equal bins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::hist) struct Uniform {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) bins: u32,
    range: f64,
    /// Bins per unit.
    density: f64,
}

/// Added to a number of less than 2⁵¹ in magnitude, leaves the nearest integer in the lowest bits.
const WHOLE: f64 = 1.5 * (1_u64 << 52) as f64;
/// Added to a number of less than 2³³ in magnitude, leaves the nearest multiple of 2^−FRACTION in the lowest bits.
const POINT: f64 = 1.5 * (1_u64 << (52 - FRACTION)) as f64;
const FRACTION: u32 = 18;

impl Uniform {
    pub(super) fn new(bins: u32, low: f64, high: f64) -> Self {
        let range = high - low;
        Uniform {
            low,
            high,
            bins,
            range,
            density: f64::from(bins) / range,
        }
    }

    /// The bin that [`locate_exactly`](Self::locate_exactly) finds, mostly without its division.
    ///
    /// Before rounding to a whole number both ways differ by less than 2⁻⁵¹ of `bins`, having rounded twice each after
    /// the same difference. Where the quick result is 2⁻¹⁹ or more from a whole number, both round to the same one.
    /// What matters here is how soon the bin is known, since generators and other code that follow may have to wait for
    /// it; branches do not wait.
    #[inline]
    pub(in crate::hist) fn locate(&self, value: f64) -> Location {
        let position = (value - self.low) * self.density;
        // As a fixed-point number; what does not fit appears as more than there can be bins.
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

    /// Apart, to keep fills short.
    #[inline(never)]
    fn locate_slowly(&self, value: f64) -> Location {
        self.locate_exactly(value)
    }

    /// The operations of boost-histogram's `axis::regular`, to the letter: any other way of writing them moves some
    /// numbers across an edge.
    ///
    /// Without a branch or a saturating cast, so that a loop over many values becomes vector instructions.
    #[inline]
    pub(in crate::hist) fn locate_exactly(&self, value: f64) -> Location {
        let bins = f64::from(self.bins);
        let position = (value - self.low) / self.range * bins;
        // Below the number of bins exactly where the quotient is below 1: the largest such quotient does not round up
        // to it.
        let inside = (position >= 0.0) & (position < bins);
        // NaN fails the first comparison, and overflows.
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

/// The bin between ascending edges; NaN is above all of them, as everywhere.
#[inline(never)]
pub(super) fn locate_between(edges: &[f64], value: f64) -> Location {
    let index = if value.is_nan() {
        edges.len()
    } else {
        edges.partition_point(|&edge| edge <= value)
    };
    Location {
        index,
        inside: 0 < index && index < edges.len(),
        value,
    }
}

/// Categories in the order of their bins, and how to find one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Categories<T> {
    pub(super) names: Vec<T>,
    /// Bins in the order of their names.
    sorted: Vec<u32>,
}

impl<T: Ord + std::fmt::Debug> Categories<T> {
    pub(super) fn new(names: Vec<T>) -> Result<Self, Error> {
        if names.is_empty() {
            return Err(refusal("it has no categories"));
        }
        let mut sorted: Vec<u32> = (0..check_count(names.len())?).collect();
        sorted.sort_by_key(|&bin| &names[bin as usize]);
        for pair in sorted.windows(2) {
            let name = &names[pair[0] as usize];
            if name == &names[pair[1] as usize] {
                return Err(refusal(format!("the category {name:?} is there twice")));
            }
        }
        Ok(Categories { names, sorted })
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
