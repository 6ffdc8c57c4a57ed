//! The infinities and NaNs among the terms of a sum.

/// The kinds of non-finite terms in a sum, as a bit set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct NonFinite(u8);

const POSITIVE_INFINITY: u8 = 1;
const NEGATIVE_INFINITY: u8 = 2;
const NAN: u8 = 4;

impl NonFinite {
    pub(super) const NONE: Self = NonFinite(0);

    /// Adds a term that is not finite.
    pub(super) fn add(&mut self, term: f64) {
        self.0 |= match term {
            f64::INFINITY => POSITIVE_INFINITY,
            f64::NEG_INFINITY => NEGATIVE_INFINITY,
            _ => NAN,
        };
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// The value of a sum with these terms, or `None` if all terms are finite.
    pub(super) fn value(self) -> Option<f64> {
        match self.0 {
            0 => None,
            POSITIVE_INFINITY => Some(f64::INFINITY),
            NEGATIVE_INFINITY => Some(f64::NEG_INFINITY),
            _ => Some(f64::NAN),
        }
    }

    pub(super) fn bits(self) -> u8 {
        self.0
    }

    /// Returns `None` for a bit pattern that no combination of terms can produce.
    pub(super) fn from_bits(bits: u8) -> Option<Self> {
        (bits <= POSITIVE_INFINITY | NEGATIVE_INFINITY | NAN).then_some(NonFinite(bits))
    }
}
