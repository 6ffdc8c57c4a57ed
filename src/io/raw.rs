//! What HDF5's C library offers and its Rust library does not: chunks as they are stored, and the files that virtual
//! datasets refer to.
//!
//! One of the places with `unsafe`: calls of C functions, each under HDF5's lock, with pointers to what lives longer than
//! the call.

use hdf5::sync::sync;
use hdf5::{Dataset, h5check};
use hdf5_sys::h5d::{H5Dget_chunk_info_by_coord, H5Dwrite_chunk};
use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5p::{H5P_DEFAULT, H5Pget_virtual_count, H5Pget_virtual_filename};
use std::collections::BTreeSet;

/// Where a chunk is in the file, and which of the filters were left out for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct StoredChunk {
    pub address: u64,
    pub size: u64,
    /// Bit `n` is set if the filter with index `n` was not applied.
    pub skipped_filters: u32,
}

/// The chunk of a one-dimensional dataset that begins at this row; none if it was never written.
pub(super) fn find_chunk(dataset: &Dataset, row: u64) -> hdf5::Result<Option<StoredChunk>> {
    let (mut filters, mut address, mut size) = (0, 0, 0);
    sync(|| {
        // SAFETY: the dataset is open and has one dimension, so that one coordinate is read; the other pointers are to
        // variables of the types that are written.
        h5check(unsafe { H5Dget_chunk_info_by_coord(dataset.id(), &row, &mut filters, &mut address, &mut size) })
    })?;
    // HDF5's undefined address has all bits set.
    Ok((address != u64::MAX).then_some(StoredChunk {
        address,
        size,
        skipped_filters: filters,
    }))
}

/// Writes the chunk of a one-dimensional dataset that begins at this row, as it is to be stored.
pub(super) fn write_chunk(dataset: &Dataset, row: u64, stored: &[u8]) -> hdf5::Result<()> {
    const NO_FILTER_SKIPPED: u32 = 0;
    let properties: hid_t = H5P_DEFAULT;
    sync(|| {
        // SAFETY: the dataset is open and has one dimension, so that one coordinate is read; `stored` has the length
        // that is passed.
        h5check(unsafe {
            H5Dwrite_chunk(
                dataset.id(),
                properties,
                NO_FILTER_SKIPPED,
                &row,
                stored.len(),
                stored.as_ptr().cast(),
            )
        })
    })?;
    Ok(())
}

/// The names of the files that the rows of a virtual dataset are in, as they stand there.
pub(super) fn virtual_files(dataset: &Dataset) -> hdf5::Result<BTreeSet<String>> {
    let properties = dataset.dcpl()?;
    let mut names = BTreeSet::new();
    sync(|| {
        let mut count = 0;
        // SAFETY: the property list is open; the pointer is to a variable of the type that is written.
        h5check(unsafe { H5Pget_virtual_count(properties.id(), &mut count) })?;
        for index in 0..count {
            // SAFETY: without a place for the name, its length is returned.
            let length = unsafe { H5Pget_virtual_filename(properties.id(), index, std::ptr::null_mut(), 0) };
            let mut name = vec![0_u8; h5check(length)? as usize + 1];
            // SAFETY: at most as many bytes are written as there are.
            h5check(unsafe { H5Pget_virtual_filename(properties.id(), index, name.as_mut_ptr().cast(), name.len()) })?;
            name.pop();
            names.insert(String::from_utf8_lossy(&name).into_owned());
        }
        Ok(names)
    })
}
