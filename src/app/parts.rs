//! Outputs that workers put by themselves: each in files of its own, its parts, of which rank 0 makes the output.
//!
//! What a worker has put by stays when the worker dies: parts are files of encoded events, to which blocks are appended.
//! Those of a virtual output become event files when there are no more items.

use super::config::{OutputConfig, OutputMode};
use crate::error::Result;
use crate::event::{ColumnType, EncodedEvents};
use crate::files::unfinished::Unfinished;
use crate::host::hostname::hostname;
use crate::io::{self, BlockWriter, Compression, EventWriter, read_blocks};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// The events of an item in a part.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Piece {
    /// The part's name in the folder of parts.
    part: String,
    first: u64,
    events: u64,
    /// Where their blocks begin and end, in bytes.
    start: u64,
    end: u64,
}

/// A worker's parts of an output: one for each set of tables and columns that events have, so that an output made of
/// parts has nothing that the events themselves had not, and in no other order.
pub(super) struct PartWriter {
    folder: PathBuf,
    mode: OutputMode,
    compression: Compression,
    /// The process whose parts these are.
    process: u32,
    parts: Vec<Part>,
    /// Where the events of the item at work go, and how many events and bytes were there before.
    at: Option<(usize, u64, u64)>,
}

struct Part {
    name: String,
    /// The tables that its events have, with their columns.
    tables: Vec<(String, Vec<ColumnType>)>,
    events: u64,
    blocks: BlockWriter,
}

/// The folder of an output's parts.
fn folder_of(output: &Path) -> PathBuf {
    let mut name = output.file_name().unwrap_or_default().to_os_string();
    name.push(".parts");
    output.with_file_name(name)
}

/// How the names of parts end: as they are put by, and as event files.
const BLOCKS: &str = "blocks";
const EVENTS: &str = "h5";

impl PartWriter {
    pub(super) fn new(config: &OutputConfig) -> Self {
        Self {
            folder: folder_of(&config.file),
            mode: config.mode,
            compression: Compression {
                level: config.compression,
                threads: 1,
            },
            process: std::process::id(),
            parts: Vec::new(),
            at: None,
        }
    }

    /// An item begins.
    pub(super) fn begin(&mut self) {
        self.at = None;
        if self.process != std::process::id() {
            // This worker was forked of a process that has put by something itself.
            self.process = std::process::id();
            self.parts.clear();
        }
    }

    pub(super) fn append(&mut self, block: &[u8]) -> Result<()> {
        let events = EncodedEvents::parse(block)?;
        let index = match self.parts.iter().position(|part| part.takes(&events)) {
            Some(index) => index,
            None => self.add(&events)?,
        };
        let part = &mut self.parts[index];
        let (at, ..) = *self.at.get_or_insert((index, part.events, part.blocks.length()));
        debug_assert_eq!(at, index, "the events of an item are of one file");
        part.blocks.append(block)?;
        part.events += events.events;
        Ok(())
    }

    fn add(&mut self, events: &EncodedEvents) -> Result<usize> {
        let tables = events.tables.iter().map(|table| {
            let columns = table.columns.iter().map(|column| column.kind.clone());
            (table.path.clone(), columns.collect())
        });
        // Other workers of this process have theirs, and the system gives the number of a process again some day.
        let (name, blocks) = (0_u64..)
            .find_map(|number| {
                let name = format!("{}-{}-{number}", hostname(), self.process);
                let path = self.folder.join(&name);
                if path.with_added_extension(EVENTS).exists() {
                    return None;
                }
                match BlockWriter::create(&path.with_added_extension(BLOCKS)) {
                    Ok(blocks) => Some(Ok((name, blocks?))),
                    Err(error) => Some(Err(error)),
                }
            })
            .ok_or("there are too many parts")??;
        self.parts.push(Part {
            name,
            tables: tables.collect(),
            events: 0,
            blocks,
        });
        Ok(self.parts.len() - 1)
    }

    /// An item ends: where its events are. (Those of an item that failed stay in the part, and nobody refers to them.)
    pub(super) fn end(&mut self) -> Option<Piece> {
        let (index, first, start) = self.at.take()?;
        let part = &self.parts[index];
        Some(Piece {
            part: part.name.clone(),
            first,
            events: part.events - first,
            start,
            end: part.blocks.length(),
        })
    }

    /// There are no more items.
    pub(super) fn close(&mut self) -> Result<()> {
        let parts = std::mem::take(&mut self.parts);
        if self.mode != OutputMode::Virtual || self.process != std::process::id() {
            return Ok(());
        }
        for part in parts {
            make_event_file(part.blocks.path(), self.compression)?;
        }
        Ok(())
    }
}

/// Makes an event file of a part as it was put by, beside it, and removes that.
fn make_event_file(blocks: &Path, compression: Compression) -> io::Result<()> {
    let mut writer = EventWriter::create(&blocks.with_extension(EVENTS), compression)?;
    read_blocks(blocks, 0.., |block| append(&mut writer, block))?;
    writer.finish(|_| Ok(()))?;
    // If it stays, it is in nobody's way.
    let _ = fs::remove_file(blocks);
    Ok(())
}

fn append(writer: &mut EventWriter, block: &[u8]) -> io::Result<()> {
    writer.append(&EncodedEvents::parse(block)?)
}

impl Part {
    fn takes(&self, events: &EncodedEvents) -> bool {
        !self.blocks.is_broken()
            && self.tables.len() == events.tables.len()
            && self.tables.iter().zip(&events.tables).all(|((path, columns), table)| {
                *path == table.path && columns.iter().eq(table.columns.iter().map(|column| &column.kind))
            })
    }
}

/// An output that is made of parts.
pub(super) struct Parts {
    output: PathBuf,
    folder: PathBuf,
    mode: OutputMode,
    /// In the order of the events; pieces that follow each other in a part are one.
    pieces: Vec<Piece>,
    /// Files of an earlier output of this name, which are what is in it until there is a new one.
    before: BTreeSet<PathBuf>,
    complete: bool,
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

impl Parts {
    pub(super) fn create(config: &OutputConfig) -> Result<Self> {
        let folder = folder_of(&config.file);
        fs::create_dir_all(&folder).map_err(|error| format!("cannot make the folder {}: {error}", folder.display()))?;
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

    /// Makes the output, which has yet to be named; how many events it has.
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
                        return Err(format!("{path} has {found} events where {} were written", piece.events).into());
                    }
                }
                writer.close(add)?
            }
        };
        Ok((events, complete))
    }

    /// Makes a file that refers to the parts.
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
                // A worker that died has left it as it was put by.
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

    /// The files of this job.
    fn made(&self) -> Vec<PathBuf> {
        let mut files = files_in(&self.folder);
        files.retain(|file| !self.before.contains(file));
        files
    }

    /// The output has its name.
    pub(super) fn named(mut self) {
        self.complete = true;
        if self.mode == OutputMode::Virtual {
            // What was there before is part of nothing any more.
            self.before.iter().for_each(|file| drop(fs::remove_file(file)));
        } else {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        if !self.complete {
            self.made().iter().for_each(|file| drop(fs::remove_file(file)));
            // It stays if an earlier output has its parts there.
            let _ = fs::remove_dir(&self.folder);
        }
    }
}
