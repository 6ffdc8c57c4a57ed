//! gaudi-mpi
#![warn(missing_docs)]

pub mod algorithms;
pub mod random;
