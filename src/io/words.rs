//! Tables and columns in words, for messages.

use crate::event::{ColumnType, Rows};

/// What a column holds: `f64 in MeV`.
pub(super) fn kind_in_words(kind: &ColumnType) -> String {
    match (&kind.target, kind.unit.as_str()) {
        (Some(target), _) => format!("references to {target}"),
        (None, "") => format!("{} without unit", kind.element),
        (None, unit) => format!("{} in {unit}", kind.element),
    }
}

/// How many rows an event has.
pub(super) fn rows_in_words(rows: Rows) -> &'static str {
    match rows {
        Rows::One => "one row an event",
        Rows::Many => "many rows an event",
    }
}

/// So many of something that has an s when there are several.
pub(super) fn plural(number: u64, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
