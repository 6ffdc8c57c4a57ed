//! Writes event files without a job.

use super::writer::{Compression, EventWriter};
use crate::event::{EncodedEvents, EventStore};
use crate::files::hdf5_node::Node;
use crate::hist::{FOLDER, Histograms};
use crate::io::error::{Error, Result};
use hdf5::File;
use std::path::{Path, PathBuf};

/// Writes an event file from event stores.
///
/// The file gets its final name only when [`finish`](Self::finish) succeeds. Its bytes depend only on the events, not
/// on how many are appended at a time.
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
    /// The default compression level. Levels range from 1 (fastest) to 9 (smallest file); 0 means no compression.
    pub const COMPRESSION: u8 = 4;

    /// Starts a file. An existing file with that name is replaced when the new file is finished.
    ///
    /// # Errors
    /// If the file cannot be created.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        Self::compressed(path, Self::COMPRESSION)
    }

    /// Starts a file with the given [compression level](Self::COMPRESSION). Levels above 9 count as 9.
    ///
    /// # Errors
    /// If the file cannot be created.
    pub fn compressed(path: impl AsRef<Path>, level: u8) -> Result<Self> {
        let path = path.as_ref();
        let threads = crate::host::affinity::processors();
        let level = level.min(9);
        Ok(Self {
            path: path.into(),
            writer: EventWriter::create(path, Compression { level, threads })?,
        })
    }

    /// The number of events appended so far.
    pub fn events(&self) -> u64 {
        self.writer.events()
    }

    /// Appends all events of a store. Stores may have different tables and columns: if a store lacks a table, its
    /// events get no rows in that table, or, in a one-row table, one row of missing values.
    ///
    /// # Errors
    /// If a reference is dangling, if a column's type differs from that in an earlier store, or if writing has failed.
    pub fn append(&mut self, store: &EventStore) -> Result<()> {
        store.check_references()?;
        self.append_encoded(&store.encode())
    }

    /// Appends encoded events.
    ///
    /// # Errors
    /// If a column's type differs from that in earlier events, or if writing has failed.
    pub(crate) fn append_encoded(&mut self, bytes: &[u8]) -> Result<()> {
        self.writer.append(&EncodedEvents::parse(bytes)?)
    }

    /// Completes the file.
    ///
    /// # Errors
    /// If writing has failed.
    pub fn finish(self) -> Result<()> {
        self.writer.finish(|_| Ok(()))
    }

    /// Adds the histograms, each at `/Histograms/<path>`, and completes the file.
    ///
    /// # Errors
    /// If writing has failed.
    pub fn finish_with(self, histograms: &Histograms) -> Result<()> {
        self.complete(Some(histograms), |_| Ok(()))
    }

    /// Adds the histograms, if there are any, and the objects that `add` writes, and completes the file.
    ///
    /// # Errors
    /// If writing has failed.
    pub(crate) fn complete(
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

/// Writes histograms to a file that will be renamed to `path`.
///
/// # Errors
/// If the histograms cannot be written.
pub(crate) fn add_histograms(file: &File, path: &Path, histograms: &Histograms) -> Result<()> {
    let folder = file.as_group().and_then(|root| Node::of(root).child(FOLDER));
    let folder = folder.map_err(|error| Error::write(path, error))?;
    let written = histograms.write_hdf5(folder.group());
    written.map_err(|error| Error::write(path, error))
}
