//! The table of efficiencies that `TrackChecker` prints, computed from counters summed over all workers.

use crate::numbers::counter::Counter;
use std::fmt::Write;

/// The particle categories. Electrons belong to none of them.
pub(super) const CATEGORIES: [&str; 4] = ["velo", "long", "long>5GeV", "long_fromb"];

/// The counters for each category.
pub(super) const COUNTS: [&str; 5] = ["particles", "reconstructed", "clones", "purity", "hit_efficiency"];

/// Formats the table. `counter` returns a counter by name.
pub(super) fn table(name: &str, counter: impl Fn(&str) -> Counter) -> String {
    let sum = |name: &str| counter(name).sum();
    let (tracks, ghosts) = (sum("tracks"), sum("ghosts"));
    let mut text = format!(
        "{name}: {tracks} tracks in {} events, {:.1} an event; {ghosts} ghosts ({:.2} %)\n",
        sum("events"),
        tracks / sum("events").max(1.0),
        percent(ghosts, tracks)
    );
    let _ = writeln!(
        text,
        "{:<12} {:>12} {:>10} {:>10} {:>9} {:>9} {:>9}",
        "particles", "found", "of", "efficiency", "clones", "purity", "hits"
    );
    for category in CATEGORIES {
        let of = |count: &str| counter(&format!("{category}/{count}"));
        let (all, found, clones) = (of("particles").sum(), of("reconstructed").sum(), of("clones").sum());
        let _ = writeln!(
            text,
            "{category:<12} {found:>12} {all:>10} {:>8.2} % {:>7.2} % {:>7.2} % {:>7.2} %",
            percent(found, all),
            percent(clones, found + clones),
            100.0 * of("purity").mean(),
            100.0 * of("hit_efficiency").mean()
        );
    }
    text
}

/// Returns `part` as a percentage of `all`, or 0 if `all` is 0.
fn percent(part: f64, all: f64) -> f64 {
    if all > 0.0 { 100.0 * part / all } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_counts_give_no_nan() {
        let text = table("Checker", |_| Counter::new());
        assert!(
            text.starts_with("Checker: 0 tracks in 0 events, 0.0 an event; 0 ghosts (0.00 %)\n"),
            "{text}"
        );
        assert!(!text.contains("NaN"), "{text}");
    }
}
