//! HDF5 groups, attributes and datasets that carry no time, so that the same contents are the same bytes.

use std::path::Path;

use hdf5::file::LibraryVersion;
use hdf5::types::VarLenUnicode;
use hdf5::{File, Group, H5Type, ObjectReference1};

/// A group that is being written.
pub(super) struct Node(Group);

/// Arrays of more elements than this are compressed.
const UNCOMPRESSED_ELEMENTS: usize = 1000;
/// Compressed arrays are cut into chunks of this many bytes or less.
const CHUNK_BYTES: usize = 1 << 20;
const DEFLATE_LEVEL: u8 = 4;

/// Creates a file, in the format of HDF5 1.8 and later, whose small groups take a quarter of the space of the older
/// one.
pub(super) fn create_file(path: &Path) -> hdf5::Result<File> {
    File::with_options()
        .with_fapl(|access| access.libver_bounds(LibraryVersion::V18, LibraryVersion::latest()))
        .with_fcpl(|creation| creation.obj_track_times(false))
        .create(path)
}

impl Node {
    pub(super) fn of(group: Group) -> Self {
        Node(group)
    }

    pub(super) fn group(&self) -> &Group {
        &self.0
    }

    /// A new group in this one.
    pub(super) fn child(&self, name: &str) -> hdf5::Result<Node> {
        self.0
            .create_group_builder()
            .obj_track_times(false)
            .create(name)
            .map(Node)
    }

    /// A new group at a path below this one; groups on the way are made where they are missing.
    pub(super) fn descend(&self, path: &str) -> hdf5::Result<Node> {
        match path.split_once('/') {
            None => self.child(path),
            Some((folder, rest)) => {
                let folder = match self.0.link_exists(folder) {
                    true => Node(self.0.group(folder)?),
                    false => self.child(folder)?,
                };
                folder.descend(rest)
            }
        }
    }

    pub(super) fn attribute<T: H5Type>(&self, name: &str, value: &T) -> hdf5::Result<()> {
        self.0.new_attr::<T>().create(name)?.write_scalar(value)
    }

    pub(super) fn text(&self, name: &str, value: &str) -> hdf5::Result<()> {
        self.attribute(name, &unicode(value)?)
    }

    /// Writes an array, the last dimension running fastest.
    pub(super) fn array<T: H5Type>(&self, name: &str, values: &[T], shape: &[usize]) -> hdf5::Result<()> {
        let mut builder = self.0.new_dataset::<T>().obj_track_times(false);
        if values.len() > UNCOMPRESSED_ELEMENTS {
            builder = builder
                .chunk(chunk(shape, size_of::<T>()))
                .shuffle()
                .deflate(DEFLATE_LEVEL);
        }
        builder.shape(shape).create(name)?.write_raw(values)
    }

    pub(super) fn texts(&self, name: &str, values: &[String]) -> hdf5::Result<()> {
        let values = values
            .iter()
            .map(|value| unicode(value))
            .collect::<hdf5::Result<Vec<_>>>()?;
        self.array(name, &values, &[values.len()])
    }

    /// Writes, as a dataset of another node, references to some children of this one.
    pub(super) fn write_references(&self, place: &Node, name: &str, children: &[String]) -> hdf5::Result<()> {
        let references = children.iter().map(|child| self.0.reference::<ObjectReference1>(child));
        let references = references.collect::<hdf5::Result<Vec<_>>>()?;
        place.array(name, &references, &[references.len()])
    }
}

fn unicode(text: &str) -> hdf5::Result<VarLenUnicode> {
    text.parse()
        .map_err(|error| hdf5::Error::from(format!("the text {text:?} cannot be stored: {error}")))
}

/// The shape of chunks for an array: all of it, or else cut along the slowest dimensions first.
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
