//! How long to wait before looking again.

use std::time::{Duration, Instant};

/// Waiting that begins as spinning and backs off: a wait grows with the time waited, so that an answer is at most an
/// eighth later than it could have been, and a rank that has nothing to do costs nothing to speak of.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    since: Option<Instant>,
}

impl Backoff {
    const SPIN: Duration = Duration::from_micros(20);
    const LONGEST: Duration = Duration::from_millis(20);
    /// While bytes are on their way they need this rank's help to get on.
    const LONGEST_IN_TRANSFER: Duration = Duration::from_micros(50);

    /// Something happened.
    pub(crate) fn reset(&mut self) {
        self.since = None;
    }

    /// How long to wait now.
    pub(crate) fn wait(&mut self, in_transfer: bool) -> Duration {
        let waited = self.since.get_or_insert_with(Instant::now).elapsed();
        if waited < Self::SPIN {
            return Duration::ZERO;
        }
        (waited / 8).clamp(
            Self::SPIN,
            if in_transfer {
                Self::LONGEST_IN_TRANSFER
            } else {
                Self::LONGEST
            },
        )
    }

    /// RankUsage.
    pub(crate) fn pause(&mut self, in_transfer: bool) {
        let wait = self.wait(in_transfer);
        if wait.is_zero() {
            std::thread::yield_now()
        } else {
            std::thread::sleep(wait)
        }
    }
}
