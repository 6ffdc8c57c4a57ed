//! The text of a job, and error messages that point to positions in the text.

use crate::error::BoxedError;
use crate::io;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The text of a job file, followed by its `--set` options, each on its own line.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct JobText {
    /// The name of the job file; empty if the text is not from a file.
    file: String,
    text: String,
    /// The start position of each option.
    options: Vec<usize>,
}

/// An error with its position in a job's text.
#[derive(Debug)]
pub(super) struct PlacedError {
    pub span: Range<usize>,
    pub message: String,
}

/// The position of values and errors that do not come from the job's text.
pub(super) const NOWHERE: Range<usize> = usize::MAX..usize::MAX;

impl PlacedError {
    pub(super) fn new(span: &Range<usize>, message: impl Into<String>) -> Self {
        let (span, message) = (span.clone(), message.into());
        Self { span, message }
    }

    /// Replaces the message with the function's result.
    pub(super) fn map(self, change: impl FnOnce(&str) -> String) -> Self {
        let message = change(&self.message);
        Self { message, ..self }
    }
}

impl From<BoxedError> for PlacedError {
    fn from(error: BoxedError) -> Self {
        Self::new(&NOWHERE, error.to_string())
    }
}

impl From<io::Error> for PlacedError {
    fn from(error: io::Error) -> Self {
        Self::new(&NOWHERE, error.to_string())
    }
}

impl JobText {
    pub(super) fn new(file: &str, text: &str) -> Self {
        Self {
            file: file.into(),
            text: text.into(),
            options: Vec::new(),
        }
    }

    /// Appends the text of an option. Returns the option's start position.
    pub(super) fn add_option(&mut self, option: &str) -> usize {
        self.text.push('\n');
        let start = self.text.len();
        self.text.push_str(option);
        self.options.push(start);
        start
    }

    /// Whether a position is within the text.
    pub(super) fn has(&self, span: &Range<usize>) -> bool {
        span.end <= self.text.len() && !self.text.is_empty()
    }

    /// The position of a part of a string value. If the value contains escapes, the part cannot be located, so the
    /// position of the whole value is returned.
    pub(super) fn part_of(&self, span: &Range<usize>, value: &str, part: Range<usize>) -> Range<usize> {
        let raw = self.text.get(span.clone()).and_then(|raw| raw.find(value));
        raw.map_or(span.clone(), |raw| {
            span.start + raw + part.start..span.start + raw + part.end
        })
    }

    /// Adds the position to a message, as in `job.toml:17:9: …`, and shows the line. Without a position, the message is
    /// unchanged.
    pub(super) fn point(&self, span: &Range<usize>, message: &str) -> String {
        if !self.has(span) {
            return message.into();
        }
        let before = &self.text[..span.start];
        let option = self.options.iter().rfind(|start| **start <= span.start);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let line = self.text[line_start..].lines().next().unwrap_or_default();
        let column = before[line_start..].chars().count();
        let end = span.end.min(line_start + line.len()).max(span.start);
        let marked = self.text[span.start..end].chars().count().max(1);
        let number = before.matches('\n').count() + 1;
        let (place, number) = match option {
            Some(&start) => {
                let option = self.text[start..].lines().next().unwrap_or_default();
                (format!("--set {option}"), String::new())
            }
            None if self.file.is_empty() => (format!("line {number}, column {}", column + 1), number.to_string()),
            None => (format!("{}:{number}:{}", self.file, column + 1), number.to_string()),
        };
        let margin = " ".repeat(number.len());
        let line = line.replace(char::is_control, " ");
        let carets = "^".repeat(marked);
        format!(
            "{place}: {message}\n{margin} |\n{number} | {line}\n{margin} | {:column$}{carets}",
            ""
        )
    }

    pub(super) fn point_error(&self, error: &PlacedError) -> String {
        self.point(&error.span, &error.message)
    }
}

#[cfg(test)]
mod tests {
    use super::{JobText, NOWHERE};

    #[test]
    fn messages_point_to_the_file_or_to_the_option() {
        let mut text = JobText::new("job.toml", "title = 'µ'\ncut = \"px > 3\"\n");
        let cut = text.text.find("\"px").unwrap();
        let span = cut..cut + 8;
        let name = text.part_of(&span, "px > 3", 0..2);
        assert_eq!(
            text.point(&name, "no"),
            "job.toml:2:8: no\n  |\n2 | cut = \"px > 3\"\n  |        ^^"
        );
        assert_eq!(text.part_of(&span, "px > 4", 0..2), span);
        let option = text.add_option("x.cut=py");
        assert_eq!(
            text.point(&(option + 6..option + 8), "no"),
            "--set x.cut=py: no\n |\n | x.cut=py\n |       ^^"
        );
        assert_eq!(text.point(&NOWHERE, "no"), "no");
    }
}
