//! News that end the job, for the thread that speaks MPI: what other threads have found, or MPI has answered.

use crate::error::Error;
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
    /// The first reason is the one that counts.
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

    /// That a rank was lost is no reason any more, if nobody has asked for it yet; any other reason stays.
    pub(crate) fn withdraw_lost(&self) {
        let mut error = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*error, Some(Error::Lost { .. })) {
            *error = None;
        }
    }

    pub(crate) fn leave(&self) {
        self.leaving.get_or_init(Instant::now);
    }

    /// For how long the main thread has been leaving MPI.
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
    fn a_rank_that_comes_back_withdraws_that_it_was_lost() {
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
