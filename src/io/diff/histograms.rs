//! Compares the histograms of two files.

use super::path_filter::PathFilter;
use super::tolerance::{Comparable, Tolerance};
use super::{Differences, both, one_sided};
use crate::hist::{FOLDER, Object};
use crate::io::error::Result;
use crate::io::read::WholeFile;
use std::collections::BTreeSet;

/// Compares the histograms that pass the filter, and adds their differences to `found`.
///
/// # Errors
/// If a histogram cannot be read.
pub(super) fn compare(
    files: &[WholeFile; 2],
    filter: &PathFilter,
    tolerance: &Tolerance,
    found: &mut Differences,
) -> Result<()> {
    let books = [
        files[0].histograms()?.unwrap_or_default(),
        files[1].histograms()?.unwrap_or_default(),
    ];
    let paths: BTreeSet<&str> = books
        .iter()
        .flat_map(|book| book.iter())
        .map(|(path, _)| path)
        .collect();
    for path in paths {
        let full = format!("/{FOLDER}/{path}");
        if !filter.passes(&full) {
            continue;
        }
        found.histograms += 1;
        let difference = match (books[0].get(path), books[1].get(path)) {
            (Some(a), Some(b)) => difference([a, b], tolerance).map(|Difference { what, has, more }| {
                let more = match more {
                    0 => String::new(),
                    1 => " (and 1 bin more)".into(),
                    more => format!(" (and {more} bins more)"),
                };
                both(files, &format!("{full}: {what}"), has) + &more
            }),
            (a, _) => Some(one_sided(files, &full, a.is_some())),
        };
        found.histograms_that_differ += u64::from(difference.is_some());
        found.lines.extend(difference);
    }
    Ok(())
}

struct Difference {
    what: String,
    has: [String; 2],
    /// The number of other bins that differ.
    more: usize,
}

/// The first difference between two objects.
fn difference(objects: [&Object; 2], tolerance: &Tolerance) -> Option<Difference> {
    let unless_same = |what: &str, has: [String; 2]| {
        (has[0] != has[1]).then(|| Difference {
            what: what.into(),
            has,
            more: 0,
        })
    };
    let quoted = |text: &str| format!("'{text}'");
    let [a, b] = objects;
    unless_same("kind", objects.map(|object| object.kind().into()))
        .or_else(|| unless_same("title", objects.map(|object| quoted(object.title()))))
        .or_else(|| unless_same("profiled quantity", objects.map(|object| quoted(&object.value_title()))))
        .or_else(|| axes(objects))
        .or_else(|| {
            let weights = |object: &Object| if object.is_weighted() { "with weights" } else { "counts" }.to_string();
            unless_same("fills", objects.map(weights))
        })
        .or_else(|| bins(objects, tolerance))
        .or_else(|| unless_same("entries", objects.map(|object| object.entries().to_string())))
        .or_else(|| {
            let both = a.statistics().into_iter().zip(b.statistics());
            let mut different = both.filter(|((_, a), (_, b))| !tolerance.same(*a, *b));
            different.next().map(|((what, a), (_, b))| Difference {
                what,
                has: [a.show(), b.show()],
                more: 0,
            })
        })
}

fn axes([a, b]: [&Object; 2]) -> Option<Difference> {
    let mut pairs = a.axes().iter().zip(b.axes()).enumerate();
    let (number, (a, b)) = pairs.find(|(_, (a, b))| a != b)?;
    let mut has = [a.in_words(), b.in_words()];
    if has[0] == has[1] {
        let edges = a.edges().into_iter().zip(b.edges());
        let (a, b) = edges.into_iter().find(|(a, b)| a != b)?;
        has = [format!("an edge at {}", a.show()), format!("an edge at {}", b.show())];
    }
    Some(Difference {
        what: format!("axis {number}"),
        has,
        more: 0,
    })
}

fn bins([a, b]: [&Object; 2], tolerance: &Tolerance) -> Option<Difference> {
    // Counts are integers, which are compared exactly.
    let tolerance = match a.is_weighted() {
        false if a.contents().len() == 1 => &Tolerance::default(),
        _ => tolerance,
    };
    let (mine, theirs) = (a.contents(), b.contents());
    let mut first = None;
    let mut different = BTreeSet::new();
    for ((what, a), (_, b)) in mine.iter().zip(&theirs) {
        let pairs = a.iter().zip(b).enumerate();
        for (bin, (a, b)) in pairs.filter(|(_, (a, b))| !tolerance.same(**a, **b)) {
            different.insert(bin);
            first.get_or_insert((bin, *what, a.show(), b.show()));
        }
    }
    let (bin, what, in_a, in_b) = first?;
    let what = match what {
        "content" => a.bin_in_words(bin),
        what => format!("{what} of {}", a.bin_in_words(bin)),
    };
    Some(Difference {
        what,
        has: [in_a, in_b],
        more: different.len() - 1,
    })
}
