//! Outputs as sequences of byte pieces.

use std::io::{self, Read, Write};

/// Piece size in bytes: large enough that the number of messages does not matter, small enough that memory use does not
/// matter.
const PIECE: usize = 1 << 20;

/// A writer that cuts bytes into pieces and passes on each piece once the piece is full.
pub(super) struct PieceWriter<F> {
    piece: Vec<u8>,
    pass_on: F,
}

impl<F: FnMut(Vec<u8>) -> io::Result<()>> PieceWriter<F> {
    pub(super) fn new(pass_on: F) -> Self {
        Self {
            piece: Vec::new(),
            pass_on,
        }
    }

    /// Returns the last piece, which may be short.
    pub(super) fn finish(self) -> Vec<u8> {
        self.piece
    }
}

impl<F: FnMut(Vec<u8>) -> io::Result<()>> Write for PieceWriter<F> {
    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        // Most writes are numbers of only a few bytes.
        if self.piece.len() + bytes.len() <= PIECE {
            self.piece.extend_from_slice(bytes);
            return Ok(());
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let written = self.write(rest)?;
            rest = &rest[written..];
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.piece.len() >= PIECE {
            let full = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
            (self.pass_on)(full)?;
        }
        let length = bytes.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(&bytes[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A reader of pieces. `next` returns the next piece and whether it is the last piece.
pub(super) struct PieceReader<F> {
    next: F,
    piece: Vec<u8>,
    position: usize,
    last: bool,
}

impl<F: FnMut() -> io::Result<(Vec<u8>, bool)>> PieceReader<F> {
    pub(super) fn new(next: F) -> Self {
        Self {
            next,
            piece: Vec::new(),
            position: 0,
            last: false,
        }
    }
}

impl<F: FnMut() -> io::Result<(Vec<u8>, bool)>> Read for PieceReader<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.position == self.piece.len() {
            if self.last {
                return Ok(0);
            }
            (self.piece, self.last) = (self.next)()?;
            self.position = 0;
        }
        let length = buffer.len().min(self.piece.len() - self.position);
        buffer[..length].copy_from_slice(&self.piece[self.position..self.position + length]);
        self.position += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(lengths in prop::collection::vec(0..700_000usize, 0..12)) {
            let bytes: Vec<u8> = lengths.iter().enumerate().flat_map(|(index, &length)| vec![index as u8; length]).collect();
            let mut pieces = Vec::new();
            let mut writer = PieceWriter::new(|piece| {
                pieces.push((piece, false));
                Ok(())
            });
            let mut from = bytes.as_slice();
            for length in lengths {
                let (part, rest) = from.split_at(length);
                writer.write_all(part)?;
                from = rest;
            }
            let last = writer.finish();
            pieces.push((last, true));
            prop_assert!(pieces.iter().all(|(piece, _)| piece.len() <= PIECE));
            let mut pieces = pieces.into_iter();
            let mut read = Vec::new();
            PieceReader::new(|| Ok(pieces.next().expect("nothing is read after the last piece"))).read_to_end(&mut read)?;
            prop_assert!(read == bytes);
        }
    }
}
