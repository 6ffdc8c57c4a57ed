//! Particle properties, looked up by the names used in decay descriptors: `B_s0 -> J/psi(1S) phi(1020)`.
//!
//! Masses, widths and identifiers are taken from the 2026 Review of Particle Physics by the Particle Data Group (PDG).
//!
//! ```
//! use gaudi_mpi::algorithms::particles::{self, Particle};
//!
//! assert_eq!(Particle::named("K-")?.mass, particles::KAON.mass);
//! assert_eq!(Particle::named("B_s0")?.pdg_id, 531);
//! assert_eq!(Particle::with_pdg_id(-13)?.name, "mu+");
//! # Ok::<(), particles::Error>(())
//! ```

use crate::expression::edit_distance::edit_distance;

/// The requested particle is not in the table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No particle has this name. The message suggests the closest name, or lists all names.
    #[error("{}", unknown(name))]
    UnknownName {
        /// The unknown name.
        name: String,
    },
    /// No particle has this PDG identifier.
    #[error("no particle in the table has the PDG identifier {0}")]
    UnknownPdgId(i32),
}

/// The properties of a particle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Particle {
    /// The name used in decay descriptors.
    pub name: &'static str,
    /// The name of the antiparticle. It equals `name` if the particle is its own antiparticle.
    pub conjugate: &'static str,
    /// The PDG identifier. The antiparticle's identifier has the opposite sign.
    pub pdg_id: i32,
    /// The electric charge, in units of the proton charge.
    pub charge: i32,
    /// The mass in MeV.
    pub mass: f64,
    /// The total decay width in MeV; 0 for widths below 1 keV, which no detector can resolve.
    pub width: f64,
}

impl Particle {
    const fn new(name: &'static str, conjugate: &'static str, pdg_id: i32, charge: i32, mass: f64, width: f64) -> Self {
        Self {
            name,
            conjugate,
            pdg_id,
            charge,
            mass,
            width,
        }
    }

    /// Returns the particle with this name. `K_S0`, `K_L0` and `H0` are aliases of `KS0`, `KL0` and `H_10`.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownName`] for a name that is not in the table.
    pub fn named(name: &str) -> Result<Self, Error> {
        let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
        let known = alias.map_or(name, |(_, known)| known);
        all()
            .find(|particle| particle.name == known)
            .ok_or_else(|| Error::UnknownName { name: name.to_owned() })
    }

    /// Returns the particle with this PDG identifier.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownPdgId`] for an identifier that is not in the table.
    pub fn with_pdg_id(pdg_id: i32) -> Result<Self, Error> {
        all()
            .find(|particle| particle.pdg_id == pdg_id)
            .ok_or(Error::UnknownPdgId(pdg_id))
    }

    /// Returns whether the particle is its own antiparticle.
    pub fn is_self_conjugate(&self) -> bool {
        self.name == self.conjugate
    }

    /// Returns the antiparticle, which may be the particle itself.
    ///
    /// ```
    /// use gaudi_mpi::algorithms::particles::{KAON, PHI};
    ///
    /// assert_eq!(KAON.antiparticle().name, "K-");
    /// assert_eq!(PHI.antiparticle(), PHI);
    /// ```
    pub fn antiparticle(&self) -> Self {
        if self.is_self_conjugate() {
            return *self;
        }
        Self {
            name: self.conjugate,
            conjugate: self.name,
            pdg_id: -self.pdg_id,
            charge: -self.charge,
            ..*self
        }
    }
}

/// Returns all particles, each followed by its antiparticle.
pub fn all() -> impl Iterator<Item = Particle> {
    TABLE.iter().flat_map(|particle| {
        let conjugate = (!particle.is_self_conjugate()).then(|| particle.antiparticle());
        [Some(*particle), conjugate].into_iter().flatten()
    })
}

/// Other common names for particles in the table.
const ALIASES: [(&str, &str); 3] = [("K_S0", "KS0"), ("K_L0", "KL0"), ("H0", "H_10")];

/// Returns the message for an unknown particle name.
fn unknown(name: &str) -> String {
    match closest(name) {
        Some(known) => format!("no particle is named `{name}`; did you mean `{known}`?"),
        None => {
            let names: Vec<&str> = all().map(|particle| particle.name).collect();
            format!("no particle is named `{name}`; the names are {}", names.join(", "))
        }
    }
}

/// Returns the known name closest to `name`, if it is close enough to be suggested.
fn closest(name: &str) -> Option<&'static str> {
    let plain = |name: &str| -> String {
        let letters = name.chars().filter(|letter| !"_()/".contains(*letter));
        letters.collect::<String>().to_lowercase()
    };
    let wanted = plain(name);
    let score = |known: &'static str| {
        // "J/psi" is short for "J/psi(1S)".
        let short: String = match (known.find('('), known.find(')')) {
            (Some(open), Some(close)) => [&known[..open], &known[close + 1..]].concat(),
            _ => known.into(),
        };
        let (full, short) = (plain(known), plain(&short));
        let begins = !wanted.is_empty() && full.starts_with(&wanted);
        let whole = edit_distance(&full, &wanted).min(edit_distance(&short, &wanted));
        (whole.min(if begins { 0 } else { usize::MAX }), known.len())
    };
    let (score, known) = all().map(|known| (score(known.name), known.name)).min()?;
    // Names that differ by more than one edit per three letters are too different to suggest.
    (score.0 <= 1.max(wanted.chars().count() / 3)).then_some(known)
}

/// e⁻.
pub const ELECTRON: Particle = Particle::new("e-", "e+", 11, -1, 0.51099895069, 0.0);
/// μ⁻.
pub const MUON: Particle = Particle::new("mu-", "mu+", 13, -1, 105.6583755, 0.0);
/// π⁺.
pub const PION: Particle = Particle::new("pi+", "pi-", 211, 1, 139.57039, 0.0);
/// K⁺.
pub const KAON: Particle = Particle::new("K+", "K-", 321, 1, 493.677, 0.0);
/// The proton.
pub const PROTON: Particle = Particle::new("p+", "p~-", 2212, 1, 938.27208943, 0.0);
/// φ(1020).
pub const PHI: Particle = Particle::new("phi(1020)", "phi(1020)", 333, 0, 1019.460, 4.249);
/// J/ψ.
pub const J_PSI: Particle = Particle::new("J/psi(1S)", "J/psi(1S)", 443, 0, 3096.900, 0.0926);
/// B⁺.
pub const B_PLUS: Particle = Particle::new("B+", "B-", 521, 1, 5279.41, 0.0);
/// B⁰.
pub const B_ZERO: Particle = Particle::new("B0", "B~0", 511, 0, 5279.72, 0.0);
/// B_s⁰.
pub const B_S: Particle = Particle::new("B_s0", "B_s~0", 531, 0, 5366.93, 0.0);

/// All particles in the table. Antiparticles are derived from these entries.
const TABLE: &[Particle] = &[
    Particle::new("gamma", "gamma", 22, 0, 0.0, 0.0),
    ELECTRON,
    MUON,
    Particle::new("tau-", "tau+", 15, -1, 1776.93, 0.0),
    Particle::new("pi0", "pi0", 111, 0, 134.9768, 0.0),
    PION,
    Particle::new("eta", "eta", 221, 0, 547.862, 0.00131),
    Particle::new("rho(770)0", "rho(770)0", 113, 0, 775.26, 147.4),
    Particle::new("omega(782)", "omega(782)", 223, 0, 782.66, 8.68),
    PHI,
    KAON,
    Particle::new("K0", "K~0", 311, 0, 497.611, 0.0),
    Particle::new("KS0", "KS0", 310, 0, 497.611, 0.0),
    Particle::new("KL0", "KL0", 130, 0, 497.611, 0.0),
    Particle::new("K*(892)0", "K*(892)~0", 313, 0, 895.56, 47.1),
    PROTON,
    Particle::new("n0", "n~0", 2112, 0, 939.5654219, 0.0),
    Particle::new("Lambda0", "Lambda~0", 3122, 0, 1115.683, 0.0),
    Particle::new("Xi-", "Xi~+", 3312, -1, 1321.71, 0.0),
    Particle::new("Omega-", "Omega~+", 3334, -1, 1672.45, 0.0),
    Particle::new("D0", "D~0", 421, 0, 1864.84, 0.0),
    Particle::new("D+", "D-", 411, 1, 1869.66, 0.0),
    Particle::new("D*(2010)+", "D*(2010)-", 413, 1, 2010.27, 0.0834),
    Particle::new("D_s+", "D_s-", 431, 1, 1968.35, 0.0),
    Particle::new("Lambda_c+", "Lambda_c~-", 4122, 1, 2286.46, 0.0),
    J_PSI,
    Particle::new("psi(2S)", "psi(2S)", 100443, 0, 3686.097, 0.293),
    Particle::new("Upsilon(1S)", "Upsilon(1S)", 553, 0, 9460.40, 0.0540),
    B_PLUS,
    B_ZERO,
    B_S,
    Particle::new("B_c+", "B_c-", 541, 1, 6274.47, 0.0),
    Particle::new("Lambda_b0", "Lambda_b~0", 5122, 0, 5619.57, 0.0),
    Particle::new("Z0", "Z0", 23, 0, 91187.9, 2495.5),
    Particle::new("W+", "W-", 24, 1, 80362.0, 2140.0),
    Particle::new("H_10", "H_10", 25, 0, 125130.0, 3.0),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_and_identifiers_are_found_and_unique() {
        let mut names = HashSet::new();
        let mut identifiers = HashSet::new();
        for particle in all() {
            assert!(names.insert(particle.name) && identifiers.insert(particle.pdg_id));
            assert_eq!(Particle::named(particle.name), Ok(particle));
            assert_eq!(Particle::with_pdg_id(particle.pdg_id), Ok(particle));
        }
    }

    #[test]
    fn the_antiparticle_of_the_antiparticle_is_the_particle() {
        for particle in all() {
            assert_eq!(particle.antiparticle().antiparticle(), particle);
            assert_eq!(particle.antiparticle().mass, particle.mass);
        }
    }

    /// The digits of a PDG identifier encode the quark content, which determines the charge.
    #[test]
    fn charges_agree_with_the_quark_content() {
        let thirds = |quark: i32| if quark % 2 == 0 { 2 } else { -1 };
        for particle in all().filter(|particle| particle.pdg_id.abs() > 100) {
            let id = particle.pdg_id.abs();
            let [a, b, c] = [id / 1000 % 10, id / 100 % 10, id / 10 % 10];
            let charge = if a != 0 {
                thirds(a) + thirds(b) + thirds(c)
            } else if b % 2 == 0 {
                // The heavier constituent of a meson is a quark if it is up-type, or an antiquark if it is down-type.
                thirds(b) - thirds(c)
            } else {
                thirds(c) - thirds(b)
            };
            assert_eq!(
                3 * particle.charge * particle.pdg_id.signum(),
                charge,
                "{}",
                particle.name
            );
        }
    }

    #[test]
    fn an_unknown_name_gets_a_suggestion_or_the_list() {
        let message = |name| Particle::named(name).unwrap_err().to_string();
        assert_eq!(message("B_s"), "no particle is named `B_s`; did you mean `B_s0`?");
        let list = message("unobtainium");
        assert!(list.starts_with("no particle is named `unobtainium`; the names are gamma, e-, e+,"));
        assert!(list.contains("B_s0, B_s~0"));
        assert!(Particle::with_pdg_id(99).is_err());
    }

    #[test]
    fn the_closest_name_is_suggested() {
        for (written, meant) in [
            ("J/psi", "J/psi(1S)"),
            ("Jpsi", "J/psi(1S)"),
            ("phi", "phi(1020)"),
            ("K*0", "K*(892)0"),
            ("D*+", "D*(2010)+"),
            ("Bs", "B_s0"),
            ("Bs0", "B_s0"),
            ("k+", "K+"),
            ("Mu+", "mu+"),
            ("p", "p+"),
            ("Lambdab0", "Lambda_b0"),
            ("K_s0", "KS0"),
        ] {
            assert_eq!(closest(written), Some(meant), "{written}");
        }
    }

    #[test]
    fn aliases_name_known_particles() {
        for (other, name) in ALIASES {
            assert_eq!(Particle::named(other).unwrap().name, name);
        }
    }
}
