//! How long to wait before polling again.

use std::time::{Duration, Instant};

/// A polling strategy that starts by spinning and then backs off. Pauses grow with the time waited so far: the delay in
/// noticing an event is at most an eighth of that time, and an idle rank uses almost no CPU time.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    since: Option<Instant>,
}

impl Backoff {
    const SPIN: Duration = Duration::from_micros(20);
    const LONGEST: Duration = Duration::from_millis(20);
    /// The longest pause during a transfer, which makes progress only when this rank calls MPI.
    const LONGEST_IN_TRANSFER: Duration = Duration::from_micros(50);

    /// Resets the pauses after an event.
    pub(crate) fn reset(&mut self) {
        self.since = None;
    }

    /// Returns how long to wait before the next poll.
    pub(crate) fn wait(&mut self, in_transfer: bool) -> Duration {
        let waited = self.since.get_or_insert_with(Instant::now).elapsed();
        if waited < Self::SPIN {
            return Duration::ZERO;
        }
        let longest = match in_transfer {
            true => Self::LONGEST_IN_TRANSFER,
            false => Self::LONGEST,
        };
        (waited / 8).clamp(Self::SPIN, longest)
    }

    /// Waits before the next poll.
    pub(crate) fn pause(&mut self, in_transfer: bool) {
        let wait = self.wait(in_transfer);
        if wait.is_zero() {
            std::thread::yield_now()
        } else {
            std::thread::sleep(wait)
        }
    }
}
