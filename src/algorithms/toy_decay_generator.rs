//! A generator of toy B_s⁰ → J/ψ(→ μ⁺μ⁻) φ(→ K⁺K⁻) decays and combinatorial background.
//!
//! The generator is intended for demonstrations, tests and benchmarks. It models relativistic kinematics and the
//! momentum resolution of a spectrometer like LHCb, but does not simulate a detector. Each call generates the four
//! tracks of one candidate. By default, one candidate in a hundred is signal. The default
//! [`ToySelection`](super::toy_selection::ToySelection) keeps a third of the signal. The selected signal has a mass
//! resolution of 7 MeV, and the background falls by a third between 5100 and 5600 MeV.
//!
//! ```
//! use gaudi_mpi::algorithms::{toy_decay_generator::ToyDecayGenerator, toy_selection::ToySelection};
//! use gaudi_mpi::numbers::random::Random;
//!
//! let generator = ToyDecayGenerator::default();
//! let selection = ToySelection::default();
//! let mut random = Random::new(1, 0); // the job's seed, the item's number
//! let masses: Vec<f64> = (0..1_000)
//!     .filter_map(|_| selection.select(&generator.generate(&mut random)))
//!     .map(|candidate| candidate.mass)
//!     .collect();
//! assert!(!masses.is_empty());
//! ```

mod configuration;

pub use configuration::{Configuration, Error};

use super::four_momentum::FourMomentum;
use super::particles::{B_S, J_PSI, KAON, MUON, PHI};
use super::two_body_decay::{back_to_back, momentum_above_threshold};
use crate::numbers::random::Random;
use serde::{Deserialize, Serialize};

/// The maximum mass of a φ in MeV, ten widths above the peak. The minimum is the K⁺K⁻ threshold.
const PHI_MASS_MAX: f64 = PHI.mass + 10.0 * PHI.width;

// The decay is kinematically possible for every mass that can be drawn, so `generate` cannot fail.
const _: () = assert!(
    B_S.mass > J_PSI.mass + PHI_MASS_MAX
        && PHI.mass > 2.0 * KAON.mass
        && J_PSI.mass - DIMUON_HALF_RANGE > 2.0 * MUON.mass
);

/// Background muon pairs that are not from a J/ψ have masses within this distance of the J/ψ mass, in MeV.
const DIMUON_HALF_RANGE: f64 = 150.0;

/// The maximum mass, in MeV, of background kaon pairs that are not from a φ.
const DIKAON_MASS_MAX: f64 = 1100.0;

/// The momentum range, in MeV, over which the resolution rises from its low-momentum value to its high-momentum value.
const RESOLUTION_RISES: [f64; 2] = [20_000.0, 100_000.0];

/// A measured charged track. Its energy depends on the mass hypothesis.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct MeasuredTrack {
    /// Momentum along x in MeV.
    pub px: f64,
    /// Momentum along y in MeV.
    pub py: f64,
    /// Momentum along z, the beam axis, in MeV.
    pub pz: f64,
    /// Charge, in units of the proton charge.
    pub charge: i32,
}

impl MeasuredTrack {
    /// Returns the track's four-momentum in MeV, given a mass hypothesis.
    #[inline]
    pub fn with_mass(&self, mass: f64) -> FourMomentum {
        FourMomentum::from_mass(self.px, self.py, self.pz, mass)
    }
}

/// The four tracks of a candidate, before any selection.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ToyDecay {
    /// μ⁺, μ⁻.
    pub muons: [MeasuredTrack; 2],
    /// K⁺, K⁻.
    pub kaons: [MeasuredTrack; 2],
    /// Whether the tracks come from a B_s⁰. This is truth information, which an analysis would not have.
    pub signal: bool,
}

/// The generator of toy decays.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ToyDecayGenerator {
    configuration: Configuration,
}

impl ToyDecayGenerator {
    /// Creates a generator with these settings.
    ///
    /// # Errors
    ///
    /// [`Error`] if a setting is out of range.
    ///
    /// ```
    /// use gaudi_mpi::algorithms::toy_decay_generator::{Configuration, ToyDecayGenerator};
    ///
    /// let signal_only = Configuration { signal_fraction: 1.0, ..Default::default() };
    /// assert!(ToyDecayGenerator::new(signal_only).is_ok());
    /// ```
    pub fn new(configuration: Configuration) -> Result<Self, Error> {
        configuration.check()?;
        Ok(Self { configuration })
    }

    /// Returns the settings.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// Generates a decay, which is randomly chosen to be signal or background.
    pub fn generate(&self, random: &mut Random) -> ToyDecay {
        let signal = random.uniform(0.0, 1.0) < self.configuration.signal_fraction;
        let (dimuon, dikaon) = if signal {
            self.signal(random)
        } else {
            self.background(random)
        };
        ToyDecay {
            muons: self.tracks(dimuon, MUON.mass, random),
            kaons: self.tracks(dikaon, KAON.mass, random),
            signal,
        }
    }

    /// Generates the J/ψ and φ from a B_s⁰ decay. The decay is isotropic because polarisation is not modelled.
    fn signal(&self, random: &mut Random) -> (Pair, Pair) {
        let [low, high] = self.configuration.eta;
        let pt = random.exponential(self.configuration.b_pt);
        let eta = random.uniform(low, high);
        let b = momentum(pt, eta, random.transverse_direction(), B_S.mass);
        let masses = [J_PSI.mass, phi_mass(random)];
        let p = momentum_above_threshold(B_S.mass, masses[0], masses[1]);
        let (j_psi, phi) = back_to_back(&b, B_S.mass, p, masses, random);
        (
            Pair {
                momentum: j_psi,
                mass: masses[0],
            },
            Pair {
                momentum: phi,
                mass: masses[1],
            },
        )
    }

    /// Generates an unrelated muon pair and kaon pair with similar directions.
    fn background(&self, random: &mut Random) -> (Pair, Pair) {
        let configuration = &self.configuration;
        let mass = if random.uniform(0.0, 1.0) < configuration.background_j_psi {
            J_PSI.mass
        } else {
            J_PSI.mass + random.uniform(-DIMUON_HALF_RANGE, DIMUON_HALF_RANGE)
        };
        let pt = random.exponential(configuration.dimuon_pt);
        let eta = random.uniform(configuration.eta[0], configuration.eta[1]);
        let [x, y] = random.transverse_direction();
        let dimuon = Pair {
            momentum: momentum(pt, eta, [x, y], mass),
            mass,
        };

        let mass = if random.uniform(0.0, 1.0) < configuration.background_phi {
            phi_mass(random)
        } else {
            random.uniform(2.0 * KAON.mass, DIKAON_MASS_MAX)
        };
        let pt = random.exponential(configuration.dikaon_pt);
        let eta = random.gaussian(eta, configuration.background_spread);
        let (sine, cosine) = random.gaussian(0.0, configuration.background_spread).sin_cos();
        let turned = [x * cosine - y * sine, x * sine + y * cosine];
        let dikaon = Pair {
            momentum: momentum(pt, eta, turned, mass),
            mass,
        };
        (dimuon, dikaon)
    }

    /// Decays a pair into two tracks with measured momenta, the positive track first.
    fn tracks(&self, pair: Pair, mass: f64, random: &mut Random) -> [MeasuredTrack; 2] {
        let p = momentum_above_threshold(pair.mass, mass, mass);
        let (plus, minus) = back_to_back(&pair.momentum, pair.mass, p, [mass, mass], random);
        [self.measure(&plus, 1, random), self.measure(&minus, -1, random)]
    }

    /// Smears the magnitude of the momentum. The direction is left unchanged because detectors measure it far more
    /// precisely.
    fn measure(&self, particle: &FourMomentum, charge: i32, random: &mut Random) -> MeasuredTrack {
        let scale = random.gaussian(1.0, self.resolution(particle.p()));
        MeasuredTrack {
            px: scale * particle.px,
            py: scale * particle.py,
            pz: scale * particle.pz,
            charge,
        }
    }

    /// Returns σ(p)/p at momentum `p` in MeV.
    fn resolution(&self, p: f64) -> f64 {
        let [low, high] = self.configuration.momentum_resolution;
        let [from, to] = RESOLUTION_RISES;
        low + (high - low) * ((p - from) / (to - from)).clamp(0.0, 1.0)
    }
}

/// A system that decays into two tracks. The mass is stored separately because computing it from e² − p² would cause a
/// rounding error.
struct Pair {
    momentum: FourMomentum,
    mass: f64,
}

/// Draws the mass of a φ in MeV from a Breit–Wigner distribution, between the K⁺K⁻ threshold and ten widths above the
/// peak.
fn phi_mass(random: &mut Random) -> f64 {
    loop {
        let mass = random.breit_wigner(PHI.mass, PHI.width);
        if (2.0 * KAON.mass..PHI_MASS_MAX).contains(&mass) {
            return mass;
        }
    }
}

fn momentum(pt: f64, eta: f64, [x, y]: [f64; 2], mass: f64) -> FourMomentum {
    FourMomentum::from_mass(pt * x, pt * y, pt * eta.sinh(), mass)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(tracks: &[MeasuredTrack; 2], mass: f64) -> FourMomentum {
        tracks.iter().map(|track| track.with_mass(mass)).sum()
    }

    #[test]
    fn decays_depend_on_the_item() {
        let generator = ToyDecayGenerator::default();
        let decays = |item| {
            let mut random = Random::new(5, item);
            (0..100).map(|_| generator.generate(&mut random)).collect::<Vec<_>>()
        };
        let second = decays(2);
        assert_eq!((decays(1) == second, decays(2) == second), (false, true));
    }

    #[test]
    fn the_fraction_of_signal_is_as_configured() {
        let random = &mut Random::new(6, 0);
        let count = |fraction, random: &mut Random| {
            let configuration = Configuration {
                signal_fraction: fraction,
                ..Default::default()
            };
            let generator = ToyDecayGenerator::new(configuration).unwrap();
            (0..20_000).filter(|_| generator.generate(random).signal).count()
        };
        assert_eq!(count(0.0, random), 0);
        assert_eq!(count(1.0, random), 20_000);
        // 5000 ± 61
        assert!(count(0.25, random).abs_diff(5_000) < 4 * 61);
    }

    #[test]
    fn tracks_come_positive_first() {
        let decay = ToyDecayGenerator::default().generate(&mut Random::new(7, 0));
        for pair in [decay.muons, decay.kaons] {
            assert_eq!(pair.map(|track| track.charge), [1, -1]);
        }
    }

    #[test]
    fn the_b_has_the_configured_spectrum() {
        let perfect = Configuration {
            signal_fraction: 1.0,
            momentum_resolution: [0.0, 0.0],
            ..Default::default()
        };
        let generator = ToyDecayGenerator::new(perfect).unwrap();
        let random = &mut Random::new(8, 0);
        let n = 20_000;
        let (mut pt, mut eta) = (0.0, 0.0);
        for _ in 0..n {
            let decay = generator.generate(random);
            let b = sum(&decay.muons, MUON.mass) + sum(&decay.kaons, KAON.mass);
            assert!((b.mass() - B_S.mass).abs() < 1e-3);
            assert!((2.0 - 1e-6..5.0 + 1e-6).contains(&b.eta()));
            pt += b.pt();
            eta += b.eta();
        }
        let n = f64::from(n);
        assert!((pt / n - 5_000.0).abs() < 4.0 * 5_000.0 / n.sqrt());
        assert!((eta / n - 3.5).abs() < 4.0 * (3.0 / 12f64.sqrt()) / n.sqrt());
    }

    /// The cumulative distribution of a Breit–Wigner is an arctangent; here, it is truncated to the allowed mass range.
    #[test]
    fn the_phi_is_a_breit_wigner_above_threshold() {
        let random = &mut Random::new(9, 0);
        let turn = |mass: f64| (2.0 * (mass - PHI.mass) / PHI.width).atan();
        let (lowest, highest) = (2.0 * KAON.mass, PHI_MASS_MAX);
        let n = 50_000;
        let mut counts = [0; 20];
        for _ in 0..n {
            let mass = phi_mass(random);
            assert!((lowest..highest).contains(&mass));
            let flat = (turn(mass) - turn(lowest)) / (turn(highest) - turn(lowest));
            counts[((flat * 20.0) as usize).min(19)] += 1;
        }
        let expected = f64::from(n) / 20.0;
        let chi2: f64 = counts
            .iter()
            .map(|&c| (f64::from(c) - expected).powi(2) / expected)
            .sum();
        // 19 degrees of freedom: σ = 6.2.
        assert!((chi2 - 19.0).abs() < 4.0 * 6.2, "χ² = {chi2}");
    }

    #[test]
    fn momenta_are_smeared_as_configured() {
        let generator = ToyDecayGenerator::default();
        let random = &mut Random::new(10, 0);
        for (p, expected) in [
            (5_000.0, 0.005),
            (20_000.0, 0.005),
            (60_000.0, 0.0065),
            (100_000.0, 0.008),
            (300_000.0, 0.008),
        ] {
            let muon = FourMomentum::from_mass(0.1 * p, 0.0, 0.99f64.sqrt() * p, MUON.mass);
            let n = 20_000;
            let mut squares = 0.0;
            for _ in 0..n {
                let track = generator.measure(&muon, -1, random);
                squares += (track.with_mass(MUON.mass).p() / p - 1.0).powi(2);
                assert!((track.px / track.pz - muon.px / muon.pz).abs() < 1e-15);
            }
            let sigma = (squares / f64::from(n)).sqrt();
            assert!(
                (sigma / expected - 1.0).abs() < 4.0 / f64::from(2 * n).sqrt(),
                "{p} MeV: {sigma}"
            );
        }
    }
}
