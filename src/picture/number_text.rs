//! Formats numbers as text for axes and statistics boxes.

/// Formats a power of ten in the usual notation: 1, 10, 10², 10⁻³.
pub(super) fn power_of_ten_text(exponent: i32) -> String {
    match exponent {
        0 => "1".to_string(),
        1 => "10".to_string(),
        _ => format!("10{}", superscript(exponent)),
    }
}

fn superscript(number: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digit = |c: char| c.to_digit(10).map_or('⁻', |d| DIGITS[d as usize]);
    number.to_string().chars().map(digit).collect()
}

/// Replaces a leading hyphen with the typographic minus sign, which is as wide as a plus sign, and drops the sign of
/// zero.
pub(super) fn with_minus_sign(number: &str) -> String {
    match number.strip_prefix('-') {
        Some(digits) if digits.chars().all(|c| c == '0' || c == '.') => digits.to_string(),
        Some(digits) => format!("−{digits}"),
        None => number.to_string(),
    }
}

/// Formats a number with at most `digits` significant digits and without trailing zeros, such as `5366.9`, `0.03` or
/// `2.1×10⁻⁷`, for statistics boxes and axis titles.
///
/// ```
/// use gaudi_mpi::picture::plain_number;
/// assert_eq!(plain_number(5366.8971, 5), "5366.9");
/// assert_eq!(plain_number(-0.03, 4), "−0.03");
/// assert_eq!(plain_number(2.13e-7, 2), "2.1×10⁻⁷");
/// ```
pub fn plain_number(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return with_minus_sign(&format!("{value}"));
    }
    let digits = digits.clamp(1, 17);
    // The number is rounded before its exponent is taken: 9.99 rounded to two digits is 10, which has a different
    // exponent.
    let scientific = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |number: &str| match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => number.to_string(),
    };
    if (-4..digits.max(6) as i32).contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        let rounded: f64 = scientific.parse().unwrap_or(value);
        with_minus_sign(&trim(&format!("{rounded:.decimals$}")))
    } else {
        with_minus_sign(&format!("{}×10{}", trim(mantissa), superscript(exponent)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        assert_eq!(plain_number(3.0, 6), "3");
        assert_eq!(plain_number(0.1 + 0.2, 6), "0.3");
        assert_eq!(plain_number(28_962.0, 9), "28962");
        assert_eq!(plain_number(5350.691, 5), "5350.7");
        assert_eq!(plain_number(-0.000_123_45, 3), "−0.000123");
        assert_eq!(plain_number(9.996, 3), "10");
        assert_eq!(plain_number(1e9, 4), "1×10⁹");
        assert_eq!(plain_number(123_456.0, 3), "123000");
        assert_eq!(plain_number(0.0, 3), "0");
        assert_eq!(plain_number(-0.0, 3), "0");
        assert_eq!(plain_number(f64::NAN, 3), "NaN");
        assert_eq!(plain_number(f64::NEG_INFINITY, 3), "−inf");
    }
}
