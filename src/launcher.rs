//! What the launcher (mpirun, srun, …) has told this process before MPI is up.

use std::env;

/// The variables by which launchers tell a process its rank: Open MPI; PMIx (Slurm, PRRTE); Hydra, Slurm and others by
/// PMI.
const RANK: [&str; 3] = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"];

/// Whether an MPI launcher started this process.
pub(crate) fn is_launched() -> bool {
    RANK.iter().any(|name| env::var_os(name).is_some()) || env::var_os("PMI_FD").is_some()
}

/// Whether this process is, as far as one can tell before MPI is up, the one that speaks to the user.
pub(crate) fn is_root() -> bool {
    RANK.iter()
        .find_map(|name| env::var(name).ok())
        .is_none_or(|rank| rank == "0")
}
