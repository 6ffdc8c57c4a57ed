//! The interface between an expression and the caller's columns.

use super::name::Name;
use crate::event::Slice;

/// Whether a value belongs to an event or to a row of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// One value for each event.
    Event,
    /// One value for each row of the table identified by this number. The caller assigns the numbers.
    Rows(usize),
}

/// The column that a name in an expression is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundColumn {
    /// The number that identifies the column in [`EventColumns::column`].
    pub slot: usize,
    /// Whether the column has a value for each event or for each row of a table.
    pub level: Level,
    /// Whether the column contains truth values rather than numbers.
    pub truth: bool,
}

/// The reason why a name is not bound to a column.
///
/// ```
/// use gaudi_mpi::expression::{Expression, Name, Unbound};
///
/// let mut columns = |name: &Name| match name.path.as_str() {
///     "trigger" => Err(Unbound::Refused(format!("`{name}` holds text, which expressions cannot use"))),
///     _ => Err(Unbound::Unknown("the only column is trigger".into())),
/// };
/// let mut message = |text: &str| {
///     let expression = Expression::parse(text).unwrap();
///     expression.bind(&mut columns).unwrap_err().message().to_owned()
/// };
/// assert_eq!(message("1*GeV > x"), "there is no column `x` here; the only column is trigger");
/// assert_eq!(message("trigger == 1"), "`trigger` holds text, which expressions cannot use");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unbound {
    /// No column has this name, but a constant may. If none does, the error message ends with this hint, such as
    /// `the columns are pt, eta, phi`. The hint may be empty.
    Unknown(String),
    /// The column exists but cannot be used. This string becomes the error message.
    Refused(String),
}

/// Finds the column that a name refers to.
pub(super) type Binder<'a> = dyn FnMut(&Name) -> Result<BoundColumn, Unbound> + 'a;

/// The columns of a block of events. See the [module](super) for an example.
pub trait EventColumns {
    /// The number of events.
    fn events(&self) -> usize;

    /// The values of the column with this [slot](BoundColumn::slot): one for each event, or one for each row of all
    /// events. Values of any element type are accepted: numbers are converted to `f64`; for truth values, 0 is false
    /// and everything else is true.
    fn column(&self, slot: usize) -> Slice<'_>;

    /// The offsets that delimit each event's rows in this table: event `i` has rows `offsets[i]..offsets[i + 1]`. The
    /// number of offsets is one more than the number of events. The offsets never decrease, start at 0 and end at the
    /// total number of rows.
    fn offsets(&self, table: usize) -> &[u64];
}
