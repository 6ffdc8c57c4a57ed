//! How long somebody has said nothing, in time that counts.

use std::time::{Duration, Instant};

/// How long somebody has said nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Silence {
    pub(super) lasted: Duration,
    pub(super) heard: bool,
}

impl Silence {
    pub(super) fn lasts(&mut self, more: Duration) {
        self.lasted += more;
    }

    pub(super) fn is_broken(&mut self) {
        self.heard = true;
        self.lasted = Duration::ZERO;
    }

    /// Somebody who was never heard may be out of reach by design.
    pub(super) fn is_longer_than(&self, limit: Duration) -> bool {
        self.heard && self.lasted > limit
    }
}

/// Counts time in beats.
pub(super) struct Clock {
    beat: Duration,
    latest: Instant,
}

impl Clock {
    pub(super) fn new(beat: Duration) -> Self {
        Self {
            beat,
            latest: Instant::now(),
        }
    }

    /// How much time counts, if a beat is over. What is longer than two beats is time in which this machine slept.
    pub(super) fn tick(&mut self) -> Option<Duration> {
        let elapsed = self.latest.elapsed();
        if elapsed < self.beat * 9 / 10 {
            return None;
        }
        self.latest = Instant::now();
        Some(elapsed.min(2 * self.beat))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEAT: Duration = Duration::from_secs(1);

    #[test]
    fn only_who_was_heard_can_fall_silent() {
        let mut silence = Silence::default();
        silence.lasts(100 * BEAT);
        assert!(!silence.is_longer_than(BEAT));
        silence.is_broken();
        assert!(!silence.is_longer_than(BEAT));
        silence.lasts(2 * BEAT);
        assert!(silence.is_longer_than(BEAT));
    }
}
