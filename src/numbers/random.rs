//! Random numbers that depend on the job's seed and the item only, never on who computed it or when.
//!
//! A farm hands items to whichever worker is free, so a generator that runs on from item to item would give
//! other numbers on every schedule. [`Random`] is instead made anew for each item:
//!
//! ```
//! use gaudi_mpi::numbers::random::Random;
//!
//! let job_seed = 20_260;
//! let mut random = Random::new(job_seed, 17); // item 17 of the job, on any rank
//! let entry = random.gaussian(5366.9, 7.5);
//! assert_eq!(entry, Random::new(job_seed, 17).gaussian(5366.9, 7.5));
//! ```
//!
//! **How it is made.** The three numbers (seed, item, stream) are the key of one ChaCha8 block (D. J. Bernstein,
//! "ChaCha, a variant of Salsa20", 2008), whose first 32 bytes are the state of a xoshiro256++ generator
//! (D. Blackman, S. Vigna, ACM Trans. Math. Softw. 47, 36, 2021). The cipher makes neighbouring seeds and items as
//! unrelated as any others; xoshiro256++ is fast, with a period of 2²⁵⁶ − 1. None of it is fit for secrets.
//!
//! **What is fixed.** Raw numbers, [`uniform`](Random::uniform), [`direction`](Random::direction) and
//! [`breit_wigner`](Random::breit_wigner) use nothing but integer and correctly rounded arithmetic: they are the same
//! on every platform and in every release of this crate, and the tests hold them to it. Distributions of
//! [`rand_distr`], [`gaussian`](Random::gaussian) and [`exponential`](Random::exponential) among them, also call the
//! platform's `exp` and `ln` (for one number in a hundred or fewer), so there the last bit may differ between machines
//! with different mathematical libraries.

use std::convert::Infallible;

use rand::{Rng, RngExt, SeedableRng, TryRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;

pub use {rand, rand_distr};

/// The last quarter of the ChaCha key: keeps these streams apart from any other use of the same numbers as a key.
const DOMAIN: [u8; 8] = *b"gaudimpi";

/// The random numbers of one item: a function of (job seed, item number, stream) and nothing else.
///
/// It implements the generator traits of [`rand`], so every distribution of [`rand_distr`] can be sampled with it:
///
/// ```
/// use gaudi_mpi::numbers::random::{Random, rand::RngExt, rand_distr::Poisson};
///
/// let mut random = Random::new(1, 0);
/// let noise_hits: f64 = random.sample(Poisson::new(12.5)?);
/// let module = random.random_range(0..52);
/// # assert!(noise_hits >= 0.0 && module < 52);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Making one costs about 0.1 µs, so there can be one for each event as well as one for each file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Random {
    generator: Xoshiro256PlusPlus,
}

impl Random {
    /// The generator of item number `item` in a job with this seed.
    ///
    /// The same as [`with_stream`](Random::with_stream) with stream 0.
    pub fn new(seed: u64, item: u64) -> Self {
        Self::with_stream(seed, item, 0)
    }

    /// One of 2⁶⁴ independent generators of the same item.
    ///
    /// For whatever must draw its own numbers without disturbing the others': each of a job's passes over its items,
    /// or each algorithm of a sequence.
    ///
    /// ```
    /// use gaudi_mpi::numbers::random::Random;
    ///
    /// let first_pass = Random::with_stream(1, 17, 0).uniform(0.0, 1.0);
    /// let second_pass = Random::with_stream(1, 17, 1).uniform(0.0, 1.0);
    /// assert_ne!(first_pass, second_pass);
    /// ```
    pub fn with_stream(seed: u64, item: u64, stream: u64) -> Self {
        let mut key = [0; 32];
        key[0..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&item.to_le_bytes());
        key[16..24].copy_from_slice(&stream.to_le_bytes());
        key[24..32].copy_from_slice(&DOMAIN);
        let mut state = [0; 32];
        ChaCha8Rng::from_seed(key).fill_bytes(&mut state);
        Self {
            generator: Xoshiro256PlusPlus::from_seed(state),
        }
    }

    /// A number uniform between `low` and `high`.
    ///
    /// `low` is included; `high` comes out only where rounding leads there. Steps are 2⁻⁵³ of the interval.
    #[inline]
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.random::<f64>()
    }

    /// A number from the Gaussian distribution with this mean and standard deviation.
    #[inline]
    pub fn gaussian(&mut self, mean: f64, sigma: f64) -> f64 {
        let standard: f64 = StandardNormal.sample(self);
        mean + sigma * standard
    }

    /// A number from the exponential distribution with this mean (for a decay, the mean lifetime).
    #[inline]
    pub fn exponential(&mut self, mean: f64) -> f64 {
        let standard: f64 = Exp1.sample(self);
        mean * standard
    }

    /// A number from the non-relativistic Breit–Wigner (Cauchy) distribution with this mean and full width at half
    /// maximum.
    ///
    /// Its tails are long, and it has neither a mean nor a variance: for the mass of a resonance, reject what lies
    /// beyond the masses that can be.
    #[inline]
    pub fn breit_wigner(&mut self, mean: f64, width: f64) -> f64 {
        // The ratio of the coordinates of a point in the unit disc is the tangent of a uniform angle.
        loop {
            let (x, y, _) = self.point_in_disc();
            if y != 0.0 {
                return mean + 0.5 * width * (x / y);
            }
        }
    }

    /// A unit vector (x, y, z), isotropic in space.
    ///
    /// By the method of G. Marsaglia, Ann. Math. Statist. 43, 645 (1972).
    #[inline]
    pub fn direction(&mut self) -> [f64; 3] {
        let (x, y, square) = self.point_in_disc();
        let scale = 2.0 * (1.0 - square).sqrt();
        [x * scale, y * scale, 1.0 - 2.0 * square]
    }

    /// (cos φ, sin φ) of an angle uniform in the full circle: a direction in the transverse plane.
    #[inline]
    pub fn transverse_direction(&mut self) -> [f64; 2] {
        loop {
            let (x, y, square) = self.point_in_disc();
            // The coordinates are multiples of 2⁻⁵², so the square is either 0 or far from underflow.
            if square > 0.0 {
                let length = square.sqrt();
                return [x / length, y / length];
            }
        }
    }

    /// (x, y, x² + y²) of a point uniform in the open unit disc.
    #[inline]
    fn point_in_disc(&mut self) -> (f64, f64, f64) {
        loop {
            let x = self.uniform(-1.0, 1.0);
            let y = self.uniform(-1.0, 1.0);
            let square = x * x + y * y;
            if square < 1.0 {
                return (x, y, square);
            }
        }
    }
}

impl TryRng for Random {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.generator.try_next_u32()
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.generator.try_next_u64()
    }

    #[inline]
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.generator.try_fill_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn four(seed: u64, item: u64, stream: u64) -> [u64; 4] {
        let mut random = Random::with_stream(seed, item, stream);
        std::array::from_fn(|_| random.next_u64())
    }

    /// Changing any of these changes the results of every job ever run: don't.
    /// They were computed apart from this crate, by an implementation of both generators from their papers.
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

    /// Computed apart, as the raw numbers were.
    #[test]
    fn plain_arithmetic_on_them_is_the_same_everywhere_too() {
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

    /// Guards against another release of `rand_distr` changing its method; the tolerance is for the platform's `exp`
    /// and `ln`.
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
        // Enough of them to pass through the rare branches of the method.
        for _ in 0..10_000 {
            random.gaussian(0.0, 1.0);
            random.exponential(1.0);
        }
        assert_eq!(random.next_u64(), 17316219540321583514);
    }

    #[test]
    fn an_item_has_its_numbers_whatever_was_drawn_before() {
        let forwards: Vec<_> = (0..1000).map(|item| four(3, item, 0)).collect();
        let mut backwards: Vec<_> = (0..1000).rev().map(|item| four(3, item, 0)).collect();
        backwards.reverse();
        assert_eq!(forwards, backwards);
    }

    #[test]
    fn new_is_stream_zero() {
        assert_eq!(Random::new(5, 6), Random::with_stream(5, 6, 0));
    }

    /// Seed, item and stream have their own places: exchanging or adding them gives other numbers.
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

    /// χ² of `counts` against a flat expectation, in standard deviations from its own expectation.
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

    /// Pearson's coefficient between the sequences of items and streams that differ by little or by one bit;
    /// each is Gaussian about 0 with σ = 1/√n.
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
                // Shifted and scaled to mean 0 and variance 1.
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

    /// Half of a Breit–Wigner lies within half its width of the mean, three quarters within 1 + √2 halves.
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
}
