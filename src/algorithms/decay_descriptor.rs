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

use super::particles::{self, Particle};
use crate::edit_distance::edit_distance;
use crate::expression::ExpressionError;
use std::fmt;
use std::ops::Range;

/// A decay, and whether its charge conjugate is meant, too.
///
/// One particle decays to two or more: `B_s0 -> J/psi(1S) phi(1020)`. In brackets with a `cc` behind, the decay of the
/// antiparticle is meant as well: `[B+ -> J/psi(1S) K+]cc`. The names are those of [`particles`], with blanks between
/// them. Charges need not add up, as in `J/psi(1S) -> mu+ mu+`, which makes pairs of like sign.
#[derive(Clone, Debug, PartialEq)]
pub struct DecayDescriptor {
    decay: Decay,
    conjugated: bool,
}

/// A particle and what it decays to.
#[derive(Clone, Debug, PartialEq)]
pub struct Decay {
    /// What decays.
    pub head: Particle,
    /// What it decays to: two particles or more, in the order in which they were written.
    pub daughters: Vec<Particle>,
}

/// A text that is no decay descriptor.
///
/// Displayed, it says what is wrong, and points at the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct DescriptorError(ExpressionError);

impl DescriptorError {
    /// What is wrong, without the place.
    pub fn message(&self) -> &str {
        self.0.message()
    }

    /// The bytes of the text that are at fault; none at its end, when something is missing there.
    pub fn span(&self) -> Range<usize> {
        self.0.span()
    }
}

impl DecayDescriptor {
    /// Parses the text.
    ///
    /// # Errors
    /// If it is no decay, or a particle has no such name.
    pub fn parse(text: &str) -> Result<Self, DescriptorError> {
        Parser { text, at: 0 }.descriptor()
    }

    /// The decay as it is written.
    pub fn decay(&self) -> &Decay {
        &self.decay
    }

    /// Whether it is written with `cc`.
    pub fn is_conjugated(&self) -> bool {
        self.conjugated
    }

    /// The decay and, with `cc`, its charge conjugate. There is one alone if both are the same, as for
    /// `[J/psi(1S) -> mu+ mu-]cc`.
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
    /// The decay of the antiparticle to the antiparticles, in the same order.
    pub fn conjugate(&self) -> Self {
        Self {
            head: self.head.antiparticle(),
            daughters: self.daughters.iter().map(Particle::antiparticle).collect(),
        }
    }

    /// What it decays to, whatever the order.
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

const ARROW: &str = "->";

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn descriptor(mut self) -> Result<DecayDescriptor, DescriptorError> {
        let conjugated = self.take("[");
        let head = match self.particle()? {
            Some(head) => head,
            None => {
                return Err(
                    self.unexpected("a decay begins with the name of a particle: `B_s0 -> J/psi(1S) phi(1020)`")
                );
            }
        };
        if !self.take(ARROW) {
            let message = match self.rest().starts_with(['=', '-', '→']) {
                true => "the arrow is written `->`",
                false => "`->` and the daughters have to follow the particle that decays",
            };
            return Err(self.unexpected(message));
        }
        let mut daughters = Vec::new();
        while let Some(daughter) = self.particle()? {
            daughters.push(daughter);
        }
        if self.rest().starts_with(ARROW) {
            return Err(self.error(
                self.at..self.at + ARROW.len(),
                "there is one `->` in a decay; make the candidates of a daughter that decays itself before, by another descriptor",
            ));
        }
        if daughters.len() < 2 {
            return Err(self.unexpected("a decay has two daughters or more"));
        }
        if conjugated {
            if !self.take("]") {
                return Err(self.unexpected("the decay that begins with `[` has to end with `]cc`"));
            }
            if !self.take("cc") && !self.take("CC") {
                return Err(self.unexpected("`cc` has to follow the `]`, for the charge conjugate"));
            }
        }
        if !self.rest().is_empty() {
            let message = match self.rest().starts_with(']') {
                true => "there is no `[` before the decay that this would close",
                false => "a decay ends before this",
            };
            return Err(self.unexpected(message));
        }
        let decay = Decay { head, daughters };
        Ok(DecayDescriptor { decay, conjugated })
    }

    /// What has not been parsed yet, without the blanks before it.
    fn rest(&mut self) -> &'a str {
        let rest = self.text[self.at..].trim_start();
        self.at = self.text.len() - rest.len();
        rest
    }

    fn take(&mut self, what: &str) -> bool {
        let taken = self.rest().starts_with(what);
        if taken {
            self.at += what.len();
        }
        taken
    }

    /// The next particle; none if what follows is no name.
    fn particle(&mut self) -> Result<Option<Particle>, DescriptorError> {
        let rest = self.rest();
        // A name may end in the sign that an arrow begins with.
        let ends = |(at, letter): (usize, char)| {
            letter.is_whitespace() || matches!(letter, '[' | ']' | ',') || rest[at..].starts_with(ARROW)
        };
        let length = rest
            .char_indices()
            .find(|place| ends(*place))
            .map_or(rest.len(), |(at, _)| at);
        if length == 0 {
            return Ok(None);
        }
        let (name, span) = (&rest[..length], self.at..self.at + length);
        if let Some(message) = not_a_name(name) {
            return Err(self.error(span, message));
        }
        match Particle::named(name) {
            Ok(particle) => {
                self.at += length;
                Ok(Some(particle))
            }
            Err(_) => Err(self.error(span, unknown(name))),
        }
    }

    fn error(&self, span: Range<usize>, message: impl Into<String>) -> DescriptorError {
        DescriptorError(ExpressionError::new(self.text, span, message))
    }

    /// An error about the next character.
    fn unexpected(&mut self, message: &str) -> DescriptorError {
        let length = self.rest().chars().next().map_or(0, char::len_utf8);
        self.error(self.at..self.at + length, message)
    }
}

/// What other tools know, but has no meaning here.
fn not_a_name(word: &str) -> Option<&'static str> {
    match word.chars().next() {
        Some('(') => {
            Some("a daughter is a name: make its candidates before, by another descriptor, and give them as its input")
        }
        Some('^') => Some("daughters are not marked here: leave the `^` out"),
        Some('{') => Some("there are no alternatives in a decay: write a descriptor for each"),
        _ => None,
    }
}

/// What is said of a name that no particle has.
pub(super) fn unknown(name: &str) -> String {
    match closest(name) {
        Some(known) => format!("no particle is named `{name}`; did you mean `{known}`?"),
        None => {
            let names: Vec<&str> = particles::all().map(|particle| particle.name).collect();
            format!("no particle is named `{name}`; the names are {}", names.join(", "))
        }
    }
}

/// The name that somebody may have meant who wrote this one.
fn closest(name: &str) -> Option<&'static str> {
    let plain = |name: &str| -> String {
        let letters = name.chars().filter(|letter| !"_()/".contains(*letter));
        letters.collect::<String>().to_lowercase()
    };
    let wanted = plain(name);
    let score = |known: &'static str| {
        // J/psi(1S) is J/psi for short.
        let short: String = match (known.find('('), known.find(')')) {
            (Some(open), Some(close)) => [&known[..open], &known[close + 1..]].concat(),
            _ => known.into(),
        };
        let (full, short) = (plain(known), plain(&short));
        let begins = !wanted.is_empty() && full.starts_with(&wanted);
        let whole = edit_distance(&full, &wanted).min(edit_distance(&short, &wanted));
        (whole.min(if begins { 0 } else { usize::MAX }), known.len())
    };
    let (score, known) = particles::all().map(|known| (score(known.name), known.name)).min()?;
    // What differs in more than every third letter is another word.
    (score.0 <= 1.max(wanted.chars().count() / 3)).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn error(text: &str) -> (String, Range<usize>) {
        let error = DecayDescriptor::parse(text).unwrap_err();
        (error.message().into(), error.span())
    }

    #[test]
    fn decays_as_they_are_written() {
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
    fn the_conjugate_comes_with_it() {
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

    #[test]
    fn errors_point_at_the_place() {
        for (text, message, span) in [
            ("", "a decay begins with the name", 0..0),
            ("-> K+ K-", "a decay begins with the name", 0..1),
            ("phi(1020)", "`->` and the daughters have to follow", 9..9),
            ("phi(1020) K+ K-", "`->` and the daughters have to follow", 10..11),
            ("phi(1020) -> K+", "two daughters or more", 15..15),
            ("phi(1020) -> K+, K-", "two daughters or more", 15..16),
            ("phi(1020) -> K+ K-]cc", "there is no `[`", 18..19),
            ("[phi(1020) -> K+ K-", "has to end with `]cc`", 19..19),
            ("[phi(1020) -> K+ K-] x", "`cc` has to follow", 21..22),
            ("[phi(1020) -> K+ K-]cc K+", "a decay ends before this", 23..24),
            (
                "B_s0 -> (J/psi(1S) -> mu+ mu-) phi(1020)",
                "make its candidates before",
                8..18,
            ),
            ("B_s0 -> J/psi(1S) -> mu+ mu-", "there is one `->`", 18..20),
            ("D0 -> ^K- pi+", "leave the `^` out", 6..9),
            ("D0 => K- pi+", "the arrow is written `->`", 3..4),
            ("D0 -> K- π+", "no particle is named `π+`", 9..12),
            ("D0 -> K- pi+ unobtainium", "the names are gamma, ", 13..24),
        ] {
            let (found, at) = error(text);
            assert!(found.contains(message), "{text}: {found}");
            assert_eq!(at, span, "{text}");
        }
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

    fn particle() -> impl Strategy<Value = Particle> {
        prop::sample::select(particles::all().collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn what_is_displayed_is_parsed_again(
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

        #[test]
        fn any_text_is_taken_or_refused_in_words(text in r"([\[\]()^\-> ,c*~]|mu\+|K-|D0|->|\PC|\s){0,30}") {
            if let Err(error) = DecayDescriptor::parse(&text) {
                let span = error.span();
                prop_assert!(text.get(span).is_some());
                prop_assert!(!error.message().is_empty() && error.to_string().contains('^'));
            }
        }
    }
}
