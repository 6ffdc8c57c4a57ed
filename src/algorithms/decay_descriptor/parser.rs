//! Parses decay descriptors.

use super::error::DescriptorError;
use super::{Decay, DecayDescriptor};
use crate::algorithms::particles::Particle;
use std::ops::Range;

impl DecayDescriptor {
    /// Parses a descriptor.
    ///
    /// # Errors
    /// If `text` is not a valid decay, or names an unknown particle.
    pub fn parse(text: &str) -> Result<Self, DescriptorError> {
        Parser { text, at: 0 }.descriptor()
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
                    self.unexpected("a decay starts with the particle that decays: `B_s0 -> J/psi(1S) phi(1020)`")
                );
            }
        };
        if !self.take(ARROW) {
            let message = match self.rest().starts_with(['=', '-', '→']) {
                true => "write the arrow as `->`",
                false => "expected `->` and the daughters after the particle that decays",
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
                "a decay has one `->`: make the candidates of a daughter that decays first, with another descriptor",
            ));
        }
        if daughters.len() < 2 {
            return Err(self.unexpected("a decay needs at least two daughters"));
        }
        if conjugated {
            if !self.take("]") {
                return Err(self.unexpected("a decay that starts with `[` must end with `]cc`"));
            }
            if !self.take("cc") && !self.take("CC") {
                return Err(self.unexpected("expected `cc`, for the charge conjugate, after the `]`"));
            }
        }
        if !self.rest().is_empty() {
            let message = match self.rest().starts_with(']') {
                true => "this `]` has no `[` before the decay",
                false => "unexpected text after the decay",
            };
            return Err(self.unexpected(message));
        }
        let decay = Decay { head, daughters };
        Ok(DecayDescriptor { decay, conjugated })
    }

    /// Skips leading spaces, and returns the text still to be parsed.
    fn rest(&mut self) -> &'a str {
        let rest = self.text[self.at..].trim_start();
        self.at = self.text.len() - rest.len();
        rest
    }

    /// Consumes `what` if the remaining text starts with it, and returns whether it did.
    fn take(&mut self, what: &str) -> bool {
        let taken = self.rest().starts_with(what);
        if taken {
            self.at += what.len();
        }
        taken
    }

    /// Parses the next particle. Returns `None` if the remaining text does not start with a name.
    fn particle(&mut self) -> Result<Option<Particle>, DescriptorError> {
        let rest = self.rest();
        // A name may end in `-`, the first character of the arrow.
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
            Err(error) => Err(self.error(span, error.to_string())),
        }
    }

    fn error(&self, span: Range<usize>, message: impl Into<String>) -> DescriptorError {
        DescriptorError {
            message: message.into(),
            text: self.text.into(),
            span,
        }
    }

    /// Creates an error that points at the next character.
    fn unexpected(&mut self, message: &str) -> DescriptorError {
        let length = self.rest().chars().next().map_or(0, char::len_utf8);
        self.error(self.at..self.at + length, message)
    }
}

/// Returns the message for unsupported syntax from other descriptor languages.
fn not_a_name(word: &str) -> Option<&'static str> {
    match word.chars().next() {
        Some('(') => {
            Some("a daughter is a name: make its candidates first, with another descriptor, and use them as its input")
        }
        Some('^') => Some("marked daughters are not supported: remove the `^`"),
        Some('{') => Some("alternatives are not supported: write one descriptor for each"),
        _ => None,
    }
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
    fn errors_point_at_the_fault() {
        for (text, message, span) in [
            ("", "a decay starts with the particle", 0..0),
            ("-> K+ K-", "a decay starts with the particle", 0..1),
            ("phi(1020)", "expected `->` and the daughters", 9..9),
            ("phi(1020) K+ K-", "expected `->` and the daughters", 10..11),
            ("phi(1020) -> K+", "at least two daughters", 15..15),
            ("phi(1020) -> K+, K-", "at least two daughters", 15..16),
            ("phi(1020) -> K+ K-]cc", "has no `[`", 18..19),
            ("[phi(1020) -> K+ K-", "must end with `]cc`", 19..19),
            ("[phi(1020) -> K+ K-] x", "expected `cc`", 21..22),
            ("[phi(1020) -> K+ K-]cc K+", "unexpected text after the decay", 23..24),
            (
                "B_s0 -> (J/psi(1S) -> mu+ mu-) phi(1020)",
                "make its candidates first",
                8..18,
            ),
            ("B_s0 -> J/psi(1S) -> mu+ mu-", "a decay has one `->`", 18..20),
            ("D0 -> ^K- pi+", "remove the `^`", 6..9),
            ("D0 => K- pi+", "write the arrow as `->`", 3..4),
            ("D0 -> K- π+", "no particle is named `π+`", 9..12),
            ("D0 -> K- pi+ unobtainium", "the names are gamma, ", 13..24),
        ] {
            let (found, at) = error(text);
            assert!(found.contains(message), "{text}: {found}");
            assert_eq!(at, span, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_parses_or_has_an_error_message(text in r"([\[\]()^\-> ,c*~]|mu\+|K-|D0|->|\PC|\s){0,30}") {
            if let Err(error) = DecayDescriptor::parse(&text) {
                let span = error.span();
                prop_assert!(text.get(span).is_some());
                prop_assert!(!error.message().is_empty() && error.to_string().contains('^'));
            }
        }
    }
}
