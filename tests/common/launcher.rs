//! The launcher that belongs to the MPI library the programs were built with. All that tests know of the differences
//! between launchers stands here.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

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

/// mpirun of this family: where several are installed, Debian gives each a name of its own.
pub fn mpirun() -> &'static PathBuf {
    static MPIRUN: OnceLock<PathBuf> = OnceLock::new();
    MPIRUN.get_or_init(|| {
        let own = match family() {
            Family::OpenMpi => "mpirun.openmpi",
            Family::Mpich => "mpirun.mpich",
        };
        let is_there = Command::new(own).arg("--version").output().is_ok();
        PathBuf::from(if is_there { own } else { "mpirun" })
    })
}

/// What lets mpirun start more ranks than there are cores.
pub fn oversubscribe() -> &'static str {
    match family() {
        Family::OpenMpi => "--oversubscribe",
        Family::Mpich => "",
    }
}

/// What starts one rank on each of these hosts, with a variable of this process's.
pub fn on_hosts(hosts: &str, variable: &str) -> String {
    match family() {
        Family::OpenMpi => format!("--host {hosts} -x {variable}"),
        Family::Mpich => format!("-hosts {hosts} -ppn 1 -genvlist {variable},PATH"),
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
