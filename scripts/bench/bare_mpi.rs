//! Joins MPI, passes one barrier and exits: the minimal cost of an MPI program's start and end.

use mpi::traits::CommunicatorCollectives;

fn main() {
    if let Some(universe) = mpi::initialize() {
        universe.world().barrier();
    }
}
