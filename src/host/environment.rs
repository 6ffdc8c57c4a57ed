//! Rank 0's environment, taken over by the others, so that a job behaves the same wherever its ranks run.

use std::env;
use std::io;
use std::path::{Path, PathBuf};

/// Variables that belong to a host, a login or a terminal. A name that ends in `*` stands for all that begin so.
const OF_A_HOST_OR_LOGIN: &[&str] = &[
    "HOSTNAME",
    "HOST",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "SSH_*",
    "DBUS_*",
    "XDG_*",
    "HOME",
    "USER",
    "LOGNAME",
    "MAIL",
    "SHELL",
    "SHLVL",
    "TERM",
    "TTY",
    "COLUMNS",
    "LINES",
    "PWD",
    "OLDPWD",
    "_",
    "TMPDIR",
    "TMP",
    "TEMP",
    "KRB5CCNAME",
    "CUDA_VISIBLE_DEVICES",
];

/// Variables by which MPI launchers and batch systems tell a process who it is.
const OF_A_LAUNCHER: &[&str] = &[
    "OMPI_*",
    "OPAL_*",
    "ORTE_*",
    "PRTE_*",
    "PMIX_*",
    "PMI_*",
    "PMI",
    "MPI_*",
    "MPIR_*",
    "MPIEXEC_*",
    "MPICH_*",
    "HYDRA_*",
    "HYDI_*",
    "I_MPI_*",
    "MV2_*",
    "SLURM_*",
    "SLURMD_*",
    "PBS_*",
    "LSB_*",
    "FLUX_*",
    "PALS_*",
    "ALPS_*",
    "_CONDOR_*",
];

fn travels(name: &str) -> bool {
    let matches = |pattern: &&str| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == *pattern,
    };
    !OF_A_HOST_OR_LOGIN.iter().chain(OF_A_LAUNCHER).any(matches)
}

/// The variables of this process that others take over. Those that are not UTF-8 stay.
pub(crate) fn variables() -> Vec<(String, String)> {
    let unicode = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    env::vars_os()
        .filter_map(unicode)
        .filter(|(name, _)| travels(name))
        .collect()
}

/// The working directory.
pub(crate) fn directory() -> io::Result<PathBuf> {
    env::current_dir()
}

/// Takes over rank 0's variables and directory.
pub(crate) fn take_over(variables: &[(String, String)], directory: &Path) -> io::Result<()> {
    for (name, value) in variables
        .iter()
        .filter(|(name, value)| env::var(name).as_ref() != Ok(value))
    {
        // SAFETY: setting a variable while another thread reads one is a data race. This is done once, when the work
        // manager is made and before it starts any thread; the threads that an MPI library may have started wait for
        // messages and have read their settings before.
        unsafe { env::set_var(name, value) };
    }
    env::set_current_dir(directory)
}

/// This machine's name.
pub(crate) fn host() -> String {
    nix::unistd::gethostname().map_or_else(|_| "unknown".into(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_a_host_or_launcher_stays() {
        for name in [
            "HOSTNAME",
            "DISPLAY",
            "SSH_CONNECTION",
            "OMPI_COMM_WORLD_RANK",
            "PMI_RANK",
            "SLURM_PROCID",
        ] {
            assert!(!travels(name), "{name}");
        }
        for name in ["PATH", "LD_LIBRARY_PATH", "GAUDIAPPNAME", "SSHFS", "MY_OMPI_NOTES"] {
            assert!(travels(name), "{name}");
        }
    }
}
