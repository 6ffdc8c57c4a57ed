//! Merging the outputs of many items into one output: numbers are added, and lists are concatenated.
//!
//! Workers finish in any order, and results travel up a tree of ranks. The order in which results are joined must
//! therefore not change the outcome. For integers, it does not. But the parts of a list can be concatenated in item
//! order only when all parts are known, and a floating-point sum depends on the order of its terms unless the sum is
//! exact. Each type therefore has an associated type, [`Gathered`](Merge::Gathered), in which its parts are collected:
//!
//! | output | joined | gathered as |
//! |---|---|---|
//! | integers, `()` | added | itself |
//! | `f32`, `f64` | added, rounded once at the end | [`ExactSum`] |
//! | `Vec`, `String` | appended in item order | parts by item number |
//! | `Option` | values are joined, `None` is ignored | option |
//! | `BTreeMap`, `HashMap` | values are joined by key | map |
//! | `BTreeSet`, `HashSet` | united | itself |
//! | tuples of up to 8 members | member by member | tuple |
//! | [`ExactSum`], [`Counter`], [`Histograms`], histograms and profiles | added exactly | itself |
//!
//! The macro [`mergeable!`](crate::mergeable) defines structs with fields of these types. For any other type, implement
//! [`Merge`]. A task whose output cannot be merged does not compile:
//!
//! ```compile_fail
//! use gaudi_mpi::prelude::*;
//!
//! #[derive(Serialize, Deserialize)]
//! struct Nothing;
//!
//! impl Task for Nothing {
//!     type Item = u64;
//!     type Output = std::time::Instant; // two instants have no sum
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
//!
//! [`Counter`]: crate::Counter
//! [`Histograms`]: crate::hist::Histograms

mod parts;

pub use parts::Parts;

use crate::numbers::exact_sum::ExactSum;
use serde::{Serialize, de::DeserializeOwned};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use std::ops::Range;

/// A result assembled from the results of single items, with the same outcome for any order of joining.
///
/// The [module documentation](self) lists the implementations in this crate. The following example implements the trait
/// for another type:
///
/// ```
/// use gaudi_mpi::Merge;
/// use serde::{Deserialize, Serialize};
/// use std::ops::Range;
///
/// /// The largest momentum.
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
/// `join` must be commutative and associative down to the last bit: `join(a, b)` and `join(b, a)` must give equal
/// results, and so must `join(join(a, b), c)` and `join(a, join(b, c))`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be merged, so it cannot be the output of a task",
    note = "numbers, lists, maps, options, tuples, counters and histograms can be merged",
    note = "define a structure of these with `mergeable!`, or implement `Merge`"
)]
pub trait Merge: Sized + 'static {
    /// The type in which the parts are kept until all parts are known.
    type Gathered: Serialize + DeserializeOwned + 'static;

    /// Whether each item needs a separate output, at the cost of creating a new output for every item. Sums of plain
    /// floating-point numbers need this: if the items of a batch added to the same output, the sum would depend on the
    /// division into batches.
    const ITEMWISE: bool = false;

    /// Wraps the output of the items whose numbers are in this range. The range is empty only if the whole job has no
    /// items.
    fn gather(self, items: Range<u64>) -> Self::Gathered;

    /// Joins two gathered outputs, which come from different items.
    fn join(into: &mut Self::Gathered, other: Self::Gathered);

    /// Returns the result after all parts have been joined.
    fn finish(gathered: Self::Gathered) -> Self;
}

/// Implements [`Merge`] for types that are their own gathered type and are joined by an expression. Generic parameters
/// are given in brackets before the type.
macro_rules! merge_in_place {
    ($(#[$attribute:meta])* [$($generics:tt)*] $type:ty: |$into:ident, $other:ident| $join:expr) => {
        $(#[$attribute])*
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
    // Wrapping addition is associative, so the result does not depend on the order even if it overflows. Partial sums
    // may overflow; the total is still correct if it is within the type's range.
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

/// Implements [`Merge`] for maps, which are joined key by key.
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

/// Declares a struct that [merges](Merge) field by field and can therefore be the output of a task.
///
/// ```
/// use gaudi_mpi::{Merge, mergeable};
///
/// mergeable! {
///     /// The output of each item.
///     #[derive(Debug, PartialEq)]
///     pub struct Found {
///         /// The number of events.
///         pub events: u64,
///         /// The masses of the candidates, in item order.
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
            // Nesting pairs allows any number of fields.
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
