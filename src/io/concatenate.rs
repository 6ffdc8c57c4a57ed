//! Event files put together from pieces of others.

use super::complete::Complete;
use super::error::Result;
use super::file::EventFile;
use super::reader::EventReader;
use super::selector::{InputFile, Segment};
use super::writer::{Compression, EventWriter};
use crate::event::{EncodedEvents, EventStore, Selection};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Events of a file, by its place in a list of files.
pub(crate) type Piece = (usize, Range<u64>);

/// How many events are in memory at once.
const BLOCK: u64 = 4096;

/// Writes the pieces, one after the other, into one file, which has yet to be named; `add` adds to it what is not events.
pub(crate) fn concatenate(
    output: &Path,
    files: &[PathBuf],
    pieces: &[Piece],
    compression: Compression,
    add: impl FnOnce(&hdf5::File) -> Result<()>,
) -> Result<Complete> {
    let inputs = files
        .iter()
        .map(|path| {
            Ok(InputFile {
                path: path.clone(),
                events: EventFile::open(path)?.events(),
                first: 0,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let mut reader = EventReader::new(Arc::new(inputs));
    let mut store = EventStore::new();
    let mut writer = EventWriter::create(output, compression)?;
    let mut selection = Selection::default();
    let mut selected = None;
    for (file, events) in pieces {
        reader.open(*file as u32)?;
        if selected != Some(*file) {
            selection = read_all(&mut reader, &mut store)?;
            selected = Some(*file);
        }
        let segment = Segment {
            file: *file as u32,
            first: events.start,
            events: events.end - events.start,
        };
        let mut start = 0;
        // A piece without events still says which tables there are.
        while start < segment.events.max(1) {
            let end = (start + BLOCK).min(segment.events);
            reader.load(&segment, start..end, &mut store)?;
            let bytes = store.encode_selected(&selection, None);
            writer.append(&EncodedEvents::parse(&bytes)?)?;
            start = end.max(start + 1);
        }
    }
    writer.close(add)
}

/// Has all columns of the open file read; which those are, in the order in which they are written.
fn read_all(reader: &mut EventReader, store: &mut EventStore) -> Result<Selection> {
    let mut selection = Selection::default();
    for (table, columns) in reader.list()? {
        let mut places = Vec::with_capacity(columns.len());
        for column in columns {
            let path = format!("{table}/{column}");
            let place = reader.want_column(store, &path, true)?;
            places.extend(place.map(|(_, column)| column));
        }
        if let Some(table) = reader.want_table(store, &table, true)? {
            selection.tables.push((table.0 as usize, places));
        }
    }
    Ok(selection)
}
