//! Files and the objects in them, below events and histograms.

pub(crate) mod hdf5_node;
