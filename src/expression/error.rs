//! Errors in expressions and their positions in the text.

use std::fmt;
use std::ops::Range;

/// An error in an expression, found by parsing or binding it.
///
/// Its `Display` output is the message, the expression, and a line of carets below the error:
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

/// The maximum number of characters that an error message quotes from a long line.
const WIDTH: usize = 100;

impl ExpressionError {
    pub(super) fn new(text: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        ExpressionError {
            message: message.into(),
            text: text.to_owned(),
            span,
        }
    }

    /// The message alone, without the quoted expression.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The byte range that the error refers to. If something is missing from the expression, the range is empty and
    /// marks its place.
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

        // A long line is shortened to the part around the error.
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
