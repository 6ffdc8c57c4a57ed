//! Information that the launcher (mpirun, srun, …) gives this process before MPI is initialised, and differences
//! between MPI libraries.

use crate::error::Error;
use nix::sys::prctl;
use nix::sys::signal::Signal;
use std::env;
use std::ffi::OsString;
use std::time::Duration;

/// The variables in which launchers pass a process its rank: Open MPI; PMIx (Slurm, PRRTE); PMI (Hydra, Slurm and
/// others).
const RANK: [&str; 3] = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"];

/// Returns whether an MPI launcher started this process.
pub(crate) fn is_launched() -> bool {
    RANK.iter().any(|name| env::var_os(name).is_some()) || env::var_os("PMI_FD").is_some()
}

/// Returns the name and version of the MPI library that this program uses: `Open MPI 4.1.4`, `MPICH 4.0.2`.
///
/// ```
/// assert!(gaudi_mpi::mpi_library().contains(['.', '1', '2', '3', '4', '5']));
/// ```
pub fn mpi_library() -> String {
    let text = mpi::environment::library_version().unwrap_or_default();
    short(&text)
}

/// Returns the name of this library's launcher. Where several libraries are installed, Debian gives each library's
/// launcher its own name, and `mpirun` is only one of these launchers.
///
/// ```
/// assert!(gaudi_mpi::mpirun().starts_with("mpirun"));
/// ```
pub fn mpirun() -> &'static str {
    let library = mpi_library();
    let own = match library.split(' ').next() {
        Some("Open") => "mpirun.openmpi",
        Some("MPICH") => "mpirun.mpich",
        _ => "mpirun",
    };
    let path = env::var_os("PATH").unwrap_or_default();
    if env::split_paths(&path).any(|folder| folder.join(own).is_file()) {
        own
    } else {
        "mpirun"
    }
}

fn is_mpich() -> bool {
    mpi_library().starts_with("MPICH ")
}

/// Returns whether all ranks must pause their MPI calls briefly before they exit. In MPI_Finalize of MPICH before 4.2,
/// a rank may wait for an answer from a rank that no longer listens (MPICH pull request 6596), and programs with ranks
/// on several hosts hang. This happened nearly always when ranks called MPI right up to MPI_Finalize, but not once in
/// hundreds of runs when no rank had called MPI for some hundredths of a second.
pub(crate) fn needs_rest() -> bool {
    is_mpich()
}

/// Makes this process exit when the daemon that started it exits. The daemons of Open MPI and Slurm take care of this
/// themselves; MPICH ranks would continue to run and then wait for the lost daemon at the end of the job.
pub(crate) fn end_with_daemon() {
    if is_mpich()
        && let Err(error) = prctl::set_pdeathsig(Signal::SIGKILL)
    {
        log::debug!("this process may outlive its launcher: {error}");
    }
}

/// Gives the launcher enough time to forward what this process has printed. A launcher that sees a rank exit abnormally
/// kills the other ranks immediately, and MPICH's launcher then drops the last lines that they printed.
pub(crate) fn await_output() {
    std::thread::sleep(Duration::from_millis(100));
}

/// Extracts the name and version number from a library's version string. In Open MPI's string, a comma follows the
/// number; MPICH and its descendants put the name and the number on the first line, and the date, the build and other
/// details on further lines.
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

/// Returns whether this process is rank 0, judging by what is known before MPI is initialised.
pub(crate) fn is_root() -> bool {
    RANK.iter()
        .find_map(|name| env::var(name).ok())
        .is_none_or(|rank| rank == "0")
}

/// The variables in which launchers pass the number of processes that they started and the number of this process. A
/// launcher that was started by another launcher comes first: mpirun starts its daemons with srun, so its ranks inherit
/// srun's variables. Variables such as `SLURM_NTASKS` are not in the list: batch systems set them to the number of
/// processes that could be started.
const COUNTS: [(&str, &str); 3] = [
    ("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"),
    ("PMI_SIZE", "PMI_RANK"),
    ("SLURM_STEP_NUM_TASKS", "SLURM_PROCID"),
];

/// The processes that a launcher started.
#[derive(Debug, PartialEq)]
struct Started {
    processes: usize,
    number: usize,
    /// The variable that holds the number of processes.
    variable: &'static str,
}

fn started(variable: impl Fn(&str) -> Option<OsString>) -> Option<Started> {
    let number = |name| variable(name)?.to_str()?.parse().ok();
    COUNTS.iter().find_map(|&(processes, rank)| {
        Some(Started {
            processes: number(processes)?,
            number: number(rank)?,
            variable: processes,
        })
    })
}

/// Returns an error if a launcher started several processes that MPI does not connect: each of them would run the whole
/// job and write the same files. (MPI may connect more processes than the launcher started: those of all parts of a
/// job.)
///
/// # Errors
/// Returned only by the first of these processes. The others exit a little later, with status 1.
pub(crate) fn check_size(size: usize) -> Result<(), Error> {
    let Some(started) = started(|name| env::var_os(name)).filter(|started| started.processes > size) else {
        return Ok(());
    };
    if started.number != 0 {
        // A launcher that sees a failure kills the other processes, so this process gives the first one time to print
        // its error.
        std::thread::sleep(Duration::from_secs(1));
        eprintln!("Process {} of {} has not run either", started.number, started.processes);
        std::process::exit(1)
    }
    Err(Error::Mpi(explain(&started, size, &mpi_library())))
}

/// Returns a message that explains the problem and what to do about it.
fn explain(started: &Started, size: usize, library: &str) -> String {
    let Started {
        processes, variable, ..
    } = started;
    let advice = match *variable {
        "SLURM_STEP_NUM_TASKS" => {
            "Use srun --mpi=pmix, if srun --mpi=list names it, or mpirun in place of srun; \
             or unset SLURM_STEP_NUM_TASKS for a process that is to run by itself"
        }
        _ => "Use the mpirun that belongs to this library",
    };
    format!(
        "{processes} processes were started ({variable}), but {library} connects {size} of them: \
         each would run the whole job and write the same files. {advice}"
    )
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

    /// Returns the number of processes and the number of this process according to these variables.
    fn of(variables: &[(&str, &str)]) -> Option<(usize, usize)> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(other, _)| *other == name)?;
            Some(OsString::from(found.1))
        };
        started(variable).map(|started| (started.processes, started.number))
    }

    #[test]
    fn the_nearest_launcher_counts() {
        let step = [("SLURM_STEP_NUM_TASKS", "2"), ("SLURM_PROCID", "1")];
        assert_eq!(of(&step), Some((2, 1)));
        // Ranks started by mpirun, whose daemons were started by srun.
        let mpirun = [("OMPI_COMM_WORLD_SIZE", "8"), ("OMPI_COMM_WORLD_RANK", "5")];
        assert_eq!(of(&[step, mpirun].concat()), Some((8, 5)));
        // A batch script whose allocation has room for four processes.
        let batch = [("SLURM_NTASKS", "4"), ("SLURM_NPROCS", "4"), ("SLURM_PROCID", "0")];
        assert_eq!(of(&batch), None);
        assert_eq!(of(&[("PMI_SIZE", "many"), ("PMI_RANK", "0")]), None);
        assert_eq!(of(&[]), None);
    }
}
