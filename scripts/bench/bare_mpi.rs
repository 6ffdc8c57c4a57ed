//! Joins MPI, meets the others once, and leaves: what any MPI program's start and end cost.

use mpi::traits::CommunicatorCollectives;

fn main() {
    if let Some(universe) = mpi::initialize() {
        universe.world().barrier();
    }
}
