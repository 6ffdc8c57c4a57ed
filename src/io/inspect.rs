//! Inspects a file's tables, histograms and records.

use super::error::{Error, Result};
use super::format::{RECORDS, element};
use super::read::{EventFile, WholeFile};
use crate::event::Rows;
use hdf5::Group;
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// The contents of a file: event tables, histograms and file records. Values are read for histograms only.
///
/// ```
/// use gaudi_mpi::hist::{Axis, Histogram1D, Histograms};
/// use gaudi_mpi::io::Contents;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("histograms.h5");
/// let mut histograms = Histograms::new();
/// histograms.book("Phys/hbmass", Histogram1D::new("Mass of B cand", Axis::uniform(100, 5200.0, 5500.0)));
/// histograms.save(&path)?;
/// let contents = Contents::of(&path)?;
/// assert_eq!(contents.events, None);
/// assert_eq!(contents.histograms[0].path, "Phys/hbmass");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Contents {
    /// The path of the file.
    pub file: PathBuf,
    /// The size of the file in bytes.
    pub bytes: u64,
    /// The number of events; `None` if the file has no group for events.
    pub events: Option<u64>,
    /// The event tables, sorted by path.
    pub tables: Vec<TableContents>,
    /// The histograms, sorted by path.
    pub histograms: Vec<HistogramContents>,
    /// The datasets in the file records, sorted by path.
    pub file_records: Vec<DatasetContents>,
}

/// An event table.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TableContents {
    /// The full path.
    pub path: String,
    /// Whether an event can have any number of rows rather than exactly one.
    pub many_rows: bool,
    /// The total number of rows in all events.
    pub rows: u64,
    /// The mean number of rows per event; `None` if there are no events.
    pub mean_rows: Option<f64>,
    /// The columns, sorted by name.
    pub columns: Vec<ColumnContents>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ColumnContents {
    /// The name.
    pub name: String,
    /// The type of the elements, such as `f64`.
    pub element: &'static str,
    /// The unit of the values; empty for pure numbers.
    pub unit: String,
    /// The table that a column of references points to.
    pub target: Option<String>,
    /// The column's size in the file, in bytes; for strings, only the size of the references to them.
    pub stored_bytes: u64,
    /// The size of the values in memory divided by the size in the file; `None` for strings or if nothing is stored.
    pub compression_ratio: Option<f64>,
}

/// A histogram.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HistogramContents {
    /// The path below `/Histograms`.
    pub path: String,
    /// The type, such as `Histogram1D`.
    pub kind: &'static str,
    /// The title.
    pub title: String,
    /// A description of the axes.
    pub axes: Vec<String>,
    /// The number of fills.
    pub entries: u64,
}

/// A dataset.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DatasetContents {
    /// The full path.
    pub path: String,
    /// The type of the elements.
    pub element: String,
    /// The number of elements.
    pub length: u64,
}

impl Contents {
    /// Inspects a file.
    ///
    /// # Errors
    /// If the file cannot be opened, has neither events nor histograms, or is damaged.
    pub fn of(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = WholeFile::open(path)?;
        let mut contents = Self {
            file: path.into(),
            bytes: fs::metadata(path).map_err(|error| Error::open(path, error))?.len(),
            events: file.events.as_ref().map(EventFile::events),
            tables: Vec::new(),
            histograms: Vec::new(),
            file_records: Vec::new(),
        };
        if let Some(events) = &file.events {
            for (path, columns) in events.list()? {
                contents.tables.push(table(events, &path, &columns)?);
            }
        }
        if let Some(histograms) = file.histograms()? {
            let tell = |(path, object): (&str, &crate::hist::Object)| HistogramContents {
                path: path.into(),
                kind: object.kind(),
                title: object.title().into(),
                axes: object.axes().iter().map(crate::hist::Axis::in_words).collect(),
                entries: object.entries(),
            };
            contents.histograms.extend(histograms.iter().map(tell));
        }
        if let Some(group) = file.records()? {
            datasets(path, &group, &format!("/{RECORDS}"), &mut contents.file_records)?;
        }
        Ok(contents)
    }
}

fn table(file: &EventFile, path: &str, columns: &[String]) -> Result<TableContents> {
    let gone = |path: &str| Error::content(file.path(), path, "it is neither a table nor a column");
    let table = file.table(path)?.ok_or_else(|| gone(path))?;
    let mut contents = Vec::with_capacity(columns.len());
    for name in columns {
        let column = table.column(file, name)?;
        let column = column.ok_or_else(|| gone(&format!("{path}/{name}")))?;
        let stored = column.stored_bytes();
        let kind = column.kind.clone();
        let size = kind.element.size().filter(|_| stored > 0);
        contents.push(ColumnContents {
            name: kind.name,
            element: kind.element.name(),
            unit: kind.unit,
            target: kind.target,
            stored_bytes: stored,
            compression_ratio: size.map(|size| (size as u64 * column.rows) as f64 / stored as f64),
        });
    }
    let rows = table.length();
    Ok(TableContents {
        path: path.into(),
        many_rows: table.rows == Rows::Many,
        rows,
        mean_rows: (file.events() > 0).then(|| rows as f64 / file.events() as f64),
        columns: contents,
    })
}

/// Appends all datasets in a group and its subgroups.
fn datasets(file: &Path, group: &Group, path: &str, found: &mut Vec<DatasetContents>) -> Result<()> {
    const DEEPEST: usize = 32;
    let failed = |error: hdf5::Error| Error::content(file, path, error);
    if path.matches('/').count() > DEEPEST {
        let reason = "groups are nested too deeply: do links form a circle?";
        return Err(Error::content(file, path, reason));
    }
    let mut names = group.member_names().map_err(failed)?;
    names.sort();
    for name in names {
        let path = format!("{path}/{name}");
        if let Ok(inner) = group.group(&name) {
            datasets(file, &inner, &path, found)?;
        } else if let Ok(dataset) = group.dataset(&name) {
            let descriptor = dataset.dtype().and_then(|datatype| datatype.to_descriptor());
            found.push(DatasetContents {
                element: match descriptor.as_ref().map(element) {
                    Ok(Some(element)) => element.to_string(),
                    Ok(None) => descriptor.map_err(failed)?.to_string(),
                    Err(_) => "unknown".into(),
                },
                length: dataset.size() as u64,
                path,
            });
        }
    }
    Ok(())
}
