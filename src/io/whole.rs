//! Whole files: events, histograms and records, each of which may be missing.

use super::error::{Error, Result};
use super::file::{EventFile, open_hdf5};
use super::reader::EventReader;
use super::selector::{InputFile, Segment};
use crate::event::path::ROOT;
use crate::event::{EventStore, Selection};
use crate::hist::{self, FOLDER, Histograms};
use hdf5::{File, Group};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The group with one row for each file that a job has read.
pub(crate) const RECORDS: &str = "FileRecords";

/// A file of ours.
pub(super) struct WholeFile {
    pub(super) path: PathBuf,
    pub(super) events: Option<EventFile>,
    hdf5: File,
}

/// A table, by its full path, with the names of its columns.
pub(super) type TableNames = (String, Vec<String>);

impl WholeFile {
    /// Opens a file.
    ///
    /// # Errors
    /// If there is no such file, or one that has nothing of ours in it.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let (_, hdf5) = open_hdf5(path)?;
        let events = match hdf5.link_exists(ROOT.trim_start_matches('/')) {
            true => Some(EventFile::open(path)?),
            false => None,
        };
        if events.is_none() && !hdf5.link_exists(FOLDER) {
            let reason = format!("it is HDF5, but has neither events, in {ROOT}, nor histograms, in /{FOLDER}");
            return Err(Error::open(path, reason));
        }
        Ok(Self {
            path: path.into(),
            events,
            hdf5,
        })
    }

    /// Its histograms, if it has a place for them.
    pub(super) fn histograms(&self) -> Result<Option<Histograms>> {
        let Some(group) = self.group(FOLDER)? else {
            return Ok(None);
        };
        let read = Histograms::read_hdf5(&group).map_err(|error| match error {
            hist::Error::Read { path, reason } => Error::content(&self.path, &format!("/{FOLDER}/{path}"), reason),
            other => Error::content(&self.path, &format!("/{FOLDER}"), other),
        });
        read.map(Some)
    }

    /// The group of its records, if it has any.
    pub(super) fn records(&self) -> Result<Option<Group>> {
        self.group(RECORDS)
    }

    fn group(&self, name: &str) -> Result<Option<Group>> {
        if !self.hdf5.link_exists(name) {
            return Ok(None);
        }
        let group = self.hdf5.group(name);
        group
            .map(Some)
            .map_err(|_| Error::content(&self.path, &format!("/{name}"), "it is no group"))
    }

    /// What it has that is not of ours.
    pub(super) fn strangers(&self) -> Result<Vec<String>> {
        let names = self.hdf5.member_names();
        let mut names = names.map_err(|error| Error::open(&self.path, error))?;
        names.retain(|name| ![&ROOT[1..], FOLDER, RECORDS].contains(&name.as_str()));
        names.sort();
        Ok(names)
    }
}

/// Reads events of one file, block by block, with some of its tables and columns.
pub(super) struct Blocks {
    reader: EventReader,
    pub(super) store: EventStore,
    /// The tables and columns asked for, in the order in which they were.
    pub(super) selection: Selection,
    /// How many events make a block that takes some ten megabytes.
    pub(super) block: u64,
}

impl Blocks {
    pub(super) fn new(file: &EventFile, tables: &[TableNames]) -> Result<Self> {
        const BLOCK_BYTES: u64 = 32 << 20;
        const MOST: u64 = 100_000;
        let input = InputFile {
            path: file.path().into(),
            events: file.events(),
            first: 0,
        };
        let mut blocks = Self {
            reader: EventReader::new(Arc::new(vec![input])),
            store: EventStore::new(),
            selection: Selection::default(),
            block: 0,
        };
        blocks.reader.open(0)?;
        let mut bytes = 0;
        for (path, columns) in tables {
            bytes += blocks.want(file, path, columns).map_err(|error| match error {
                // Names that a column cannot have, for one.
                Error::Event(error) => Error::content(file.path(), path, error),
                other => other,
            })?;
        }
        blocks.block = match bytes {
            0 => MOST,
            bytes => (BLOCK_BYTES.saturating_mul(file.events()) / bytes).clamp(1, MOST),
        };
        Ok(blocks)
    }

    /// Reads a table from now on; how many bytes it has in all events.
    fn want(&mut self, file: &EventFile, path: &str, columns: &[String]) -> Result<u64> {
        let gone = |path: &str| Error::content(file.path(), path, "it is neither a table nor a column");
        let table = self
            .reader
            .want_table(&mut self.store, path, false)?
            .ok_or_else(|| gone(path))?;
        let rows = file.table(path)?.map_or(0, |table| table.length());
        let mut bytes = rows.saturating_add(file.events()).saturating_mul(8);
        let mut places = Vec::with_capacity(columns.len());
        for name in columns {
            let column = format!("{path}/{name}");
            let place = self.reader.want_column(&mut self.store, &column, false)?;
            let (_, place) = place.ok_or_else(|| gone(&column))?;
            places.push(place);
            bytes = bytes.saturating_add(rows.saturating_mul(8));
        }
        self.selection.tables.push((table.0 as usize, places));
        Ok(bytes)
    }

    /// Brings some events into the store.
    pub(super) fn load(&mut self, events: Range<u64>) -> Result<()> {
        let segment = Segment {
            file: 0,
            first: events.start,
            events: events.end - events.start,
        };
        self.reader.load(&segment, 0..segment.events, &mut self.store)
    }
}
