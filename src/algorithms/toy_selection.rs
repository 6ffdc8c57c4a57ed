//! Selects B_s⁰ → J/ψ φ candidates from [toy decays](super::toy_decay_generator), with typical cuts.

use serde::{Deserialize, Serialize};

use super::particles::{J_PSI, KAON, MUON, PHI};
use super::toy_decay_generator::ToyDecay;

/// The cuts on B_s⁰ candidates. A candidate must pass all of them.
///
/// When deserialised, missing fields take their default values; an unknown field is an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ToySelection {
    /// The minimum transverse momentum of each muon in MeV. Default: 500.
    pub muon_pt: f64,
    /// The minimum transverse momentum of each kaon in MeV. Default: 250.
    pub kaon_pt: f64,
    /// The pseudorapidity range of all four tracks, which is the spectrometer's acceptance. Default: 2 to 5.
    pub track_eta: [f64; 2],
    /// The minimum transverse momentum of the kaon pair in MeV. Default: 1000.
    pub phi_pt: f64,
    /// The maximum |m(μμ) − m(J/ψ)| in MeV. Default: 60.
    pub j_psi_window: f64,
    /// The maximum |m(KK) − m(φ)| in MeV. Default: 12.
    pub phi_window: f64,
    /// The range of the J/ψ-constrained candidate mass in MeV. Default: 5100 to 5600.
    pub mass: [f64; 2],
}

impl Default for ToySelection {
    fn default() -> Self {
        Self {
            muon_pt: 500.0,
            kaon_pt: 250.0,
            track_eta: [2.0, 5.0],
            phi_pt: 1_000.0,
            j_psi_window: 60.0,
            phi_window: 12.0,
            mass: [5_100.0, 5_600.0],
        }
    }
}

/// A selected B_s⁰ candidate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ToyCandidate {
    /// m(μμKK) − m(μμ) + m(J/ψ) in MeV. For muons from a J/ψ, the muon resolution cancels out.
    pub mass: f64,
    /// m(μμKK) in MeV.
    pub unconstrained_mass: f64,
    /// m(μμ) in MeV.
    pub j_psi_mass: f64,
    /// m(KK) in MeV.
    pub phi_mass: f64,
    /// Transverse momentum in MeV.
    pub pt: f64,
    /// Pseudorapidity.
    pub eta: f64,
}

impl ToySelection {
    /// Returns the candidate for a decay, or `None` if the decay fails a cut.
    ///
    /// ```
    /// use gaudi_mpi::algorithms::toy_decay_generator::{Configuration, ToyDecayGenerator};
    /// use gaudi_mpi::algorithms::toy_selection::ToySelection;
    /// use gaudi_mpi::numbers::random::Random;
    ///
    /// let generator = ToyDecayGenerator::new(Configuration { signal_fraction: 1.0, ..Default::default() })?;
    /// let selection = ToySelection { phi_window: 8.0, ..Default::default() };
    /// let mut random = Random::new(1, 0);
    /// let candidates = (0..1_000).filter_map(|_| selection.select(&generator.generate(&mut random)));
    /// for candidate in candidates {
    ///     assert!((candidate.phi_mass - 1019.46).abs() < 8.0);
    /// }
    /// # Ok::<(), gaudi_mpi::algorithms::toy_decay_generator::Error>(())
    /// ```
    pub fn select(&self, decay: &ToyDecay) -> Option<ToyCandidate> {
        let muons = decay.muons.map(|track| track.with_mass(MUON.mass));
        let kaons = decay.kaons.map(|track| track.with_mass(KAON.mass));
        // The cheapest cuts come first because they reject most of the background.
        if muons.iter().any(|muon| muon.pt() < self.muon_pt) || kaons.iter().any(|kaon| kaon.pt() < self.kaon_pt) {
            return None;
        }
        let phi = kaons[0] + kaons[1];
        let phi_mass = phi.mass();
        if phi.pt() < self.phi_pt || (phi_mass - PHI.mass).abs() > self.phi_window {
            return None;
        }
        let j_psi = muons[0] + muons[1];
        let j_psi_mass = j_psi.mass();
        if (j_psi_mass - J_PSI.mass).abs() > self.j_psi_window {
            return None;
        }
        let b = j_psi + phi;
        let unconstrained_mass = b.mass();
        let mass = unconstrained_mass - j_psi_mass + J_PSI.mass;
        let [lightest, heaviest] = self.mass;
        let [low, high] = self.track_eta;
        if !(lightest..=heaviest).contains(&mass)
            || muons
                .iter()
                .chain(&kaons)
                .any(|track| !(low..=high).contains(&track.eta()))
        {
            return None;
        }
        Some(ToyCandidate {
            mass,
            unconstrained_mass,
            j_psi_mass,
            phi_mass,
            pt: b.pt(),
            eta: b.eta(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithms::particles::B_S;
    use crate::algorithms::toy_decay_generator::{Configuration, MeasuredTrack, ToyDecayGenerator};
    use crate::numbers::random::Random;

    fn candidates(configuration: Configuration, selection: &ToySelection, n: usize) -> Vec<ToyCandidate> {
        let generator = ToyDecayGenerator::new(configuration).unwrap();
        let mut random = Random::new(11, 4);
        (0..n)
            .filter_map(|_| selection.select(&generator.generate(&mut random)))
            .collect()
    }

    fn signal() -> Configuration {
        Configuration {
            signal_fraction: 1.0,
            ..Default::default()
        }
    }

    fn background() -> Configuration {
        Configuration {
            signal_fraction: 0.0,
            ..Default::default()
        }
    }

    fn root_mean_square(values: impl Iterator<Item = f64>) -> f64 {
        let (sum, n) = values.fold((0.0, 0.0), |(sum, n), x| (sum + x * x, n + 1.0));
        f64::sqrt(sum / n)
    }

    #[test]
    fn without_resolution_the_masses_are_exact() {
        let perfect = Configuration {
            momentum_resolution: [0.0, 0.0],
            ..signal()
        };
        let candidates = candidates(perfect, &ToySelection::default(), 2_000);
        assert!(candidates.len() > 300);
        for candidate in candidates {
            assert!((candidate.mass - B_S.mass).abs() < 1e-4, "{candidate:?}");
            assert!((candidate.unconstrained_mass - B_S.mass).abs() < 1e-4);
            assert!((candidate.j_psi_mass - J_PSI.mass).abs() < 1e-4);
        }
    }

    #[test]
    fn the_constraint_sharpens_the_peak() {
        let candidates = candidates(signal(), &ToySelection::default(), 30_000);
        let efficiency = candidates.len() as f64 / 30_000.0;
        assert!((0.30..0.35).contains(&efficiency), "{efficiency}");
        let constrained = root_mean_square(candidates.iter().map(|c| c.mass - B_S.mass));
        let unconstrained = root_mean_square(candidates.iter().map(|c| c.unconstrained_mass - B_S.mass));
        assert!((6.5..7.5).contains(&constrained), "{constrained} MeV");
        assert!((15.0..18.0).contains(&unconstrained), "{unconstrained} MeV");
    }

    #[test]
    fn the_background_falls_smoothly() {
        let masses = candidates(background(), &ToySelection::default(), 1_000_000);
        let mut counts = [0.0; 5];
        for candidate in &masses {
            counts[(((candidate.mass - 5100.0) / 100.0) as usize).min(4)] += 1.0;
        }
        for pair in counts.windows(2) {
            // There must be no dip or bump beyond three standard deviations.
            assert!(pair[1] < pair[0] + 3.0 * f64::sqrt(pair[0]), "{counts:?}");
            assert!(pair[1] > 0.75 * pair[0], "{counts:?}");
        }
        let fall = counts[4] / counts[0];
        assert!((0.6..0.8).contains(&fall), "{counts:?}");
    }

    /// A tighter cut removes exactly the candidates that fail the cut, and at least one candidate fails.
    #[test]
    fn every_cut_cuts() {
        let generator = ToyDecayGenerator::new(Configuration {
            signal_fraction: 0.5,
            ..Default::default()
        })
        .unwrap();
        let mut random = Random::new(12, 0);
        let loose = ToySelection::default();
        let selected: Vec<(ToyDecay, ToyCandidate)> = (0..20_000)
            .map(|_| generator.generate(&mut random))
            .filter_map(|decay| loose.select(&decay).map(|candidate| (decay, candidate)))
            .collect();
        let pt = |track: &MeasuredTrack| track.px.hypot(track.py);
        let eta = |track: &MeasuredTrack| (track.pz / pt(track)).asinh();
        let tracks = |decay: &ToyDecay| decay.muons.into_iter().chain(decay.kaons);
        let phi_pt = |decay: &ToyDecay| {
            let [plus, minus] = decay.kaons;
            (plus.px + minus.px).hypot(plus.py + minus.py)
        };
        type Passes<'a> = &'a dyn Fn(&ToyDecay, &ToyCandidate) -> bool;
        type Change = fn(&mut ToySelection);
        let cuts: [(Change, Passes); 8] = [
            (|s| s.muon_pt = 1_000.0, &|d, _| {
                d.muons.iter().all(|muon| pt(muon) >= 1_000.0)
            }),
            (|s| s.kaon_pt = 800.0, &|d, _| {
                d.kaons.iter().all(|kaon| pt(kaon) >= 800.0)
            }),
            (|s| s.track_eta = [2.5, 5.0], &|d, _| {
                tracks(d).all(|track| eta(&track) >= 2.5)
            }),
            (|s| s.track_eta = [2.0, 4.0], &|d, _| {
                tracks(d).all(|track| eta(&track) <= 4.0)
            }),
            (|s| s.phi_pt = 2_000.0, &|d, _| phi_pt(d) >= 2_000.0),
            (|s| s.j_psi_window = 10.0, &|_, c| {
                (c.j_psi_mass - J_PSI.mass).abs() <= 10.0
            }),
            (|s| s.phi_window = 3.0, &|_, c| (c.phi_mass - PHI.mass).abs() <= 3.0),
            (|s| s.mass = [5_360.0, 5_370.0], &|_, c| {
                (5_360.0..=5_370.0).contains(&c.mass)
            }),
        ];
        for (change, passes) in cuts {
            let mut selection = loose.clone();
            change(&mut selection);
            let mut kept = 0;
            for (decay, candidate) in &selected {
                let expected = passes(decay, candidate).then_some(*candidate);
                assert_eq!(selection.select(decay), expected, "{selection:?}");
                kept += usize::from(expected.is_some());
            }
            assert!(kept > 0 && kept < selected.len(), "{selection:?}");
        }
    }

    #[test]
    fn settings_left_out_keep_their_defaults() {
        let selection: ToySelection = serde_json::from_str(r#"{"phi_window": 8.0}"#).unwrap();
        assert_eq!(
            selection,
            ToySelection {
                phi_window: 8.0,
                ..Default::default()
            }
        );
        let error = serde_json::from_str::<ToySelection>(r#"{"phi_windw": 8.0}"#).unwrap_err();
        assert!(error.to_string().contains("unknown field `phi_windw`"));
    }
}
