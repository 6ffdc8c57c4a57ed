use super::*;

fn four(seed: u64, item: u64, stream: u64) -> [u64; 4] {
    let mut random = Random::with_stream(seed, item, stream);
    std::array::from_fn(|_| random.next_u64())
}

/// Do not change these numbers: if they had to change, the results of every job would change as well. They were
/// computed independently of this crate, with an implementation of both generators written from the papers.
#[test]
fn raw_numbers_are_the_same_on_every_platform_and_in_every_release() {
    let reference = [
        (
            (0, 0, 0),
            [
                0x338815df55ce63e4,
                0x948a4117576539c9,
                0x54fdcff36519b35c,
                0x568f623d9546a255,
            ],
        ),
        (
            (1, 0, 0),
            [
                0x1cff1b3ace0b4ded,
                0xb6a2758ddbaf0167,
                0x3b8b8c2b91adee5f,
                0x89cbf90d6238bf69,
            ],
        ),
        (
            (0, 1, 0),
            [
                0x5b82fd8923c0c8d3,
                0xb9654151e84f4980,
                0x3b2545e41c2182fa,
                0x31d4f7e9ad188e87,
            ],
        ),
        (
            (0, 0, 1),
            [
                0xc3dab3c1ee03e6f8,
                0x5e2c1cba9226eb81,
                0x68fd53a7ad1f0769,
                0x8c865216804eaad5,
            ],
        ),
        (
            (20260101, 123456789, 7),
            [
                0x01430df0b89baade,
                0x06f5dcfffb7b76f2,
                0x182cd4ea38670fec,
                0x73e8bfaf09bd83ac,
            ],
        ),
        (
            (u64::MAX, u64::MAX, u64::MAX),
            [
                0xa96d7a3fdb4e32ad,
                0xec142b2c4740a673,
                0x4130217298e771f6,
                0xbb181a3bd995d434,
            ],
        ),
    ];
    for ((seed, item, stream), numbers) in reference {
        assert_eq!(
            four(seed, item, stream),
            numbers,
            "seed {seed}, item {item}, stream {stream}"
        );
    }
}

/// The expected numbers were computed independently, like the raw numbers.
#[test]
fn numbers_from_plain_arithmetic_are_the_same_on_every_platform() {
    let mut random = Random::new(42, 7);
    for reference in [
        0.07497472445301256,
        0.7282383897028127,
        0.28764840537126624,
        0.49893394047137984,
    ] {
        assert_eq!(random.uniform(0.0, 1.0), reference);
    }
    assert_eq!(
        Random::new(42, 8).direction(),
        [-0.37550483767502973, 0.7999794337433611, 0.46800536585631247]
    );
    assert_eq!(Random::new(42, 9).breit_wigner(1019.46, 4.249), 1038.661198768387);
    assert_eq!(
        Random::new(42, 10).transverse_direction(),
        [-0.14719787471953413, 0.9891070648206151]
    );
}

/// Detects releases of `rand_distr` that use a different method. The tolerance allows for differences in the platform's
/// `exp` and `ln`.
#[test]
fn distributions_keep_their_method() {
    let mut random = Random::new(42, 11);
    let drawn = [
        random.gaussian(0.0, 1.0),
        random.gaussian(5366.93, 7.5),
        random.exponential(1.0),
        random.exponential(1520.0),
    ];
    let frozen = [
        -0.7546217219541547,
        5363.157552245222,
        1.8810915424686492,
        3447.613585904194,
    ];
    for (drawn, frozen) in drawn.into_iter().zip(frozen) {
        assert!(
            (drawn - frozen).abs() <= 1e-14 * frozen.abs(),
            "{drawn:?} instead of {frozen:?}"
        );
    }
    // This sample is large enough to reach the method's rare branches.
    for _ in 0..10_000 {
        random.gaussian(0.0, 1.0);
        random.exponential(1.0);
    }
    assert_eq!(random.next_u64(), 17316219540321583514);
}

#[test]
fn the_numbers_of_an_item_do_not_depend_on_other_items() {
    let forwards: Vec<_> = (0..1000).map(|item| four(3, item, 0)).collect();
    let mut backwards: Vec<_> = (0..1000).rev().map(|item| four(3, item, 0)).collect();
    backwards.reverse();
    assert_eq!(forwards, backwards);
}

#[test]
fn new_is_stream_zero() {
    assert_eq!(Random::new(5, 6), Random::with_stream(5, 6, 0));
}

/// Seed, item and stream are separate parts of the key: swapping them or adding them together gives other random
/// numbers.
#[test]
fn no_two_keys_share_their_numbers() {
    let mut first = std::collections::HashSet::new();
    for seed in 0..40 {
        for item in 0..40 {
            for stream in 0..40 {
                assert!(first.insert(four(seed, item, stream)));
            }
        }
    }
}

/// The χ² of `counts` against a flat expectation: expressed as its distance from the expected χ² in standard
/// deviations.
fn flatness(counts: &[u64]) -> f64 {
    let expected = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
    let chi2: f64 = counts.iter().map(|&n| (n as f64 - expected).powi(2) / expected).sum();
    let degrees = (counts.len() - 1) as f64;
    (chi2 - degrees) / (2.0 * degrees).sqrt()
}

fn bin(x: f64, bins: usize) -> usize {
    (x * bins as f64) as usize
}

#[test]
fn first_numbers_of_neighbouring_items_are_flat_and_independent() {
    let mut single = vec![0; 1000];
    let mut pairs = vec![0; 32 * 32];
    let mut last = 0.5;
    for item in 0..200_000 {
        let x = Random::new(77, item).uniform(0.0, 1.0);
        single[bin(x, 1000)] += 1;
        pairs[bin(last, 32) * 32 + bin(x, 32)] += 1;
        last = x;
    }
    assert!(flatness(&single).abs() < 4.0, "{}", flatness(&single));
    assert!(flatness(&pairs).abs() < 4.0, "{}", flatness(&pairs));
}

#[test]
fn numbers_of_one_item_are_flat_and_independent() {
    let mut random = Random::new(78, 0);
    let mut cubes = vec![0; 10 * 10 * 10];
    for _ in 0..200_000 {
        let [i, j, k] = std::array::from_fn(|_| bin(random.uniform(0.0, 1.0), 10));
        cubes[(i * 10 + j) * 10 + k] += 1;
    }
    assert!(flatness(&cubes).abs() < 4.0, "{}", flatness(&cubes));
}

/// For items and streams whose numbers differ by little or by one bit, Pearson's correlation coefficient between their
/// random sequences follows a Gaussian distribution around 0 with σ = 1/√n.
#[test]
fn sequences_of_close_keys_do_not_correlate() {
    let n = 20_000;
    let keys: Vec<(u64, u64, u64)> = vec![
        (9, 0, 0),
        (9, 1, 0),
        (9, 2, 0),
        (9, 1 << 32, 0),
        (9, 1 << 63, 0),
        (10, 0, 0),
        (9, 0, 1),
        (0, 9, 0),
        (0, 0, 9),
    ];
    let sequences: Vec<Vec<f64>> = keys
        .iter()
        .map(|&(seed, item, stream)| {
            let mut random = Random::with_stream(seed, item, stream);
            // The numbers are shifted and scaled to have mean 0 and variance 1.
            (0..n).map(|_| random.uniform(-(3f64.sqrt()), 3f64.sqrt())).collect()
        })
        .collect();
    for (i, a) in sequences.iter().enumerate() {
        for (j, b) in sequences.iter().enumerate().skip(i + 1) {
            let product: f64 = a.iter().zip(b).map(|(x, y)| x * y).sum();
            let deviations = product / (n as f64).sqrt();
            assert!(
                deviations.abs() < 4.0,
                "{:?} and {:?}: {deviations} σ",
                keys[i],
                keys[j]
            );
        }
    }
}

fn moments(n: usize, mut draw: impl FnMut() -> f64) -> (f64, f64) {
    let values: Vec<f64> = (0..n).map(|_| draw()).collect();
    let mean = values.iter().sum::<f64>() / n as f64;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
    (mean, variance.sqrt())
}

#[test]
fn distributions_have_their_moments() {
    let mut random = Random::new(79, 0);
    let n = 100_000;
    let sigma = (n as f64).sqrt().recip();
    let (mean, deviation) = moments(n, || random.gaussian(10.0, 2.0));
    assert!((mean - 10.0).abs() < 4.0 * 2.0 * sigma && (deviation - 2.0).abs() < 4.0 * 1.5 * sigma);
    let (mean, deviation) = moments(n, || random.exponential(3.0));
    assert!((mean - 3.0).abs() < 4.0 * 3.0 * sigma && (deviation - 3.0).abs() < 4.0 * 4.5 * sigma);
    let (mean, deviation) = moments(n, || random.uniform(-1.0, 5.0));
    assert!((mean - 2.0).abs() < 4.0 * 1.8 * sigma && (deviation - 3f64.sqrt()).abs() < 4.0 * sigma);
}

/// Half of a Breit–Wigner distribution lies within half its width of the centre, and three quarters within 1 + √2 times
/// that distance.
#[test]
fn breit_wigner_has_its_quantiles() {
    let mut random = Random::new(80, 0);
    let n = 100_000;
    let (mut half, mut three_quarters, mut above) = (0, 0, 0);
    for _ in 0..n {
        let x = random.breit_wigner(1019.46, 4.249) - 1019.46;
        above += u32::from(x > 0.0);
        half += u32::from(x.abs() < 0.5 * 4.249);
        three_quarters += u32::from(x.abs() < 0.5 * 4.249 * (1.0 + 2f64.sqrt()));
    }
    let tolerance = 4.0 * 0.5 / f64::from(n).sqrt();
    for (count, expected) in [(above, 0.5), (half, 0.5), (three_quarters, 0.75)] {
        assert!((f64::from(count) / f64::from(n) - expected).abs() < tolerance);
    }
}

#[test]
fn directions_are_unit_vectors_and_isotropic() {
    let mut random = Random::new(81, 0);
    let mut cells = vec![0; 20 * 20];
    let mut angles = vec![0; 50];
    for _ in 0..100_000 {
        let [x, y, z] = random.direction();
        assert!((x * x + y * y + z * z - 1.0).abs() < 1e-14);
        let turn = |x: f64, y: f64| (y.atan2(x) / std::f64::consts::TAU + 0.5).clamp(0.0, 1.0 - 1e-15);
        cells[bin((0.5 * (z + 1.0)).min(1.0 - 1e-15), 20) * 20 + bin(turn(x, y), 20)] += 1;
        let [x, y] = random.transverse_direction();
        assert!((x * x + y * y - 1.0).abs() < 1e-15 * 4.0);
        angles[bin(turn(x, y), 50)] += 1;
    }
    assert!(flatness(&cells).abs() < 4.0, "{}", flatness(&cells));
    assert!(flatness(&angles).abs() < 4.0, "{}", flatness(&angles));
}
