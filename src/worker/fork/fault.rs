//! What ends a rank's forked workers, all of them.

use crate::farm::message::HookFailure;
use std::io;

pub(super) enum Fault {
    Hook(HookFailure),
    Io(io::Error),
}

impl Fault {
    pub(super) fn hook(hook: &str, message: impl ToString) -> Self {
        Self::Hook(HookFailure::new(hook, message))
    }

    pub(super) fn confused(what: &str) -> Self {
        Self::hook("the farm", format!("{what}: a fault in gaudi-mpi, please report it"))
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Fault> for HookFailure {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Hook(failure) => failure,
            Fault::Io(error) => HookFailure::new("speaking with forked workers", error),
        }
    }
}
