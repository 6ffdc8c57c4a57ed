//! The types that can be booked, and an enum that can contain an object of any of these types.

use serde::{Deserialize, Serialize};

use super::axis::Axis;
use super::error::{Error, check_same};
use super::histogram::{Histogram1D, Histogram2D, Histogram3D};
use super::profile::{Profile1D, Profile2D};

/// A histogram or profile of any type.
///
/// ```
/// use gaudi_mpi::hist::{Axis, Histogram1D, Object};
///
/// let object = Object::from(Histogram1D::new("Mass", Axis::uniform(3, 0.0, 3.0)));
/// assert_eq!((object.kind(), object.title(), object.entries()), ("Histogram1D", "Mass", 0));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the variants are named after their types")]
pub enum Object {
    Histogram1D(Histogram1D),
    Histogram2D(Histogram2D),
    Histogram3D(Histogram3D),
    Profile1D(Profile1D),
    Profile2D(Profile2D),
}

mod sealed {
    pub trait Sealed {}
}

/// The types that can be booked.
pub trait Bookable: Into<Object> + sealed::Sealed {
    /// The type's name, for use in messages.
    const KIND: &'static str;

    /// Returns a reference to the object as this type, or `None` if the object has another type.
    fn of(object: &Object) -> Option<&Self>;

    /// Returns a mutable reference to the object as this type, or `None` if the object has another type.
    fn of_mut(object: &mut Object) -> Option<&mut Self>;
}

macro_rules! bookable {
    ($($kind:ident),*) => {
        $(
            impl From<$kind> for Object {
                fn from(object: $kind) -> Self {
                    Object::$kind(object)
                }
            }

            impl sealed::Sealed for $kind {}

            impl Bookable for $kind {
                const KIND: &'static str = stringify!($kind);

                #[inline]
                fn of(object: &Object) -> Option<&Self> {
                    match object {
                        Object::$kind(object) => Some(object),
                        _ => None,
                    }
                }

                #[inline]
                fn of_mut(object: &mut Object) -> Option<&mut Self> {
                    match object {
                        Object::$kind(object) => Some(object),
                        _ => None,
                    }
                }
            }
        )*

        /// Evaluates an expression for the object, regardless of its type.
        macro_rules! for_any {
            ($object:expr, $name:ident => $result:expr) => {
                match $object {
                    $(crate::hist::bookable::Object::$kind($name) => $result,)*
                }
            };
        }

        impl Object {
            /// The name of the object's type: `Histogram1D`, …
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Object::$kind(_) => stringify!($kind),)*
                }
            }

            pub(super) fn check_mergeable(&self, other: &Self) -> Result<(), Error> {
                match (self, other) {
                    $((Object::$kind(mine), Object::$kind(theirs)) => mine.check_mergeable(theirs),)*
                    _ => check_same("kind", self.title(), self.kind(), other.kind()),
                }
            }

            /// Adds the fills of another object with the same type, title and axes.
            ///
            /// # Errors
            ///
            /// When the types, titles or axes differ. In that case, nothing is added.
            pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
                match (&mut *self, other) {
                    $((Object::$kind(mine), Object::$kind(theirs)) => mine.merge(theirs),)*
                    _ => self.check_mergeable(other),
                }
            }
        }
    };
}

bookable!(Histogram1D, Histogram2D, Histogram3D, Profile1D, Profile2D);
#[cfg(any(feature = "hdf5", feature = "pictures"))]
pub(super) use for_any;

impl Object {
    /// The title.
    pub fn title(&self) -> &str {
        for_any!(self, object => object.title())
    }

    /// The axes.
    pub fn axes(&self) -> &[Axis] {
        for_any!(self, object => object.axes())
    }

    /// The number of all fills, including those in under- and overflow.
    pub fn entries(&self) -> u64 {
        for_any!(self, object => object.entries())
    }
}
