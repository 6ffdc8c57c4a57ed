//! Arithmetic expressions over the columns of events, such as `pt > 500*MeV && abs(pid) == 13`.
//!
//! An [`Expression`] is parsed, bound to columns, and then evaluated for many events at a time:
//!
//! ```
//! use gaudi_mpi::event::Slice;
//! use gaudi_mpi::expression::{Data, Expression, Level, Source, Unbound};
//!
//! /// Two events with two and one muons.
//! struct Muons {
//!     pt: [f64; 3],
//!     pid: [i32; 3],
//! }
//!
//! impl Data for Muons {
//!     fn events(&self) -> usize {
//!         2
//!     }
//!     fn column(&self, slot: usize) -> Slice<'_> {
//!         if slot == 0 { Slice::F64(&self.pt) } else { Slice::I32(&self.pid) }
//!     }
//!     fn offsets(&self, _table: usize) -> &[u64] {
//!         &[0, 2, 3]
//!     }
//! }
//!
//! let muons = Muons { pt: [400.0, 700.0, 900.0], pid: [13, -13, 11] };
//! let mut columns = |name: &gaudi_mpi::expression::Name| {
//!     let slot = match name.path.as_str() {
//!         "pt" => 0,
//!         "pid" => 1,
//!         _ => return Err(Unbound::Unknown("the columns are pt and pid".into())),
//!     };
//!     Ok(Source { slot, level: Level::Rows(0), truth: false })
//! };
//!
//! let mut cut = Expression::parse("pt > 500*MeV && abs(pid) == 13")?.bind(&mut columns)?;
//! let mut passed = Vec::new();
//! cut.evaluate_truth(&muons, &mut passed);
//! assert_eq!(passed, [false, true, false]); // for each row
//!
//! let mut sum = Expression::parse("sum(pt) / GeV")?.bind(&mut columns)?;
//! let mut sums = Vec::new();
//! sum.evaluate(&muons, &mut sums);
//! assert_eq!(sums, [1.1, 0.9]); // for each event
//!
//! let error = Expression::parse("ptt > 5")?.bind(&mut columns).unwrap_err();
//! assert_eq!(error.to_string(), "\
//! there is no column `ptt` here; the columns are pt and pid
//!     ptt > 5
//!     ^^^");
//! # Ok::<(), gaudi_mpi::expression::ExpressionError>(())
//! ```
//!
//! # The language
//!
//! - **Values** are numbers, computed as `f64`, and truth values. Numbers are written `1`, `2.5`, `1e-3`, `1_000`;
//!   truth values `true`, `false`.
//! - **Names** are those of columns. `track.chi2` is the column `chi2` of the row that the reference `track` leads to;
//!   `'Rec/Header/run'` is a column of another table.
//! - **Operators**, from the loosest: `condition ? value : otherwise`; `||` or `or`; `&&` or `and`; `==` `!=`;
//!   `<` `<=` `>` `>=`; `+` `-`; `*` `/` `%`; the signs `-` `+` and `!` or `not`; `**` or `^` for powers. `-x**2` is
//!   `-(x**2)`, `2**3**2` is `2**(3**2)`, and `%` has the sign of its left side.
//! - **Functions**: `abs` `sqrt` `cbrt` `exp` `log` (also `ln`) `log10` `log2` `sin` `cos` `tan` `asin` `acos` `atan`
//!   `atan2(y, x)` `sinh` `cosh` `tanh` `hypot` `pow` `floor` `ceil` `round` (halves away from zero) `trunc` `sign`,
//!   `min` and `max` of two or more (of those that are numbers, if any are not), `isnan`, `isfinite`,
//!   `delta_phi(a, b)` in (-π, π], `in(x, a, b, …)` (x is one of those), `between(x, low, high)` (low ≤ x < high).
//! - **Constants**: `pi`; units, of which MeV, mm, ns and rad are 1: `eV` `keV` `MeV` `GeV` `TeV`, `um` `mm` `cm` `m`
//!   `km`, `ps` `ns` `us` `ms` `s`, `mrad` `rad` `deg`. A column of the same name goes first.
//! - **Reductions** make one value per event of a table's rows: `count(condition)`, `any(condition)`,
//!   `all(condition)`, `sum(x)`, `mean(x)`, `smallest(x)`, `largest(x)`. Without rows, counts and sums are 0, `any` is
//!   false, `all` true, and the other three are not numbers (NaN). Sums go from row to row; `smallest` and `largest`
//!   leave out what is not a number.
//!
//! Values per event are spread over the rows of a table where both meet: `pt > 0.5 * largest(pt)`. Rows of two tables
//! do not meet but through reductions: `count('Muon/pt' > 5*GeV) >= 2`.
//!
//! Results do not depend on how events are divided into blocks.

mod bind;
mod error;
mod functions;
mod graph;
mod kernels;
mod lexer;
mod machine;
mod name;
mod parser;
mod plan;
mod program;
#[cfg(test)]
mod tests;
mod tree;

pub use bind::{Source, Unbound};
pub use error::ExpressionError;
pub(crate) use functions::distance;
pub use graph::Level;
pub use name::Name;
pub use program::{Data, Program};

use std::fmt;
use tree::Tree;

/// A parsed expression. Displayed, it is the text it was parsed from.
///
/// ```
/// use gaudi_mpi::expression::Expression;
///
/// let expression = Expression::parse("pt > 5*GeV").unwrap();
/// assert_eq!(expression.to_string(), "pt > 5*GeV");
/// assert_eq!(expression.names().map(|name| name.path.as_str()).collect::<Vec<_>>(), ["pt", "GeV"]);
/// ```
#[derive(Clone, Debug)]
pub struct Expression {
    text: String,
    tree: Tree,
}

impl Expression {
    /// Parses the text.
    ///
    /// # Errors
    ///
    /// When it is not an expression; whether names are those of columns and values fit together is for
    /// [`bind`](Self::bind) to say.
    ///
    /// ```
    /// use gaudi_mpi::expression::Expression;
    ///
    /// assert!(Expression::parse("between(eta, 2, 5) and not is_ghost").is_ok());
    /// let error = Expression::parse("2 < eta < 5").unwrap_err();
    /// assert_eq!(error.message(), "comparisons cannot be chained; write `2 < eta && eta < 5`");
    /// ```
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        Ok(Expression {
            tree: parser::parse(text)?,
            text: text.to_owned(),
        })
    }

    /// All names in it, constants included, each once and in the order in which they first occur.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.tree.names.iter()
    }

    /// Makes a program of it: the binder tells, once for each name, what column it stands for. See the
    /// [example](self).
    ///
    /// # Errors
    ///
    /// When a name is neither a column nor a constant, numbers and truth values are mixed up, or rows of different
    /// tables meet.
    pub fn bind(&self, binder: &mut dyn FnMut(&Name) -> Result<Source, Unbound>) -> Result<Program, ExpressionError> {
        let (graph, whole) = bind::bind(&self.text, &self.tree, binder)?;
        Ok(Program::new(&graph, whole))
    }

    /// An error about the whole expression, for what only the caller knows: that it should be a truth value, say.
    ///
    /// ```
    /// use gaudi_mpi::expression::Expression;
    ///
    /// let error = Expression::parse("pt + 1").unwrap().error("a cut is a truth value");
    /// assert_eq!(error.to_string(), "a cut is a truth value\n    pt + 1\n    ^^^^^^");
    /// ```
    pub fn error(&self, message: impl Into<String>) -> ExpressionError {
        ExpressionError::new(&self.text, 0..self.text.trim_end().len(), message)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}
