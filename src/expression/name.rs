//! Names of columns in an expression.

use std::fmt;

/// A name in an expression: a column, the references that lead from it to another, or a constant such as `MeV`.
///
/// ```
/// use gaudi_mpi::expression::Expression;
///
/// let expression = Expression::parse("track.vertex.z > 5*mm && 'Rec/Header/run' == 7").unwrap();
/// let names: Vec<_> = expression.names().collect();
/// assert_eq!(names[0].path, "track");
/// assert_eq!(names[0].follow, ["vertex", "z"]);
/// assert_eq!(names[1].path, "mm");
/// assert!(names[2].quoted);
/// assert_eq!(names[2].to_string(), "'Rec/Header/run'");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    /// Whether the path was in single quotes: the column of another table.
    pub quoted: bool,
    /// The name up to the first dot, without its quotes.
    pub path: String,
    /// The names after the dots: all but the last of the whole name are references.
    pub follow: Vec<String>,
}

impl Name {
    /// The name, if it is one word: not quoted, and without dots.
    pub(super) fn word(&self) -> Option<&str> {
        (!self.quoted && self.follow.is_empty()).then_some(&self.path)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let quote = if self.quoted { "'" } else { "" };
        write!(formatter, "{quote}{}{quote}", self.path)?;
        self.follow.iter().try_for_each(|name| write!(formatter, ".{name}"))
    }
}
