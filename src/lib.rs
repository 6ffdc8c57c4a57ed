//! gaudi-mpi
#![warn(missing_docs)]

pub mod exact_sum;
pub mod hist;
