//! Virtual event files: the events of other files, without a copy of them.
//!
//! Columns are HDF5 virtual datasets, which refer to rows of the columns of other files; offsets, which are different in
//! the whole, are written as they are.

use super::column::descriptor;
use super::error::{Error, Result};
use super::file::{EventFile, FORMAT, FORMAT_VERSION};
use crate::event::path::{OFFSETS, ROOT};
use crate::event::{ColumnType, Element, Rows, Values, each_type};
use crate::files::hdf5_node::{Node, create_file, text};
use crate::files::unfinished::Unfinished;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Events of a file, by its place in a list of files.
type Piece = (usize, Range<u64>);

/// Rows of a file.
struct Run {
    file: usize,
    rows: Range<u64>,
    /// Where they are in the whole.
    at: u64,
}

/// A table of the whole.
struct Whole {
    rows: Rows,
    /// Where the rows of each event end.
    offsets: Vec<u64>,
    runs: Vec<Run>,
    /// With the rows that the column has in each file that has it.
    columns: BTreeMap<String, (ColumnType, BTreeMap<usize, u64>)>,
}

/// Writes a file that refers to the pieces of files that stay where they are, in a folder beside it, and has yet to be
/// named; `add` adds to it what is not events.
pub(crate) fn write_virtual(
    output: &Path,
    files: &[PathBuf],
    pieces: &[Piece],
    add: impl FnOnce(&hdf5::File) -> Result<()>,
) -> Result<Unfinished> {
    let tables = whole_tables(files, pieces)?;
    let unfinished = Unfinished::new(output).map_err(|error| Error::write(output, error))?;
    write(unfinished.temporary(), output, files, pieces, &tables, add)?;
    Ok(unfinished)
}

fn whole_tables(files: &[PathBuf], pieces: &[Piece]) -> Result<BTreeMap<String, Whole>> {
    let opened = files.iter().map(EventFile::open).collect::<Result<Vec<_>>>()?;
    let mut tables: BTreeMap<String, Whole> = BTreeMap::new();
    for (index, file) in opened.iter().enumerate() {
        for (path, names) in file.list()? {
            let Some(table) = file.table(&path)? else { continue };
            let whole = tables.entry(path.clone()).or_insert_with(|| Whole {
                rows: table.rows,
                offsets: vec![0],
                runs: Vec::new(),
                columns: BTreeMap::new(),
            });
            for name in names {
                let Some(column) = table.column(file, &name)? else {
                    continue;
                };
                let (kind, lengths) = whole
                    .columns
                    .entry(name)
                    .or_insert_with(|| (column.kind().clone(), BTreeMap::new()));
                if kind != column.kind() || whole.rows != table.rows {
                    return Err(Error::Input(format!(
                        "{path}/{} is not the same in all parts: they cannot be one file",
                        kind.name
                    )));
                }
                lengths.insert(index, table.length());
            }
        }
    }
    for (path, whole) in &mut tables {
        let mut end = 0;
        let mut inputs: Vec<_> = opened.iter().map(|file| file.table(path)).collect::<Result<_>>()?;
        for (file, events) in pieces {
            let count = (events.end - events.start) as usize;
            let Some(table) = &mut inputs[*file] else {
                end += if whole.rows == Rows::One { count as u64 } else { 0 };
                whole.offsets.resize(whole.offsets.len() + count, end);
                continue;
            };
            let offsets = table.offsets(&opened[*file], events.clone())?;
            let rows = offsets[0]..offsets[count];
            whole
                .offsets
                .extend(offsets[1..].iter().map(|offset| offset - rows.start + end));
            let length = rows.end - rows.start;
            if length > 0 {
                whole.runs.push(Run {
                    file: *file,
                    rows,
                    at: end,
                });
            }
            end += length;
        }
    }
    Ok(tables)
}

fn write(
    temporary: &Path,
    output: &Path,
    files: &[PathBuf],
    pieces: &[Piece],
    tables: &BTreeMap<String, Whole>,
    add: impl FnOnce(&hdf5::File) -> Result<()>,
) -> Result<()> {
    let failed = |error: hdf5::Error| Error::write(output, error);
    let file = create_file(temporary).map_err(failed)?;
    let events: u64 = pieces.iter().map(|(_, events)| events.end - events.start).sum();
    let root = Node::of(file.group("/").map_err(failed)?)
        .child(&ROOT[1..])
        .map_err(failed)?;
    // Names of files are relative to the virtual file, so that all can be moved together.
    let folder = output.parent().unwrap_or(Path::new(""));
    let names: Vec<String> = files
        .iter()
        .map(|part| part.strip_prefix(folder).unwrap_or(part).to_string_lossy().into_owned())
        .collect();
    let described = || -> hdf5::Result<()> {
        root.text("format", FORMAT)?;
        root.attribute("format_version", &FORMAT_VERSION)?;
        root.attribute("events", &events)?;
        for (path, whole) in tables {
            let mut node = Node::of(root.group().clone());
            for name in path[ROOT.len() + 1..].split('/') {
                node = node.folder(name)?;
            }
            if whole.rows == Rows::Many {
                node.array(OFFSETS, &whole.offsets, &[whole.offsets.len()])?;
            }
            for (kind, lengths) in whole.columns.values() {
                write_column(&node, &format!("{path}/{}", kind.name), kind, lengths, whole, &names)?;
            }
        }
        Ok(())
    };
    described().map_err(failed)?;
    add(&file)?;
    file.close().map_err(failed)
}

fn write_column(
    node: &Node,
    path: &str,
    kind: &ColumnType,
    lengths: &BTreeMap<usize, u64>,
    whole: &Whole,
    names: &[String],
) -> hdf5::Result<()> {
    let rows = whole.offsets.last().copied().unwrap_or(0) as usize;
    let mut builder = node.group().new_dataset_builder().obj_track_times(false);
    let runs = whole
        .runs
        .iter()
        .filter_map(|run| Some((run, *lengths.get(&run.file)?)));
    for (run, length) in runs {
        let count = (run.rows.end - run.rows.start) as usize;
        let (from, into) = (run.rows.start as usize, run.at as usize);
        builder = builder.virtual_map(
            &names[run.file],
            path,
            [length as usize],
            from..from + count,
            [rows],
            into..into + count,
        );
    }
    // What no file has is as missing here as anywhere.
    fn missing<T: Element + Into<hdf5::types::OwnedDynValue>>(
        kind: &ColumnType,
        _: &[T],
    ) -> hdf5::types::OwnedDynValue {
        match kind.target {
            Some(_) => (-1i32).into(),
            None => T::MISSING.into(),
        }
    }
    let fill = each_type!(&Values::empty(kind.element), values => Some(missing(kind, values)), _texts => None);
    if let Some(fill) = fill {
        builder = builder.fill_value(fill);
    }
    let dataset = builder
        .empty_as(descriptor(kind.element))
        .shape([rows])
        .create(kind.name.as_str())?;
    if !kind.unit.is_empty() {
        text(&dataset, "unit", &kind.unit)?;
    }
    if let Some(target) = &kind.target {
        text(&dataset, "target", target)?;
    }
    Ok(())
}
