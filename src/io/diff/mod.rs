//! Compares the events and histograms of two files.

mod histograms;
mod path_filter;
mod tables;
mod tolerance;

use crate::io::error::{Error, Result};
use crate::io::read::WholeFile;
use crate::io::words::plural;
use path_filter::PathFilter;
use serde::Serialize;
use std::fmt;
use std::path::Path;
pub use tolerance::Tolerance;

/// The settings of a comparison: the paths to compare, and the tolerance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// The tolerance for floating-point numbers. Integers, booleans and strings are always compared exactly.
    pub tolerance: Tolerance,
    /// Patterns for the paths to compare; if there are none, all paths are compared. A pattern matches a full path,
    /// such as `/Event/Rec/Track/*`, or a path below `/Event` or `/Histograms`, such as `Phys/*`. A pattern that
    /// matches a folder or table also selects everything inside it. `*` matches any characters, including `/`.
    pub only: Vec<String>,
    /// Patterns for paths to leave out of the comparison.
    pub ignore: Vec<String>,
}

/// The differences between two files.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Differences {
    /// Descriptions of the first difference in each column and histogram that differs, and of all differences of other
    /// kinds.
    pub lines: Vec<String>,
    /// The number of columns that exist in at least one of the files.
    pub columns: u64,
    /// The number of columns that differ or exist in only one file.
    pub columns_that_differ: u64,
    /// The number of histograms that exist in at least one of the files.
    pub histograms: u64,
    /// The number of histograms that differ or exist in only one file.
    pub histograms_that_differ: u64,
}

impl Differences {
    /// Returns whether no differences were found.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let Self {
            lines,
            columns,
            columns_that_differ,
            histograms,
            histograms_that_differ,
        } = self;
        for line in lines {
            writeln!(formatter, "{line}")?;
        }
        let (columns, histograms) = (plural(*columns, "column"), plural(*histograms, "histogram"));
        match lines.is_empty() {
            true => write!(formatter, "no difference in {columns} and {histograms}"),
            false => write!(
                formatter,
                "{columns_that_differ} of {columns} and {histograms_that_differ} of {histograms} differ"
            ),
        }
    }
}

impl Comparison {
    /// Compares the events and histograms of two files. Events are read in blocks, which limits memory use; all
    /// histograms are held in memory at the same time.
    ///
    /// Without a tolerance, values are compared bit for bit, except that all NaNs are equal. For histograms, the bin
    /// contents, entries, means and standard deviations are compared as `f64` numbers. If the files have different
    /// numbers of events, only the events present in both are compared. File records are not compared.
    ///
    /// ```
    /// use gaudi_mpi::hist::{Axis, Histogram1D, Histograms};
    /// use gaudi_mpi::io::Comparison;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let (a, b) = (folder.path().join("a.h5"), folder.path().join("b.h5"));
    /// let mut histograms = Histograms::new();
    /// let mass = histograms.book("Phys/hbmass", Histogram1D::new("Mass", Axis::uniform(100, 5200.0, 5500.0)));
    /// histograms.save(&a)?;
    /// histograms[mass].fill(5231.0);
    /// histograms.save(&b)?;
    /// assert!(Comparison::default().differences(&a, &a)?.is_empty());
    /// let differences = Comparison::default().differences(&a, &b)?;
    /// assert!(differences.lines[0].starts_with("/Histograms/Phys/hbmass: bin 10 [5230, 5233): 0 in "));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If a file cannot be read, a pattern is invalid, or nothing matches the patterns.
    pub fn differences(&self, a: impl AsRef<Path>, b: impl AsRef<Path>) -> Result<Differences> {
        let filter = PathFilter::new(&self.only, &self.ignore)?;
        let files = [WholeFile::open(a.as_ref())?, WholeFile::open(b.as_ref())?];
        let mut found = Differences::default();
        tables::compare(&files, &filter, &self.tolerance, &mut found)?;
        histograms::compare(&files, &filter, &self.tolerance, &mut found)?;
        // A misspelt pattern must not make the comparison appear successful.
        if !self.only.is_empty() && found.columns + found.histograms == 0 {
            return Err(Error::Input(format!(
                "nothing in {} or {} that is not ignored matches {}: gaudi-mpi inspect lists the contents",
                files[0].path.display(),
                files[1].path.display(),
                self.only.join(" or ")
            )));
        }
        Ok(found)
    }
}

/// Describes a path that exists in only one of the files.
fn one_sided(files: &[WholeFile; 2], path: &str, first_has_it: bool) -> String {
    let (with, without) = match first_has_it {
        true => (0, 1),
        false => (1, 0),
    };
    format!(
        "{path}: in {}, not in {}",
        files[with].path.display(),
        files[without].path.display()
    )
}

/// Describes a difference by stating what each file has instead.
fn both(files: &[WholeFile; 2], what: &str, has: [impl fmt::Display; 2]) -> String {
    let [a, b] = has;
    format!(
        "{what}: {a} in {}, {b} in {}",
        files[0].path.display(),
        files[1].path.display()
    )
}
