//! Functions of the HDF5 C library that the Rust library lacks: access to stored chunks, and the source files of
//! virtual datasets.
//!
//! The `unsafe` blocks call C functions. Each call is made while holding the HDF5 library's lock, and all pointers
//! passed to the function refer to objects that outlive the call.

use hdf5::sync::sync;
use hdf5::{Dataset, h5check};
use hdf5_sys::h5d::{H5Dget_chunk_info_by_coord, H5Dwrite_chunk};
use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5p::{H5P_DEFAULT, H5Pget_virtual_count, H5Pget_virtual_filename};
use std::collections::BTreeSet;

/// A chunk's location in the file, and the filters that were not applied to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct StoredChunk {
    pub address: u64,
    pub size: u64,
    /// Bit `n` is set if the filter with index `n` was not applied.
    pub skipped_filters: u32,
}

/// Finds the chunk that begins at a given row of a one-dimensional dataset. Returns `None` if no such chunk was
/// written.
pub(super) fn find_chunk(dataset: &Dataset, row: u64) -> hdf5::Result<Option<StoredChunk>> {
    let (mut filters, mut address, mut size) = (0, 0, 0);
    sync(|| {
        // SAFETY: the dataset is open and has one dimension, so the call reads one coordinate; the other pointers refer
        // to variables of the types that the call writes.
        h5check(unsafe { H5Dget_chunk_info_by_coord(dataset.id(), &row, &mut filters, &mut address, &mut size) })
    })?;
    // HDF5's undefined address has all bits set.
    Ok((address != u64::MAX).then_some(StoredChunk {
        address,
        size,
        skipped_filters: filters,
    }))
}

/// Writes an already packed chunk that begins at a given row of a one-dimensional dataset.
pub(super) fn write_chunk(dataset: &Dataset, row: u64, stored: &[u8]) -> hdf5::Result<()> {
    const NO_FILTER_SKIPPED: u32 = 0;
    let properties: hid_t = H5P_DEFAULT;
    sync(|| {
        // SAFETY: the dataset is open and has one dimension, so the call reads one coordinate; the length passed is the
        // length of `stored`.
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

/// The source files of a virtual dataset, under the names stored in the dataset.
pub(super) fn virtual_files(dataset: &Dataset) -> hdf5::Result<BTreeSet<String>> {
    let properties = dataset.dcpl()?;
    let mut names = BTreeSet::new();
    sync(|| {
        let mut count = 0;
        // SAFETY: the property list is open; the pointer refers to a variable of the type that the call writes.
        h5check(unsafe { H5Pget_virtual_count(properties.id(), &mut count) })?;
        for index in 0..count {
            // SAFETY: given a null pointer, the call only returns the length of the name.
            let length = unsafe { H5Pget_virtual_filename(properties.id(), index, std::ptr::null_mut(), 0) };
            let mut name = vec![0_u8; h5check(length)? as usize + 1];
            // SAFETY: the call writes at most `name.len()` bytes to `name`.
            h5check(unsafe { H5Pget_virtual_filename(properties.id(), index, name.as_mut_ptr().cast(), name.len()) })?;
            name.pop();
            names.insert(String::from_utf8_lossy(&name).into_owned());
        }
        Ok(names)
    })
}
