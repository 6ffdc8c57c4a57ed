//! The name of this machine.

/// Returns the host name, or `unknown` if the system does not report one.
pub(crate) fn hostname() -> String {
    nix::unistd::gethostname().map_or_else(|_| "unknown".into(), |name| name.to_string_lossy().into_owned())
}
