//! The values that a histogram can be filled with.

/// A value along one axis: a number for a uniform or variable axis, an integer for an axis with integer categories, or
/// a string for an axis with named categories.
///
/// Implement this trait for your own types to fill histograms with them directly:
///
/// ```
/// use gaudi_mpi::hist::{Axis, Coordinate, Histogram1D};
///
/// #[derive(Clone, Copy)]
/// enum TrackType { Long, Downstream }
///
/// impl Coordinate for TrackType {
///     fn text(&self) -> Option<&str> {
///         Some(match self { TrackType::Long => "Long", TrackType::Downstream => "Downstream" })
///     }
/// }
///
/// let mut types = Histogram1D::new("Track types", Axis::categories(["Long", "Downstream"]));
/// types.fill(TrackType::Downstream);
/// assert_eq!(types.values(), [0.0, 1.0]);
/// ```
pub trait Coordinate {
    /// The value as a number, for uniform and variable axes; `None` if it is not a number.
    #[inline]
    fn number(&self) -> Option<f64> {
        None
    }

    /// The value as an integer, for axes with integer categories; `None` if it is not an integer.
    #[inline]
    fn integer(&self) -> Option<i64> {
        None
    }

    /// The value as a string, for axes with named categories; `None` if it is not a string.
    #[inline]
    fn text(&self) -> Option<&str> {
        None
    }
}

impl Coordinate for f64 {
    #[inline]
    fn number(&self) -> Option<f64> {
        Some(*self)
    }

    #[inline]
    fn integer(&self) -> Option<i64> {
        // Every integer up to 2⁵³ is exactly representable as an `f64`. Several larger integers may convert to the same
        // `f64`.
        (self.trunc() == *self && self.abs() <= 9_007_199_254_740_992.0).then_some(*self as i64)
    }
}

impl Coordinate for f32 {
    #[inline]
    fn number(&self) -> Option<f64> {
        Some(f64::from(*self))
    }

    #[inline]
    fn integer(&self) -> Option<i64> {
        f64::from(*self).integer()
    }
}

macro_rules! integers {
    ($($integer:ty),*) => {
        $(impl Coordinate for $integer {
            #[inline]
            fn number(&self) -> Option<f64> {
                Some(*self as f64)
            }

            #[inline]
            fn integer(&self) -> Option<i64> {
                i64::try_from(*self).ok()
            }
        })*
    };
}

integers!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);

impl Coordinate for str {
    #[inline]
    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

impl Coordinate for String {
    #[inline]
    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

impl<C: Coordinate + ?Sized> Coordinate for &C {
    #[inline]
    fn number(&self) -> Option<f64> {
        (**self).number()
    }

    #[inline]
    fn integer(&self) -> Option<i64> {
        (**self).integer()
    }

    #[inline]
    fn text(&self) -> Option<&str> {
        (**self).text()
    }
}
