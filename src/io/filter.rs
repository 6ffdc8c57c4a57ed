//! The filters of compressed columns: shuffle and deflate, compatible with HDF5.
//!
//! The low-order bytes of measured numbers are noise, which does not compress. Shuffling moves these bytes to the start
//! of a chunk, where they are written uncompressed, as stored blocks of the deflate format (RFC 1951, 3.2.4). Only the
//! remaining bytes are compressed. This makes files one per cent larger, but they can be written, and read by any HDF5
//! reader, up to twice as fast.

use libdeflater::{CompressionLvl, Compressor, Decompressor, adler32};

/// Reorders elements of `size` bytes: the first byte of every element comes first, then the second byte of every
/// element, and so on. Bytes after the last whole element stay at the end.
pub(super) fn shuffle(bytes: &[u8], size: usize, shuffled: &mut Vec<u8>) {
    shuffled.clear();
    shuffled.resize(bytes.len(), 0);
    let elements = bytes.len() / size;
    let (whole, rest) = bytes.split_at(elements * size);
    let (planes, tail) = shuffled.split_at_mut(elements * size);
    tail.copy_from_slice(rest);
    match size {
        2 => shuffle_of::<2>(whole, planes),
        4 => shuffle_of::<4>(whole, planes),
        8 => shuffle_of::<8>(whole, planes),
        _ => {
            for (plane, bytes_of_plane) in planes.chunks_exact_mut(elements.max(1)).enumerate() {
                for (byte, element) in bytes_of_plane.iter_mut().zip(whole.chunks_exact(size)) {
                    *byte = element[plane];
                }
            }
        }
    }
}

fn shuffle_of<const SIZE: usize>(bytes: &[u8], planes: &mut [u8]) {
    let elements = bytes.len() / SIZE;
    // Elements are processed in blocks to keep the current positions in all byte planes in the cache.
    const BLOCK: usize = 256;
    for start in (0..elements).step_by(BLOCK) {
        let end = (start + BLOCK).min(elements);
        let block = &bytes[start * SIZE..end * SIZE];
        for plane in 0..SIZE {
            let out = &mut planes[plane * elements + start..plane * elements + end];
            for (byte, element) in out.iter_mut().zip(block.chunks_exact(SIZE)) {
                *byte = element[plane];
            }
        }
    }
}

/// Reverses [`shuffle`].
pub(super) fn unshuffle(shuffled: &[u8], size: usize, bytes: &mut [u8]) {
    let elements = shuffled.len() / size;
    let (planes, tail) = shuffled.split_at(elements * size);
    let (whole, rest) = bytes.split_at_mut(elements * size);
    rest.copy_from_slice(tail);
    match size {
        2 => unshuffle_of::<2>(planes, whole),
        4 => unshuffle_of::<4>(planes, whole),
        8 => unshuffle_of::<8>(planes, whole),
        _ => {
            for (index, element) in whole.chunks_exact_mut(size).enumerate() {
                for (plane, byte) in element.iter_mut().enumerate() {
                    *byte = planes[plane * elements + index];
                }
            }
        }
    }
}

fn unshuffle_of<const SIZE: usize>(planes: &[u8], bytes: &mut [u8]) {
    let elements = bytes.len() / SIZE;
    let planes: [&[u8]; SIZE] = std::array::from_fn(|plane| &planes[plane * elements..(plane + 1) * elements]);
    for (index, element) in bytes.chunks_exact_mut(SIZE).enumerate() {
        let gathered: [u8; SIZE] = std::array::from_fn(|plane| planes[plane][index]);
        element.copy_from_slice(&gathered);
    }
}

/// Compresses chunks. Each thread has its own packer.
pub(super) struct Packer {
    compressor: Option<Compressor>,
    shuffled: Vec<u8>,
}

impl Packer {
    /// Uses a compression level from 1 (fastest) to 12 (smallest chunks); 0 leaves chunks unchanged.
    pub(super) fn new(level: u8) -> Self {
        let compressor = (level > 0).then(|| {
            let level = CompressionLvl::new(i32::from(level)).unwrap_or_default();
            Compressor::new(level)
        });
        Self {
            compressor,
            shuffled: Vec::new(),
        }
    }

    /// Packs a chunk whose elements are `size` bytes long.
    pub(super) fn pack(&mut self, chunk: Vec<u8>, size: usize) -> Vec<u8> {
        let Some(compressor) = &mut self.compressor else {
            return chunk;
        };
        shuffle(&chunk, size, &mut self.shuffled);
        let elements = self.shuffled.len() / size;
        let mut packed = chunk;
        let noise = (0..size).take_while(|plane| {
            let plane = &self.shuffled[plane * elements..(plane + 1) * elements];
            is_noise(plane, compressor, &mut packed)
        });
        let (noise, rest) = self.shuffled.split_at(noise.count() * elements);
        packed.clear();
        // The header specifies a window of 32 KiB and contains check bits that make the header, read as a number, a
        // multiple of 31 (RFC 1950, 2.2).
        packed.extend([0x78, 0x5e]);
        for block in noise.chunks(usize::from(u16::MAX)) {
            let length = block.len() as u16;
            packed.push(NOT_LAST_STORED);
            packed.extend(length.to_le_bytes());
            packed.extend((!length).to_le_bytes());
            packed.extend_from_slice(block);
        }
        let before = packed.len();
        packed.resize(before + compressor.deflate_compress_bound(rest.len()), 0);
        match compressor.deflate_compress(rest, &mut packed[before..]) {
            Ok(length) => packed.truncate(before + length),
            Err(_) => unreachable!("a buffer of the bound's size has room for the compressed bytes"),
        }
        packed.extend(adler32(&self.shuffled).to_be_bytes());
        packed
    }
}

/// The header of a stored block other than the last. It consists of three bits, padded to a byte.
const NOT_LAST_STORED: u8 = 0;

/// Returns whether samples of the bytes suggest that compression would save hardly any space.
fn is_noise(bytes: &[u8], compressor: &mut Compressor, scratch: &mut Vec<u8>) -> bool {
    const SAMPLE: usize = 4096;
    let (Some(first), Some(last)) = (bytes.first_chunk::<SAMPLE>(), bytes.last_chunk::<SAMPLE>()) else {
        return false;
    };
    // The last chunk is padded with zeros at its end, so samples from both ends are tested.
    [first, last]
        .into_iter()
        .all(|sample| is_noisy(sample, compressor, scratch))
}

fn is_noisy<const SAMPLE: usize>(sample: &[u8; SAMPLE], compressor: &mut Compressor, scratch: &mut Vec<u8>) -> bool {
    // If the byte values are unevenly distributed, the bytes are compressible, so no trial compression is needed.
    let mut counts = [0u32; 256];
    sample.iter().for_each(|&byte| counts[usize::from(byte)] += 1);
    let squares: u32 = counts.iter().map(|count| count * count).sum();
    if squares > 2 * (SAMPLE * SAMPLE / 256) as u32 {
        return false;
    }
    scratch.resize(compressor.deflate_compress_bound(SAMPLE), 0);
    let length = compressor.deflate_compress(sample, scratch);
    length.is_ok_and(|length| length > SAMPLE * 24 / 25)
}

/// Unpacks chunks. Each column has its own unpacker.
pub(super) struct Unpacker {
    decompressor: Decompressor,
    inflated: Vec<u8>,
}

/// The filters applied to a chunk, in the order in which they are reversed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Filters {
    pub deflate: bool,
    pub shuffle: bool,
}

impl Unpacker {
    pub(super) fn new() -> Self {
        Self {
            decompressor: Decompressor::new(),
            inflated: Vec::new(),
        }
    }

    /// Unpacks a chunk and writes its elements, of `size` bytes each, to `bytes`, which must have exactly the total
    /// length of the elements. Returns `false` if the stored bytes are damaged.
    pub(super) fn unpack(&mut self, stored: &[u8], filters: Filters, size: usize, bytes: &mut [u8]) -> bool {
        let Filters { deflate, shuffle } = filters;
        if !deflate && stored.len() != bytes.len() {
            return false;
        }
        match (deflate, shuffle) {
            (false, false) => bytes.copy_from_slice(stored),
            (false, true) => unshuffle(stored, size, bytes),
            (true, false) => return self.decompressor.zlib_decompress(stored, bytes) == Ok(bytes.len()),
            (true, true) => {
                self.inflated.resize(bytes.len(), 0);
                if self.decompressor.zlib_decompress(stored, &mut self.inflated) != Ok(bytes.len()) {
                    return false;
                }
                unshuffle(&self.inflated, size, bytes)
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn packed_and_unpacked(bytes in prop::collection::vec(0..4u8, 0..3000), size in 1..9usize, level in 0..5u8) {
            let mut shuffled = Vec::new();
            shuffle(&bytes, size, &mut shuffled);
            let elements = bytes.len() / size;
            for index in 0..elements {
                for plane in 0..size {
                    prop_assert_eq!(shuffled[plane * elements + index], bytes[index * size + plane]);
                }
            }
            let packed = Packer::new(level).pack(bytes.clone(), size);
            let mut back = vec![9; bytes.len()];
            let filters = Filters { deflate: level > 0, shuffle: level > 0 };
            prop_assert!(Unpacker::new().unpack(&packed, filters, size, &mut back));
            prop_assert_eq!(back, bytes);
        }
    }

    #[test]
    fn noise_is_stored_and_what_repeats_is_not() {
        let mut random = crate::Random::new(1, 0);
        // Momenta consist of two bytes of noise and two bytes that are worth compressing.
        let noisy: Vec<u8> = (0..32_768)
            .flat_map(|_| (random.gaussian(0.0, 1.0) as f32).to_le_bytes())
            .collect();
        let noisy_half = noisy[..noisy.len() / 2].to_vec();
        // The low-order bytes of event numbers take all values equally often, but in a regular order.
        let regular: Vec<u8> = (0..16_384u64).flat_map(u64::to_le_bytes).collect();
        for (bytes, size, most) in [(noisy, 4, 0.9), (regular, 8, 0.02)] {
            let packed = Packer::new(4).pack(bytes.clone(), size);
            assert!(
                (packed.len() as f64) < most * bytes.len() as f64,
                "{} of {}",
                packed.len(),
                bytes.len()
            );
            let mut back = vec![0; bytes.len()];
            let filters = Filters {
                deflate: true,
                shuffle: true,
            };
            assert!(Unpacker::new().unpack(&packed, filters, size, &mut back));
            assert!(back == bytes);
        }
        let mut padded = noisy_half.clone();
        padded.resize(2 * noisy_half.len(), 0);
        let (half, whole) = (
            Packer::new(4).pack(noisy_half, 4).len(),
            Packer::new(4).pack(padded, 4).len(),
        );
        assert!(whole < half * 11 / 10, "{whole}, {half}");
        let white: Vec<u8> = (0..100_000).map(|_| random.uniform(0.0, 256.0) as u8).collect();
        let packed = Packer::new(4).pack(white.clone(), 1);
        assert!(packed.len() < white.len() + 100);
    }

    #[test]
    fn damage_is_seen() {
        let filters = Filters {
            deflate: true,
            shuffle: true,
        };
        let packed = Packer::new(4).pack((0..200).collect(), 4);
        let mut bytes = vec![0; 200];
        assert!(!Unpacker::new().unpack(&packed[..packed.len() - 5], filters, 4, &mut bytes));
        assert!(!Unpacker::new().unpack(&packed, filters, 4, &mut bytes[..196]));
        let mut garbled = packed.clone();
        garbled[10] ^= 0x55;
        assert!(!Unpacker::new().unpack(&garbled, filters, 4, &mut bytes));
    }
}
