//! Selects the paths to compare.

use crate::io::error::{Error, Result};
use globset::{Glob, GlobSet, GlobSetBuilder};

/// A filter that selects paths by patterns.
pub(super) struct PathFilter {
    /// Patterns for the selected paths; `None` selects all paths.
    only: Option<GlobSet>,
    ignore: GlobSet,
}

impl PathFilter {
    /// # Errors
    /// If a pattern is invalid.
    pub(super) fn new(only: &[String], ignore: &[String]) -> Result<Self> {
        Ok(Self {
            only: match only {
                [] => None,
                patterns => Some(set(patterns)?),
            },
            ignore: set(ignore)?,
        })
    }

    /// Returns whether the object with this full path is compared.
    pub(super) fn passes(&self, path: &str) -> bool {
        self.only.as_ref().is_none_or(|only| matches(only, path)) && !matches(&self.ignore, path)
    }
}

/// Returns whether any pattern in the set matches the path or a folder that contains it. Each path is tried both in
/// full and without its first folder.
fn matches(set: &GlobSet, path: &str) -> bool {
    let below = path.char_indices().skip(1).find(|(_, c)| *c == '/');
    let ends = path
        .char_indices()
        .skip(1)
        .filter_map(|(at, c)| (c == '/').then_some(at))
        .chain([path.len()]);
    for end in ends {
        let folder = &path[..end];
        let short = below.and_then(|(at, _)| folder.get(at + 1..));
        if set.is_match(folder) || short.is_some_and(|short| set.is_match(short)) {
            return true;
        }
    }
    false
}

fn set(patterns: &[String]) -> Result<GlobSet> {
    let wrong = |pattern: &str, error: globset::Error| {
        Error::Input(format!("'{pattern}' is not a valid pattern of paths: {}", error.kind()))
    };
    let mut builder = GlobSetBuilder::new();
    for pattern in patterns {
        builder.add(Glob::new(pattern).map_err(|error| wrong(pattern, error))?);
    }
    builder.build().map_err(|error| wrong("", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(only: &[&str], ignore: &[&str], path: &str) -> bool {
        let owned = |patterns: &[&str]| patterns.iter().map(|pattern| pattern.to_string()).collect::<Vec<_>>();
        PathFilter::new(&owned(only), &owned(ignore)).unwrap().passes(path)
    }

    #[test]
    fn patterns_are_for_full_and_short_paths_and_all_below() {
        let px = "/Event/Rec/Track/px";
        for pattern in [
            px,
            "Rec/Track/px",
            "/Event/Rec",
            "Rec",
            "Rec/Track",
            "*/px",
            "R*",
            "/Event",
        ] {
            assert!(passes(&[pattern], &[], px), "{pattern}");
            assert!(!passes(&[], &[pattern], px), "{pattern}");
        }
        for pattern in [
            "Track",
            "px",
            "Rec/Trac",
            "/Rec",
            "Event",
            "Rec/Track/px/",
            "Rec/Track/p",
        ] {
            assert!(!passes(&[pattern], &[], px), "{pattern}");
        }
        assert!(passes(&[], &[], px) && !passes(&["Rec"], &["*/px"], px));
        assert!(set(&["[".into()]).is_err());
    }
}
