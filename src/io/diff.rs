//! How the contents of two files differ.

mod filter;
mod histograms;
mod tables;
mod tolerance;

use super::error::{Error, Result};
use super::whole::WholeFile;
use super::words::plural;
use filter::PathFilter;
use serde::Serialize;
use std::fmt;
use std::path::Path;
pub use tolerance::Tolerance;

/// What is compared, and how exactly.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// How much floating-point numbers may differ. Integers, truth values and texts are always compared exactly.
    pub tolerance: Tolerance,
    /// Only paths that match one of these patterns are compared, all if there is none. A pattern is one for full paths,
    /// such as `/Event/Rec/Track/*`, or for those below `/Event` or `/Histograms`, such as `Phys/*`; what it says of a
    /// folder or table, it says of all that is in it. A `*` stands for any characters, `/` among them.
    pub only: Vec<String>,
    /// Paths that match one of these patterns are not compared.
    pub ignore: Vec<String>,
}

/// How two files differ.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Differences {
    /// In words, the first difference of each column and histogram that differs, and whatever else differs.
    pub lines: Vec<String>,
    /// How many columns either file has.
    pub columns: u64,
    /// How many of them differ, or are in one file only.
    pub columns_that_differ: u64,
    /// How many histograms either file has.
    pub histograms: u64,
    /// How many of them differ, or are in one file only.
    pub histograms_that_differ: u64,
}

impl Differences {
    /// Whether there are none.
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
    /// Compares the events and histograms of two files, in a bounded amount of memory for events, and of two books for
    /// histograms.
    ///
    /// Without tolerance, values are compared bit for bit, except that any NaN is equal to any other; histograms by the
    /// numbers in their bins, their entries, means and standard deviations, as `f64`. Where the files have different
    /// numbers of events, those that both have are compared. What is in `/FileRecords` is not.
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
    /// If one of the files cannot be read, a pattern is none, or nothing is compared because of them.
    pub fn differences(&self, a: impl AsRef<Path>, b: impl AsRef<Path>) -> Result<Differences> {
        let filter = PathFilter::new(&self.only, &self.ignore)?;
        let files = [WholeFile::open(a.as_ref())?, WholeFile::open(b.as_ref())?];
        let mut found = Differences::default();
        tables::compare(&files, &filter, &self.tolerance, &mut found)?;
        histograms::compare(&files, &filter, &self.tolerance, &mut found)?;
        // A pattern with a slip in it must not look like success.
        if !self.only.is_empty() && found.columns + found.histograms == 0 {
            return Err(Error::Input(format!(
                "nothing in {} or {} that is not ignored matches {}: gaudi-mpi inspect shows what there is",
                files[0].path.display(),
                files[1].path.display(),
                self.only.join(" or ")
            )));
        }
        Ok(found)
    }
}

/// Says that one file has something that the other has not.
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

/// Says what each file has.
fn both(files: &[WholeFile; 2], what: &str, has: [impl fmt::Display; 2]) -> String {
    let [a, b] = has;
    format!(
        "{what}: {a} in {}, {b} in {}",
        files[0].path.display(),
        files[1].path.display()
    )
}
