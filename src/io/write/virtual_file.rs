//! Virtual event files, which refer to events in other files instead of copying them.
//!
//! Columns are HDF5 virtual datasets, which map to rows of columns in other files. Event boundaries differ from the
//! boundaries in the other files and are therefore stored in the virtual file itself.

use crate::event::path::{OFFSETS, ROOT};
use crate::event::{ColumnType, Rows, each_type};
use crate::files::hdf5_node::{Node, create_file};
use crate::files::unfinished::Unfinished;
use crate::io::error::{Error, Result};
use crate::io::format::{describe_column, describe_events, descriptor};
use crate::io::read::EventFile;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The index of a file, and a range of its events.
type FileEvents = (usize, Range<u64>);

/// A range of rows in another file that are also consecutive in the virtual file.
struct RowRun {
    file: usize,
    rows: Range<u64>,
    /// The first row in the virtual file.
    at: u64,
}

/// A table of the virtual file.
struct VirtualTable {
    rows: Rows,
    /// The event boundaries.
    offsets: Vec<u64>,
    runs: Vec<RowRun>,
    /// The columns by name, each with its number of rows in every file that contains it.
    columns: BTreeMap<String, (ColumnType, BTreeMap<usize, u64>)>,
}

/// Writes a file that refers to pieces of other files, whose paths relative to the new file must not change later.
/// `add` writes objects other than events. The file is left under its temporary name.
///
/// # Errors
/// If a file cannot be read or written, or if the type of a table or column differs between files.
pub(crate) fn write_virtual(
    output: &Path,
    files: &[PathBuf],
    pieces: &[FileEvents],
    add: impl FnOnce(&hdf5::File) -> Result<()>,
) -> Result<Unfinished> {
    let tables = virtual_tables(files, pieces)?;
    let unfinished = Unfinished::new(output).map_err(|error| Error::write(output, error))?;
    write(unfinished.temporary(), output, files, pieces, &tables, add)?;
    Ok(unfinished)
}

fn virtual_tables(files: &[PathBuf], pieces: &[FileEvents]) -> Result<BTreeMap<String, VirtualTable>> {
    let opened = files.iter().map(EventFile::open).collect::<Result<Vec<_>>>()?;
    let mut tables: BTreeMap<String, VirtualTable> = BTreeMap::new();
    for (index, file) in opened.iter().enumerate() {
        for (path, names) in file.list()? {
            let Some(table) = file.table(&path)? else { continue };
            let whole = tables.entry(path.clone()).or_insert_with(|| VirtualTable {
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
                    .or_insert_with(|| (column.kind.clone(), BTreeMap::new()));
                if *kind != column.kind || whole.rows != table.rows {
                    return Err(Error::Input(format!(
                        "{path}/{} has different types in different parts: these cannot be in one file",
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
                whole.runs.push(RowRun {
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
    pieces: &[FileEvents],
    tables: &BTreeMap<String, VirtualTable>,
    add: impl FnOnce(&hdf5::File) -> Result<()>,
) -> Result<()> {
    let failed = |error: hdf5::Error| Error::write(output, error);
    let file = create_file(temporary).map_err(failed)?;
    let events: u64 = pieces.iter().map(|(_, events)| events.end - events.start).sum();
    let root = Node::of(file.group("/").map_err(failed)?)
        .child(&ROOT[1..])
        .map_err(failed)?;
    // File names are relative to the virtual file, so that all files can be moved together.
    let folder = output.parent().unwrap_or(Path::new(""));
    let names: Vec<String> = files
        .iter()
        .map(|part| part.strip_prefix(folder).unwrap_or(part).to_string_lossy().into_owned())
        .collect();
    let described = || -> hdf5::Result<()> {
        describe_events(root.group().clone(), events)?;
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
    whole: &VirtualTable,
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
    // Rows that none of the files contain get missing values.
    builder = each_type!(kind.missing(), values => builder.fill_value(values[0]), _texts => builder);
    let dataset = builder
        .empty_as(descriptor(kind.element))
        .shape([rows])
        .create(kind.name.as_str())?;
    describe_column(&dataset, kind)
}
