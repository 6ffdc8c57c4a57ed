//! Outputs assembled from the parts that workers wrote.

use super::job_config::{OutputConfig, OutputMode};
use super::part_writer::{BLOCKS, EVENTS, Piece, append, folder_of, make_event_file};
use crate::error::Result;
use crate::files::unfinished::Unfinished;
use crate::io::{self, Compression, EventWriter, read_blocks};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// An output that rank 0 assembles from the workers' parts.
pub(super) struct OutputParts {
    output: PathBuf,
    folder: PathBuf,
    mode: OutputMode,
    /// The pieces in event order. Adjacent pieces of the same part are joined.
    pieces: Vec<Piece>,
    /// The part files of an earlier output with the same name. The earlier output needs these files until the new
    /// output is complete.
    before: BTreeSet<PathBuf>,
    complete: bool,
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

impl OutputParts {
    pub(super) fn create(config: &OutputConfig) -> Result<Self> {
        let folder = folder_of(&config.file);
        fs::create_dir_all(&folder)
            .map_err(|error| format!("cannot create the folder {}: {error}", folder.display()))?;
        Ok(Self {
            output: config.file.clone(),
            before: files_in(&folder).into_iter().collect(),
            folder,
            mode: config.mode,
            pieces: Vec::new(),
            complete: false,
        })
    }

    pub(super) fn add(&mut self, piece: Piece) {
        match self.pieces.last_mut() {
            Some(last) if last.part == piece.part && last.end == piece.start => {
                last.events += piece.events;
                last.end = piece.end;
            }
            _ => self.pieces.push(piece),
        }
    }

    /// Creates the output under a temporary name. Also returns the number of events.
    pub(super) fn finish(
        &mut self,
        compression: Compression,
        add: impl FnOnce(&hdf5::File) -> io::Result<()>,
    ) -> Result<(u64, Unfinished)> {
        let pieces = std::mem::take(&mut self.pieces);
        let events = pieces.iter().map(|piece| piece.events).sum();
        let complete = match self.mode {
            OutputMode::Virtual => self.refer(pieces, compression, add)?,
            OutputMode::Merged | OutputMode::Gathered => {
                let mut writer = EventWriter::create(&self.output, compression)?;
                for piece in pieces {
                    let path = self.folder.join(piece.part).with_added_extension(BLOCKS);
                    let before = writer.events();
                    read_blocks(&path, piece.start..piece.end, |block| append(&mut writer, block))?;
                    let found = writer.events() - before;
                    if found != piece.events {
                        let path = path.display();
                        return Err(format!("{path} has {found} events, but {} were written", piece.events).into());
                    }
                }
                writer.close(add)?
            }
        };
        Ok((events, complete))
    }

    /// Creates a file that refers to the parts.
    fn refer(
        &self,
        pieces: Vec<Piece>,
        compression: Compression,
        add: impl FnOnce(&hdf5::File) -> io::Result<()>,
    ) -> Result<Unfinished> {
        for path in self.made() {
            let name = path.file_stem().map(OsStr::to_os_string).unwrap_or_default();
            let wanted = pieces.iter().any(|piece| *piece.part == *name);
            let extension = path.extension();
            if wanted && extension == Some(OsStr::new(BLOCKS)) {
                // The worker that wrote this part died before it could convert the part.
                make_event_file(&path, compression)?;
            } else if !wanted || extension != Some(OsStr::new(EVENTS)) {
                fs::remove_file(&path).map_err(|error| io::Error::write(&path, error))?;
            }
        }
        let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
        let mut files = Vec::new();
        let mut list = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let events = piece.first..piece.first + piece.events;
            let file = *numbers.entry(piece.part).or_insert_with_key(|part| {
                files.push(self.folder.join(part).with_added_extension(EVENTS));
                files.len() - 1
            });
            list.push((file, events));
        }
        Ok(io::write_virtual(&self.output, &files, &list, add)?)
    }

    /// The part files created by this job.
    fn made(&self) -> Vec<PathBuf> {
        let mut files = files_in(&self.folder);
        files.retain(|file| !self.before.contains(file));
        files
    }

    /// Cleans up once the output has its final name.
    pub(super) fn named(mut self) {
        self.complete = true;
        if self.mode == OutputMode::Virtual {
            // The parts of the earlier output are no longer needed.
            self.before.iter().for_each(|file| drop(fs::remove_file(file)));
        } else {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

impl Drop for OutputParts {
    fn drop(&mut self) {
        if !self.complete {
            self.made().iter().for_each(|file| drop(fs::remove_file(file)));
            // This fails, as intended, if the folder still contains parts of an earlier output.
            let _ = fs::remove_dir(&self.folder);
        }
    }
}
