//! gaudi-mpi
#![warn(missing_docs)]
