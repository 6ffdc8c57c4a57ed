//! Files of encoded event blocks, which store events until an output file is created from them. An appended block
//! survives the death of the process that appended it.

use crate::io::error::{Error, Result};
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::ops::{Bound, RangeBounds};
use std::path::{Path, PathBuf};

/// The size, in bytes, of the length field that precedes each block.
const LENGTH: usize = size_of::<u64>();

/// A file to which blocks are appended.
pub(crate) struct BlockWriter {
    path: PathBuf,
    file: File,
    length: u64,
    /// Whether the file ends with a partly written block that could not be removed.
    broken: bool,
}

impl BlockWriter {
    /// Creates the file. Returns `None` if a file with that name already exists.
    ///
    /// # Errors
    /// If the file cannot be created.
    pub(crate) fn create(path: &Path) -> Result<Option<Self>> {
        match File::create_new(path) {
            Ok(file) => Ok(Some(Self {
                path: path.into(),
                file,
                length: 0,
                broken: false,
            })),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(Error::write(path, error)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The size of the file in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Returns whether the file is damaged, in which case no more blocks can be appended.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Appends a block completely or, if that fails, not at all.
    ///
    /// # Errors
    /// If the block cannot be written.
    pub(crate) fn append(&mut self, block: &[u8]) -> Result<()> {
        let length = (block.len() as u64).to_le_bytes();
        let written = self.file.write_all(&length).and_then(|()| self.file.write_all(block));
        if let Err(error) = written {
            let taken_back = self.file.set_len(self.length);
            let taken_back = taken_back.and_then(|()| self.file.seek(SeekFrom::Start(self.length)));
            self.broken |= taken_back.is_err();
            return Err(Error::write(&self.path, error));
        }
        self.length += (LENGTH + block.len()) as u64;
        Ok(())
    }
}

/// Passes each block in a byte range of a file to `take`. A range without an end extends to the end of the file. A
/// truncated block at the end of the file, which a process may leave behind when it dies, is ignored.
///
/// # Errors
/// If the file cannot be read, the range does not end at the end of a block, or `take` fails.
pub(crate) fn read_blocks(
    path: &Path,
    bytes: impl RangeBounds<u64>,
    mut take: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let failed = |error: std::io::Error| Error::open(path, error);
    let start = match bytes.start_bound() {
        Bound::Included(&start) => start,
        Bound::Excluded(_) | Bound::Unbounded => 0,
    };
    let end = match bytes.end_bound() {
        Bound::Excluded(&end) => Some(end),
        Bound::Included(_) | Bound::Unbounded => None,
    };
    let cut_short = || match end {
        None => Ok(()),
        Some(_) => Err(Error::open(path, "it is shorter than when it was written")),
    };
    let mut left = end.map(|end| end - start);
    let mut file = File::open(path).map_err(failed)?;
    file.seek(SeekFrom::Start(start)).map_err(failed)?;
    let mut file = BufReader::with_capacity(1 << 20, file);
    let mut block = Vec::new();
    while left != Some(0) {
        let mut length = [0; LENGTH];
        match file.read_exact(&mut length) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return cut_short(),
            other => other.map_err(failed)?,
        }
        let length = u64::from_le_bytes(length);
        block.clear();
        if (&mut file).take(length).read_to_end(&mut block).map_err(failed)? < length as usize {
            return cut_short();
        }
        if let Some(left) = &mut left {
            *left = left
                .checked_sub(LENGTH as u64 + length)
                .ok_or_else(|| Error::open(path, "its blocks are not where they were written: it has been changed"))?;
        }
        take(&block)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_blocks_are_read_and_a_cut_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blocks");
        let mut writer = BlockWriter::create(&path).unwrap().unwrap();
        assert!(BlockWriter::create(&path).unwrap().is_none());
        let blocks = [vec![1; 5], vec![], vec![3; 3_000_000]];
        let mut starts = vec![];
        for block in &blocks {
            starts.push(writer.length());
            writer.append(block).unwrap();
        }
        fn read(path: &Path, range: impl RangeBounds<u64>) -> Result<Vec<Vec<u8>>> {
            let mut read = vec![];
            read_blocks(path, range, |block| {
                read.push(block.to_vec());
                Ok(())
            })?;
            Ok(read)
        }
        assert_eq!(read(&path, 0..).unwrap(), blocks);
        assert_eq!(read(&path, starts[1]..starts[2]).unwrap(), blocks[1..2]);
        assert!(read(&path, starts[2]..writer.length() - 1).is_err());
        let file = File::options().write(true).open(&path).unwrap();
        file.set_len(writer.length() - 1).unwrap();
        assert_eq!(read(&path, 0..).unwrap(), blocks[..2]);
        assert!(read(&path, 0..writer.length()).is_err());
    }
}
