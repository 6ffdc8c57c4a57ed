//! Four-momenta, with c = 1: energies, momenta and masses are in MeV.

use serde::{Deserialize, Serialize};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

/// The energy and momentum of a particle or a system of particles, in MeV.
///
/// ```
/// use gaudi_mpi::algorithms::four_momentum::FourMomentum;
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
    /// Momentum along x in MeV.
    pub px: f64,
    /// Momentum along y in MeV.
    pub py: f64,
    /// Momentum along z, the beam axis, in MeV.
    pub pz: f64,
    /// Energy in MeV.
    pub e: f64,
}

impl FourMomentum {
    /// Returns the four-momentum of a particle with this momentum and mass `m`, all in MeV.
    #[inline]
    pub fn from_mass(px: f64, py: f64, pz: f64, m: f64) -> Self {
        let e = (px * px + py * py + pz * pz + m * m).sqrt();
        Self { px, py, pz, e }
    }

    /// Returns the squared momentum in MeV².
    #[inline]
    pub fn p2(&self) -> f64 {
        self.px * self.px + self.py * self.py + self.pz * self.pz
    }

    /// Returns the magnitude of the momentum in MeV.
    #[inline]
    pub fn p(&self) -> f64 {
        self.p2().sqrt()
    }

    /// Returns the transverse momentum in MeV.
    #[inline]
    pub fn pt(&self) -> f64 {
        (self.px * self.px + self.py * self.py).sqrt()
    }

    /// Returns the squared invariant mass, e² − p², in MeV². It is negative for a space-like vector.
    #[inline]
    pub fn mass2(&self) -> f64 {
        self.e * self.e - self.p2()
    }

    /// Returns the invariant mass in MeV. For a space-like vector, returns −√(−m²), like `M()` in ROOT.
    #[inline]
    pub fn mass(&self) -> f64 {
        let mass2 = self.mass2();
        if mass2 < 0.0 { -(-mass2).sqrt() } else { mass2.sqrt() }
    }

    /// Returns the pseudorapidity, −ln tan(θ/2); ±∞ along the beam, 0 for zero momentum.
    #[inline]
    pub fn eta(&self) -> f64 {
        if self.pz == 0.0 {
            0.0
        } else {
            (self.pz / self.pt()).asinh()
        }
    }

    /// Returns the azimuth in rad, in the range (−π, π].
    #[inline]
    pub fn phi(&self) -> f64 {
        self.py.atan2(self.px)
    }

    /// Returns the rapidity along the beam, artanh(pz/e).
    #[inline]
    pub fn rapidity(&self) -> f64 {
        (self.pz / self.e).atanh()
    }

    /// Returns the product e₁e₂ − p₁·p₂ in MeV².
    #[inline]
    pub fn dot(&self, other: &Self) -> f64 {
        self.e * other.e - (self.px * other.px + self.py * other.py + self.pz * other.pz)
    }

    /// Returns the velocity p/e, in units of c.
    #[inline]
    pub fn velocity(&self) -> [f64; 3] {
        [self.px / self.e, self.py / self.e, self.pz / self.e]
    }

    /// Boosts by `velocity`, in units of c. The result is the four-momentum in a frame in which the current frame moves
    /// with this velocity, like `Boost` in ROOT.
    ///
    /// The result is NaN for a velocity of 1 or more. For a velocity near 1, γ loses precision. To boost to or from the
    /// rest frame of a fast particle, use [`in_rest_frame_of`](FourMomentum::in_rest_frame_of) and
    /// [`from_rest_frame_of`](FourMomentum::from_rest_frame_of).
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

    /// Boosts from the rest frame of `particle` to the frame in which `particle` is given.
    ///
    /// The result is NaN unless `particle` has a positive mass.
    #[inline]
    pub fn from_rest_frame_of(&self, particle: &Self) -> Self {
        self.boost_with(particle, particle.mass2().sqrt())
    }

    /// Boosts to the rest frame of `particle`.
    ///
    /// The result is NaN unless `particle` has a positive mass.
    ///
    /// ```
    /// use gaudi_mpi::algorithms::four_momentum::FourMomentum;
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

    /// Boosts from the rest frame of `frame`, which has mass `mass`, to the frame in which `frame` is given.
    ///
    /// Using γ = E/M and γβ = P/M loses no precision at high energy (Review of Particle Physics, "Kinematics", Lorentz
    /// transformations).
    #[inline]
    pub(super) fn boost_with(&self, frame: &Self, mass: f64) -> Self {
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    const KAON: f64 = 493.677;
    const MUON: f64 = 105.6583755;

    /// The largest |a − b| over all components, in units of `scale`.
    pub(in crate::algorithms) fn distance(a: &FourMomentum, b: &FourMomentum, scale: f64) -> f64 {
        let d = *a - *b;
        [d.px, d.py, d.pz, d.e]
            .into_iter()
            .fold(0.0, |m: f64, x| m.max(x.abs()))
            / scale
    }

    prop_compose! {
        pub(in crate::algorithms) fn momentum(largest: f64)
            (px in -largest..largest, py in -largest..largest, pz in -largest..largest) -> [f64; 3] {
            [px, py, pz]
        }
    }

    pub(in crate::algorithms) fn with_mass([px, py, pz]: [f64; 3], m: f64) -> FourMomentum {
        FourMomentum::from_mass(px, py, pz, m)
    }

    #[test]
    fn known_vectors() {
        // 3² + 4² + 12² = 13², 13² + 84² = 85².
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

    proptest! {
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
