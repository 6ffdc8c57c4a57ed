//! Event files written by a program on its own, without a job.

use super::error::{Error, Result};
use super::writer::{Compression, EventWriter};
use crate::event::{EncodedEvents, EventStore};
use crate::files::hdf5_node::Node;
use crate::hist::{FOLDER, Histograms};
use hdf5::File;
use std::path::{Path, PathBuf};

/// Writes an event file, from stores of events.
///
/// The file is there, under its name, when [`finish`](Self::finish) has succeeded, and not before. Its bytes depend on
/// the events alone, not on how many are appended at a time.
///
/// ```
/// use gaudi_mpi::event::{ColumnType, EventStore, Rows};
/// use gaudi_mpi::io::{EventFile, EventFileWriter};
///
/// let mut store = EventStore::new();
/// let tracks = store.add_table("Rec/Track/Best", Rows::Many)?;
/// let px = store.add_column::<f64>(tracks, ColumnType::new::<f64>("px").unit("MeV"))?;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("events.h5");
/// let mut writer = EventFileWriter::create(&path)?;
/// for chunk in 0..3 {
///     store.clear(2 * chunk);
///     for _ in 0..2 {
///         store.push(px, 1204.5);
///         store.push(px, -320.0);
///         store.end_event()?;
///     }
///     writer.append(&store)?;
/// }
/// writer.finish()?;
/// assert_eq!(EventFile::open(&path)?.events(), 6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct EventFileWriter {
    path: PathBuf,
    writer: EventWriter,
}

impl EventFileWriter {
    /// How much files are compressed, unless something else is asked for: from 1, fast, to 9, small; 0 not at all.
    pub const COMPRESSION: u8 = 4;

    /// Begins a file; one of that name is replaced in the end.
    ///
    /// # Errors
    /// If there can be no such file.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        Self::compressed(path, Self::COMPRESSION)
    }

    /// Begins a file that is [compressed](Self::COMPRESSION) more or less than usual.
    ///
    /// # Errors
    /// If there can be no such file.
    pub fn compressed(path: impl AsRef<Path>, level: u8) -> Result<Self> {
        let path = path.as_ref();
        let threads = crate::host::affinity::processors();
        let level = level.min(9);
        Ok(Self {
            path: path.into(),
            writer: EventWriter::create(path, Compression { level, threads })?,
        })
    }

    /// How many events have been appended.
    pub fn events(&self) -> u64 {
        self.writer.events()
    }

    /// Appends all events of a store. Tables that it does not have, and others had, have no rows in them.
    ///
    /// # Errors
    /// If a reference dangles, a column is not what it was in other stores, or writing has failed.
    pub fn append(&mut self, store: &EventStore) -> Result<()> {
        store.check_references()?;
        self.append_encoded(&store.encode())
    }

    /// Appends events that have been encoded.
    pub(super) fn append_encoded(&mut self, bytes: &[u8]) -> Result<()> {
        self.writer.append(&EncodedEvents::parse(bytes)?)
    }

    /// Completes the file.
    ///
    /// # Errors
    /// If writing has failed.
    pub fn finish(self) -> Result<()> {
        self.writer.finish(|_| Ok(()))
    }

    /// Completes the file, with histograms in it, each at `/Histograms/<path>`.
    ///
    /// # Errors
    /// If writing has failed.
    pub fn finish_with(self, histograms: &Histograms) -> Result<()> {
        self.complete(Some(histograms), |_| Ok(()))
    }

    /// Completes the file with histograms, if there are any, and whatever `add` adds.
    pub(super) fn complete(
        self,
        histograms: Option<&Histograms>,
        add: impl FnOnce(&File) -> hdf5::Result<()>,
    ) -> Result<()> {
        let Self { path, writer } = self;
        writer.finish(|file| {
            let failed = |error: hdf5::Error| Error::write(&path, error);
            if let Some(histograms) = histograms {
                add_histograms(file, &path, histograms)?;
            }
            add(file).map_err(failed)
        })
    }
}

/// Writes histograms to an event file, which is to be called `path`.
pub(crate) fn add_histograms(file: &File, path: &Path, histograms: &Histograms) -> Result<()> {
    let folder = file.as_group().and_then(|root| Node::of(root).child(FOLDER));
    let folder = folder.map_err(|error| Error::write(path, error))?;
    let written = histograms.write_hdf5(folder.group());
    written.map_err(|error| Error::write(path, error))
}
