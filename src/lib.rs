//! gaudi-mpi
#![warn(missing_docs)]

pub mod picture;
