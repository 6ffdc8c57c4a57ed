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
    /// How far from the middle of a bin, in bins, the quick way to find it is right beyond doubt.
    certain: f64,
}

impl Uniform {
    pub(super) fn new(bins: u32, low: f64, high: f64) -> Self {
        let (count, range) = (f64::from(bins), high - low);
        Uniform {
            low,
            high,
            bins,
            range,
            density: count / range,
            certain: 0.5 - count * 2_f64.powi(-49),
        }
    }

    /// The bin that [`locate_exactly`](Self::locate_exactly) finds, mostly without its division.
    ///
    /// Before rounding to a whole number both ways are wrong by less than 2⁻⁵² of `bins`, having rounded twice each. Where the
    /// quick result is farther than four times their difference from a whole number, both round to the same one.
    #[inline]
    pub(in crate::hist) fn locate(&self, value: f64) -> Location {
        let position = (value - self.low) * self.density;
        let bin = position as i32;
        let from_middle = position - f64::from(bin) - 0.5;
        if from_middle.abs() < self.certain && (bin as u32) < self.bins {
            Location {
                index: bin as usize + 1,
                inside: true,
                value,
            }
        } else {
            self.locate_exactly(value)
        }
    }

    /// The operations of boost-histogram's `axis::regular`, to the letter: any other way of writing them moves some
    /// numbers across an edge.
    #[cold]
    #[inline(never)]
    pub(in crate::hist) fn locate_exactly(&self, value: f64) -> Location {
        let z = (value - self.low) / self.range;
        let inside = (0.0..1.0).contains(&z);
        let index = if inside {
            (z * f64::from(self.bins)) as usize + 1
        } else if z < 0.0 {
            0
        } else {
            self.bins as usize + 1
        };
        Location { index, inside, value }
    }

    pub(super) fn edge(&self, edge: u32) -> f64 {
        let z = f64::from(edge) / f64::from(self.bins);
        (1.0 - z) * self.low + z * (self.low + self.range)
    }
}

/// The bin between ascending edges; NaN is above all of them, as everywhere.
#[inline]
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
