//! Event files opened for reading.

use super::column::{ColumnInput, RawFile};
use crate::event::path;
use crate::event::path::{OFFSETS, ROOT};
use crate::event::{ElementType, Rows, Values, listing};
use crate::files::hdf5_node::text_attribute;
use crate::io::error::{Error, Result};
use crate::io::format::{FORMAT, FORMAT_VERSION};
use hdf5::{Conversion, File, Group};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// An event file, opened for reading. Tables and columns are opened on demand, so a file with a thousand columns opens
/// as fast as one with ten.
///
/// See [`EventFileWriter`](crate::io::EventFileWriter) for an example.
pub struct EventFile {
    path: PathBuf,
    file: File,
    raw: RawFile,
    events: u64,
}

/// A table of an event file, opened for reading.
pub(crate) struct TableInput {
    path: String,
    pub(crate) rows: Rows,
    group: Group,
    offsets: Option<ColumnInput>,
    /// The total number of rows in all events.
    length: u64,
}

impl EventFile {
    /// Opens a file.
    ///
    /// # Errors
    /// If the file does not exist, is not an event file, or uses a later version of the format.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let (raw, file) = open_hdf5(path)?;
        let none = |what: &str| Error::open(path, format!("it is HDF5, but not an event file: {what}"));
        let root = file
            .group(ROOT)
            .map_err(|_| none(&format!("there is no group {ROOT}")))?;
        let failed = |error: hdf5::Error| none(&error.to_string());
        match text_attribute(&root, "format").map_err(failed)? {
            Some(format) if format == FORMAT => {}
            Some(other) => return Err(none(&format!("its format is '{other}', not '{FORMAT}'"))),
            None => return Err(none(&format!("{ROOT} has no attribute 'format'"))),
        }
        let number = |name: &str| -> Result<u64> {
            let read = root.attr(name).and_then(|attribute| {
                let reader = attribute.as_reader().conversion(Conversion::Hard);
                reader.read_scalar::<u64>()
            });
            read.map_err(|_| none(&format!("{ROOT} has no numeric attribute '{name}'")))
        };
        let version = number("format_version")?;
        if version > u64::from(FORMAT_VERSION) {
            return Err(Error::open(
                path,
                format!(
                    "it has version {version} of the format, but only versions up to {FORMAT_VERSION} can be read: \
                     use a newer gaudi-mpi"
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

    /// The number of events.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The file's path, as given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the table with the given full path. Returns `None` if there is no such group.
    ///
    /// # Errors
    /// If the event boundaries of the table cannot be read or do not match the number of events.
    pub(crate) fn table(&self, path: &str) -> Result<Option<TableInput>> {
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
            if offsets.kind.element != ElementType::U64 {
                return Err(wrong(format!("offsets are u64, not {}", offsets.kind.element)));
            }
            if offsets.rows != self.events + 1 {
                return Err(wrong(format!(
                    "there are {} offsets for {} events, where {} are expected",
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

    /// Returns whether there is a group with this path.
    pub(crate) fn has_table(&self, path: &str) -> bool {
        self.file.group(path).is_ok()
    }

    /// Returns whether there is a dataset with this path.
    pub(crate) fn has_column(&self, path: &str) -> bool {
        self.file.dataset(path).is_ok()
    }

    /// Creates an error which says that a column or table is missing and lists what the file has instead.
    ///
    /// # Errors
    /// If the path is invalid, or the file cannot be read.
    pub(super) fn missing(&self, path: &str) -> Result<Error> {
        let (table, _) = path::column(path)?;
        let hint = match self.table(&table)? {
            Some(table) => table.hint(),
            None => listing("its tables are", self.list()?.iter().map(|(path, _)| path.as_str())),
        };
        Ok(Error::Missing {
            file: self.path.clone(),
            path: path::full(path)?,
            hint,
        })
    }

    /// The full paths of all tables with the names of their columns, both sorted.
    ///
    /// # Errors
    /// If a group cannot be read, or if groups contain each other in a cycle.
    pub(crate) fn list(&self) -> Result<Vec<(String, Vec<String>)>> {
        let mut tables = Vec::new();
        let failed = |error: hdf5::Error| Error::open(&self.path, error);
        let mut folders = vec![(ROOT.to_string(), self.file.group(ROOT).map_err(failed)?)];
        while let Some((path, group)) = folders.pop() {
            if path.matches('/').count() > DEEPEST {
                return Err(Error::content(
                    &self.path,
                    &path,
                    "groups are nested too deeply: do links form a circle?",
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

/// Opens a file twice: once to read its bytes directly, and once with the HDF5 library.
///
/// # Errors
/// If the file cannot be opened, or is not an HDF5 file.
pub(super) fn open_hdf5(path: &Path) -> Result<(fs::File, File)> {
    let raw = fs::File::open(path).map_err(|error| Error::open(path, error))?;
    if raw.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(Error::open(
            path,
            "it is a folder; name its files, for example with *.h5",
        ));
    }
    let file = File::open(path).map_err(|error| match error.to_string() {
        text if text.contains("unable to lock file") => {
            Error::open(path, "another program is writing to it: wait until that has finished")
        }
        text => Error::open(
            path,
            format!("it is not an HDF5 file, or it is damaged or truncated ({text})"),
        ),
    })?;
    Ok((raw, file))
}

/// The deepest level of nesting at which groups are searched for tables.
const DEEPEST: usize = 32;

impl TableInput {
    /// Opens a column. Returns `None` if there is no such dataset.
    ///
    /// # Errors
    /// If the column's type is unsupported, or if its number of rows differs from the table's.
    pub(crate) fn column(&self, file: &EventFile, name: &str) -> Result<Option<ColumnInput>> {
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
                    "it has {} rows, but {whose}: all columns of a table have the same length",
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

    /// The total number of rows in all events.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// A hint that lists the columns.
    pub(super) fn hint(&self) -> String {
        listing("its columns are", self.column_names().iter().map(String::as_str))
    }

    /// The names of all columns, sorted.
    pub(super) fn column_names(&self) -> Vec<String> {
        let mut names = self.group.member_names().unwrap_or_default();
        names.retain(|name| name != OFFSETS && self.group.dataset(name).is_ok());
        names.sort();
        names
    }

    /// The boundaries of the given events; there is one more boundary than there are events.
    ///
    /// # Errors
    /// If the boundaries decrease or exceed the number of rows.
    pub(crate) fn offsets(&mut self, file: &EventFile, events: Range<u64>) -> Result<Vec<u64>> {
        let Some(offsets) = &mut self.offsets else {
            return Ok((events.start..=events.end).collect());
        };
        // The event before the first one is included, so that a wrong boundary between the two is attributed to the
        // right event.
        let first = events.start.saturating_sub(1);
        let mut read = read_offsets(offsets, file, first..events.end + 1)?;
        let wrong = |reason: String| Error::content(&file.path, &offsets.path, reason);
        if first == 0 && read[0] != 0 {
            return Err(wrong(format!("they begin with {}, not 0", read[0])));
        }
        if let Some(event) = read.windows(2).position(|pair| pair[0] > pair[1]) {
            return Err(wrong(format!(
                "they decrease at event {}: from {} to {}",
                first + event as u64,
                read[event],
                read[event + 1]
            )));
        }
        if let Some(event) = read.iter().position(|&end| end > self.length) {
            return Err(wrong(format!(
                "event {} ends at row {}, but the table has {} rows",
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
    /// Appends the values of the given rows of an open file.
    ///
    /// # Errors
    /// The same as for [`read`](Self::read).
    pub(super) fn load(&mut self, file: &EventFile, rows: Range<u64>, values: &mut Values) -> Result<()> {
        self.read(&file.path, &file.raw, rows, values)
    }
}
