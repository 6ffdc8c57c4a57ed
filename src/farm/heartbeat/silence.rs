//! How long a rank has been silent, counted in beats.

use std::time::{Duration, Instant};

/// The silence of a rank.
#[derive(Debug, Clone, Default)]
pub(super) struct Silence {
    pub(super) lasted: Duration,
    /// Whether the rank has been heard from at least once.
    pub(super) heard: bool,
}

impl Silence {
    pub(super) fn add(&mut self, time: Duration) {
        self.lasted += time;
    }

    pub(super) fn end(&mut self) {
        self.heard = true;
        self.lasted = Duration::ZERO;
    }

    /// Returns whether the rank has been silent for longer than `limit`. False for a rank that was never heard from,
    /// because its packets may not get through.
    pub(super) fn is_longer_than(&self, limit: Duration) -> bool {
        self.heard && self.lasted > limit
    }
}

/// Counts time in beats.
pub(super) struct BeatClock {
    beat: Duration,
    latest: Instant,
}

impl BeatClock {
    pub(super) fn new(beat: Duration) -> Self {
        Self {
            beat,
            latest: Instant::now(),
        }
    }

    /// Once a beat is over, returns the time since the last tick, limited to two beats: if more time has passed, this
    /// machine was asleep.
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
    fn only_a_rank_that_was_heard_can_fall_silent() {
        let mut silence = Silence::default();
        silence.add(100 * BEAT);
        assert!(!silence.is_longer_than(BEAT));
        silence.end();
        assert!(!silence.is_longer_than(BEAT));
        silence.add(2 * BEAT);
        assert!(silence.is_longer_than(BEAT));
    }
}
