//! What ends a rank's forked workers, all of them.

use crate::farm::protocol::HookFailure;
use std::io;

pub(super) enum WorkerError {
    Hook(HookFailure),
    Io(io::Error),
}

impl WorkerError {
    pub(super) fn hook(hook: &str, message: impl ToString) -> Self {
        Self::Hook(HookFailure::new(hook, message))
    }

    pub(super) fn confused(what: &str) -> Self {
        Self::hook("the farm", format!("{what}: a fault in gaudi-mpi, please report it"))
    }
}

impl From<io::Error> for WorkerError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<WorkerError> for HookFailure {
    fn from(fault: WorkerError) -> Self {
        match fault {
            WorkerError::Hook(failure) => failure,
            WorkerError::Io(error) => HookFailure::new("speaking with forked workers", error),
        }
    }
}
