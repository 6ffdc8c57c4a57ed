//! Files and the objects in them, below events and histograms.

#[cfg(feature = "hdf5")]
pub(crate) mod hdf5_node;
pub(crate) mod unfinished;
