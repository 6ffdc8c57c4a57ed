//! What is in a file.

use super::error::{Error, Result};
use super::file::EventFile;
use super::whole::{RECORDS, WholeFile};
use crate::event::Rows;
use hdf5::Group;
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// What is in a file: tables of events, histograms and records. Their values are not read, except those of histograms.
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
    /// The file.
    pub file: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// How many events it has; none if it is not made for events.
    pub events: Option<u64>,
    /// The tables of its events, in the order of their paths.
    pub tables: Vec<TableContents>,
    /// Its histograms, in the order of their paths.
    pub histograms: Vec<HistogramContents>,
    /// The datasets of its file records, in the order of their paths.
    pub file_records: Vec<DatasetContents>,
}

/// A table of events.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TableContents {
    /// Its full path.
    pub path: String,
    /// Whether events may have any number of rows; otherwise each has one.
    pub many_rows: bool,
    /// Rows of all events together.
    pub rows: u64,
    /// Rows of an event, on average; none if there are no events.
    pub mean_rows: Option<f64>,
    /// Its columns, in the order of their names.
    pub columns: Vec<ColumnContents>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ColumnContents {
    /// Its name.
    pub name: String,
    /// The type of its elements, such as `f64`.
    pub element: &'static str,
    /// The unit of its values; empty if they have none.
    pub unit: String,
    /// The table that it refers to, if it does.
    pub target: Option<String>,
    /// How many bytes it takes in the file; of texts, those of references to them.
    pub stored_bytes: u64,
    /// How many times as much its values take in memory; none for texts, and where nothing is stored.
    pub compression_ratio: Option<f64>,
}

/// A histogram.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HistogramContents {
    /// Its path, below `/Histograms`.
    pub path: String,
    /// Its type, such as `Histogram1D`.
    pub kind: &'static str,
    /// Its title.
    pub title: String,
    /// Its axes in words.
    pub axes: Vec<String>,
    /// How many fills it had.
    pub entries: u64,
}

/// Any dataset.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DatasetContents {
    /// Its full path.
    pub path: String,
    /// The type of its elements.
    pub element: String,
    /// How many elements it has.
    pub length: u64,
}

impl Contents {
    /// What is in a file.
    ///
    /// # Errors
    /// If there is no such file, it is none of ours, or something in it is not as it should be.
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
        let kind = column.kind().clone();
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

/// All datasets in a group and the groups in it.
fn datasets(file: &Path, group: &Group, path: &str, found: &mut Vec<DatasetContents>) -> Result<()> {
    const DEEPEST: usize = 32;
    let failed = |error: hdf5::Error| Error::content(file, path, error);
    if path.matches('/').count() > DEEPEST {
        let reason = "its groups are nested too deep: do they go in circles?";
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
                element: match descriptor.as_ref().map(super::column::element) {
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
