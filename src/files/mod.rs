//! Writing files, independent of their contents.

#[cfg(feature = "hdf5")]
pub(crate) mod hdf5_node;
pub(crate) mod unfinished;
