//! The names in an expression.

use std::fmt;

/// A name in an expression: a column, a chain of references to a column, or a constant such as `MeV`.
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
    /// Whether the path is in single quotes and therefore refers to a column of another table.
    pub quoted: bool,
    /// The part before the first dot, without quotes.
    pub path: String,
    /// The names after the dots. The last name is the column's; `path` and the other names are references.
    pub follow: Vec<String>,
}

impl Name {
    /// Returns the name if it is a single word without quotes or dots.
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
