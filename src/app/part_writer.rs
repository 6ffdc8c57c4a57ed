//! A worker's parts of an output. A part is a file of encoded events to which the worker appends blocks.
//!
//! A part remains usable after the death of the worker that wrote it. The parts of a virtual output are converted to
//! event files after the last item.

use super::job_config::{OutputConfig, OutputMode};
use crate::error::Result;
use crate::event::{ColumnType, EncodedEvents};
use crate::host::hostname::hostname;
use crate::io::{self, BlockWriter, Compression, EventWriter, read_blocks};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// The location of an item's events in a part.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Piece {
    /// The name of the part in the folder of parts.
    pub part: String,
    /// The index of the item's first event in the part.
    pub first: u64,
    pub events: u64,
    /// The byte range of the item's events in the file.
    pub start: u64,
    pub end: u64,
}

/// Writes a worker's parts of an output, one part for each distinct set of tables and columns. The output therefore
/// contains the same tables, in the same order, as it would if rank 0 wrote the events.
pub(super) struct PartWriter {
    folder: PathBuf,
    mode: OutputMode,
    compression: Compression,
    /// The ID of the process that wrote the parts.
    process: u32,
    parts: Vec<Part>,
    /// The part to which the current item's events are written, and the numbers of events and bytes that the part
    /// contained before this item.
    at: Option<(usize, u64, u64)>,
}

struct Part {
    name: String,
    /// The events' tables and the columns of each table.
    tables: Vec<(String, Vec<ColumnType>)>,
    events: u64,
    blocks: BlockWriter,
}

/// The folder for an output's parts.
pub(super) fn folder_of(output: &Path) -> PathBuf {
    let mut name = output.file_name().unwrap_or_default().to_os_string();
    name.push(".parts");
    output.with_file_name(name)
}

/// The file extension of a part stored as blocks.
pub(super) const BLOCKS: &str = "blocks";
/// The file extension of a part stored as an event file.
pub(super) const EVENTS: &str = "h5";

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

    /// Begins an item.
    pub(super) fn begin(&mut self) {
        self.at = None;
        if self.process != std::process::id() {
            // This worker was forked from a process that had written its own parts.
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
        // The name may already be in use by another worker of this process, or by an earlier process with the same
        // number.
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

    /// Ends an item and returns the location of the item's events. A failed item's events stay in the part, but no
    /// piece refers to these events.
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

    /// Closes the parts after the last item.
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

/// Converts a part from a block file to an event file in the same folder.
pub(super) fn make_event_file(blocks: &Path, compression: Compression) -> io::Result<()> {
    let mut writer = EventWriter::create(&blocks.with_extension(EVENTS), compression)?;
    read_blocks(blocks, 0.., |block| append(&mut writer, block))?;
    writer.finish(|_| Ok(()))?;
    // If the old file cannot be removed, it does no harm.
    let _ = fs::remove_file(blocks);
    Ok(())
}

pub(super) fn append(writer: &mut EventWriter, block: &[u8]) -> io::Result<()> {
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
