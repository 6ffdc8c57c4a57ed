//! The error for an invalid decay descriptor, with the position of the mistake.

use std::fmt;
use std::ops::Range;

/// An invalid decay descriptor.
///
/// `Display` writes the message and the descriptor, with carets under the invalid part:
///
/// ```
/// use gaudi_mpi::algorithms::decay_descriptor::DecayDescriptor;
///
/// let error = DecayDescriptor::parse("D0 => K- pi+").unwrap_err();
/// assert_eq!(error.message(), "write the arrow as `->`");
/// assert_eq!(error.span(), 3..4);
/// assert_eq!(error.to_string(), "write the arrow as `->`\n    D0 => K- pi+\n       ^");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescriptorError {
    pub(super) message: String,
    pub(super) text: String,
    pub(super) span: Range<usize>,
}

impl DescriptorError {
    /// The message alone, without the descriptor and the carets.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The byte range of the invalid part of the descriptor. If something is missing at the end, the range is empty and
    /// lies at the end.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

impl fmt::Display for DescriptorError {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        // A line break would separate the carets from the text that they point at.
        let line = self.text.replace(char::is_control, " ");
        let before = self.text[..self.span.start].chars().count();
        let carets = "^".repeat(self.text[self.span.clone()].chars().count().max(1));
        write!(
            formatter,
            "{}\n    {}\n    {:before$}{carets}",
            self.message,
            line.trim_end(),
            ""
        )
    }
}

impl std::error::Error for DescriptorError {}
