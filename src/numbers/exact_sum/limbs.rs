//! Fixed-point numbers of any length, and their rounding to `f64`.

/// A sum of multiples of powers of two: Σᵢ `digits[i]` · 2^(32·(first + i)).
///
/// Digits have spare bits beyond the 32 bits of their place, so an addition changes only the digits that the term
/// overlaps. Carries are propagated only once every 2²⁹ additions.
#[derive(Clone, Default)]
pub(super) struct Limbs {
    first: i32,
    pub(super) digits: Vec<i64>,
    /// The number of additions since carries were last propagated.
    pending: u32,
}

/// The digit places accepted when deserialising. They cover numbers up to 2^4096, far more than a sum of `f64` values
/// needs. The limit bounds the memory that a corrupt message can request.
const PLACES: std::ops::Range<i32> = -128..128;
const DIGIT_BITS: i32 = 32;
const DIGIT_MASK: i64 = 0xffff_ffff;
/// An addition changes a digit by less than 2³³, so after this many additions the digit is still below 2⁶³.
const MAX_PENDING: u32 = 1 << 29;

impl Limbs {
    /// Returns the number with these deserialised digits, or `None` if a digit or a place is out of range.
    pub(super) fn from_digits(first: i32, digits: Vec<i64>) -> Option<Self> {
        let end = i64::from(first) + digits.len() as i64;
        let fits = PLACES.contains(&first) && end <= i64::from(PLACES.end);
        let small = digits.iter().all(|digit| digit.unsigned_abs() <= 1 << 32);
        (fits && small).then_some(Limbs {
            first,
            digits,
            pending: 1,
        })
    }

    /// Returns the place of the first digit, followed by the digits.
    pub(super) fn into_digits(mut self) -> (i32, Vec<i64>) {
        self.carry();
        (self.first, self.digits)
    }

    /// Adds `multiple` · 2^`exponent`.
    pub(super) fn add(&mut self, multiple: i128, exponent: i32) {
        let place = exponent.div_euclid(DIGIT_BITS);
        let offset = exponent.rem_euclid(DIGIT_BITS);
        let magnitude = multiple.unsigned_abs();
        let used = DIGIT_BITS.max(offset + 128 - magnitude.leading_zeros() as i32);
        self.cover(place, place + (used + DIGIT_BITS - 1) / DIGIT_BITS);
        let sign = if multiple < 0 { -1 } else { 1 };
        // The lowest digit receives the term's lowest 32 − offset bits; each of the other digits receives 32 bits.
        let mut digit = i64::from((magnitude << offset) as u32);
        let mut rest = magnitude >> (DIGIT_BITS - offset);
        let mut at = (place - self.first) as usize;
        loop {
            self.digits[at] += sign * digit;
            if rest == 0 {
                break;
            }
            digit = i64::from(rest as u32);
            rest >>= DIGIT_BITS;
            at += 1;
        }
        self.count_addition();
    }

    pub(super) fn merge(&mut self, other: &Limbs) {
        if other.digits.is_empty() {
            return;
        }
        let mut other = other.clone();
        other.carry();
        self.cover(other.first, other.first + other.digits.len() as i32);
        let offset = (other.first - self.first) as usize;
        for (mine, theirs) in self.digits[offset..].iter_mut().zip(&other.digits) {
            *mine += theirs;
        }
        self.count_addition();
    }

    pub(super) fn negate(&mut self) {
        self.digits.iter_mut().for_each(|digit| *digit = -*digit);
    }

    pub(super) fn is_zero(&self) -> bool {
        let mut carried = self.clone();
        carried.carry();
        carried.digits.iter().all(|&digit| digit == 0)
    }

    /// Returns the nearest `f64`, ties to even.
    pub(super) fn value(mut self) -> f64 {
        self.carry();
        let negative = self.digits.last().is_some_and(|&top| top < 0);
        if negative {
            self.negate();
            self.carry();
        }
        let Some(top) = self.digits.iter().rposition(|&digit| digit != 0) else {
            return 0.0;
        };
        // Four digits hold at least 97 significant bits.
        let bottom = top.saturating_sub(3);
        let magnitude = self.digits[bottom..=top]
            .iter()
            .rev()
            .fold(0, |sum, &digit| (sum << DIGIT_BITS) | digit as u128);
        let inexact = self.digits[..bottom].iter().any(|&digit| digit != 0);
        round_to_f64(negative, magnitude, inexact, DIGIT_BITS * (self.first + bottom as i32))
    }

    /// Propagates the carries. Afterwards, all digits except the last are in 0 .. 2³². The last digit, which carries
    /// the sign of the number, is in −2³² .. 2³².
    pub(super) fn carry(&mut self) {
        let Some(last) = self.digits.len().checked_sub(1) else {
            return;
        };
        let mut carry = 0;
        for digit in &mut self.digits[..last] {
            let sum = *digit + carry;
            *digit = sum & DIGIT_MASK;
            carry = sum >> DIGIT_BITS;
        }
        self.digits[last] += carry;
        while self
            .digits
            .last()
            .is_some_and(|top| !(-DIGIT_MASK - 1..=DIGIT_MASK).contains(top))
        {
            let top = self.digits.len() - 1;
            let carry = self.digits[top] >> DIGIT_BITS;
            self.digits[top] &= DIGIT_MASK;
            self.digits.push(carry);
        }
        self.pending = 1;
    }

    fn count_addition(&mut self) {
        self.pending += 1;
        if self.pending >= MAX_PENDING {
            self.carry();
        }
    }

    /// Makes room for the places from `first` up to but not including `end`.
    fn cover(&mut self, first: i32, end: i32) {
        if self.digits.is_empty() {
            self.first = first;
        }
        if first < self.first {
            let missing = (self.first - first) as usize;
            self.digits.splice(..0, std::iter::repeat_n(0, missing));
            self.first = first;
        }
        let length = (end - self.first) as usize;
        if length > self.digits.len() {
            self.digits.resize(length, 0);
        }
    }
}

/// Rounds ±(`magnitude` + ε) · 2^`exponent` to the nearest `f64`, ties to even. ε lies between 0 and 1 if the magnitude
/// is `inexact`; otherwise, it is 0. An inexact magnitude must have at least 64 significant bits.
pub(super) fn round_to_f64(negative: bool, magnitude: u128, inexact: bool, exponent: i32) -> f64 {
    if magnitude == 0 {
        return 0.0;
    }
    let bits = 128 - magnitude.leading_zeros() as i32;
    let leading = exponent + bits - 1;
    if leading > 1023 {
        return if negative { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    // The exponent of the last bit of the result's significand.
    let last = (leading - 52).max(-1074);
    let dropped = last - exponent;
    let significand = match dropped {
        ..=0 => (magnitude << -dropped) as u64,
        1..=128 => {
            let kept = magnitude.checked_shr(dropped as u32).unwrap_or(0) as u64;
            let half = 1_u128 << (dropped - 1);
            let rest = magnitude & (half | (half - 1));
            let up = rest > half || rest == half && (inexact || kept & 1 == 1);
            kept + u64::from(up)
        }
        _ => 0,
    };
    // If the significand rounds up to 2⁵³, the carry into the exponent field gives the correct exponent.
    let hidden = 1_u64 << 52;
    let unsigned = match significand.checked_sub(hidden) {
        Some(fraction) => (((last + 1075) as u64) << 52) + fraction,
        None => significand,
    };
    f64::from_bits(unsigned | u64::from(negative) << 63)
}
