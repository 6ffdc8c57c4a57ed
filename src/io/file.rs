//! Event files that are being read.

use super::column::{ColumnInput, RawFile};
use super::error::{Error, Result};
use crate::event::path::{OFFSETS, ROOT};
use crate::event::{ColumnType, Rows, Values, listing};
use crate::files::hdf5_node::text_attribute;
use hdf5::{Conversion, File, Group};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// What event files say they are.
pub(super) const FORMAT: &str = "gaudi-mpi events";
/// The version of the format that is written, and the latest that is understood.
pub(super) const FORMAT_VERSION: u32 = 1;

/// An event file, opened. Its tables and columns are looked at when they are asked for: a file of a thousand columns
/// opens as fast as one of ten.
pub struct EventFile {
    path: PathBuf,
    file: File,
    raw: RawFile,
    events: u64,
}

/// A table of an event file.
pub(super) struct TableInput {
    pub(super) path: String,
    pub(super) rows: Rows,
    group: Group,
    offsets: Option<ColumnInput>,
    /// Rows of all events together.
    length: u64,
}

impl EventFile {
    /// Opens a file.
    ///
    /// # Errors
    /// If there is no such file, or it is no event file, or one of a later version.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let (raw, file) = open_hdf5(path)?;
        let none = |what: &str| Error::open(path, format!("it is HDF5, but no event file: {what}"));
        let root = file
            .group(ROOT)
            .map_err(|_| none(&format!("there is no group {ROOT}")))?;
        let failed = |error: hdf5::Error| none(&error.to_string());
        match text_attribute(&root, "format").map_err(failed)? {
            Some(format) if format == FORMAT => {}
            Some(other) => return Err(none(&format!("the format is called '{other}', not '{FORMAT}'"))),
            None => return Err(none(&format!("{ROOT} has no attribute 'format'"))),
        }
        let number = |name: &str| -> Result<u64> {
            let read = root.attr(name).and_then(|attribute| {
                let reader = attribute.as_reader().conversion(Conversion::Hard);
                reader.read_scalar::<u64>()
            });
            read.map_err(|_| none(&format!("{ROOT} has no number as attribute '{name}'")))
        };
        let version = number("format_version")?;
        if version > u64::from(FORMAT_VERSION) {
            return Err(Error::open(
                path,
                format!(
                    "it is of version {version} of the format, and versions up to {FORMAT_VERSION} are understood: use a newer gaudi-mpi"
                ),
            ));
        }
        let events = number("events")?;
        let base = file.userblock();
        Ok(Self {
            path: path.into(),
            file,
            raw: RawFile { file: raw, base },
            events,
        })
    }

    /// How many events it has.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The table with a full path; none if there is no such group.
    pub(super) fn table(&self, path: &str) -> Result<Option<TableInput>> {
        let Ok(group) = self.file.group(path) else {
            return Ok(None);
        };
        let mut table = TableInput {
            path: path.to_string(),
            rows: Rows::One,
            group,
            offsets: None,
            length: self.events,
        };
        if table.group.link_exists(OFFSETS) {
            let mut offsets = table.open_column(&self.path, OFFSETS)?;
            let wrong = |reason: String| Error::content(&self.path, &offsets.path, reason);
            if offsets.kind.element != crate::event::ElementType::U64 {
                return Err(wrong(format!("offsets are u64, not {}", offsets.kind.element)));
            }
            if offsets.rows != self.events + 1 {
                return Err(wrong(format!(
                    "there are {} offsets for {} events, which have {}",
                    offsets.rows,
                    self.events,
                    self.events + 1
                )));
            }
            let last = read_offsets(&mut offsets, self, self.events..self.events + 1)?;
            table.rows = Rows::Many;
            table.length = last[0];
            table.offsets = Some(offsets);
        }
        Ok(Some(table))
    }

    /// Whether there is a group of this path.
    pub(crate) fn has_table(&self, path: &str) -> bool {
        self.file.group(path).is_ok()
    }

    /// Whether there is a dataset of this path.
    pub(crate) fn has_column(&self, path: &str) -> bool {
        self.file.dataset(path).is_ok()
    }

    /// The full paths of all tables, with their columns' names, in the order of their names.
    pub(super) fn list(&self) -> Result<Vec<(String, Vec<String>)>> {
        let mut tables = Vec::new();
        let failed = |error: hdf5::Error| Error::open(&self.path, error);
        let mut folders = vec![(ROOT.to_string(), self.file.group(ROOT).map_err(failed)?)];
        while let Some((path, group)) = folders.pop() {
            if path.matches('/').count() > DEEPEST {
                return Err(Error::content(
                    &self.path,
                    &path,
                    "tables are nested too deep: do its groups go in circles?",
                ));
            }
            let mut names = group.member_names().map_err(failed)?;
            names.sort();
            let mut columns = Vec::new();
            for name in names {
                if let Ok(inner) = group.group(&name) {
                    folders.push((format!("{path}/{name}"), inner));
                } else {
                    columns.push(name);
                }
            }
            let is_table = columns.iter().any(|name| name == OFFSETS);
            columns.retain(|name| name != OFFSETS);
            if path != ROOT && (is_table || !columns.is_empty()) {
                tables.push((path, columns));
            }
        }
        tables.sort();
        Ok(tables)
    }
}

/// A file's bytes, and what HDF5 makes of them.
pub(super) fn open_hdf5(path: &Path) -> Result<(fs::File, File)> {
    let raw = fs::File::open(path).map_err(|error| Error::open(path, error))?;
    if raw.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(Error::open(
            path,
            "it is a folder; give its files, for example with *.h5",
        ));
    }
    let file = File::open(path).map_err(|error| match error.to_string() {
        text if text.contains("unable to lock file") => {
            Error::open(path, "another program is writing it: wait until it has finished")
        }
        text => Error::open(path, format!("it is no HDF5 file, or damaged or cut short ({text})")),
    })?;
    Ok((raw, file))
}

/// Groups within groups within groups: more than anybody wants.
const DEEPEST: usize = 32;

impl TableInput {
    /// Opens a column; none if there is no such dataset.
    ///
    /// # Errors
    /// If it is of a type that is not supported, or has not as many rows as the table.
    pub(super) fn column(&self, file: &EventFile, name: &str) -> Result<Option<ColumnInput>> {
        if !self.group.link_exists(name) || self.group.dataset(name).is_err() {
            return Ok(None);
        }
        let column = self.open_column(&file.path, name)?;
        if column.rows != self.length {
            let whose = match self.rows {
                Rows::One => format!("there are {} events", self.length),
                Rows::Many => format!("the offsets of its table end at {}", self.length),
            };
            return Err(Error::content(
                &file.path,
                &column.path,
                format!(
                    "it has {} rows, but {whose}: columns of a table are of one length",
                    column.rows
                ),
            ));
        }
        Ok(Some(column))
    }

    fn open_column(&self, file: &Path, name: &str) -> Result<ColumnInput> {
        let path = format!("{}/{name}", self.path);
        let dataset = self
            .group
            .dataset(name)
            .map_err(|error| Error::content(file, &path, error))?;
        ColumnInput::open(file, &path, dataset)
    }

    /// How many rows all events have together.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// What there is, for somebody who looked for another column.
    pub(super) fn hint(&self) -> String {
        listing("its columns are", self.column_names().iter().map(String::as_str))
    }

    pub(super) fn column_names(&self) -> Vec<String> {
        let mut names = self.group.member_names().unwrap_or_default();
        names.retain(|name| name != OFFSETS && self.group.dataset(name).is_ok());
        names.sort();
        names
    }

    /// Where the rows of some events begin and end: one number more than events. Checked to go forward, and to end
    /// within the table.
    pub(super) fn offsets(&mut self, file: &EventFile, events: Range<u64>) -> Result<Vec<u64>> {
        let Some(offsets) = &mut self.offsets else {
            return Ok((events.start..=events.end).collect());
        };
        // The one before them, too: rows that the event before claims make no sense here either, and this says why.
        let first = events.start.saturating_sub(1);
        let mut read = read_offsets(offsets, file, first..events.end + 1)?;
        let wrong = |reason: String| Error::content(&file.path, &offsets.path, reason);
        if first == 0 && read[0] != 0 {
            return Err(wrong(format!("they begin with {}, not 0", read[0])));
        }
        if let Some(event) = read.windows(2).position(|pair| pair[0] > pair[1]) {
            return Err(wrong(format!(
                "they go backwards at event {}: from {} to {}",
                first + event as u64,
                read[event],
                read[event + 1]
            )));
        }
        if let Some(event) = read.iter().position(|&end| end > self.length) {
            return Err(wrong(format!(
                "event {} ends at row {}, past the last one, which is {}",
                (first + event as u64).saturating_sub(1),
                read[event],
                self.length
            )));
        }
        read.drain(..(events.start - first) as usize);
        Ok(read)
    }
}

fn read_offsets(offsets: &mut ColumnInput, file: &EventFile, rows: Range<u64>) -> Result<Vec<u64>> {
    let mut values = Values::U64(Vec::new());
    offsets.read(&file.path, &file.raw, rows, &mut values)?;
    match values {
        Values::U64(values) => Ok(values),
        _ => unreachable!("values keep their type"),
    }
}

impl ColumnInput {
    /// Appends the values of some rows.
    pub(super) fn load(&mut self, file: &EventFile, rows: Range<u64>, values: &mut Values) -> Result<()> {
        self.read(&file.path, &file.raw, rows, values)
    }

    /// What it is.
    pub(super) fn kind(&self) -> &ColumnType {
        &self.kind
    }
}
