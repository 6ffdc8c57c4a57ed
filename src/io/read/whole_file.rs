//! Whole files: events, histograms and file records, each of which may be missing.

use super::file::{EventFile, open_hdf5};
use crate::event::path::ROOT;
use crate::hist::{self, FOLDER, Histograms};
use crate::io::error::{Error, Result};
use crate::io::format::RECORDS;
use hdf5::{File, Group};
use std::path::{Path, PathBuf};

/// A file of events, histograms or both.
pub(crate) struct WholeFile {
    pub(crate) path: PathBuf,
    pub(crate) events: Option<EventFile>,
    hdf5: File,
}

impl WholeFile {
    /// Opens a file.
    ///
    /// # Errors
    /// If the file cannot be opened, or has neither events nor histograms.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let (_, hdf5) = open_hdf5(path)?;
        let events = match hdf5.link_exists(ROOT.trim_start_matches('/')) {
            true => Some(EventFile::open(path)?),
            false => None,
        };
        if events.is_none() && !hdf5.link_exists(FOLDER) {
            let reason = format!("it is HDF5, but has neither events in {ROOT} nor histograms in /{FOLDER}");
            return Err(Error::open(path, reason));
        }
        Ok(Self {
            path: path.into(),
            events,
            hdf5,
        })
    }

    /// Reads the histograms. Returns `None` if the file has no group for them.
    ///
    /// # Errors
    /// If a histogram cannot be read.
    pub(crate) fn histograms(&self) -> Result<Option<Histograms>> {
        let Some(group) = self.group(FOLDER)? else {
            return Ok(None);
        };
        let read = Histograms::read_hdf5(&group).map_err(|error| match error {
            hist::Error::Read { path, reason } => Error::content(&self.path, &format!("/{FOLDER}/{path}"), reason),
            other => Error::content(&self.path, &format!("/{FOLDER}"), other),
        });
        read.map(Some)
    }

    /// The group of file records, if there is one.
    ///
    /// # Errors
    /// If the object with this name is not a group.
    pub(crate) fn records(&self) -> Result<Option<Group>> {
        self.group(RECORDS)
    }

    fn group(&self, name: &str) -> Result<Option<Group>> {
        if !self.hdf5.link_exists(name) {
            return Ok(None);
        }
        let group = self.hdf5.group(name);
        group
            .map(Some)
            .map_err(|_| Error::content(&self.path, &format!("/{name}"), "it is not a group"))
    }

    /// The names of all other objects at the top level of the file.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(crate) fn strangers(&self) -> Result<Vec<String>> {
        let names = self.hdf5.member_names();
        let mut names = names.map_err(|error| Error::open(&self.path, error))?;
        names.retain(|name| ![&ROOT[1..], FOLDER, RECORDS].contains(&name.as_str()));
        names.sort();
        Ok(names)
    }
}
