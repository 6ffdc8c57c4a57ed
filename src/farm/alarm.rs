//! Reasons to end the job, detected by other threads or by MPI and passed on to the thread that calls MPI.

use crate::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Holds a reason to end the job until the main thread takes it.
#[derive(Default)]
pub(crate) struct Alarm {
    raised: AtomicBool,
    error: Mutex<Option<Error>>,
    /// The time at which the main thread began to shut down MPI, in a call that may never return.
    leaving: OnceLock<Instant>,
}

impl Alarm {
    /// Records a reason to end the job. Only the first reason is kept.
    pub(crate) fn raise(&self, error: Error) {
        self.error
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(error);
        self.raised.store(true, Ordering::SeqCst);
    }

    pub(crate) fn take(&self) -> Option<Error> {
        if !self.raised.load(Ordering::Relaxed) {
            return None;
        }
        self.raised.store(false, Ordering::SeqCst);
        self.error.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Withdraws the reason if it is a lost rank and the main thread has not taken it yet. Any other reason is kept.
    pub(crate) fn withdraw_lost(&self) {
        let mut error = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*error, Some(Error::Lost { .. })) {
            *error = None;
        }
    }

    /// Records that the main thread is beginning to shut down MPI.
    pub(crate) fn leave(&self) {
        self.leaving.get_or_init(Instant::now);
    }

    /// Returns how long the main thread has been shutting down MPI.
    pub(crate) fn leaving_for(&self) -> Duration {
        self.leaving.get().map_or(Duration::ZERO, Instant::elapsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost() -> Error {
        Error::Lost {
            rank: 1,
            host: "b".into(),
            seconds: 60.0,
        }
    }

    #[test]
    fn a_rank_that_comes_back_is_not_lost() {
        let alarm = Alarm::default();
        alarm.raise(lost());
        alarm.withdraw_lost();
        assert!(alarm.take().is_none());
        alarm.raise(lost());
        assert!(matches!(alarm.take(), Some(Error::Lost { .. })));
        assert!(alarm.take().is_none());
    }

    #[test]
    fn any_other_reason_stays() {
        let alarm = Alarm::default();
        alarm.raise(Error::Mpi("broken".into()));
        alarm.raise(lost());
        alarm.withdraw_lost();
        assert!(matches!(alarm.take(), Some(Error::Mpi(_))));
    }
}
