//! The gaudi-mpi command.
fn main() {}
