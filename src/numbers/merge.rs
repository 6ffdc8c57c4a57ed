//! What can be summed is summed, lists are appended: how the outputs of many items become one.
//!
//! Workers finish in any order, and results travel up a tree of ranks, so the joining of two results must not depend on
//! which came first. Numbers are easy; lists are not: "appended in item order" can only be settled when all parts are
//! known. And the sum of floating-point numbers depends on its order unless it is kept exactly. So every type names
//! what its parts are [`Gathered`](Merge::Gathered) into on the way:
//!
//! | output | joined | gathered as |
//! |---|---|---|
//! | integers, `()` | added | itself |
//! | `f32`, `f64` | added, rounded once at the end | [`ExactSum`] |
//! | `Vec`, `String` | appended in item order | parts by item number |
//! | `Option` | what is there is joined | option |
//! | `BTreeMap`, `HashMap` | by key | map |
//! | `BTreeSet`, `HashSet` | united | itself |
//! | tuples to 8 | member by member | tuple |
//! | [`ExactSum`], [`Counter`](crate::Counter), [`Histograms`](crate::hist::Histograms) and each single histogram | added exactly | itself |
//!
//! Structures of these are made with [`mergeable!`](crate::mergeable); anything else implements [`Merge`] itself. An
//! output that cannot be merged does not compile:
//!
//! ```compile_fail
//! use gaudi_mpi::prelude::*;
//!
//! #[derive(Serialize, Deserialize)]
//! struct Nothing;
//!
//! impl Task for Nothing {
//!     type Item = u64;
//!     type Output = std::time::Instant; // what would the sum of two instants be?
//!     type Reply = ();
//!
//!     fn new_output(&self) -> std::time::Instant {
//!         std::time::Instant::now()
//!     }
//!     fn process(&mut self, _: &u64, _: &mut std::time::Instant) -> Result<()> {
//!         Ok(())
//!     }
//! }
//! ```

mod parts;

pub use parts::Parts;

use crate::numbers::exact_sum::ExactSum;
use serde::{Serialize, de::DeserializeOwned};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use std::ops::Range;

/// A result that can be put together from the results of single items, in any order, with always the same outcome.
///
/// The implementations in this crate are listed in the [module's page](self). A type of one's own that adds up:
///
/// ```
/// use gaudi_mpi::Merge;
/// use serde::{Deserialize, Serialize};
/// use std::ops::Range;
///
/// /// The largest momentum seen.
/// #[derive(Serialize, Deserialize, Default)]
/// struct Largest(u32);
///
/// impl Merge for Largest {
///     type Gathered = Self;
///
///     fn gather(self, _: Range<u64>) -> Self {
///         self
///     }
///     fn join(into: &mut Self, other: Self) {
///         into.0 = into.0.max(other.0);
///     }
///     fn finish(gathered: Self) -> Self {
///         gathered
///     }
/// }
/// ```
///
/// `join` must be commutative and associative, to the last bit: `join(a, b)` and `join(b, a)` have to finish the same,
/// and so have `join(join(a, b), c)` and `join(a, join(b, c))`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be merged, so it cannot be the output of a task",
    note = "numbers, lists, maps, options, tuples, counters and histograms can be; wrap the fields of a structure in `mergeable!`, or implement `Merge`"
)]
pub trait Merge: Sized + 'static {
    /// What parts are gathered into until all are there.
    type Gathered: Serialize + DeserializeOwned + 'static;

    /// True when even the items of one batch must not share an output, since what they add to it would depend on how
    /// items were batched: sums of plain floating-point numbers. Costs a fresh output for each item.
    const ITEMWISE: bool = false;

    /// Wraps the output of the items in this range of numbers, which is never empty unless the whole job is.
    fn gather(self, items: Range<u64>) -> Self::Gathered;

    /// Joins two gathered outputs of different items.
    fn join(into: &mut Self::Gathered, other: Self::Gathered);

    /// Makes the result when all parts are there.
    fn finish(gathered: Self::Gathered) -> Self;
}

/// Implements [`Merge`] for types that gather as themselves and join by an expression. Generic parameters, if any, go
/// in brackets before the type.
macro_rules! merge_in_place {
    ([$($generics:tt)*] $type:ty: |$into:ident, $other:ident| $join:expr) => {
        impl<$($generics)*> $crate::numbers::merge::Merge for $type {
            type Gathered = Self;
            fn gather(self, _: ::std::ops::Range<u64>) -> Self {
                self
            }
            fn join($into: &mut Self, $other: Self) {
                $join;
            }
            fn finish(gathered: Self) -> Self {
                gathered
            }
        }
    };
    ($($type:ty),+ : |$into:ident, $other:ident| $join:expr) => {
        $(merge_in_place!([] $type: |$into, $other| $join);)+
    };
}
pub(crate) use merge_in_place;

merge_in_place!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize: |into, other| {
    // An overflow must not depend on the order of the sum: wrapping addition is associative, and a sum that
    // left the type's range on the way is right again if the total is within it.
    *into = into.wrapping_add(other)
});
merge_in_place!((): |into, other| *into = other);
merge_in_place!(ExactSum: |into, other| into.merge(&other));

macro_rules! merge_float {
    ($($type:ty),+) => {$(
        impl Merge for $type {
            type Gathered = ExactSum;
            const ITEMWISE: bool = true;
            fn gather(self, _: Range<u64>) -> ExactSum {
                let mut sum = ExactSum::new();
                sum.add(f64::from(self));
                sum
            }
            fn join(into: &mut ExactSum, other: ExactSum) {
                into.merge(&other);
            }
            fn finish(gathered: ExactSum) -> Self {
                gathered.value() as $type
            }
        }
    )+};
}

merge_float!(f32, f64);

impl<T: Serialize + DeserializeOwned + 'static> Merge for Vec<T> {
    type Gathered = Parts<Vec<T>>;
    fn gather(self, items: Range<u64>) -> Self::Gathered {
        Parts::new(self, items)
    }
    fn join(into: &mut Self::Gathered, other: Self::Gathered) {
        into.join(other, |first, mut second| first.append(&mut second));
    }
    fn finish(gathered: Self::Gathered) -> Self {
        gathered.into_parts().flatten().collect()
    }
}

impl Merge for String {
    type Gathered = Parts<String>;
    fn gather(self, items: Range<u64>) -> Self::Gathered {
        Parts::new(self, items)
    }
    fn join(into: &mut Self::Gathered, other: Self::Gathered) {
        into.join(other, |first, second| first.push_str(&second));
    }
    fn finish(gathered: Self::Gathered) -> Self {
        gathered.into_parts().collect()
    }
}

impl<T: Merge> Merge for Option<T> {
    type Gathered = Option<T::Gathered>;
    const ITEMWISE: bool = T::ITEMWISE;
    fn gather(self, items: Range<u64>) -> Self::Gathered {
        self.map(|value| value.gather(items))
    }
    fn join(into: &mut Self::Gathered, other: Self::Gathered) {
        match (into.as_mut(), other) {
            (Some(into), Some(other)) => T::join(into, other),
            (None, other) => *into = other,
            (Some(_), None) => {}
        }
    }
    fn finish(gathered: Self::Gathered) -> Self {
        gathered.map(T::finish)
    }
}

/// Maps are merged by key.
macro_rules! merge_map {
    ($map:ident, $entries:ident, $($bounds:tt)+) => {
        impl<K: $($bounds)+ + Serialize + DeserializeOwned + 'static, V: Merge> Merge for $map<K, V> {
            type Gathered = $map<K, V::Gathered>;
            const ITEMWISE: bool = V::ITEMWISE;
            fn gather(self, items: Range<u64>) -> Self::Gathered {
                self.into_iter().map(|(key, value)| (key, value.gather(items.clone()))).collect()
            }
            fn join(into: &mut Self::Gathered, other: Self::Gathered) {
                use std::collections::$entries::Entry;
                for (key, value) in other {
                    match into.entry(key) {
                        Entry::Occupied(mut entry) => V::join(entry.get_mut(), value),
                        Entry::Vacant(entry) => drop(entry.insert(value)),
                    }
                }
            }
            fn finish(gathered: Self::Gathered) -> Self {
                gathered.into_iter().map(|(key, value)| (key, V::finish(value))).collect()
            }
        }
    };
}

merge_map!(BTreeMap, btree_map, Ord);
merge_map!(HashMap, hash_map, Eq + Hash);

merge_in_place!([T: Ord + Serialize + DeserializeOwned + 'static] BTreeSet<T>: |into, other| into.extend(other));
merge_in_place!([T: Eq + Hash + Serialize + DeserializeOwned + 'static] HashSet<T>: |into, other| into.extend(other));

macro_rules! merge_tuple {
    ($($name:ident $index:tt),+) => {
        impl<$($name: Merge),+> Merge for ($($name,)+) {
            type Gathered = ($($name::Gathered,)+);
            const ITEMWISE: bool = $($name::ITEMWISE)||+;
            fn gather(self, items: Range<u64>) -> Self::Gathered {
                ($(self.$index.gather(items.clone()),)+)
            }
            fn join(into: &mut Self::Gathered, other: Self::Gathered) {
                $($name::join(&mut into.$index, other.$index);)+
            }
            fn finish(gathered: Self::Gathered) -> Self {
                ($($name::finish(gathered.$index),)+)
            }
        }
    };
}

merge_tuple!(A 0);
merge_tuple!(A 0, B 1);
merge_tuple!(A 0, B 1, C 2);
merge_tuple!(A 0, B 1, C 2, D 3);
merge_tuple!(A 0, B 1, C 2, D 3, E 4);
merge_tuple!(A 0, B 1, C 2, D 3, E 4, F 5);
merge_tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
merge_tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

/// Declares a structure that [merges](Merge) field by field, so that it can be the output of a task.
///
/// ```
/// use gaudi_mpi::{Merge, mergeable};
///
/// mergeable! {
///     /// What is kept of each item.
///     #[derive(Debug, PartialEq)]
///     pub struct Found {
///         /// How many events were looked at.
///         pub events: u64,
///         /// The masses found, in item order.
///         pub masses: Vec<f64>,
///     }
/// }
///
/// let mut all = Found { events: 10, masses: vec![5367.2] }.gather(1..2);
/// Found::join(&mut all, Found { events: 20, masses: vec![5360.5] }.gather(0..1));
/// assert_eq!(Found::finish(all), Found { events: 30, masses: vec![5360.5, 5367.2] });
/// ```
#[macro_export]
macro_rules! mergeable {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident {
            $($(#[$field_attribute:meta])* $field_visibility:vis $field:ident : $type:ty),+ $(,)?
        }
    ) => {
        $(#[$attribute])*
        $visibility struct $name {
            $($(#[$field_attribute])* $field_visibility $field: $type),+
        }

        impl $crate::Merge for $name {
            // Pairs within pairs, so that the number of fields has no limit.
            type Gathered = $crate::mergeable!(@types $($type),+);
            const ITEMWISE: bool = $(<$type as $crate::Merge>::ITEMWISE)||+;

            fn gather(self, items: ::std::ops::Range<u64>) -> Self::Gathered {
                $crate::mergeable!(@gather self items $($field),+)
            }
            fn join(into: &mut Self::Gathered, other: Self::Gathered) {
                $crate::mergeable!(@join into other $($type),+);
            }
            fn finish(gathered: Self::Gathered) -> Self {
                $crate::mergeable!(@bind gathered $($field),+);
                Self { $($field: $crate::Merge::finish($field)),+ }
            }
        }
    };
    (@types $type:ty) => { <$type as $crate::Merge>::Gathered };
    (@types $type:ty, $($rest:ty),+) => { (<$type as $crate::Merge>::Gathered, $crate::mergeable!(@types $($rest),+)) };
    (@gather $self:ident $items:ident $field:ident) => { $crate::Merge::gather($self.$field, $items.clone()) };
    (@gather $self:ident $items:ident $field:ident, $($rest:ident),+) => {
        ($crate::Merge::gather($self.$field, $items.clone()), $crate::mergeable!(@gather $self $items $($rest),+))
    };
    (@join $into:ident $other:ident $type:ty) => { <$type as $crate::Merge>::join($into, $other) };
    (@join $into:ident $other:ident $type:ty, $($rest:ty),+) => {
        let (into, rest) = $into;
        let (other, others) = $other;
        <$type as $crate::Merge>::join(into, other);
        $crate::mergeable!(@join rest others $($rest),+)
    };
    (@bind $gathered:ident $field:ident) => { let $field = $gathered; };
    (@bind $gathered:ident $field:ident, $($rest:ident),+) => {
        let ($field, rest) = $gathered;
        $crate::mergeable!(@bind rest $($rest),+);
    };
}

#[cfg(test)]
mod tests;
