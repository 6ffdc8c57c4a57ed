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
}

impl Uniform {
    pub(super) fn new(bins: u32, low: f64, high: f64) -> Self {
        Uniform {
            low,
            high,
            bins,
            range: high - low,
        }
    }

    /// How many bins from the lowest edge a value lies: inside if it is from 0 to below the number of bins.
    ///
    /// The operations are those of boost-histogram's `axis::regular`, to the letter: any other way of writing them moves some
    /// numbers across an edge.
    #[inline]
    fn position(&self, value: f64) -> f64 {
        (value - self.low) / self.range * f64::from(self.bins)
    }

    #[inline]
    pub(in crate::hist) fn locate(&self, value: f64) -> Location {
        let position = self.position(value);
        let inside = position >= 0.0 && position < f64::from(self.bins);
        let index = if inside {
            position as u32 as usize + 1
        } else if position < 0.0 {
            0
        } else {
            self.bins as usize + 1
        };
        Location { index, inside, value }
    }

    /// The same as [`locate`](Self::locate) without a branch or a saturating cast: for one value it takes longer, in a loop over
    /// many it becomes vector instructions.
    #[inline]
    pub(in crate::hist) fn locate_in_block(&self, value: f64) -> Location {
        // 1.5 · 2⁵²: added to a smaller number, it leaves the nearest integer in the lowest bits.
        const ROUND: f64 = 6_755_399_441_055_744.0;
        let bins = f64::from(self.bins);
        let position = self.position(value);
        let inside = (position >= 0.0) & (position < bins);
        // NaN fails the first comparison, and overflows.
        let position = if position < bins { position } else { bins };
        let position = if position > -1.0 { position } else { -1.0 };
        let rounded = position + ROUND;
        let up = u64::from(rounded - ROUND > position);
        let index = rounded.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(1) - up;
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
