//! The launcher that belongs to the MPI library the programs were built with. All that tests know of the differences
//! between launchers stands here.

/// The families of MPI libraries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    OpenMpi,
    Mpich,
}

/// That of the library which this crate was built with.
pub fn family() -> Family {
    if gaudi_mpi::mpi_library().starts_with("MPICH") {
        Family::Mpich
    } else {
        Family::OpenMpi
    }
}

/// Whether mpirun ends with the status of its ranks when it has passed a signal on to them. MPICH's does by chance.
pub fn keeps_status() -> bool {
    family() == Family::OpenMpi
}

/// What lets mpirun start more ranks than there are cores.
pub fn oversubscribe() -> &'static str {
    match family() {
        Family::OpenMpi => "--oversubscribe",
        Family::Mpich => "",
    }
}

/// The variable by which a process knows its rank.
pub fn rank_variable() -> &'static str {
    match family() {
        Family::OpenMpi => "OMPI_COMM_WORLD_RANK",
        Family::Mpich => "PMI_RANK",
    }
}

/// A folder for all processes started by a command.
pub fn working_directory() -> &'static str {
    match family() {
        Family::OpenMpi => "--wdir",
        Family::Mpich => "-wdir",
    }
}
