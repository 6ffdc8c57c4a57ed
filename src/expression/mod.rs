//! Arithmetic expressions over the columns of events, such as `pt > 500*MeV && abs(pid) == 13`.
//!
//! An [`Expression`] is parsed, bound to columns, and then evaluated for many events at once:
//!
//! ```
//! use gaudi_mpi::event::Slice;
//! use gaudi_mpi::expression::{BoundColumn, EventColumns, Expression, Level, Name, Unbound};
//!
//! /// Two events, with two muons and one muon.
//! struct Muons {
//!     pt: [f64; 3],
//!     pid: [i32; 3],
//! }
//!
//! impl EventColumns for Muons {
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
//! let mut columns = |name: &Name| {
//!     let slot = match name.path.as_str() {
//!         "pt" => 0,
//!         "pid" => 1,
//!         _ => return Err(Unbound::Unknown("the columns are pt and pid".into())),
//!     };
//!     Ok(BoundColumn { slot, level: Level::Rows(0), truth: false })
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
//! - **Values** are numbers, computed as `f64`, and truth values. Numbers are written as `1`, `2.5`, `1e-3` or `1_000`,
//!   truth values as `true` or `false`.
//! - **Names** refer to columns. `track.chi2` is the column `chi2` of the row that the reference `track` points to;
//!   `'Rec/Header/run'` is a column of another table.
//! - **Operators**, from lowest to highest precedence: `condition ? value : otherwise`; `||` or `or`; `&&` or `and`;
//!   `==` `!=`; `<` `<=` `>` `>=`; `+` `-`; `*` `/` `%`; the signs `-` `+` and `!` or `not`; `**` or `^` for powers.
//!   `-x**2` is `-(x**2)`, `2**3**2` is `2**(3**2)`, and `%` has the sign of its left operand.
//! - **Functions**: `abs` `sqrt` `cbrt` `exp` `log` (also `ln`) `log10` `log2` `sin` `cos` `tan` `asin` `acos` `atan`
//!   `atan2(y, x)` `sinh` `cosh` `tanh` `hypot` `pow` `floor` `ceil` `round` (halves away from zero) `trunc` `sign`,
//!   `min` and `max` of two or more numbers (ignoring NaN), `isnan`, `isfinite`, `delta_phi(a, b)` in (-π, π],
//!   `in(x, a, b, …)` (x equals one of the other arguments), `between(x, low, high)` (low ≤ x < high). Angles are in
//!   radians.
//! - **Constants**: `pi`; units, where MeV, mm, ns and rad have the value 1: `eV` `keV` `MeV` `GeV` `TeV`, `um` `mm`
//!   `cm` `m` `km`, `ps` `ns` `us` `ms` `s`, `mrad` `rad` `deg`. A column takes precedence over a constant of the same
//!   name.
//! - **Reductions** turn the rows of a table into one value per event: `count(condition)`, `any(condition)`,
//!   `all(condition)`, `sum(x)`, `mean(x)`, `smallest(x)`, `largest(x)`. Without rows, counts and sums are 0, `any` is
//!   false, `all` is true, and the other three are NaN. Sums add the rows' values one by one, in order. `smallest` and
//!   `largest` ignore NaN.
//!
//! If per-event and per-row values are combined, an event's value applies to each of the event's rows:
//! `pt > 0.5 * largest(pt)`. Rows of two tables can only be combined through reductions:
//! `count('Muon/pt' > 5*GeV) >= 2`.
//!
//! Results do not depend on how the events are divided into blocks.

mod bind;
mod column_values;
mod columns;
pub(crate) mod edit_distance;
mod error;
mod functions;
mod kernels;
mod lexer;
mod machine;
mod name;
mod operation_graph;
mod parser;
mod plan;
mod program;
mod syntax_tree;
#[cfg(test)]
mod tests;

pub use columns::{BoundColumn, EventColumns, Level, Unbound};
pub use error::ExpressionError;
pub use name::Name;
pub use program::Program;

use std::fmt;
use syntax_tree::SyntaxTree;

/// A parsed expression. Its `Display` output is the text that it was parsed from.
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
    tree: SyntaxTree,
}

impl Expression {
    /// Parses the text of an expression.
    ///
    /// # Errors
    ///
    /// If the text is not an expression. Names and types are checked by [`bind`](Self::bind).
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

    /// The distinct names, including constants, in the order of their first occurrence.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.tree.names.iter()
    }

    /// Binds the names to columns and returns a program. `binder` is called once for each name. See the [module](self)
    /// for an example.
    ///
    /// # Errors
    ///
    /// If a name is neither a column nor a constant, a number is used as a truth value or vice versa, or rows of
    /// different tables are combined.
    pub fn bind(
        &self,
        binder: &mut dyn FnMut(&Name) -> Result<BoundColumn, Unbound>,
    ) -> Result<Program, ExpressionError> {
        let (graph, whole) = bind::bind(&self.text, &self.tree, binder)?;
        Ok(Program::new(&graph, whole))
    }

    /// Returns an error that refers to the whole expression. It is intended for requirements that only the caller can
    /// check.
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
