//! Errors after which none of a rank's forked workers can continue.

use crate::farm::protocol::Failure;
use std::io;

pub(super) enum WorkersError {
    Failure(Failure),
    Io(io::Error),
}

impl From<Failure> for WorkersError {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<io::Error> for WorkersError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<WorkersError> for Failure {
    fn from(error: WorkersError) -> Self {
        match error {
            WorkersError::Failure(failure) => failure,
            WorkersError::Io(error) => Failure::rank(format!("the connection to its forked workers failed: {error}")),
        }
    }
}
