//! What is wrong with an expression, and where.

use std::fmt;
use std::ops::Range;

/// An expression that cannot be understood or bound.
///
/// Displayed, it is a line that says what is wrong, the expression, and a line that points at the place:
///
/// ```
/// use gaudi_mpi::expression::Expression;
///
/// let error = Expression::parse("pt = 5").unwrap_err();
/// assert_eq!(error.message(), "`=` does not compare; write `==`");
/// assert_eq!(error.span(), 3..4);
/// assert_eq!(error.to_string(), "`=` does not compare; write `==`\n    pt = 5\n       ^");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionError {
    message: String,
    text: String,
    span: Range<usize>,
}

/// The most characters of a line that are shown.
const WIDTH: usize = 100;

impl ExpressionError {
    pub(crate) fn new(text: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        ExpressionError {
            message: message.into(),
            text: text.to_owned(),
            span,
        }
    }

    /// What is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The bytes of the expression that are at fault; none at its end, when something is missing there.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let Range { start, end } = self.span.clone();
        let line_start = self.text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = self.text[start..]
            .find('\n')
            .map_or(self.text.len(), |length| start + length);
        let before = self.text[line_start..start].chars().count();
        let length = self.text[line_end.min(start)..line_end.min(end).max(start)]
            .chars()
            .count();

        // Of a line that is too long, what is around the place.
        let first = if self.text[line_start..line_end].chars().count() > WIDTH {
            before.saturating_sub(WIDTH / 2)
        } else {
            0
        };
        let shown: String = self.text[line_start..line_end]
            .chars()
            .skip(first)
            .take(WIDTH)
            .map(|character| if character.is_control() { ' ' } else { character })
            .collect();
        let cut = if first > 0 { "…" } else { "" };
        let indent = before - first + cut.chars().count();
        let carets = length.min(WIDTH - (before - first).min(WIDTH)).max(1);
        write!(
            formatter,
            "{}\n    {cut}{}\n    {:indent$}{}",
            self.message,
            shown.trim_end(),
            "",
            "^".repeat(carets)
        )
    }
}

impl std::error::Error for ExpressionError {}
