//! What the launcher (mpirun, srun, …) has told this process before MPI is up.

use std::env;

/// The variables by which launchers tell a process its rank: Open MPI; PMIx (Slurm, PRRTE); Hydra, Slurm and others by
/// PMI.
const RANK: [&str; 3] = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"];

/// Whether an MPI launcher started this process.
pub(crate) fn is_launched() -> bool {
    RANK.iter().any(|name| env::var_os(name).is_some()) || env::var_os("PMI_FD").is_some()
}

/// The MPI library that this program runs on, and its version: `Open MPI 4.1.4`, `MPICH 4.0.2`.
///
/// ```
/// assert!(gaudi_mpi::mpi_library().contains(['.', '1', '2', '3', '4', '5']));
/// ```
pub fn mpi_library() -> String {
    let text = mpi::environment::library_version().unwrap_or_default();
    short(&text)
}

/// Of what libraries say of themselves, the name and the number. Open MPI has a comma after them; MPICH and those
/// made of it have a line each for name and number, the build, the date, and so on.
fn short(text: &str) -> String {
    let first = text.split([',', '\n', '\0']).next().unwrap_or_default();
    let words = first.replace("Version:", "").replace(" v", " ");
    let words: Vec<&str> = words.split_whitespace().collect();
    if words.is_empty() {
        "an MPI library that does not say its name".into()
    } else {
        words.join(" ")
    }
}

/// Whether this process is, as far as one can tell before MPI is up, the one that speaks to the user.
pub(crate) fn is_root() -> bool {
    RANK.iter()
        .find_map(|name| env::var(name).ok())
        .is_none_or(|rank| rank == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_have_short_names() {
        for (text, name) in [
            (
                "Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4, May 26, 2022",
                "Open MPI 4.1.4",
            ),
            (
                "MPICH Version:\t4.0.2\nMPICH Release date:\tThu Apr  7 12:34:45 CDT 2022\n",
                "MPICH 4.0.2",
            ),
            (
                "Intel(R) MPI Library 2021.9 for Linux* OS\n\0",
                "Intel(R) MPI Library 2021.9 for Linux* OS",
            ),
            ("", "an MPI library that does not say its name"),
        ] {
            assert_eq!(short(text), name);
        }
    }
}
