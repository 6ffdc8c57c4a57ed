//! Reads the values of a column.

use crate::event::path::full;
use crate::event::{ColumnType, Element, ElementType, Values, each_type};
use crate::files::hdf5_node::text_attribute;
use crate::io::error::{Error, Result};
use crate::io::filter::{Filters, Unpacker};
use crate::io::format::element;
use crate::io::hdf5_raw::{StoredChunk, find_chunk, virtual_files};
use hdf5::filters::Filter;
use hdf5::types::{TypeDescriptor, VarLenAscii, VarLenUnicode};
use hdf5::{Conversion, Dataset, H5Type};
use std::fs;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A column of an event file, opened for reading.
pub(crate) struct ColumnInput {
    pub(crate) path: String,
    pub(crate) kind: ColumnType,
    pub(crate) rows: u64,
    dataset: Dataset,
    storage: Storage,
}

/// How the values are stored.
enum Storage {
    /// In chunks, which this module reads and unpacks without holding the HDF5 library's lock.
    Chunks {
        rows: u64,
        filters: Vec<Filter>,
        unpacker: Box<Unpacker>,
        /// The first row and the values of the most recently unpacked chunk, which may also contain the rows needed
        /// next.
        last: Option<(u64, Vec<u8>)>,
        /// The first row and the location of the most recently looked up chunk.
        found: Option<(u64, StoredChunk)>,
        stored: Vec<u8>,
    },
    /// In one piece that begins at this address.
    Contiguous(u64),
    /// In a form that only the HDF5 library can read.
    Other,
}

/// The largest chunk, in bytes, that this module reads itself; the HDF5 library reads larger chunks.
const LARGEST_CHUNK: u64 = 1 << 28;

/// The bytes of a file, read without the HDF5 library.
pub(crate) struct RawFile {
    pub(crate) file: fs::File,
    /// The file position of HDF5 address 0.
    pub(crate) base: u64,
}

impl ColumnInput {
    /// Opens the dataset of the column at `path` in `file`.
    ///
    /// # Errors
    /// If the dataset has an unsupported type, more than one dimension or invalid attributes, or if some of its rows
    /// are stored in a missing file.
    pub(crate) fn open(file: &Path, path: &str, dataset: Dataset) -> Result<Self> {
        let wrong = |reason: String| Error::content(file, path, reason);
        let failed = |error: hdf5::Error| wrong(error.to_string());
        let datatype = dataset.dtype().map_err(failed)?;
        let descriptor = datatype.to_descriptor().map_err(failed)?;
        let element =
            element(&descriptor).ok_or_else(|| wrong(format!("columns of the type {descriptor} are not supported")))?;
        let shape = dataset.shape();
        let &[rows] = shape.as_slice() else {
            return Err(wrong(format!(
                "it has {} dimensions, but a column has one",
                shape.len()
            )));
        };
        check_parts(file, &dataset).map_err(wrong)?;
        let name = path.rsplit('/').next().unwrap_or(path);
        let text = |name| text_attribute(&dataset, name).map_err(failed);
        let kind = ColumnType {
            name: name.to_string(),
            element,
            unit: text("unit")?.unwrap_or_default(),
            target: text("target")?
                .map(|target| full(&target))
                .transpose()
                .map_err(|error| wrong(error.to_string()))?,
        };
        if kind.target.is_some() && element != ElementType::I32 {
            return Err(wrong(format!("references are i32, but this column holds {element}")));
        }
        let native = element.size() == Some(1) || datatype.byte_order() == hdf5::datatype::ByteOrder::LittleEndian;
        let storage = match element.size() {
            Some(size) if native && cfg!(target_endian = "little") => storage(&dataset, size as u64),
            _ => Storage::Other,
        };
        Ok(Self {
            path: path.to_string(),
            kind,
            rows: rows as u64,
            dataset,
            storage,
        })
    }

    /// The column's size in the file, in bytes.
    pub(crate) fn stored_bytes(&self) -> u64 {
        self.dataset.storage_size()
    }

    /// Appends the values of the given rows to `values`.
    ///
    /// # Errors
    /// If the column is too short, or its values cannot be read.
    pub(crate) fn read(&mut self, file: &Path, raw: &RawFile, rows: Range<u64>, values: &mut Values) -> Result<()> {
        let ColumnInput {
            path, dataset, storage, ..
        } = self;
        let wrong = |reason: String| Error::content(file, path, reason);
        if rows.is_empty() {
            return Ok(());
        }
        if rows.end > self.rows {
            return Err(wrong(format!(
                "it ends at row {}, but rows up to {} belong to events",
                self.rows, rows.end
            )));
        }
        let Some(size) = values.element().size() else {
            return read_texts(dataset, rows, values).map_err(|error| wrong(error.to_string()));
        };
        let size = size as u64;
        match storage {
            Storage::Other => each_type!(values,
                values => append_with_hdf5(dataset, rows, values),
                _texts => Ok(()))
            .map_err(|error| wrong(error.to_string())),
            Storage::Contiguous(address) => raw
                .append(*address + rows.start * size, rows.end - rows.start, values)
                .map_err(wrong),
            Storage::Chunks {
                rows: chunk_rows,
                filters,
                unpacker,
                last,
                found,
                stored,
            } => {
                for first in (rows.start - rows.start % *chunk_rows..rows.end).step_by(*chunk_rows as usize) {
                    let start = rows.start.max(first) - first;
                    let end = rows.end.min(first + *chunk_rows) - first;
                    if last.as_ref().is_none_or(|(row, _)| *row != first) {
                        if found.is_none_or(|(row, _)| row != first) {
                            let chunk = find_chunk(dataset, first).map_err(|error| wrong(error.to_string()))?;
                            let missing = || wrong(format!("its rows from {first} on were never written"));
                            *found = Some((first, chunk.ok_or_else(missing)?));
                        }
                        let Some((_, chunk)) = *found else { continue };
                        let applied = applied(filters, chunk.skipped_filters);
                        if !applied.deflate && !applied.shuffle && chunk.size == *chunk_rows * size {
                            // The file stores the elements in their in-memory format, so only the requested part is
                            // read.
                            raw.append(chunk.address + start * size, end - start, values)
                                .map_err(wrong)?;
                            continue;
                        }
                        let mut bytes = last.take().map(|(_, bytes)| bytes).unwrap_or_default();
                        bytes.resize((*chunk_rows * size) as usize, 0);
                        raw.fetch(&chunk, stored).map_err(wrong)?;
                        if !unpacker.unpack(stored, applied, size as usize, &mut bytes) {
                            return Err(wrong(format!(
                                "its rows from {first} on cannot be unpacked: the file is damaged"
                            )));
                        }
                        *last = Some((first, bytes));
                    }
                    let Some((_, bytes)) = last else { continue };
                    append_bytes(values, &bytes[(start * size) as usize..(end * size) as usize]).map_err(wrong)?;
                }
                Ok(())
            }
        }
    }
}

impl RawFile {
    fn read(&self, address: u64, bytes: &mut [u8]) -> std::result::Result<(), String> {
        let at = self
            .base
            .checked_add(address)
            .ok_or("its address is out of range: the file is damaged")?;
        self.file
            .read_exact_at(bytes, at)
            .map_err(|error| format!("{} bytes at {at} cannot be read: {error}", bytes.len()))
    }

    /// Appends elements that the file stores in their in-memory format.
    fn append(&self, address: u64, count: u64, values: &mut Values) -> std::result::Result<(), String> {
        let fill = |bytes: &mut [u8]| self.read(address, bytes);
        let good = each_type!(values,
            values => Element::extend_with(values, count as usize, fill),
            _texts => Ok(false))?;
        good.then_some(()).ok_or_else(|| NO_TRUTH_VALUES.into())
    }

    fn fetch(&self, chunk: &StoredChunk, stored: &mut Vec<u8>) -> std::result::Result<(), String> {
        if chunk.size > 2 * LARGEST_CHUNK {
            return Err(format!(
                "it claims a chunk of {} bytes: the file is damaged",
                chunk.size
            ));
        }
        stored.resize(chunk.size as usize, 0);
        self.read(chunk.address, stored)
    }
}

/// Checks that the files of a virtual dataset exist. For the rows of a missing file, the HDF5 library returns fill
/// values instead of an error.
fn check_parts(file: &Path, dataset: &Dataset) -> std::result::Result<(), String> {
    if dataset.layout() != hdf5::dataset::Layout::Virtual {
        return Ok(());
    }
    for part in virtual_files(dataset).map_err(|error| error.to_string())? {
        // HDF5 looks in the virtual file's folder, then in the working directory; "." means the virtual file itself.
        let places = [file.with_file_name(&part), Path::new(&part).to_path_buf()];
        if part != "." && !places.iter().any(|place| place.exists()) {
            return Err(format!("its rows are in {}, which does not exist", places[0].display()));
        }
    }
    Ok(())
}

fn storage(dataset: &Dataset, size: u64) -> Storage {
    use hdf5::dataset::Layout;
    match dataset.layout() {
        Layout::Chunked => {
            let filters = dataset.filters();
            let known = matches!(
                filters[..],
                [] | [Filter::Deflate(_)] | [Filter::Shuffle] | [Filter::Shuffle, Filter::Deflate(_)]
            );
            match dataset.chunk().as_deref() {
                Some(&[rows]) if known && (rows as u64).saturating_mul(size) <= LARGEST_CHUNK => Storage::Chunks {
                    rows: rows as u64,
                    filters,
                    unpacker: Box::new(Unpacker::new()),
                    last: None,
                    found: None,
                    stored: Vec::new(),
                },
                _ => Storage::Other,
            }
        }
        Layout::Contiguous => match dataset.offset() {
            Some(address) => Storage::Contiguous(address),
            None => Storage::Other,
        },
        _ => Storage::Other,
    }
}

/// The filters that were applied to a chunk: all except those in the bit mask `skipped`.
fn applied(filters: &[Filter], skipped: u32) -> Filters {
    let is_applied = |wanted: fn(&Filter) -> bool| {
        let place = filters.iter().position(wanted);
        place.is_some_and(|place| skipped & (1 << place) == 0)
    };
    Filters {
        deflate: is_applied(|filter| matches!(filter, Filter::Deflate(_))),
        shuffle: is_applied(|filter| matches!(filter, Filter::Shuffle)),
    }
}

fn append_bytes(values: &mut Values, bytes: &[u8]) -> std::result::Result<(), String> {
    let good = each_type!(values, values => Element::extend_from_bytes(values, bytes), _texts => false);
    good.then_some(()).ok_or_else(|| NO_TRUTH_VALUES.into())
}

const NO_TRUTH_VALUES: &str = "it holds truth values other than 0 and 1";

fn append_with_hdf5<T: Element + H5Type>(dataset: &Dataset, rows: Range<u64>, values: &mut Vec<T>) -> hdf5::Result<()> {
    let rows = rows.start as usize..rows.end as usize;
    let read = dataset
        .as_reader()
        .conversion(Conversion::Hard)
        .read_slice_1d::<T, _>(rows)?;
    values.extend(read.iter().copied());
    Ok(())
}

fn read_texts(dataset: &Dataset, rows: Range<u64>, values: &mut Values) -> hdf5::Result<()> {
    let Values::Text(texts) = values else { return Ok(()) };
    let rows = rows.start as usize..rows.end as usize;
    if let TypeDescriptor::VarLenAscii = dataset.dtype()?.to_descriptor()? {
        let read = dataset.read_slice_1d::<VarLenAscii, _>(rows)?;
        read.iter().for_each(|text| texts.push(text));
    } else {
        let read = dataset.read_slice_1d::<VarLenUnicode, _>(rows)?;
        read.iter().for_each(|text| texts.push(text));
    }
    Ok(())
}
