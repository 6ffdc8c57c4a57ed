//! Paths of tables and columns.

use super::error::{Error, Result};

/// The group that holds all tables.
pub(crate) const ROOT: &str = "/Event";
/// The dataset of a many-row table that holds the event boundaries.
pub(crate) const OFFSETS: &str = "_offsets";

/// The full path of a table or column: both `Rec/Header` and `/Event/Rec/Header` become `/Event/Rec/Header`.
///
/// # Errors
/// If a name in the path is empty, is `.` or `..`, begins with `_` (which is reserved) or contains a control character.
pub(crate) fn full(path: &str) -> Result<String> {
    let inner = match path.strip_prefix(ROOT) {
        Some(rest) if rest.starts_with('/') => &rest[1..],
        Some("") => "",
        _ => path,
    };
    let refuse = |reason: &str| {
        Err(Error::Path {
            path: path.to_string(),
            reason: reason.to_string(),
        })
    };
    if inner.starts_with('/') {
        return refuse("an absolute path begins with /Event");
    }
    for name in inner.split('/') {
        if name.is_empty() {
            return refuse("a name in it is empty");
        }
        if name == "." || name == ".." {
            return refuse("'.' and '..' are not allowed in it");
        }
        if name.starts_with('_') {
            return refuse("names that begin with '_' are reserved");
        }
        if name.chars().any(char::is_control) {
            return refuse("it contains control characters");
        }
    }
    Ok(format!("{ROOT}/{inner}"))
}

/// Splits a column's path into the full path of its table and the column's name.
///
/// # Errors
/// The same as for [`full`], or if no table precedes the column's name.
pub(crate) fn column(path: &str) -> Result<(String, String)> {
    let whole = full(path)?;
    match whole.rsplit_once('/') {
        Some((table, name)) if table != ROOT => Ok((table.to_string(), name.to_string())),
        _ => Err(Error::Path {
            path: path.to_string(),
            reason: "the path of a column is the path of its table, '/' and its name".into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_full_paths_are_the_same() {
        assert_eq!(full("Rec/Header").unwrap(), "/Event/Rec/Header");
        assert_eq!(full("/Event/Rec/Header").unwrap(), "/Event/Rec/Header");
        assert_eq!(full("Eventual").unwrap(), "/Event/Eventual");
        let (table, name) = column("Rec/Track/Best/px").unwrap();
        assert_eq!((table.as_str(), name.as_str()), ("/Event/Rec/Track/Best", "px"));
    }

    #[test]
    fn bad_paths_are_refused() {
        for path in [
            "",
            "/Event",
            "/Event/",
            "/Rec",
            "Rec//Header",
            "Rec/",
            "Rec/../x",
            "Rec/_offsets",
            "a\nb",
        ] {
            assert!(full(path).is_err(), "{path:?}");
        }
        assert!(column("px").is_err() && column("/Event/px").is_err());
    }
}
