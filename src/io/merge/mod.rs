//! Merges files: events are concatenated and histograms are summed.
//!
//! The result does not depend on how the inputs are grouped: merging in two steps gives the same bytes as merging in a
//! single step. To achieve this, tables and columns are sorted by name, and histogram sums remain exact even when they
//! are [stored in files](crate::hist::Histograms::open).

mod schema;

use crate::hist::{FOLDER, Histograms};
use crate::io::error::{Error, Result};
use crate::io::read::{FileScan, WholeFile};
use crate::io::records::FileRecords;
use crate::io::write::EventFileWriter;
use schema::MergedSchema;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The result of merging files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Merged {
    /// The number of events.
    pub events: u64,
    /// The number of histograms.
    pub histograms: usize,
    /// Remarks for the user about objects that only some of the files contain and objects that were left out of the
    /// result.
    pub remarks: Vec<String>,
}

/// Merges files into one: events and file records are concatenated in the order of `inputs`, and histograms with the
/// same path are summed.
///
/// Files may contain events, histograms or both, and their tables and columns may differ. If a file lacks a table, its
/// events get no rows in that table, or one row of missing values if the table has one row per event. If a file lacks a
/// column, its rows get missing values in that column. `compression` ranges from 1 (fastest) to 9 (smallest file); 0
/// means no compression. An existing file `output` is replaced only when the merged file is complete.
///
/// Merging merged files gives the same bytes as merging all files at once, unless a sum of weights exceeds the range of
/// `f64`.
///
/// ```
/// use gaudi_mpi::hist::{Axis, Histogram1D, Histograms};
///
/// let folder = tempfile::tempdir()?;
/// let file = |name: &str| folder.path().join(name);
/// for (name, mass) in [("a.h5", 5366.9), ("b.h5", 5279.7)] {
///     let mut histograms = Histograms::new();
///     let handle = histograms.book("Phys/hbmass", Histogram1D::new("Mass", Axis::uniform(100, 5200.0, 5500.0)));
///     histograms[handle].fill(mass);
///     histograms.save(file(name))?;
/// }
/// gaudi_mpi::io::merge(&file("both.h5"), &[file("a.h5"), file("b.h5")], 4)?;
/// assert_eq!(Histograms::open(file("both.h5"))?.get("Phys/hbmass").map(|mass| mass.entries()), Some(2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If a file cannot be read or written, is given twice, or is both input and output; or if the type or unit of a
/// column, or the axes of a histogram, differ between files. In these cases, no output is written.
pub fn merge(output: &Path, inputs: &[PathBuf], compression: u8) -> Result<Merged> {
    check_names(output, inputs)?;
    let mut schema = MergedSchema::default();
    let mut histograms: Option<HistogramSum> = None;
    let mut records: Option<FileRecords> = None;
    let mut merged = Merged::default();
    let mut with_events = false;
    for path in inputs {
        let file = WholeFile::open(path)?;
        if let Some(events) = &file.events {
            with_events = true;
            schema.add(events)?;
        }
        if let Some(book) = file.histograms()? {
            histograms.get_or_insert_default().add(path, &book)?;
        }
        if let Some(group) = file.records()? {
            merged
                .remarks
                .extend(records.get_or_insert_default().append(path, &group)?);
        }
        merged.remarks.extend(
            file.strangers()?
                .into_iter()
                .map(|name| format!("{} has /{name}, which is left out: it cannot be merged", path.display())),
        );
    }
    merged.remarks.extend(schema.remarks());
    let book = histograms.map(|summed| summed.book);
    merged.histograms = book.as_ref().map_or(0, Histograms::len);
    let add = |file: &hdf5::File| match &records {
        Some(records) => records.write(file),
        None => Ok(()),
    };
    if !with_events {
        let book = book.unwrap_or_default();
        book.save_with(output, add)
            .map_err(|error| Error::write(output, error))?;
        return Ok(merged);
    }

    let mut writer = EventFileWriter::compressed(output, compression)?;
    writer.append(&schema.empty_store()?)?;
    for path in inputs {
        if let Some(events) = WholeFile::open(path)?.events {
            let mut scan = FileScan::new(&events, &events.list()?)?;
            let mut first = 0;
            while first < events.events() {
                let end = events.events().min(first.saturating_add(scan.block));
                scan.load(first..end)?;
                writer.append_encoded(&scan.store.encode_selected(&scan.selection, None))?;
                first = end;
            }
        }
    }
    merged.events = writer.events();
    writer.complete(book.as_ref(), add)?;
    Ok(merged)
}

/// Checks that no file is given twice or is both input and output, even under different names.
///
/// # Errors
/// If there is such a file; the error names both of its uses.
fn check_names(output: &Path, inputs: &[PathBuf]) -> Result<()> {
    let identity = |path: &Path| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
    let output = (output, identity(output));
    let mut seen = BTreeMap::new();
    for path in inputs {
        let Some(identity) = identity(path) else { continue };
        if output.1 == Some(identity) {
            return Err(Error::Input(format!(
                "the output {} and the input {} are the same file: give the output another name",
                output.0.display(),
                path.display()
            )));
        }
        if let Some(other) = seen.insert(identity, path) {
            return Err(Error::Input(format!(
                "the inputs {} and {} are the same file: its contents would count twice",
                other.display(),
                path.display()
            )));
        }
    }
    Ok(())
}

/// The sum of the histograms of several files.
#[derive(Default)]
struct HistogramSum {
    book: Histograms,
    /// For each histogram's path, the first file that contains the histogram.
    files: BTreeMap<String, PathBuf>,
}

impl HistogramSum {
    fn add(&mut self, file: &Path, book: &Histograms) -> Result<()> {
        for (path, object) in book.iter() {
            let full = format!("/{FOLDER}/{path}");
            self.book
                .add(path, object)
                .map_err(|error| match self.files.get(path) {
                    Some(first) => Error::content(
                        file,
                        &full,
                        format!("{error} (here is {}, there is {})", first.display(), file.display()),
                    ),
                    None => Error::content(file, &full, error),
                })?;
            self.files.entry(path.into()).or_insert_with(|| file.into());
        }
        Ok(())
    }
}
