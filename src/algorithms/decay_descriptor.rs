//! Decay descriptors: `[B+ -> J/psi(1S) K+]cc`.
//!
//! ```
//! use gaudi_mpi::algorithms::decay_descriptor::DecayDescriptor;
//!
//! let descriptor = DecayDescriptor::parse("[D0 -> K- pi+]cc")?;
//! let decays: Vec<String> = descriptor.decays().iter().map(|decay| decay.to_string()).collect();
//! assert_eq!(decays, ["D0 -> K- pi+", "D~0 -> K+ pi-"]);
//!
//! let error = DecayDescriptor::parse("B_s0 -> J/psi phi(1020)").unwrap_err();
//! assert_eq!(error.to_string(), "\
//! no particle is named `J/psi`; did you mean `J/psi(1S)`?
//!     B_s0 -> J/psi phi(1020)
//!             ^^^^^");
//! # Ok::<(), gaudi_mpi::algorithms::decay_descriptor::DescriptorError>(())
//! ```

mod error;
mod parser;

pub use error::DescriptorError;

use super::particles::Particle;
use std::fmt;

/// A decay, with or without its charge conjugate.
///
/// A particle decays to two or more daughters: `B_s0 -> J/psi(1S) phi(1020)`. Brackets followed by `cc` add the
/// charge-conjugate decay: `[B+ -> J/psi(1S) K+]cc`. Particle names are those in [`particles`](super::particles),
/// separated by spaces. Charge need not be conserved: `J/psi(1S) -> mu+ mu+` describes like-sign pairs.
#[derive(Clone, Debug, PartialEq)]
pub struct DecayDescriptor {
    decay: Decay,
    conjugated: bool,
}

/// A particle and its daughters.
#[derive(Clone, Debug, PartialEq)]
pub struct Decay {
    /// The decaying particle.
    pub head: Particle,
    /// The daughters (at least two), in the order of the descriptor.
    pub daughters: Vec<Particle>,
}

impl DecayDescriptor {
    /// Returns the decay as written, without its conjugate.
    pub fn decay(&self) -> &Decay {
        &self.decay
    }

    /// Returns whether the descriptor contains `cc`.
    pub fn is_conjugated(&self) -> bool {
        self.conjugated
    }

    /// Returns the decay and, if the descriptor contains `cc`, its charge conjugate. A decay that is its own conjugate,
    /// such as `[J/psi(1S) -> mu+ mu-]cc`, is returned only once.
    pub fn decays(&self) -> Vec<Decay> {
        let mut decays = vec![self.decay.clone()];
        let conjugate = self.decay.conjugate();
        let same = conjugate.head == self.decay.head && conjugate.products() == self.decay.products();
        if self.conjugated && !same {
            decays.push(conjugate);
        }
        decays
    }
}

impl Decay {
    /// Returns the charge conjugate, in which every particle is replaced by its antiparticle, in the same order.
    pub fn conjugate(&self) -> Self {
        Self {
            head: self.head.antiparticle(),
            daughters: self.daughters.iter().map(Particle::antiparticle).collect(),
        }
    }

    /// Returns the sorted PDG identifiers of the daughters.
    pub(super) fn products(&self) -> Vec<i32> {
        let mut products: Vec<i32> = self.daughters.iter().map(|daughter| daughter.pdg_id).collect();
        products.sort_unstable();
        products
    }
}

impl fmt::Display for Decay {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{} ->", self.head.name)?;
        self.daughters
            .iter()
            .try_for_each(|daughter| write!(formatter, " {}", daughter.name))
    }
}

impl fmt::Display for DecayDescriptor {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self.conjugated {
            true => write!(formatter, "[{}]cc", self.decay),
            false => self.decay.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithms::particles;
    use proptest::prelude::*;

    #[test]
    fn decays_parse() {
        for (text, head, daughters) in [
            ("B_s0 -> J/psi(1S) phi(1020)", 531, vec![443, 333]),
            ("J/psi(1S) -> mu+ mu-", 443, vec![-13, 13]),
            ("  phi(1020)->K+ K-  ", 333, vec![321, -321]),
            ("D- -> K+ pi- pi-", -411, vec![321, -211, -211]),
            ("Lambda_b0 -> Lambda_c+ pi-", 5122, vec![4122, -211]),
            ("B0 -> K*(892)0 gamma", 511, vec![313, 22]),
            ("K_S0 -> pi+ pi-", 310, vec![211, -211]),
            ("H_10 -> Z0 Z0", 25, vec![23, 23]),
            ("B_s~0\n->\te+ mu-", -531, vec![-11, 13]),
        ] {
            let descriptor = DecayDescriptor::parse(text).unwrap_or_else(|error| panic!("{error}"));
            assert!(!descriptor.is_conjugated());
            let decays = descriptor.decays();
            assert_eq!(decays.len(), 1);
            let found: Vec<i32> = decays[0].daughters.iter().map(|daughter| daughter.pdg_id).collect();
            assert_eq!((decays[0].head.pdg_id, found), (head, daughters));
        }
    }

    #[test]
    fn cc_adds_the_conjugate() {
        let decays = |text: &str| -> Vec<String> {
            let descriptor = DecayDescriptor::parse(text).unwrap();
            descriptor.decays().iter().map(Decay::to_string).collect()
        };
        assert_eq!(
            decays("[B+ -> J/psi(1S) K+]cc"),
            ["B+ -> J/psi(1S) K+", "B- -> J/psi(1S) K-"]
        );
        assert_eq!(
            decays("[ B_s0 -> J/psi(1S) phi(1020) ] CC"),
            ["B_s0 -> J/psi(1S) phi(1020)", "B_s~0 -> J/psi(1S) phi(1020)"]
        );
        assert_eq!(decays("[J/psi(1S) -> mu+ mu-]cc"), ["J/psi(1S) -> mu+ mu-"]);
        assert_eq!(
            decays("[J/psi(1S) -> mu+ mu+]cc"),
            ["J/psi(1S) -> mu+ mu+", "J/psi(1S) -> mu- mu-"]
        );
    }

    fn particle() -> impl Strategy<Value = Particle> {
        prop::sample::select(particles::all().collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn displayed_descriptors_parse_to_themselves(
            head in particle(),
            daughters in prop::collection::vec(particle(), 2..6),
            conjugated: bool,
        ) {
            let descriptor = DecayDescriptor { decay: Decay { head, daughters }, conjugated };
            let parsed = DecayDescriptor::parse(&descriptor.to_string());
            prop_assert_eq!(parsed.as_ref(), Ok(&descriptor));
            for decay in descriptor.decays() {
                prop_assert_eq!(decay.conjugate().conjugate(), decay);
            }
        }

    }
}
