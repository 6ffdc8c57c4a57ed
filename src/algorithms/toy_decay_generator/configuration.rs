//! The settings of the toy decay generator.

use serde::{Deserialize, Serialize};

/// A setting is out of range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("toy decays cannot be made with {setting} = {value}: it must be {allowed}")]
pub struct Error {
    /// The name of the field in [`Configuration`].
    pub setting: &'static str,
    /// The value of the setting.
    pub value: String,
    /// The allowed values, in words.
    pub allowed: &'static str,
}

/// The settings of [`ToyDecayGenerator`](super::ToyDecayGenerator).
///
/// When deserialised, missing fields take their default values; an unknown field is an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Configuration {
    /// The fraction of generated decays that are signal. Default: 0.01.
    pub signal_fraction: f64,
    /// The mean transverse momentum of the B_s⁰ in MeV. The distribution is exponential. Default: 5000.
    pub b_pt: f64,
    /// The mean transverse momentum of background muon pairs in MeV. The distribution is exponential. Default: 3500.
    pub dimuon_pt: f64,
    /// The mean transverse momentum of background kaon pairs in MeV. The distribution is exponential. Default: 1500.
    pub dikaon_pt: f64,
    /// The pseudorapidity range of B_s⁰ mesons and background muon pairs. The distribution is uniform. Default: 2 to 5.
    pub eta: [f64; 2],
    /// The standard deviation of the distance between the two background pairs, both in pseudorapidity and in azimuth
    /// (rad). The distances follow a Gaussian distribution to imitate the tracks in a jet. Default: 0.6.
    pub background_spread: f64,
    /// The fraction of background muon pairs that come from a J/ψ. The masses of the other pairs are uniformly
    /// distributed around the J/ψ mass. Default: 0.7.
    pub background_j_psi: f64,
    /// The fraction of background kaon pairs that come from a φ. The masses of the other pairs are uniformly
    /// distributed above threshold. Default: 0.3.
    pub background_phi: f64,
    /// The relative momentum resolution σ(p)/p below 20 GeV and above 100 GeV. In between, it is linear in p. Default:
    /// 0.005 and 0.008, close to LHCb's (Int. J. Mod. Phys. A 30, 1530022, 2015).
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
    pub(super) fn check(&self) -> Result<(), Error> {
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
        // Beyond 10, energies exceed those of any collider, and e² − p² has no significant digits left.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_named() {
        let message = |change: fn(&mut Configuration)| {
            let mut configuration = Configuration::default();
            change(&mut configuration);
            configuration.check().unwrap_err().to_string()
        };
        assert_eq!(
            message(|c| c.signal_fraction = 1.5),
            "toy decays cannot be made with signal_fraction = 1.5: it must be between 0 and 1"
        );
        type Change = fn(&mut Configuration);
        let cases: [(Change, &str); 8] = [
            (|c| c.background_phi = f64::NAN, "background_phi"),
            (|c| c.background_j_psi = -0.1, "background_j_psi"),
            (|c| c.b_pt = 0.0, "b_pt"),
            (|c| c.dimuon_pt = -1.0, "dimuon_pt"),
            (|c| c.dikaon_pt = f64::INFINITY, "dikaon_pt"),
            (|c| c.eta = [5.0, 2.0], "eta = [5.0, 2.0]"),
            (|c| c.background_spread = -1.0, "background_spread"),
            (|c| c.momentum_resolution = [0.005, 8.0], "momentum_resolution"),
        ];
        for (change, setting) in cases {
            assert!(message(change).contains(setting));
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
