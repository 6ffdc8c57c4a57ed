//! Random numbers that depend only on the job's seed and on the item, not on the rank or the time.
//!
//! An item goes to whichever worker is free. If a generator continued from one item to the next, the numbers would
//! depend on the schedule. Each item therefore gets its own [`Random`] generator:
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
//! **Method.** The seed, the item number and the stream number form the key of one ChaCha8 block (D. J. Bernstein,
//! "ChaCha, a variant of Salsa20", 2008). Its first 32 bytes are the state of a xoshiro256++ generator (D. Blackman, S.
//! Vigna, ACM Trans. Math. Softw. 47, 36, 2021). Thanks to the cipher, the random numbers of neighbouring seeds and
//! items are as unrelated as those of any other seeds and items. xoshiro256++ is fast and has a period of 2²⁵⁶ − 1. The
//! random numbers are not suitable for cryptography.
//!
//! **Reproducibility.** Raw numbers, [`uniform`](Random::uniform), [`direction`](Random::direction),
//! [`transverse_direction`](Random::transverse_direction) and [`breit_wigner`](Random::breit_wigner) use only integer
//! and correctly rounded arithmetic. They are the same on every platform and in every release of this crate; tests
//! check this. Distributions of [`rand_distr`], including [`gaussian`](Random::gaussian) and
//! [`exponential`](Random::exponential), also call the platform's `exp` and `ln`, for at most one number in a hundred.
//! The last bit of these numbers may differ between machines with different maths libraries.

use std::convert::Infallible;

use rand::{Rng, RngExt, SeedableRng, TryRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;

pub use {rand, rand_distr};

/// The last quarter of the ChaCha key. It distinguishes these streams from those of other programs that build their
/// keys from the same numbers.
const DOMAIN: [u8; 8] = *b"gaudimpi";

/// The random number generator of one item. The numbers depend only on the job seed, the item number and the stream.
///
/// The type implements the generator traits of [`rand`], so it can sample every distribution of [`rand_distr`]:
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
/// Creating a generator takes about 0.1 µs, which is cheap enough to do for every event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Random {
    generator: Xoshiro256PlusPlus,
}

impl Random {
    /// Returns the generator of item number `item` in a job with this seed.
    ///
    /// This is the same as calling [`with_stream`](Random::with_stream) with stream 0.
    pub fn new(seed: u64, item: u64) -> Self {
        Self::with_stream(seed, item, 0)
    }

    /// Returns one of the item's 2⁶⁴ independent generators.
    ///
    /// Use a separate stream for each part of a job that must not affect the random numbers of the other parts, for
    /// example for each pass over the items or each algorithm in a sequence.
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

    /// Draws a number from the uniform distribution between `low` and `high`.
    ///
    /// The interval includes `low`; `high` can be returned only as a result of rounding. Neighbouring numbers differ by
    /// 2⁻⁵³ times the width of the interval.
    #[inline]
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.random::<f64>()
    }

    /// Draws a number from the Gaussian distribution with this mean and standard deviation.
    #[inline]
    pub fn gaussian(&mut self, mean: f64, sigma: f64) -> f64 {
        let standard: f64 = StandardNormal.sample(self);
        mean + sigma * standard
    }

    /// Draws a number from the exponential distribution with this mean, such as the mean lifetime in a decay.
    #[inline]
    pub fn exponential(&mut self, mean: f64) -> f64 {
        let standard: f64 = Exp1.sample(self);
        mean * standard
    }

    /// Draws a number from the non-relativistic Breit–Wigner (Cauchy) distribution with this centre and full width at
    /// half maximum.
    ///
    /// The distribution has long tails, and has neither a mean nor a variance. When generating resonance masses, reject
    /// numbers outside the allowed mass range.
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

    /// Returns a unit vector (x, y, z) with an isotropic direction.
    ///
    /// The method is that of G. Marsaglia, Ann. Math. Statist. 43, 645 (1972).
    #[inline]
    pub fn direction(&mut self) -> [f64; 3] {
        let (x, y, square) = self.point_in_disc();
        let scale = 2.0 * (1.0 - square).sqrt();
        [x * scale, y * scale, 1.0 - 2.0 * square]
    }

    /// Returns (cos φ, sin φ) for an angle φ that is uniform over the full circle. The result is a direction in the
    /// transverse plane.
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

    /// Returns (x, y, x² + y²) for a point uniformly distributed in the open unit disc.
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
mod tests;
