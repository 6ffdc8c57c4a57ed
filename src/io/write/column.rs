//! Collects the values of a column into chunks.

use crate::event::{ColumnType, Element, ElementType, EncodedColumn, each_type};
use crate::io::error::{Error, Result};
use crate::io::words::kind_in_words;

/// The size of a chunk in bytes: small enough that a writer of a thousand columns needs little memory, but large enough
/// that chunks compress well and their number stays small.
const CHUNK_BYTES: usize = 128 << 10;
/// The number of strings in a chunk.
const CHUNK_TEXTS: usize = 4096;

/// A column that is being written. Each chunk is passed on as soon as it is full.
pub(super) struct ColumnOutput {
    pub(super) kind: ColumnType,
    /// The number of rows in a chunk.
    pub(super) chunk: u64,
    /// The dataset's number, or `None` before the dataset is created.
    pub(super) dataset: Option<usize>,
    /// The number of rows so far.
    pub(super) rows: u64,
    rest: Rest,
}

/// The rows of the chunk that is still being filled.
enum Rest {
    Elements { size: usize, bytes: Vec<u8> },
    Texts(Vec<String>),
}

/// The values of a chunk.
pub(super) enum ChunkValues {
    Elements(Vec<u8>),
    Texts(Vec<String>),
}

/// A full chunk.
pub(super) struct FullChunk {
    /// The index of the row after the chunk's last row.
    pub(super) end: u64,
    pub(super) rows: u64,
    pub(super) values: ChunkValues,
}

impl ColumnOutput {
    pub(super) fn new(kind: ColumnType) -> Self {
        let (chunk, rest) = match kind.element.size() {
            Some(size) => (
                CHUNK_BYTES / size,
                Rest::Elements {
                    size,
                    bytes: Vec::new(),
                },
            ),
            None => (CHUNK_TEXTS, Rest::Texts(Vec::new())),
        };
        Self {
            kind,
            chunk: chunk as u64,
            dataset: None,
            rows: 0,
            rest,
        }
    }

    /// The size of an element in bytes; 1 for strings.
    pub(super) fn size(&self) -> usize {
        match self.rest {
            Rest::Elements { size, .. } => size,
            Rest::Texts(_) => 1,
        }
    }

    /// Appends the values of an encoded column of the same type.
    ///
    /// # Errors
    /// If the encoded strings are invalid.
    pub(super) fn append(&mut self, column: &EncodedColumn, full: impl FnMut(FullChunk)) -> Result<()> {
        if column.kind.element == ElementType::Text {
            let texts = column.texts()?;
            self.append_texts(texts.into_iter(), full);
        } else {
            self.append_bytes(column.bytes, full);
        }
        Ok(())
    }

    /// Appends rows of missing values.
    pub(super) fn append_missing(&mut self, rows: u64, mut full: impl FnMut(FullChunk)) {
        let missing = self.kind.missing();
        let one = each_type!(&missing, values => Some(Element::as_bytes(values)), _texts => None);
        let mut left = rows;
        while left > 0 {
            let some = left.min(self.chunk);
            match &one {
                Some(one) => self.append_bytes(&one.repeat(some as usize), &mut full),
                None => self.append_texts((0..some).map(|_| ""), &mut full),
            }
            left -= some;
        }
    }

    /// Appends encoded elements.
    pub(super) fn append_bytes(&mut self, bytes: &[u8], mut full: impl FnMut(FullChunk)) {
        let Rest::Elements { size, bytes: rest } = &mut self.rest else {
            unreachable!("texts are not appended as bytes")
        };
        let capacity = self.chunk as usize * *size;
        let mut bytes = bytes;
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(capacity - rest.len()));
            rest.extend_from_slice(now);
            self.rows += (now.len() / *size) as u64;
            bytes = later;
            if rest.len() == capacity {
                full(FullChunk {
                    end: self.rows,
                    rows: self.chunk,
                    values: ChunkValues::Elements(std::mem::replace(rest, Vec::with_capacity(capacity))),
                });
            }
        }
    }

    fn append_texts<'a>(&mut self, texts: impl Iterator<Item = &'a str>, mut full: impl FnMut(FullChunk)) {
        let Rest::Texts(rest) = &mut self.rest else {
            unreachable!("only texts are appended to texts")
        };
        for text in texts {
            rest.push(text.to_string());
            self.rows += 1;
            if rest.len() as u64 == self.chunk {
                full(FullChunk {
                    end: self.rows,
                    rows: self.chunk,
                    values: ChunkValues::Texts(std::mem::take(rest)),
                });
            }
        }
    }

    /// The last chunk, if there are any rows left to write. It is padded to the size of the others. If it is the only
    /// chunk, the chunk size is reduced to the length of the column.
    pub(super) fn last(&mut self) -> Option<FullChunk> {
        let whole = self.chunk;
        if self.dataset.is_none() {
            self.chunk = self.rows.max(1);
        }
        let capacity = self.chunk as usize;
        let (rows, values) = match &mut self.rest {
            Rest::Elements { size, bytes } => {
                let rows = bytes.len() / *size;
                if rows > 0 {
                    bytes.resize(capacity * *size, 0);
                }
                (rows as u64, ChunkValues::Elements(std::mem::take(bytes)))
            }
            Rest::Texts(texts) => (texts.len() as u64, ChunkValues::Texts(std::mem::take(texts))),
        };
        debug_assert!(rows < whole, "whole chunks have been passed on");
        (rows > 0).then_some(FullChunk {
            end: self.rows,
            rows,
            values,
        })
    }

    /// Checks that the column's type in the file is the given type.
    ///
    /// # Errors
    /// If the column has a different type.
    pub(super) fn check(&self, path: &str, kind: &ColumnType) -> Result<()> {
        if self.kind == *kind {
            return Ok(());
        }
        Err(Error::Input(format!(
            "{path} holds {} in some events and {} in others: these events cannot be in one file",
            kind_in_words(&self.kind),
            kind_in_words(kind)
        )))
    }
}
