//! Four-momenta and two-body decays: special relativity with c = 1, energies, momenta and masses in MeV.
//!
//! ```
//! use gaudi_mpi::algorithms::{kinematics::{FourMomentum, two_body_decay}, particles};
//! use gaudi_mpi::numbers::random::Random;
//!
//! let j_psi = FourMomentum::from_mass(3_000.0, 0.0, 40_000.0, particles::J_PSI.mass);
//! let muon = particles::MUON.mass;
//! let (plus, minus) = two_body_decay(&j_psi, muon, muon, &mut Random::new(1, 0))?;
//! assert!(((plus + minus).mass() - particles::J_PSI.mass).abs() < 1e-6);
//! # Ok::<(), gaudi_mpi::algorithms::kinematics::Error>(())
//! ```

use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

use serde::{Deserialize, Serialize};

use crate::numbers::random::Random;

/// A decay that cannot be.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// The parent is lighter than its daughters together.
    #[error(
        "a particle of {parent} MeV cannot decay to {first} MeV and {second} MeV: it needs at least {} MeV",
        first + second
    )]
    BelowThreshold {
        /// Mass of the parent, MeV.
        parent: f64,
        /// Mass of the first daughter, MeV.
        first: f64,
        /// Mass of the second daughter, MeV.
        second: f64,
    },
    /// A mass that is negative, infinite or not a number.
    #[error("{0} MeV is not a mass: give a finite number that is not negative")]
    NotAMass(f64),
    /// A parent that is not time-like.
    #[error("a parent of mass {0} MeV has no rest frame to decay in: its energy must be greater than its momentum")]
    NoRestFrame(f64),
}

/// Energy and momentum of a particle or of a system of particles, MeV.
///
/// ```
/// use gaudi_mpi::algorithms::kinematics::FourMomentum;
///
/// let kaons = [
///     FourMomentum::from_mass(300.0, -120.0, 9_000.0, 493.677),
///     FourMomentum::from_mass(260.0, -90.0, 8_100.0, 493.677),
/// ];
/// let phi: FourMomentum = kaons.into_iter().sum();
/// assert!(phi.mass() > 2.0 * 493.677);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct FourMomentum {
    /// Momentum along x, MeV.
    pub px: f64,
    /// Momentum along y, MeV.
    pub py: f64,
    /// Momentum along z, the beam, MeV.
    pub pz: f64,
    /// Energy, MeV.
    pub e: f64,
}

impl FourMomentum {
    /// The four-momentum of a particle of mass `m` and this momentum, all in MeV.
    #[inline]
    pub fn from_mass(px: f64, py: f64, pz: f64, m: f64) -> Self {
        let e = (px * px + py * py + pz * pz + m * m).sqrt();
        Self { px, py, pz, e }
    }

    /// The momentum squared, MeV².
    #[inline]
    pub fn p2(&self) -> f64 {
        self.px * self.px + self.py * self.py + self.pz * self.pz
    }

    /// The momentum, MeV.
    #[inline]
    pub fn p(&self) -> f64 {
        self.p2().sqrt()
    }

    /// The momentum across the beam, MeV.
    #[inline]
    pub fn pt(&self) -> f64 {
        (self.px * self.px + self.py * self.py).sqrt()
    }

    /// The invariant mass squared, e² − p², MeV²; negative for a space-like vector.
    #[inline]
    pub fn mass2(&self) -> f64 {
        self.e * self.e - self.p2()
    }

    /// The invariant mass, MeV; for a space-like vector −√(−m²), as ROOT's `M()` has it.
    #[inline]
    pub fn mass(&self) -> f64 {
        let mass2 = self.mass2();
        if mass2 < 0.0 { -(-mass2).sqrt() } else { mass2.sqrt() }
    }

    /// The pseudorapidity, −ln tan(θ/2); ±∞ along the beam, 0 for no momentum at all.
    #[inline]
    pub fn eta(&self) -> f64 {
        if self.pz == 0.0 {
            0.0
        } else {
            (self.pz / self.pt()).asinh()
        }
    }

    /// The azimuth, in (−π, π].
    #[inline]
    pub fn phi(&self) -> f64 {
        self.py.atan2(self.px)
    }

    /// The rapidity along the beam, artanh(pz/e).
    #[inline]
    pub fn rapidity(&self) -> f64 {
        (self.pz / self.e).atanh()
    }

    /// The product e₁e₂ − p₁·p₂, MeV².
    #[inline]
    pub fn dot(&self, other: &Self) -> f64 {
        self.e * other.e - (self.px * other.px + self.py * other.py + self.pz * other.pz)
    }

    /// The velocity p/e, in units of c.
    #[inline]
    pub fn velocity(&self) -> [f64; 3] {
        [self.px / self.e, self.py / self.e, self.pz / self.e]
    }

    /// The same four-momentum in a frame in which this one's moves with `velocity` (units of c), as ROOT's `Boost` has
    /// it.
    ///
    /// Not a number when the velocity is 1 or more. A velocity near 1 carries few digits of γ: between the rest frame
    /// of a fast particle and the laboratory take [`from_rest_frame_of`](FourMomentum::from_rest_frame_of) and
    /// [`in_rest_frame_of`](FourMomentum::in_rest_frame_of).
    #[inline]
    pub fn boost(&self, velocity: [f64; 3]) -> Self {
        let [bx, by, bz] = velocity;
        let gamma = (1.0 - (bx * bx + by * by + bz * bz)).sqrt().recip();
        let frame = Self {
            px: gamma * bx,
            py: gamma * by,
            pz: gamma * bz,
            e: gamma,
        };
        self.boost_with(&frame, 1.0)
    }

    /// This four-momentum, given in the rest frame of `particle`, as the frame in which `particle` is given sees it.
    ///
    /// Not a number when `particle` has no positive mass.
    #[inline]
    pub fn from_rest_frame_of(&self, particle: &Self) -> Self {
        self.boost_with(particle, particle.mass2().sqrt())
    }

    /// This four-momentum as seen in the rest frame of `particle`.
    ///
    /// Not a number when `particle` has no positive mass.
    ///
    /// ```
    /// use gaudi_mpi::algorithms::kinematics::FourMomentum;
    ///
    /// let kaon = FourMomentum::from_mass(300.0, -120.0, 9_000.0, 493.677);
    /// let at_rest = kaon.in_rest_frame_of(&kaon);
    /// assert!(at_rest.p() < 1e-9);
    /// ```
    #[inline]
    pub fn in_rest_frame_of(&self, particle: &Self) -> Self {
        let opposite = Self {
            e: particle.e,
            ..-*particle
        };
        self.boost_with(&opposite, particle.mass2().sqrt())
    }

    /// From the rest frame of `frame`, whose mass is `mass`, to the frame in which it is given.
    ///
    /// With γ = E/M and γβ = P/M no digits are lost at high energy (Review of Particle Physics, "Kinematics", Lorentz
    /// transformations).
    #[inline]
    fn boost_with(&self, frame: &Self, mass: f64) -> Self {
        let product = self.px * frame.px + self.py * frame.py + self.pz * frame.pz;
        let factor = (product / (frame.e + mass) + self.e) / mass;
        Self {
            px: self.px + factor * frame.px,
            py: self.py + factor * frame.py,
            pz: self.pz + factor * frame.pz,
            e: (frame.e * self.e + product) / mass,
        }
    }
}

impl Add for FourMomentum {
    type Output = Self;

    #[inline]
    fn add(self, other: Self) -> Self {
        Self {
            px: self.px + other.px,
            py: self.py + other.py,
            pz: self.pz + other.pz,
            e: self.e + other.e,
        }
    }
}

impl AddAssign for FourMomentum {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Neg for FourMomentum {
    type Output = Self;

    #[inline]
    fn neg(self) -> Self {
        Self {
            px: -self.px,
            py: -self.py,
            pz: -self.pz,
            e: -self.e,
        }
    }
}

impl Sub for FourMomentum {
    type Output = Self;

    #[inline]
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Sum for FourMomentum {
    fn sum<I: Iterator<Item = Self>>(momenta: I) -> Self {
        momenta.fold(Self::default(), Add::add)
    }
}

impl<'a> Sum<&'a FourMomentum> for FourMomentum {
    fn sum<I: Iterator<Item = &'a Self>>(momenta: I) -> Self {
        momenta.copied().sum()
    }
}

/// The momentum of either daughter in the rest frame of a parent that decays to two, MeV.
///
/// p* = √[(M² − (m₁ + m₂)²)(M² − (m₁ − m₂)²)] / 2M (Review of Particle Physics, "Kinematics", two-body decays).
///
/// # Errors
///
/// [`Error::BelowThreshold`] when M < m₁ + m₂, [`Error::NotAMass`] for a mass that is negative, infinite or not a
/// number.
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

/// The formula of [`two_body_momentum`] where 0 < M and m₁ + m₂ ≤ M.
#[inline]
pub(crate) fn momentum_above_threshold(parent: f64, first: f64, second: f64) -> f64 {
    // As a product of sums: no squares to cancel close to the threshold.
    let sum = first + second;
    let difference = first - second;
    let product = (parent - sum) * (parent + sum) * (parent - difference) * (parent + difference);
    0.5 * product.sqrt() / parent
}

/// Decays `parent` to two particles of masses `first` and `second` (MeV), isotropically in its rest frame.
///
/// Right for a parent without spin, or whose spin points nowhere.
///
/// # Errors
///
/// [`Error::NoRestFrame`] when the parent is space-like or light-like, [`Error::BelowThreshold`] when it is lighter
/// than the two, [`Error::NotAMass`] when a mass is negative, infinite or not a number.
pub fn two_body_decay(
    parent: &FourMomentum,
    first: f64,
    second: f64,
    random: &mut Random,
) -> Result<(FourMomentum, FourMomentum), Error> {
    two_body_decay_of_mass(parent, parent.mass(), first, second, random)
}

/// [`two_body_decay`] of a parent whose mass is known better than its four-momentum tells: at high energy e² − p² has
/// lost digits.
///
/// ```
/// use gaudi_mpi::algorithms::{kinematics::{FourMomentum, two_body_decay_of_mass}, particles};
/// use gaudi_mpi::numbers::random::Random;
///
/// let phi = particles::PHI.mass;
/// let kaon = particles::KAON.mass;
/// let parent = FourMomentum::from_mass(0.0, 0.0, 7e6, phi);
/// let (plus, minus) = two_body_decay_of_mass(&parent, phi, kaon, kaon, &mut Random::new(1, 0))?;
/// assert!(((plus + minus).pz / parent.pz - 1.0).abs() < 1e-12);
/// # Ok::<(), gaudi_mpi::algorithms::kinematics::Error>(())
/// ```
///
/// # Errors
///
/// Those of [`two_body_decay`], with `mass` in the place of the parent's.
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

/// Two particles with momenta ±p in the rest frame of `parent`, in any direction, seen from the frame in which it is
/// given.
///
/// What [`two_body_decay`] does once it is known that the decay can be and what `p` is.
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
    use proptest::prelude::*;

    const KAON: f64 = 493.677;
    const MUON: f64 = 105.6583755;

    /// |a − b| of every component, in units of `scale`.
    fn distance(a: &FourMomentum, b: &FourMomentum, scale: f64) -> f64 {
        let d = *a - *b;
        [d.px, d.py, d.pz, d.e]
            .into_iter()
            .fold(0.0, |m: f64, x| m.max(x.abs()))
            / scale
    }

    prop_compose! {
        fn momentum(largest: f64)(px in -largest..largest, py in -largest..largest, pz in -largest..largest) -> [f64; 3] {
            [px, py, pz]
        }
    }

    fn with_mass([px, py, pz]: [f64; 3], m: f64) -> FourMomentum {
        FourMomentum::from_mass(px, py, pz, m)
    }

    #[test]
    fn known_vectors() {
        // 3-4-12-13: a Pythagorean box, so that every quantity is known.
        let v = FourMomentum::from_mass(3.0, 4.0, 12.0, 84.0);
        assert_eq!((v.p(), v.pt(), v.e, v.mass()), (13.0, 5.0, 85.0, 84.0));
        assert!((v.eta() - 2.4f64.asinh()).abs() < 1e-15);
        assert!((v.eta() - -(0.5 * (12.0f64 / 13.0).acos()).tan().ln()).abs() < 1e-14);
        assert_eq!(v.phi(), 4f64.atan2(3.0));
        assert!((v.rapidity() - 0.5 * ((85.0 + 12.0) / (85.0 - 12.0f64)).ln()).abs() < 1e-15);
        assert_eq!(v.velocity(), [3.0 / 85.0, 4.0 / 85.0, 12.0 / 85.0]);
        assert_eq!(v.dot(&v), v.mass2());
    }

    #[test]
    fn space_like_mass_is_negative() {
        let v = FourMomentum {
            px: 0.0,
            py: 5.0,
            pz: 0.0,
            e: 4.0,
        };
        assert_eq!(v.mass2(), -9.0);
        assert_eq!(v.mass(), -3.0);
        assert_eq!(FourMomentum { e: 5.0, ..v }.mass(), 0.0);
    }

    #[test]
    fn eta_at_the_edges() {
        let along = FourMomentum::from_mass(0.0, 0.0, -7.0, 1.0);
        assert_eq!(along.eta(), f64::NEG_INFINITY);
        assert_eq!(FourMomentum::default().eta(), 0.0);
        assert_eq!(FourMomentum::from_mass(1.0, 0.0, 0.0, 1.0).eta(), 0.0);
    }

    #[test]
    fn a_boost_along_the_beam_adds_rapidity() {
        let v = FourMomentum::from_mass(400.0, -300.0, 2_000.0, KAON);
        let boosted = v.boost([0.0, 0.0, 0.9]);
        assert!((boosted.rapidity() - v.rapidity() - 0.9f64.atanh()).abs() < 1e-13);
        assert!((boosted.pt() - v.pt()).abs() < 1e-12);
    }

    #[test]
    fn two_body_momenta_in_the_review_of_particle_physics() {
        // Its listings give p for each decay mode, rounded to MeV: J/psi -> mu+ mu- 1545, phi -> K+ K- 127, K+ -> mu+
        // nu 236.
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
    fn decays_that_cannot_be_say_so() {
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

    /// The direction of the first daughter in the rest frame of a fast parent is flat in cos θ and in φ.
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
        fn decays_conserve_four_momentum_and_make_the_masses(
            p in momentum(2e5),
            (first, second) in (0.0..2e3, 0.0..2e3),
            release in 1.0..5e3,
            item: u64,
        ) {
            let mass = first + second + release;
            let parent = with_mass(p, mass);
            let (a, b) = two_body_decay_of_mass(&parent, mass, first, second, &mut Random::new(3, item)).unwrap();
            prop_assert!(distance(&(a + b), &parent, parent.e) < 1e-13);
            // e² − p² of a daughter cannot be known better than to a rounding of e².
            prop_assert!((a.mass2() - first * first).abs() < 1e-13 * parent.e * parent.e);
            prop_assert!((b.mass2() - second * second).abs() < 1e-13 * parent.e * parent.e);
            // In the rest frame: back to back, with the momentum of the formula.
            let (at_rest, other) = (a.in_rest_frame_of(&parent), b.in_rest_frame_of(&parent));
            let expected = two_body_momentum(mass, first, second).unwrap();
            // Terms of the size of E²/M cancel on the way to the rest frame.
            let lost = 1e-14 * (parent.e / mass).powi(2) * mass;
            prop_assert!((at_rest.p() - expected).abs() < lost, "{} {}", at_rest.p(), expected);
            let whole = FourMomentum { e: mass, ..Default::default() };
            prop_assert!(distance(&(at_rest + other), &whole, lost) < 1.0);
        }

        #[test]
        fn to_the_rest_frame_and_back(p in momentum(2e4), q in momentum(2e4)) {
            let (frame, particle) = (with_mass(p, 5366.93), with_mass(q, KAON));
            let back = particle.in_rest_frame_of(&frame).from_rest_frame_of(&frame);
            prop_assert!(distance(&back, &particle, particle.e * frame.e / frame.mass()) < 1e-12);
        }

        #[test]
        fn boosts_by_velocity_and_by_rest_frame_agree(p in momentum(2e4), q in momentum(2e4)) {
            let (frame, particle) = (with_mass(p, 5366.93), with_mass(q, KAON));
            let a = particle.boost(frame.velocity());
            let b = particle.from_rest_frame_of(&frame);
            prop_assert!(distance(&a, &b, b.e) < 1e-12);
        }

        #[test]
        fn products_do_not_change_under_a_boost(p in momentum(2e4), q in momentum(2e4), v in momentum(0.5)) {
            let (a, b) = (with_mass(p, MUON), with_mass(q, KAON));
            let product = a.boost(v).dot(&b.boost(v));
            prop_assert!((product - a.dot(&b)).abs() < 1e-11 * a.e * b.e);
        }
    }
}
