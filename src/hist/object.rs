//! The kinds of objects that a book holds.

use serde::{Deserialize, Serialize};

use super::{Axis, Error, Histogram1D, Histogram2D, Histogram3D, Profile1D, Profile2D};

/// Whatever can be booked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names of the variants are those of the types")]
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
    /// Name of the type in messages.
    const KIND: &'static str;

    /// The object as this type, if it is one.
    fn of(object: &Object) -> Option<&Self>;

    /// The object as this type, if it is one, to be filled.
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

        /// Does the same with whatever type the object has.
        macro_rules! for_any {
            ($object:expr, $name:ident => $result:expr) => {
                match $object {
                    $(Object::$kind($name) => $result,)*
                }
            };
        }

        impl Object {
            /// Name of the object's type: `Histogram1D`, …
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Object::$kind(_) => stringify!($kind),)*
                }
            }

            pub(super) fn check_mergeable(&self, other: &Self) -> Result<(), Error> {
                match (self, other) {
                    $((Object::$kind(mine), Object::$kind(theirs)) => mine.check_mergeable(theirs),)*
                    _ => super::check_same("kind", self.title(), self.kind(), other.kind()),
                }
            }

            /// Adds the fills of another object of the same kind, title and axes.
            ///
            /// # Errors
            ///
            /// When kinds, titles or axes differ; nothing has been added then.
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

    /// Number of all fills.
    pub fn entries(&self) -> u64 {
        for_any!(self, object => object.entries())
    }
}
