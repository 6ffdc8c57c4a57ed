//! How sums travel: compact, and checked on arrival.

use serde::{Deserialize, Serialize};

use super::limbs::Limbs;
use super::{ExactSum, MAX_BASE, Special, UNPLACED};

/// A sum as it is serialised: an empty one takes four bytes in a variable-length encoding.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Wire {
    special: u8,
    /// 0 when the window is unplaced.
    base: i16,
    window: i128,
    /// Place of the first digit, and the digits.
    spill: Option<(i32, Vec<i64>)>,
}

/// Digits lie within ±2^4096, far more than any sum of `f64` needs, and no message can ask for more.
const PLACES: std::ops::Range<i32> = -128..128;

impl From<ExactSum> for Wire {
    fn from(sum: ExactSum) -> Self {
        let Special {
            positive_infinity,
            negative_infinity,
            nan,
        } = sum.special;
        Wire {
            special: u8::from(positive_infinity) | u8::from(negative_infinity) << 1 | u8::from(nan) << 2,
            base: if sum.base == UNPLACED { 0 } else { sum.base },
            window: sum.window,
            spill: sum.spill.map(|mut limbs| {
                limbs.carry();
                (limbs.first, limbs.digits)
            }),
        }
    }
}

impl TryFrom<Wire> for ExactSum {
    type Error = &'static str;

    fn try_from(wire: Wire) -> Result<Self, Self::Error> {
        let unplaced = wire.base == 0;
        if !(0..=MAX_BASE).contains(&wire.base) || unplaced && wire.window != 0 || wire.special > 7 {
            return Err("the serialised exact sum is corrupt: its window lies nowhere");
        }
        let spill = match wire.spill {
            None => None,
            Some((first, digits)) => {
                let end = i64::from(first) + digits.len() as i64;
                let fits = PLACES.contains(&first) && end <= i64::from(PLACES.end);
                if !fits || digits.iter().any(|digit| digit.unsigned_abs() > 1 << 32) {
                    return Err("the serialised exact sum is corrupt: its digits are out of range");
                }
                Some(Box::new(Limbs::from_digits(first, digits)))
            }
        };
        Ok(ExactSum {
            window: wire.window,
            spill,
            base: if unplaced { UNPLACED } else { wire.base },
            special: Special {
                positive_infinity: wire.special & 1 != 0,
                negative_infinity: wire.special & 2 != 0,
                nan: wire.special & 4 != 0,
            },
        })
    }
}
