//! News that other threads have for the one that speaks MPI.

use crate::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// A reason to end the job that somebody else has found, until the main thread asks for it.
#[derive(Default)]
pub(crate) struct Alarm {
    raised: AtomicBool,
    error: Mutex<Option<Error>>,
    /// The main thread may be in a call of MPI that nothing brings it out of.
    leaving: AtomicBool,
}

impl Alarm {
    pub(crate) fn raise(&self, error: Error) {
        *self.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        self.raised.store(true, Ordering::SeqCst);
    }

    pub(crate) fn take(&self) -> Option<Error> {
        if !self.raised.load(Ordering::Relaxed) {
            return None;
        }
        self.raised.store(false, Ordering::SeqCst);
        self.error.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn leave(&self) {
        self.leaving.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::SeqCst)
    }
}
