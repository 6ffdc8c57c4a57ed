//! Two-body decays, isotropic in the parent's rest frame. Masses and momenta are in MeV.
//!
//! ```
//! use gaudi_mpi::algorithms::{four_momentum::FourMomentum, particles, two_body_decay::two_body_decay};
//! use gaudi_mpi::numbers::random::Random;
//!
//! let j_psi = FourMomentum::from_mass(3_000.0, 0.0, 40_000.0, particles::J_PSI.mass);
//! let muon = particles::MUON.mass;
//! let (plus, minus) = two_body_decay(&j_psi, muon, muon, &mut Random::new(1, 0))?;
//! assert!(((plus + minus).mass() - particles::J_PSI.mass).abs() < 1e-6);
//! # Ok::<(), gaudi_mpi::algorithms::two_body_decay::Error>(())
//! ```

use super::four_momentum::FourMomentum;
use crate::numbers::random::Random;

/// A decay is kinematically impossible.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// The parent's mass is less than the sum of its daughters' masses.
    #[error(
        "a particle of {parent} MeV cannot decay to {first} MeV and {second} MeV: it needs at least {} MeV",
        first + second
    )]
    BelowThreshold {
        /// Mass of the parent in MeV.
        parent: f64,
        /// Mass of the first daughter in MeV.
        first: f64,
        /// Mass of the second daughter in MeV.
        second: f64,
    },
    /// A mass is negative, infinite or NaN.
    #[error("{0} MeV is not a mass: give a finite number, 0 or more")]
    NotAMass(f64),
    /// The parent is not time-like.
    #[error("a parent of mass {0} MeV has no rest frame to decay in: its energy must exceed its momentum")]
    NoRestFrame(f64),
}

/// Returns the daughters' momentum in the parent's rest frame. The arguments are masses; all values are in MeV.
///
/// p* = √[(M² − (m₁ + m₂)²)(M² − (m₁ − m₂)²)] / 2M (Review of Particle Physics, "Kinematics", two-body decays).
///
/// # Errors
///
/// [`Error::BelowThreshold`] if M < m₁ + m₂, [`Error::NotAMass`] if a mass is negative, infinite or NaN.
///
/// ```
/// use gaudi_mpi::algorithms::two_body_decay::two_body_momentum;
///
/// assert_eq!(two_body_momentum(10.0, 6.0, 4.0)?, 0.0);
/// assert_eq!(two_body_momentum(10.0, 0.0, 0.0)?, 5.0);
/// # Ok::<(), gaudi_mpi::algorithms::two_body_decay::Error>(())
/// ```
pub fn two_body_momentum(parent: f64, first: f64, second: f64) -> Result<f64, Error> {
    for mass in [parent, first, second] {
        if !(mass.is_finite() && mass >= 0.0) {
            return Err(Error::NotAMass(mass));
        }
    }
    if parent < first + second {
        return Err(Error::BelowThreshold { parent, first, second });
    }
    if parent == 0.0 {
        return Ok(0.0);
    }
    Ok(momentum_above_threshold(parent, first, second))
}

/// Like [`two_body_momentum`] but without checks: the caller must ensure 0 < M and m₁ + m₂ ≤ M.
#[inline]
pub(crate) fn momentum_above_threshold(parent: f64, first: f64, second: f64) -> f64 {
    // This is a product of sums because a difference of squares would lose precision near the threshold.
    let sum = first + second;
    let difference = first - second;
    let product = (parent - sum) * (parent + sum) * (parent - difference) * (parent + difference);
    0.5 * product.sqrt() / parent
}

/// Decays `parent` into two particles with masses `first` and `second` (MeV), isotropically in the parent's rest frame.
///
/// This is the correct distribution for a spinless or unpolarised parent.
///
/// # Errors
///
/// [`Error::NoRestFrame`] if the parent is space-like or light-like, [`Error::BelowThreshold`] if its mass is less than
/// the sum of its daughters' masses, [`Error::NotAMass`] if a mass is negative, infinite or NaN.
pub fn two_body_decay(
    parent: &FourMomentum,
    first: f64,
    second: f64,
    random: &mut Random,
) -> Result<(FourMomentum, FourMomentum), Error> {
    two_body_decay_of_mass(parent, parent.mass(), first, second, random)
}

/// Like [`two_body_decay`], but takes the parent's mass as an argument because computing it from e² − p² loses
/// precision at high energy.
///
/// ```
/// use gaudi_mpi::algorithms::{four_momentum::FourMomentum, particles, two_body_decay::two_body_decay_of_mass};
/// use gaudi_mpi::numbers::random::Random;
///
/// let phi = particles::PHI.mass;
/// let kaon = particles::KAON.mass;
/// let parent = FourMomentum::from_mass(0.0, 0.0, 7e6, phi);
/// let (plus, minus) = two_body_decay_of_mass(&parent, phi, kaon, kaon, &mut Random::new(1, 0))?;
/// assert!(((plus + minus).pz / parent.pz - 1.0).abs() < 1e-12);
/// # Ok::<(), gaudi_mpi::algorithms::two_body_decay::Error>(())
/// ```
///
/// # Errors
///
/// The same as for [`two_body_decay`], with `mass` as the parent mass.
pub fn two_body_decay_of_mass(
    parent: &FourMomentum,
    mass: f64,
    first: f64,
    second: f64,
    random: &mut Random,
) -> Result<(FourMomentum, FourMomentum), Error> {
    if mass.is_nan() || mass <= 0.0 {
        return Err(Error::NoRestFrame(mass));
    }
    let p = two_body_momentum(mass, first, second)?;
    Ok(back_to_back(parent, mass, p, [first, second], random))
}

/// Like [`two_body_decay`] but without checks, given the daughters' momentum `p` in the parent's rest frame.
#[inline]
pub(crate) fn back_to_back(
    parent: &FourMomentum,
    mass: f64,
    p: f64,
    [first, second]: [f64; 2],
    random: &mut Random,
) -> (FourMomentum, FourMomentum) {
    let [x, y, z] = random.direction();
    let daughter = FourMomentum::from_mass(p * x, p * y, p * z, first);
    let other = FourMomentum::from_mass(-p * x, -p * y, -p * z, second);
    (daughter.boost_with(parent, mass), other.boost_with(parent, mass))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithms::four_momentum::tests::{distance, momentum, with_mass};
    use proptest::prelude::*;

    const KAON: f64 = 493.677;
    const MUON: f64 = 105.6583755;

    #[test]
    fn two_body_momenta_in_the_review_of_particle_physics() {
        // The PDG listings give p for each decay mode, rounded to MeV.
        for (parent, first, second, listed) in [
            (3096.9, MUON, MUON, 1545.0),
            (1019.46, KAON, KAON, 127.0),
            (KAON, MUON, 0.0, 236.0),
        ] {
            let p = two_body_momentum(parent, first, second).unwrap();
            assert_eq!(p.round(), listed);
        }
    }

    #[test]
    fn impossible_decays_are_errors() {
        let random = &mut Random::new(1, 1);
        let parent = FourMomentum::from_mass(1.0, 2.0, 3.0, 900.0);
        let error = two_body_decay_of_mass(&parent, 900.0, KAON, KAON, random).unwrap_err();
        assert_eq!(
            error,
            Error::BelowThreshold {
                parent: 900.0,
                first: KAON,
                second: KAON
            }
        );
        assert_eq!(
            error.to_string(),
            "a particle of 900 MeV cannot decay to 493.677 MeV and 493.677 MeV: it needs at least 987.354 MeV"
        );
        let space_like = FourMomentum {
            px: 2.0,
            py: 0.0,
            pz: 0.0,
            e: 1.0,
        };
        assert_eq!(
            two_body_decay(&space_like, 0.0, 0.0, random),
            Err(Error::NoRestFrame(-(3f64.sqrt())))
        );
        let light = FourMomentum {
            px: 1.0,
            py: 0.0,
            pz: 0.0,
            e: 1.0,
        };
        assert_eq!(two_body_decay(&light, 0.0, 0.0, random), Err(Error::NoRestFrame(0.0)));
        assert_eq!(two_body_decay(&parent, -1.0, 0.0, random), Err(Error::NotAMass(-1.0)));
        assert!(matches!(two_body_momentum(f64::NAN, 0.0, 0.0), Err(Error::NotAMass(_))));
        let nothing = FourMomentum { e: f64::NAN, ..parent };
        assert!(matches!(
            two_body_decay(&nothing, 0.0, 0.0, random),
            Err(Error::NoRestFrame(_))
        ));
    }

    #[test]
    fn at_the_threshold_the_daughters_are_at_rest() {
        assert_eq!(two_body_momentum(2.0 * KAON, KAON, KAON), Ok(0.0));
        assert_eq!(two_body_momentum(0.0, 0.0, 0.0), Ok(0.0));
    }

    /// The first daughter's direction in the rest frame of a fast parent is uniformly distributed in cos θ and φ.
    #[test]
    fn decays_are_isotropic_in_the_rest_frame() {
        let parent = FourMomentum::from_mass(4_000.0, -2_000.0, 60_000.0, 5366.93);
        let random = &mut Random::new(2, 0);
        let bins = 10;
        let n = 50_000;
        let mut counts = vec![0u32; bins * bins];
        for _ in 0..n {
            let (first, _) = two_body_decay(&parent, 3096.9, 1019.46, random).unwrap();
            let first = first.in_rest_frame_of(&parent);
            let cosine = 0.5 * (first.pz / first.p() + 1.0);
            let azimuth = first.phi() / std::f64::consts::TAU + 0.5;
            let bin = |x: f64| ((x * bins as f64) as usize).min(bins - 1);
            counts[bin(cosine) * bins + bin(azimuth)] += 1;
        }
        let expected = f64::from(n) / counts.len() as f64;
        let chi2: f64 = counts
            .iter()
            .map(|&c| (f64::from(c) - expected).powi(2) / expected)
            .sum();
        // 99 degrees of freedom: σ = 14.
        assert!((chi2 - 99.0).abs() < 4.0 * 14.1, "χ² = {chi2}");
    }

    proptest! {
        #[test]
        fn decays_conserve_four_momentum_and_give_the_masses(
            p in momentum(2e5),
            (first, second) in (0.0..2e3, 0.0..2e3),
            release in 1.0..5e3,
            item: u64,
        ) {
            let mass = first + second + release;
            let parent = with_mass(p, mass);
            let (a, b) = two_body_decay_of_mass(&parent, mass, first, second, &mut Random::new(3, item)).unwrap();
            prop_assert!(distance(&(a + b), &parent, parent.e) < 1e-13);
            // The rounding error of a daughter's e² − p² is about as large as the rounding error of e².
            prop_assert!((a.mass2() - first * first).abs() < 1e-13 * parent.e * parent.e);
            prop_assert!((b.mass2() - second * second).abs() < 1e-13 * parent.e * parent.e);
            // In the rest frame, the daughters are back to back.
            let (at_rest, other) = (a.in_rest_frame_of(&parent), b.in_rest_frame_of(&parent));
            let expected = two_body_momentum(mass, first, second).unwrap();
            // Terms of order E²/M cancel in the boost to the rest frame.
            let lost = 1e-14 * (parent.e / mass).powi(2) * mass;
            prop_assert!((at_rest.p() - expected).abs() < lost, "{} {}", at_rest.p(), expected);
            let whole = FourMomentum { e: mass, ..Default::default() };
            prop_assert!(distance(&(at_rest + other), &whole, lost) < 1.0);
        }
    }
}
