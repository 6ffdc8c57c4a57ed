//! Descriptions of tables and columns for messages.

use crate::event::{ColumnType, Rows};

/// Describes the values of a column, for example `f64 in MeV`.
pub(super) fn kind_in_words(kind: &ColumnType) -> String {
    match (&kind.target, kind.unit.as_str()) {
        (Some(target), _) => format!("references to {target}"),
        (None, "") => format!("{} without unit", kind.element),
        (None, unit) => format!("{} in {unit}", kind.element),
    }
}

/// Describes the number of rows per event.
pub(super) fn rows_in_words(rows: Rows) -> &'static str {
    match rows {
        Rows::One => "one row per event",
        Rows::Many => "many rows per event",
    }
}

/// Formats a count with its noun, in the plural where needed.
pub(super) fn plural(number: u64, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
