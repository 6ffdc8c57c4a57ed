//! Outputs that workers write themselves: each to a file of its own, a part, from which rank 0 makes the output.

use super::config::{OutputConfig, OutputMode};
use crate::Result;
use crate::environment::host;
use crate::event::{ColumnType, EncodedEvents};
use crate::io::{self, Complete, Compression, EventWriter};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The events of an item in a part.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Piece {
    /// The part's name in the folder of parts.
    part: String,
    first: u64,
    events: u64,
}

/// A worker's parts of an output: one for each set of tables and columns that events have, so that an output made of
/// parts has nothing that the events themselves had not, and in no other order.
pub(super) struct PartWriter {
    folder: PathBuf,
    name: String,
    compression: Compression,
    parts: Vec<Part>,
    /// Where the events of the item at work go, and how many were there before.
    at: Option<(usize, u64)>,
}

struct Part {
    name: String,
    /// The tables that its events have, with their columns.
    tables: Vec<(String, Vec<ColumnType>)>,
    writer: EventWriter,
}

/// The folder of an output's parts.
fn folder_of(output: &Path) -> PathBuf {
    let mut name = output.file_name().unwrap_or_default().to_os_string();
    name.push(".parts");
    output.with_file_name(name)
}

impl PartWriter {
    pub(super) fn new(config: &OutputConfig) -> Self {
        let level = match config.mode {
            // What is read once, soon, is not worth the time to compress it.
            OutputMode::Merged | OutputMode::Gathered => 0,
            OutputMode::Virtual => config.compression,
        };
        Self {
            folder: folder_of(&config.file),
            name: format!("{}-{}-{}", host(), std::process::id(), thread_number()),
            compression: Compression { level, threads: 1 },
            parts: Vec::new(),
            at: None,
        }
    }

    /// An item begins.
    pub(super) fn begin(&mut self) {
        self.at = None;
    }

    pub(super) fn append(&mut self, block: &[u8]) -> Result<()> {
        let events = EncodedEvents::parse(block)?;
        let index = match self.parts.iter().position(|part| part.takes(&events)) {
            Some(index) => index,
            None => self.add(&events)?,
        };
        let writer = &mut self.parts[index].writer;
        let (at, _) = *self.at.get_or_insert((index, writer.events()));
        debug_assert_eq!(at, index, "the events of an item are of one file");
        Ok(writer.append(&events)?)
    }

    fn add(&mut self, events: &EncodedEvents) -> Result<usize> {
        let name = format!("{}-{}.h5", self.name, self.parts.len());
        let writer = EventWriter::create(&self.folder.join(&name), self.compression)?;
        let tables = events.tables.iter().map(|table| {
            let columns = table.columns.iter().map(|column| column.kind.clone());
            (table.path.clone(), columns.collect())
        });
        self.parts.push(Part {
            name,
            tables: tables.collect(),
            writer,
        });
        Ok(self.parts.len() - 1)
    }

    /// An item ends: where its events are. (Those of an item that failed stay in the part, and nobody refers to them.)
    pub(super) fn end(&mut self) -> Option<Piece> {
        let (index, first) = self.at.take()?;
        let part = &self.parts[index];
        Some(Piece {
            part: part.name.clone(),
            first,
            events: part.writer.events() - first,
        })
    }

    pub(super) fn close(&mut self) -> Result<()> {
        let parts = std::mem::take(&mut self.parts);
        Ok(parts.into_iter().try_for_each(|part| part.writer.finish(|_| Ok(())))?)
    }
}

impl Part {
    fn takes(&self, events: &EncodedEvents) -> bool {
        self.tables.len() == events.tables.len()
            && self.tables.iter().zip(&events.tables).all(|((path, columns), table)| {
                *path == table.path && columns.iter().eq(table.columns.iter().map(|column| &column.kind))
            })
    }
}

/// Tells workers of one process apart.
fn thread_number() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// An output that is made of parts.
pub(super) struct Parts {
    output: PathBuf,
    folder: PathBuf,
    mode: OutputMode,
    /// In the order of the events; pieces that follow each other in a part are one.
    pieces: Vec<Piece>,
    complete: bool,
}

impl Parts {
    pub(super) fn create(config: &OutputConfig) -> Result<Self> {
        let folder = folder_of(&config.file);
        // Parts of an earlier job are parts of nothing any more.
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .map_err(|error| format!("cannot remove the old parts in {}: {error}", folder.display()))?;
        }
        fs::create_dir_all(&folder).map_err(|error| format!("cannot make the folder {}: {error}", folder.display()))?;
        Ok(Self {
            output: config.file.clone(),
            folder,
            mode: config.mode,
            pieces: Vec::new(),
            complete: false,
        })
    }

    pub(super) fn add(&mut self, piece: Piece) {
        match self.pieces.last_mut() {
            Some(last) if last.part == piece.part && last.first + last.events == piece.first => {
                last.events += piece.events
            }
            _ => self.pieces.push(piece),
        }
    }

    /// Makes the output, which has yet to be named; how many events it has.
    pub(super) fn finish(
        &mut self,
        compression: Compression,
        add: impl FnOnce(&hdf5::File) -> io::Result<()>,
    ) -> Result<(u64, Complete)> {
        let pieces = std::mem::take(&mut self.pieces);
        let events = pieces.iter().map(|piece| piece.events).sum();
        let mut paths: BTreeMap<String, usize> = BTreeMap::new();
        let mut files = Vec::new();
        let mut list = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let file = *paths.entry(piece.part.clone()).or_insert_with(|| {
                files.push(self.folder.join(&piece.part));
                files.len() - 1
            });
            list.push((file, piece.first..piece.first + piece.events));
        }
        let complete = match self.mode {
            OutputMode::Virtual => io::write_virtual(&self.output, &files, &list, add)?,
            OutputMode::Merged | OutputMode::Gathered => {
                io::concatenate(&self.output, &files, &list, compression, add)?
            }
        };
        Ok((events, complete))
    }

    /// The output has its name.
    pub(super) fn named(mut self) {
        self.complete = self.mode == OutputMode::Virtual;
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        // The parts of a virtual file are what is in it.
        if !self.complete {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}
