//! HDF5 groups, attributes and datasets without timestamps, so that equal contents give equal bytes.

use std::path::Path;

use hdf5::file::LibraryVersion;
use hdf5::types::{FixedAscii, FixedUnicode, TypeDescriptor, VarLenAscii, VarLenUnicode};
use hdf5::{File, Group, H5Type, Location, ObjectReference1};

/// An HDF5 group that is being written.
pub(crate) struct Node(Group);

/// The largest number of elements in an uncompressed array.
const UNCOMPRESSED_ELEMENTS: usize = 1000;
/// The largest chunk of a compressed array, in bytes.
const CHUNK_BYTES: usize = 1 << 20;
const DEFLATE_LEVEL: u8 = 4;

/// Creates a file in the HDF5 1.8 format, in which small groups take a quarter of the space that they take in the older
/// format.
///
/// # Errors
/// If the file cannot be created.
pub(crate) fn create_file(path: &Path) -> hdf5::Result<File> {
    File::with_options()
        .with_fapl(|access| access.libver_bounds(LibraryVersion::V18, LibraryVersion::latest()))
        .with_fcpl(|creation| creation.obj_track_times(false))
        .create(path)
}

impl Node {
    pub(crate) fn of(group: Group) -> Self {
        Node(group)
    }

    pub(crate) fn group(&self) -> &Group {
        &self.0
    }

    /// Creates a group inside this group.
    pub(crate) fn child(&self, name: &str) -> hdf5::Result<Node> {
        self.0
            .create_group_builder()
            .obj_track_times(false)
            .create(name)
            .map(Node)
    }

    /// Creates a group at a path below this group, including any missing groups along the path.
    pub(crate) fn descend(&self, path: &str) -> hdf5::Result<Node> {
        match path.split_once('/') {
            None => self.child(path),
            Some((folder, rest)) => self.folder(folder)?.descend(rest),
        }
    }

    /// Opens the group with this name, or creates it.
    pub(crate) fn folder(&self, name: &str) -> hdf5::Result<Node> {
        match self.0.link_exists(name) {
            true => self.0.group(name).map(Node),
            false => self.child(name),
        }
    }

    /// Writes a numeric attribute.
    pub(crate) fn attribute<T: H5Type>(&self, name: &str, value: &T) -> hdf5::Result<()> {
        self.0.new_attr::<T>().create(name)?.write_scalar(value)
    }

    /// Writes an attribute that holds an array of numbers.
    pub(crate) fn numbers(&self, name: &str, values: &[f64]) -> hdf5::Result<()> {
        self.0
            .new_attr::<f64>()
            .shape([values.len()])
            .create(name)?
            .write_raw(values)
    }

    /// Writes a string attribute.
    pub(crate) fn text(&self, name: &str, value: &str) -> hdf5::Result<()> {
        text(&self.0, name, value)
    }

    /// Writes an array as a dataset, in row-major order.
    pub(crate) fn array<T: H5Type>(&self, name: &str, values: &[T], shape: &[usize]) -> hdf5::Result<()> {
        let mut builder = self.0.new_dataset::<T>().obj_track_times(false);
        if values.len() > UNCOMPRESSED_ELEMENTS {
            builder = builder
                .chunk(chunk(shape, size_of::<T>()))
                .shuffle()
                .deflate(DEFLATE_LEVEL);
        }
        builder.shape(shape).create(name)?.write_raw(values)
    }

    /// Writes a dataset of strings.
    pub(crate) fn texts(&self, name: &str, values: &[String]) -> hdf5::Result<()> {
        let values = values
            .iter()
            .map(|value| unicode(value))
            .collect::<hdf5::Result<Vec<_>>>()?;
        self.array(name, &values, &[values.len()])
    }

    /// Writes a dataset of references to this group's children in `place`.
    pub(crate) fn write_references(&self, place: &Node, name: &str, children: &[String]) -> hdf5::Result<()> {
        let references = children.iter().map(|child| self.0.reference::<ObjectReference1>(child));
        let references = references.collect::<hdf5::Result<Vec<_>>>()?;
        place.array(name, &references, &[references.len()])
    }
}

/// Writes a string attribute of a group or dataset.
pub(crate) fn text(location: &Location, name: &str, value: &str) -> hdf5::Result<()> {
    location
        .new_attr::<VarLenUnicode>()
        .create(name)?
        .write_scalar(&unicode(value)?)
}

/// Reads a string attribute. Returns `None` if there is no such attribute.
pub(crate) fn text_attribute(location: &Location, name: &str) -> hdf5::Result<Option<String>> {
    if !location.attr_names()?.iter().any(|other| other == name) {
        return Ok(None);
    }
    let attribute = location.attr(name)?;
    let text = match attribute.dtype()?.to_descriptor()? {
        TypeDescriptor::VarLenAscii => attribute.read_scalar::<VarLenAscii>()?.to_string(),
        TypeDescriptor::FixedAscii(_) => attribute.read_scalar::<FixedAscii<1024>>()?.to_string(),
        TypeDescriptor::FixedUnicode(_) => attribute.read_scalar::<FixedUnicode<1024>>()?.to_string(),
        _ => attribute.read_scalar::<VarLenUnicode>()?.to_string(),
    };
    Ok(Some(text))
}

/// Converts a string to its HDF5 type.
///
/// # Errors
/// If the string contains a NUL character.
pub(crate) fn unicode(text: &str) -> hdf5::Result<VarLenUnicode> {
    text.parse()
        .map_err(|error| hdf5::Error::from(format!("the text {text:?} cannot be stored: {error}")))
}

/// Returns the chunk shape for an array: the shape of the whole array, halved along the slowest dimensions until a
/// chunk is small enough.
fn chunk(shape: &[usize], element: usize) -> Vec<usize> {
    let mut chunk = shape.to_vec();
    for dimension in 0..chunk.len() {
        while chunk[dimension] > 1 && chunk.iter().product::<usize>() * element > CHUNK_BYTES {
            chunk[dimension] = chunk[dimension].div_ceil(2);
        }
    }
    chunk
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_whole_arrays_up_to_a_mebibyte_and_cut_along_the_first_dimension_beyond() {
        assert_eq!(chunk(&[1002], 8), [1002]);
        assert_eq!(chunk(&[131_072], 8), [131_072]);
        assert_eq!(chunk(&[131_073], 8), [65_537]);
        assert_eq!(chunk(&[1002, 1002], 8), [126, 1002]);
        assert_eq!(chunk(&[3, 2, 200_000], 8), [1, 1, 100_000]);
    }
}
