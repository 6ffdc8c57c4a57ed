//! Merging files: events one after another, histograms summed.
//!
//! What comes out does not depend on the grouping of what goes in: files merged in two steps are, byte for byte, those
//! merged in one. Tables and columns stand in the order of their names for that, and the sums of histograms are exact,
//! [in files](crate::hist::Histograms::open), too.

mod tables;

use super::error::{Error, Result};
use super::file_writer::EventFileWriter;
use super::records::Records;
use super::whole::{Blocks, WholeFile};
use crate::hist::{FOLDER, Histograms};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use tables::Tables;

/// What has been merged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Merged {
    /// How many events there are.
    pub events: u64,
    /// How many histograms.
    pub histograms: usize,
    /// What the user should know: what only some of the files have, and what is left out.
    pub remarks: Vec<String>,
}

/// Merges files into one: events in the order of the files given, histograms of the same path summed, file records one
/// after another.
///
/// References stay as they are, since they count within their event. Events of files that lack a table have no rows of
/// it, or, where a table has one row an event, one that says nothing; so have those that lack a column. Files may have
/// only events, or only histograms; a file called `output` is replaced once all has been written.
///
/// Merging files that are themselves merged gives the same bytes as merging all at once, events and histograms alike,
/// unless a sum of weights is beyond the range of `f64`.
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
/// If a file cannot be read or written, is given twice, is input and output at once, or has a column of another type or
/// unit, or a histogram with other axes, than another file. No file is left behind then.
pub fn merge(output: &Path, inputs: &[PathBuf], compression: u8) -> Result<Merged> {
    check_names(output, inputs)?;
    let mut tables = Tables::default();
    let mut histograms: Option<Summed> = None;
    let mut records: Option<Records> = None;
    let mut merged = Merged::default();
    let mut with_events = false;
    for path in inputs {
        let file = WholeFile::open(path)?;
        if let Some(events) = &file.events {
            with_events = true;
            tables.add(events)?;
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
    merged.remarks.extend(tables.remarks());
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
    writer.append(&tables.declared()?)?;
    for path in inputs {
        if let Some(events) = WholeFile::open(path)?.events {
            let mut blocks = Blocks::new(&events, &events.list()?)?;
            let mut first = 0;
            while first < events.events() {
                let end = events.events().min(first.saturating_add(blocks.block));
                blocks.load(first..end)?;
                writer.append_encoded(&blocks.store.encode_selected(&blocks.selection, None))?;
                first = end;
            }
        }
    }
    merged.events = writer.events();
    writer.complete(book.as_ref(), add)?;
    Ok(merged)
}

/// Refuses files that are given twice, or are input and output at once, whatever they are called.
fn check_names(output: &Path, inputs: &[PathBuf]) -> Result<()> {
    let identity = |path: &Path| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
    let output = (output, identity(output));
    let mut seen = BTreeMap::new();
    for path in inputs {
        let Some(identity) = identity(path) else { continue };
        if output.1 == Some(identity) {
            return Err(Error::Input(format!(
                "{} is to be written, and {} to be read, but they are the same file: give the output another name",
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

/// The sum of histograms so far.
#[derive(Default)]
struct Summed {
    book: Histograms,
    /// The first file that has each histogram.
    files: BTreeMap<String, PathBuf>,
}

impl Summed {
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
