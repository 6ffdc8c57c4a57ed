//! Toy B_s⁰ → J/ψ(→ μ⁺μ⁻) φ(→ K⁺K⁻) decays as LHCb might see them, and combinatorial background.
//!
//! A generator of events for demonstrations, tests and benchmarks: relativistic kinematics and the resolution of the
//! spectrometer, no detector. One call makes the four tracks of one candidate; one in a hundred is a true decay. With
//! the default [`Selection`](super::toy_selection::Selection) a third of the signal is kept, with a resolution of
//! 7 MeV on its mass, over a background that falls by a third from 5100 to 5600 MeV.
//!
//! ```
//! use gaudi_mpi::algorithms::{toy_decays::ToyDecays, toy_selection::Selection};
//! use gaudi_mpi::numbers::random::Random;
//!
//! let toy_decays = ToyDecays::default();
//! let selection = Selection::default();
//! let mut random = Random::new(1, 0); // the job's seed, the item's number
//! let masses: Vec<f64> = (0..1_000)
//!     .filter_map(|_| selection.select(&toy_decays.generate(&mut random)))
//!     .map(|candidate| candidate.mass)
//!     .collect();
//! assert!(!masses.is_empty());
//! ```

use serde::{Deserialize, Serialize};

use super::kinematics::{FourMomentum, back_to_back, momentum_above_threshold};
use super::particles::{B_S, J_PSI, KAON, MUON, PHI};
use crate::numbers::random::Random;

/// Largest mass drawn for a φ: ten widths above its peak, MeV. The smallest is the K⁺K⁻ threshold.
const PHI_MASS_MAX: f64 = PHI.mass + 10.0 * PHI.width;

// Every decay drawn can be, so generating cannot fail.
const _: () = assert!(
    B_S.mass > J_PSI.mass + PHI_MASS_MAX
        && PHI.mass > 2.0 * KAON.mass
        && J_PSI.mass - DIMUON_HALF_RANGE > 2.0 * MUON.mass
);

/// Masses of background muon pairs that come from no J/ψ: this far from its mass to either side, MeV.
const DIMUON_HALF_RANGE: f64 = 150.0;

/// Largest mass of background kaon pairs that come from no φ, MeV.
const DIKAON_MASS_MAX: f64 = 1100.0;

/// The momenta between which the resolution rises from its low value to its high one, MeV.
const RESOLUTION_RISES: [f64; 2] = [20_000.0, 100_000.0];

/// A setting that makes no sense.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("toy decays cannot be made with {setting} = {value}: it must be {allowed}")]
pub struct Error {
    /// The field of [`Configuration`].
    pub setting: &'static str,
    /// What it was set to.
    pub value: String,
    /// What it can be, in words.
    pub allowed: &'static str,
}

/// What [`ToyDecays`] are like. Fields left out of a job file keep their defaults; an unknown field is an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Configuration {
    /// The fraction of all decays generated that are signal. Default: 0.01.
    pub signal_fraction: f64,
    /// Mean transverse momentum of the B_s⁰, exponentially distributed, MeV. Default: 5000.
    pub b_pt: f64,
    /// Mean transverse momentum of background muon pairs, exponentially distributed, MeV. Default: 3500.
    pub dimuon_pt: f64,
    /// Mean transverse momentum of background kaon pairs, exponentially distributed, MeV. Default: 1500.
    pub dikaon_pt: f64,
    /// The pseudorapidities between which B_s⁰ and background muon pairs are spread evenly. Default: 2 to 5.
    pub eta: [f64; 2],
    /// How far apart the two pairs of background are in pseudorapidity and in azimuth (standard deviations of a
    /// Gaussian): the tracks of one jet keep together. Default: 0.6.
    pub background_spread: f64,
    /// The fraction of background muon pairs that come from a J/ψ; the others' masses are flat around its. Default:
    /// 0.7.
    pub background_j_psi: f64,
    /// The fraction of background kaon pairs that come from a φ; the others' masses are flat from threshold. Default:
    /// 0.3.
    pub background_phi: f64,
    /// σ(p)/p of tracks below 20 GeV and above 100 GeV; a straight line leads from one to the other.
    /// Default: 0.005 and 0.008, about what LHCb measured (Int. J. Mod. Phys. A 30, 1530022, 2015).
    pub momentum_resolution: [f64; 2],
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            signal_fraction: 0.01,
            b_pt: 5_000.0,
            dimuon_pt: 3_500.0,
            dikaon_pt: 1_500.0,
            eta: [2.0, 5.0],
            background_spread: 0.6,
            background_j_psi: 0.7,
            background_phi: 0.3,
            momentum_resolution: [0.005, 0.008],
        }
    }
}

impl Configuration {
    fn check(&self) -> Result<(), Error> {
        let require = |good: bool, setting, value: &dyn std::fmt::Debug, allowed| {
            good.then_some(()).ok_or_else(|| Error {
                setting,
                value: format!("{value:?}"),
                allowed,
            })
        };
        for (setting, value) in [
            ("signal_fraction", self.signal_fraction),
            ("background_j_psi", self.background_j_psi),
            ("background_phi", self.background_phi),
        ] {
            require((0.0..=1.0).contains(&value), setting, &value, "between 0 and 1")?;
        }
        for (setting, value) in [
            ("b_pt", self.b_pt),
            ("dimuon_pt", self.dimuon_pt),
            ("dikaon_pt", self.dikaon_pt),
        ] {
            let good = value > 0.0 && value <= 1e6;
            require(good, setting, &value, "above 0 and at most 1000000 MeV")?;
        }
        let [low, high] = self.eta;
        // Beyond ten the energies are those of no collider and the digits run out.
        let good = -10.0 <= low && low <= high && high <= 10.0;
        require(
            good,
            "eta",
            &self.eta,
            "two pseudorapidities in ascending order, from -10 to 10",
        )?;
        let good = (0.0..=3.0).contains(&self.background_spread);
        require(good, "background_spread", &self.background_spread, "between 0 and 3")?;
        let good = self.momentum_resolution.iter().all(|sigma| (0.0..=0.1).contains(sigma));
        require(
            good,
            "momentum_resolution",
            &self.momentum_resolution,
            "two relative resolutions between 0 and 0.1",
        )
    }
}

/// A charged track as measured. Its energy depends on what particle it is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Track {
    /// Momentum along x, MeV.
    pub px: f64,
    /// Momentum along y, MeV.
    pub py: f64,
    /// Momentum along z, the beam, MeV.
    pub pz: f64,
    /// Charge, in units of the proton's.
    pub charge: i32,
}

impl Track {
    /// The four-momentum if the track is a particle of this mass, MeV.
    #[inline]
    pub fn with_mass(&self, mass: f64) -> FourMomentum {
        FourMomentum::from_mass(self.px, self.py, self.pz, mass)
    }
}

/// The tracks of one candidate, before any selection.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Decay {
    /// μ⁺, μ⁻.
    pub muons: [Track; 2],
    /// K⁺, K⁻.
    pub kaons: [Track; 2],
    /// Whether the four tracks come from a B_s⁰: the truth, which an analysis does not know.
    pub signal: bool,
}

/// The generator.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ToyDecays {
    configuration: Configuration,
}

impl ToyDecays {
    /// A generator of decays like this.
    ///
    /// # Errors
    ///
    /// [`Error`], which names the setting that makes no sense.
    ///
    /// ```
    /// use gaudi_mpi::algorithms::toy_decays::{Configuration, ToyDecays};
    ///
    /// let signal_only = Configuration { signal_fraction: 1.0, ..Default::default() };
    /// assert!(ToyDecays::new(signal_only).is_ok());
    /// ```
    pub fn new(configuration: Configuration) -> Result<Self, Error> {
        configuration.check()?;
        Ok(Self { configuration })
    }

    /// What the decays are like.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// One decay: signal or background, by chance.
    pub fn generate(&self, random: &mut Random) -> Decay {
        let signal = random.uniform(0.0, 1.0) < self.configuration.signal_fraction;
        let (dimuon, dikaon) = if signal {
            self.signal(random)
        } else {
            self.background(random)
        };
        Decay {
            muons: self.tracks(dimuon, MUON.mass, random),
            kaons: self.tracks(dikaon, KAON.mass, random),
            signal,
        }
    }

    /// J/ψ and φ of a B_s⁰. The decay is isotropic: the toy knows no polarisation.
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

    /// A muon pair and a kaon pair that have nothing to do with each other but to fly about the same way.
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

    /// The two tracks, positive first, that a pair decays to, as the spectrometer measures them.
    fn tracks(&self, pair: Pair, mass: f64, random: &mut Random) -> [Track; 2] {
        let p = momentum_above_threshold(pair.mass, mass, mass);
        let (plus, minus) = back_to_back(&pair.momentum, pair.mass, p, [mass, mass], random);
        [self.measure(&plus, 1, random), self.measure(&minus, -1, random)]
    }

    /// The direction is measured much better than the momentum, so it stays as it is.
    fn measure(&self, particle: &FourMomentum, charge: i32, random: &mut Random) -> Track {
        let scale = random.gaussian(1.0, self.resolution(particle.p()));
        Track {
            px: scale * particle.px,
            py: scale * particle.py,
            pz: scale * particle.pz,
            charge,
        }
    }

    /// σ(p)/p at momentum `p`, MeV.
    fn resolution(&self, p: f64) -> f64 {
        let [low, high] = self.configuration.momentum_resolution;
        let [from, to] = RESOLUTION_RISES;
        low + (high - low) * ((p - from) / (to - from)).clamp(0.0, 1.0)
    }
}

/// What becomes two tracks; its mass as drawn, which the four-momentum has only to rounding.
struct Pair {
    momentum: FourMomentum,
    mass: f64,
}

/// The mass of a φ, MeV: Breit–Wigner, cut at the K⁺K⁻ threshold and ten widths above the peak.
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

    fn sum(tracks: &[Track; 2], mass: f64) -> FourMomentum {
        tracks.iter().map(|track| track.with_mass(mass)).sum()
    }

    #[test]
    fn an_item_has_its_decays() {
        let toy_decays = ToyDecays::default();
        let decays = |item| {
            let mut random = Random::new(5, item);
            (0..100).map(|_| toy_decays.generate(&mut random)).collect::<Vec<_>>()
        };
        let second = decays(2);
        assert_eq!((decays(1) == second, decays(2) == second), (false, true));
    }

    #[test]
    fn the_fraction_of_signal_is_as_asked() {
        let random = &mut Random::new(6, 0);
        let count = |fraction, random: &mut Random| {
            let configuration = Configuration {
                signal_fraction: fraction,
                ..Default::default()
            };
            let toy_decays = ToyDecays::new(configuration).unwrap();
            (0..20_000).filter(|_| toy_decays.generate(random).signal).count()
        };
        assert_eq!(count(0.0, random), 0);
        assert_eq!(count(1.0, random), 20_000);
        // 5000 ± 61
        assert!(count(0.25, random).abs_diff(5_000) < 4 * 61);
    }

    #[test]
    fn tracks_come_positive_first() {
        let decay = ToyDecays::default().generate(&mut Random::new(7, 0));
        for pair in [decay.muons, decay.kaons] {
            assert_eq!(pair.map(|track| track.charge), [1, -1]);
        }
    }

    #[test]
    fn the_b_has_the_spectrum_asked_for() {
        let perfect = Configuration {
            signal_fraction: 1.0,
            momentum_resolution: [0.0, 0.0],
            ..Default::default()
        };
        let toy_decays = ToyDecays::new(perfect).unwrap();
        let random = &mut Random::new(8, 0);
        let n = 20_000;
        let (mut pt, mut eta) = (0.0, 0.0);
        for _ in 0..n {
            let decay = toy_decays.generate(random);
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

    /// The cumulative distribution of a Breit–Wigner is an arctangent; cut, it is a part of one.
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
        let toy_decays = ToyDecays::default();
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
                let track = toy_decays.measure(&muon, -1, random);
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

    #[test]
    fn settings_that_make_no_sense_are_named() {
        let message = |configuration| ToyDecays::new(configuration).unwrap_err().to_string();
        let default = Configuration::default;
        assert_eq!(
            message(Configuration {
                signal_fraction: 1.5,
                ..default()
            }),
            "toy decays cannot be made with signal_fraction = 1.5: it must be between 0 and 1"
        );
        for (configuration, setting) in [
            (
                Configuration {
                    background_phi: f64::NAN,
                    ..default()
                },
                "background_phi",
            ),
            (
                Configuration {
                    background_j_psi: -0.1,
                    ..default()
                },
                "background_j_psi",
            ),
            (Configuration { b_pt: 0.0, ..default() }, "b_pt"),
            (
                Configuration {
                    dimuon_pt: -1.0,
                    ..default()
                },
                "dimuon_pt",
            ),
            (
                Configuration {
                    dikaon_pt: f64::INFINITY,
                    ..default()
                },
                "dikaon_pt",
            ),
            (
                Configuration {
                    eta: [5.0, 2.0],
                    ..default()
                },
                "eta = [5.0, 2.0]",
            ),
            (
                Configuration {
                    background_spread: -1.0,
                    ..default()
                },
                "background_spread",
            ),
            (
                Configuration {
                    momentum_resolution: [0.005, 8.0],
                    ..default()
                },
                "momentum_resolution",
            ),
        ] {
            assert!(message(configuration).contains(setting));
        }
    }

    #[test]
    fn settings_left_out_keep_their_defaults() {
        let configuration: Configuration = serde_json::from_str(r#"{"b_pt": 7000.0}"#).unwrap();
        assert_eq!(
            configuration,
            Configuration {
                b_pt: 7_000.0,
                ..Default::default()
            }
        );
        let error = serde_json::from_str::<Configuration>(r#"{"bpt": 7000.0}"#).unwrap_err();
        assert!(error.to_string().contains("unknown field `bpt`"));
    }
}
