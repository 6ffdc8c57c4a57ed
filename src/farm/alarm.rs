//! News that other threads have for the one that speaks MPI.

use crate::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// A reason to end the job that somebody else has found, until the main thread asks for it.
#[derive(Default)]
pub(crate) struct Alarm {
    raised: AtomicBool,
    error: Mutex<Option<Error>>,
    /// Since when the main thread may be in a call of MPI that nothing brings it out of.
    leaving: OnceLock<Instant>,
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

    /// The reason is none any more, if nobody has asked for it yet.
    pub(crate) fn withdraw(&self) {
        self.raised.store(false, Ordering::SeqCst);
    }

    pub(crate) fn leave(&self) {
        self.leaving.get_or_init(Instant::now);
    }

    /// For how long the main thread has been leaving MPI.
    pub(crate) fn leaving_for(&self) -> Duration {
        self.leaving.get().map_or(Duration::ZERO, Instant::elapsed)
    }
}
