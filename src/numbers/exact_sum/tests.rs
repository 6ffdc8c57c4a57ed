use num_bigint::BigInt;
use proptest::prelude::*;

use super::*;

/// The value of a finite `f64` in units of the smallest subnormal number. Infinity is treated as the power of two above
/// the largest `f64`, so that rounding to infinity is a special case of rounding to nearest.
fn units(x: f64) -> BigInt {
    let field = (x.to_bits() >> 52) & 0x7ff;
    let significand = x.to_bits() & SIGNIFICAND;
    let magnitude = match field {
        0 => BigInt::from(significand),
        _ => BigInt::from(significand | 1 << 52) << (field - 1),
    };
    if x.is_sign_negative() { -magnitude } else { magnitude }
}

fn distance(exact: &BigInt, x: f64) -> BigInt {
    let difference = exact - units(x);
    if difference < BigInt::ZERO {
        -difference
    } else {
        difference
    }
}

/// Whether `x` is `exact` (in smallest subnormals) rounded to nearest, ties to even: no neighbour of `x` is nearer, and
/// any equally near neighbour is odd.
fn is_rounded(exact: &BigInt, x: f64) -> bool {
    let mine = distance(exact, x);
    [x.next_up(), x.next_down()]
        .into_iter()
        .filter(|neighbour| *neighbour != x)
        .all(|neighbour| {
            let theirs = distance(exact, neighbour);
            mine < theirs || mine == theirs && x.to_bits() & 1 == 0
        })
}

fn exact(terms: &[f64]) -> BigInt {
    terms.iter().map(|&term| units(term)).sum()
}

/// Generates finite numbers. Most have exponents from the whole range; some are subnormal numbers, small integers,
/// powers of two or the largest finite numbers.
fn finite() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |x| x.is_finite()),
        2 => -1e3..1e3_f64,
        1 => (0_u64..1 << 52, any::<bool>()).prop_map(|(bits, sign)| f64::from_bits(bits | u64::from(sign) << 63)),
        1 => (-1074..=1023_i32, any::<bool>()).prop_map(|(e, sign)| if sign { -exp2(e) } else { exp2(e) }),
        1 => (-9..9_i32).prop_map(f64::from),
        1 => prop_oneof![Just(f64::MAX), Just(f64::MIN), Just(0.0), Just(-0.0)],
    ]
}

fn exp2(exponent: i32) -> f64 {
    if exponent < -1022 {
        f64::from_bits(1 << (exponent + 1074))
    } else {
        f64::from_bits(((exponent + 1023) as u64) << 52)
    }
}

/// Numbers that span thirty orders of magnitude, as event weights might.
fn weight() -> impl Strategy<Value = f64> {
    (-15.0..15.0_f64, any::<bool>()).prop_map(|(power, sign)| 10_f64.powf(power) * if sign { -1.0 } else { 1.0 })
}

fn terms() -> impl Strategy<Value = Vec<f64>> {
    let some = prop_oneof![
        prop::collection::vec(finite(), 0..60),
        prop::collection::vec(weight(), 0..60)
    ];
    // Rounding errors become visible in sums whose terms cancel almost or exactly.
    (some, any::<bool>(), 0..60_usize).prop_map(|(mut terms, cancel, at)| {
        if cancel {
            terms.extend(terms.clone().into_iter().map(|x| -x));
            if at < terms.len() {
                terms.remove(at);
            }
        }
        terms
    })
}

/// Splits the terms into parts and merges neighbouring parts, in the order given by `choices`, until one part is left.
fn merge_tree(terms: &[f64], choices: &[usize], travel: bool) -> ExactSum {
    let size = choices.first().map_or(1, |choice| choice % 7 + 1);
    let mut parts: Vec<ExactSum> = terms
        .chunks(size)
        .map(|chunk| chunk.iter().copied().collect())
        .collect();
    let mut choices = choices.iter().cycle();
    while parts.len() > 1 {
        let at = choices.next().map_or(0, |choice| choice % (parts.len() - 1));
        let mut right = parts.remove(at + 1);
        if travel {
            right = round_trip(&right);
        }
        parts[at].merge(&right);
    }
    parts.pop().unwrap_or_default()
}

fn round_trip(sum: &ExactSum) -> ExactSum {
    let configuration = bincode::config::standard();
    let bytes = bincode::serde::encode_to_vec(sum, configuration).unwrap();
    let (back, used) = bincode::serde::decode_from_slice(&bytes, configuration).unwrap();
    assert_eq!(used, bytes.len());
    back
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_value_is_the_correctly_rounded_exact_sum(terms in terms()) {
        let value = terms.iter().copied().sum::<ExactSum>().value();
        prop_assert!(is_rounded(&exact(&terms), value), "{value:e} from {terms:?}");
    }

    #[test]
    fn neither_order_nor_grouping_nor_travel_matters(
        terms in terms(),
        shuffled in any::<prop::sample::Index>(),
        choices in prop::collection::vec(any::<usize>(), 1..9),
        travel in any::<bool>(),
    ) {
        let forwards: ExactSum = terms.iter().copied().collect();
        let mut reordered = terms.clone();
        if !reordered.is_empty() {
            let middle = shuffled.index(reordered.len());
            reordered.rotate_left(middle);
            reordered[middle / 2..].reverse();
        }
        let tree = merge_tree(&reordered, &choices, travel);
        prop_assert_eq!(forwards.value().to_bits(), tree.value().to_bits());
        prop_assert_eq!(forwards, tree);
    }

    #[test]
    fn fixed_point_numbers_add_exactly(
        terms in prop::collection::vec(finite(), 0..20),
        fixed in any::<i128>(),
        exponent in -1074..900,
    ) {
        let mut sum: ExactSum = terms.iter().copied().collect();
        sum.add_fixed(fixed, exponent);
        let mut first = ExactSum::new();
        first.add_fixed(fixed, exponent);
        first.extend(terms.iter().copied());
        prop_assert_eq!(&first, &sum);
        let exact = exact(&terms) + (BigInt::from(fixed) << (exponent + 1074));
        prop_assert!(is_rounded(&exact, sum.value()));
    }

    #[test]
    fn sums_that_differ_in_any_bit_are_unequal(terms in terms(), extra in finite()) {
        let sum: ExactSum = terms.iter().copied().collect();
        let mut more = sum.clone();
        more.add(extra);
        prop_assert_eq!(sum == more, extra == 0.0);
    }

    #[test]
    fn corrupt_bytes_give_an_error_or_a_usable_sum(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        if let Ok((sum, _)) = bincode::serde::decode_from_slice::<ExactSum, _>(&bytes, bincode::config::standard()) {
            let mut other: ExactSum = [1e300, 1e-300].into_iter().collect();
            other.merge(&sum);
            other.add(1.0);
            other.value();
        }
    }
}

#[test]
fn an_empty_sum_is_positive_zero() {
    assert_eq!(ExactSum::new().value().to_bits(), 0);
    assert_eq!([-0.0].into_iter().sum::<ExactSum>().value().to_bits(), 0);
    assert_eq!(
        [1e300, 1e-300, -1e300, -1e-300]
            .into_iter()
            .sum::<ExactSum>()
            .value()
            .to_bits(),
        0
    );
    assert!([5e-324, -5e-324].into_iter().sum::<ExactSum>().is_zero());
}

#[test]
fn infinities_and_nan_follow_ieee_in_any_order() {
    let infinity = f64::INFINITY;
    for (terms, expected) in [
        (vec![infinity, 1.0], infinity),
        (vec![1e308, -infinity], -infinity),
        (vec![infinity, -infinity], f64::NAN),
        (vec![f64::NAN, 1.0], f64::NAN),
        (vec![f64::NAN, infinity], f64::NAN),
    ] {
        for terms in [terms.clone(), terms.into_iter().rev().collect()] {
            let sum: ExactSum = terms.iter().copied().collect();
            let merged = merge_tree(&terms, &[0], true);
            assert_eq!(sum.value().to_bits(), expected.to_bits(), "{terms:?}");
            assert_eq!(sum, merged);
            assert!(!sum.is_zero());
        }
    }
}

#[test]
fn a_sum_beyond_the_largest_number_is_infinite_until_it_comes_back() {
    let mut sum: ExactSum = [f64::MAX, f64::MAX].into_iter().collect();
    assert_eq!(sum.value(), f64::INFINITY);
    sum.add(f64::MIN);
    assert_eq!(sum.value(), f64::MAX);
}

#[test]
fn many_terms_overflow_neither_the_window_nor_the_digits() {
    let mut sum = ExactSum::new();
    sum.add(1.0);
    // The window has room for only a limited number of large terms, and every small term is added to the accumulator.
    let (large, small) = (1.5 * exp2(40), 0.75 * exp2(-200));
    let terms: u32 = 3_000_000;
    for _ in 0..terms {
        sum.add(large);
        sum.add(small);
    }
    let exact = units(1.0) + (units(large) + units(small)) * terms;
    assert!(is_rounded(&exact, sum.value()));
    let mut limbs = Limbs::default();
    limbs.digits = vec![(1 << 62) - 1, -(1 << 62), (1 << 62) - 1];
    let value = limbs.clone().value();
    limbs.carry();
    assert_eq!(value, limbs.value());
}

#[test]
fn a_sum_takes_32_bytes_and_an_empty_one_travels_in_four() {
    assert_eq!(size_of::<ExactSum>(), 32);
    let bytes = bincode::serde::encode_to_vec(ExactSum::new(), bincode::config::standard()).unwrap();
    assert_eq!(bytes.len(), 4);
}

proptest! {
    #[test]
    fn the_terms_of_a_sum_depend_on_it_alone_and_add_up_to_it(numbers in prop::collection::vec(finite(), 0..20)) {
        let sum: ExactSum = numbers.iter().copied().collect();
        let terms = sum.terms();
        if sum.value().is_finite() {
            prop_assert_eq!(exact(&terms), exact(&numbers));
            prop_assert!(terms.iter().all(|&term| term != 0.0));
            prop_assert_eq!(terms.first().copied().unwrap_or(0.0), sum.value());
            prop_assert_eq!(terms.iter().copied().collect::<ExactSum>().terms(), terms);
        } else {
            prop_assert_eq!(terms, [sum.value()]);
        }
    }
}
