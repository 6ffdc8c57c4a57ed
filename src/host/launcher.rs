//! What the launcher (mpirun, srun, …) has told this process before MPI is up, and in what MPI libraries differ.

use crate::error::Error;
use nix::sys::prctl;
use nix::sys::signal::Signal;
use std::env;
use std::ffi::OsString;
use std::time::Duration;

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

/// The launcher that belongs to this library. Where several libraries are installed, Debian gives each launcher a name of
/// its own beside `mpirun`, which is that of one of them.
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

/// Whether all ranks have to let MPI be for a moment before they leave. In MPI_Finalize of MPICH before 4.2, a rank may wait
/// for an answer of another that does not listen any more (its pull request 6596), and programs whose ranks are on several
/// hosts hang: nearly always if they call MPI all the time before that, and not once in hundreds of runs if nobody does for
/// some hundredths of a second.
pub(crate) fn needs_rest() -> bool {
    is_mpich()
}

/// Makes this process end with the daemon that has started it. Open MPI's and Slurm's see to that; ranks of MPICH would go
/// on, and wait for a daemon that is gone when the job is over.
pub(crate) fn end_with_daemon() {
    if is_mpich()
        && let Err(error) = prctl::set_pdeathsig(Signal::SIGKILL)
    {
        log::debug!("this process may outlive its launcher: {error}");
    }
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

/// The variables by which launchers tell how many processes they have started, and which of them this is. A launcher
/// that was started by another comes first: mpirun starts its daemons with srun, whose variables its ranks inherit. Batch
/// systems set others (`SLURM_NTASKS`) that say how many could be started.
const COUNTS: [(&str, &str); 3] = [
    ("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"),
    ("PMI_SIZE", "PMI_RANK"),
    ("SLURM_STEP_NUM_TASKS", "SLURM_PROCID"),
];

/// As many processes as a launcher has started.
#[derive(Debug, PartialEq)]
struct Started {
    processes: usize,
    number: usize,
    /// The variable that says so.
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

/// Refuses to be one of several processes that a launcher has started and that MPI does not see: each would run the
/// whole job, and write the same files. (MPI may see more: those of a job with several parts.)
///
/// # Errors
/// On the first of these processes. The others end by themselves, a little later, with status 1.
pub(crate) fn check_size(size: usize) -> Result<(), Error> {
    let Some(started) = started(|name| env::var_os(name)).filter(|started| started.processes > size) else {
        return Ok(());
    };
    if started.number != 0 {
        // A launcher that hears of a failure kills the others: the first is given the time to say why.
        std::thread::sleep(Duration::from_secs(1));
        eprintln!("Process {} of {} has not run either", started.number, started.processes);
        std::process::exit(1)
    }
    Err(Error::Mpi(explain(&started, size, &mpi_library())))
}

/// What is wrong, and what to do.
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

    /// What is known from these variables.
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
