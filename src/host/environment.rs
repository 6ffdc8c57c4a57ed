//! The process environment (variables and working directory) that a job clones, so that it behaves the same wherever
//! its ranks run.

use serde::{Deserialize, Serialize};
use std::env;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

/// The variables and the working directory of a process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Environment {
    variables: Vec<(String, String)>,
    pub(crate) directory: PathBuf,
}

impl Environment {
    /// Captures this process's environment, except for variables that belong to a host, a login or a launcher and
    /// variables that are not UTF-8.
    ///
    /// # Errors
    /// If the working directory has no path: it was deleted, or a folder above it cannot be read.
    pub(crate) fn capture() -> io::Result<Self> {
        let unicode = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        let variables = env::vars_os().filter_map(unicode);
        Ok(Self {
            variables: variables.filter(|(name, _)| is_cloned(name)).collect(),
            directory: env::current_dir()?,
        })
    }

    /// Sets this process's variables and enters the directory. Variables that exist only in this process are kept.
    ///
    /// # Errors
    /// If the directory cannot be entered.
    pub(crate) fn apply(&self) -> io::Result<()> {
        let differs = |(name, value): &&(String, String)| env::var(name).as_ref() != Ok(value);
        for (name, value) in self.variables.iter().filter(differs) {
            // SAFETY: setting a variable while another thread reads one is a data race. This happens once, when the
            // work manager is created and before it starts any thread; any threads started by the MPI library have
            // already read their settings and are waiting for messages.
            unsafe { env::set_var(name, value) };
        }
        env::set_current_dir(&self.directory)
    }
}

/// Variables that belong to a host, a login or a terminal. A `*` at the end matches any suffix.
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

/// Variables by which MPI launchers and batch systems identify a process.
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

fn is_cloned(name: &str) -> bool {
    let matches = |pattern: &&str| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == *pattern,
    };
    !OF_A_HOST_OR_LOGIN.iter().chain(OF_A_LAUNCHER).any(matches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_a_host_or_launcher_are_not_cloned() {
        for name in [
            "HOSTNAME",
            "DISPLAY",
            "SSH_CONNECTION",
            "OMPI_COMM_WORLD_RANK",
            "PMI_RANK",
            "SLURM_PROCID",
        ] {
            assert!(!is_cloned(name), "{name}");
        }
        for name in ["PATH", "LD_LIBRARY_PATH", "GAUDIAPPNAME", "SSHFS", "MY_OMPI_NOTES"] {
            assert!(is_cloned(name), "{name}");
        }
    }
}
