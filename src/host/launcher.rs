//! What the launcher (mpirun, srun, …) tells this process before MPI is initialised, and how MPI libraries differ.

use crate::error::Error;
use nix::sys::prctl;
use nix::sys::signal::Signal;
use std::env;
use std::ffi::OsString;
use std::time::Duration;

/// The variables in which launchers pass a process its rank: Open MPI; PMIx (Slurm, PRRTE); PMI (Hydra, Slurm and others).
const RANK: [&str; 3] = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"];

/// Returns whether an MPI launcher started this process.
pub(crate) fn is_launched() -> bool {
    RANK.iter().any(|name| env::var_os(name).is_some()) || env::var_os("PMI_FD").is_some()
}

/// Returns the name and version of the MPI library that this program runs on: `Open MPI 4.1.4`, `MPICH 4.0.2`.
///
/// ```
/// assert!(gaudi_mpi::mpi_library().contains(['.', '1', '2', '3', '4', '5']));
/// ```
pub fn mpi_library() -> String {
    let text = mpi::environment::library_version().unwrap_or_default();
    short(&text)
}

/// Returns the launcher of this library. Where several libraries are installed, Debian gives the launcher of each its own
/// name; `mpirun` is one of them.
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

/// Returns whether all ranks have to stop calling MPI for a moment before they leave. In MPI_Finalize of MPICH before 4.2, a
/// rank may wait for an answer from another that no longer listens (MPICH pull request 6596), and programs with ranks on
/// several hosts hang: nearly always if they have called MPI until then, and not once in hundreds of runs if no rank has
/// called it for some hundredths of a second.
pub(crate) fn needs_rest() -> bool {
    is_mpich()
}

/// Makes this process end with the daemon that started it. The daemons of Open MPI and Slurm take care of that; ranks of
/// MPICH would go on, and wait for the lost daemon at the end of the job.
pub(crate) fn end_with_daemon() {
    if is_mpich()
        && let Err(error) = prctl::set_pdeathsig(Signal::SIGKILL)
    {
        log::debug!("this process may outlive its launcher: {error}");
    }
}

/// Waits until the launcher has had the time to pass on what this process has printed. A launcher that sees a rank end
/// abnormally ends the others at once, and MPICH's then drops their last lines.
pub(crate) fn await_output() {
    std::thread::sleep(Duration::from_millis(100));
}

/// Extracts name and number from a library's version text. Open MPI has a comma after them; MPICH and its descendants have
/// one line for name and number, and others for the date, the build and so on.
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

/// Returns whether this process is rank 0, as far as can be told before MPI is initialised.
pub(crate) fn is_root() -> bool {
    RANK.iter()
        .find_map(|name| env::var(name).ok())
        .is_none_or(|rank| rank == "0")
}

/// The variables in which launchers pass the number of processes that they started, and the number of this one. A launcher
/// that another one started comes first: mpirun starts its daemons with srun, and its ranks inherit srun's variables. Batch
/// systems also set variables (`SLURM_NTASKS`) for how many processes could be started.
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
    /// The variable that has their number.
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

/// Refuses to be one of several processes that a launcher started but MPI does not connect: each would run the whole job
/// and write the same files. (MPI may connect more: those of all parts of a job.)
///
/// # Errors
/// On the first of these processes. The others end a little later, with status 1.
pub(crate) fn check_size(size: usize) -> Result<(), Error> {
    let Some(started) = started(|name| env::var_os(name)).filter(|started| started.processes > size) else {
        return Ok(());
    };
    if started.number != 0 {
        // A launcher that sees a failure kills the others: the first one gets the time to print its error.
        std::thread::sleep(Duration::from_secs(1));
        eprintln!("Process {} of {} has not run either", started.number, started.processes);
        std::process::exit(1)
    }
    Err(Error::Mpi(explain(&started, size, &mpi_library())))
}

/// Explains the problem and what to do.
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

    /// Returns what these variables tell.
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
        // Ranks of mpirun whose daemons srun has started.
        let mpirun = [("OMPI_COMM_WORLD_SIZE", "8"), ("OMPI_COMM_WORLD_RANK", "5")];
        assert_eq!(of(&[step, mpirun].concat()), Some((8, 5)));
        // A batch script, whose allocation has room for four.
        let batch = [("SLURM_NTASKS", "4"), ("SLURM_NPROCS", "4"), ("SLURM_PROCID", "0")];
        assert_eq!(of(&batch), None);
        assert_eq!(of(&[("PMI_SIZE", "many"), ("PMI_RANK", "0")]), None);
        assert_eq!(of(&[]), None);
    }
}
