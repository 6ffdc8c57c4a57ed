//! Time limits for items.

use std::time::{Duration, Instant};

/// The time limits of a rank's workers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Limits {
    pub(super) item: Option<Duration>,
    pub(super) first_item: Option<Duration>,
    pub(super) initialize: Option<Duration>,
}

/// Watches how long a worker has been processing its current item.
#[derive(Debug)]
pub(super) struct ItemClock {
    /// The item's number plus one, or 0 between items.
    item: u64,
    since: Instant,
    /// Whether the worker has yet to finish its first item.
    first: bool,
}

impl ItemClock {
    pub(super) fn new() -> Self {
        Self {
            item: 0,
            since: Instant::now(),
            first: true,
        }
    }

    /// Notes that the worker is idle. The next item's time starts from zero, even if the worker gets the same item
    /// again.
    pub(super) fn reset(&mut self) {
        self.item = 0;
    }

    /// Notes the current item. Returns the reason to kill the worker if a time limit was exceeded.
    pub(super) fn check(&mut self, item: u64, now: Instant, limits: &Limits) -> Option<String> {
        if item != self.item {
            // A 0 before the first item does not mean that an item was finished.
            self.first &= self.item == 0;
            (self.item, self.since) = (item, now);
        }
        if item == 0 {
            return None;
        }
        let (limit, name) = match (self.first, limits.first_item) {
            (true, Some(limit)) => (limit, "--first-item-timeout"),
            _ => (limits.item?, "--item-timeout"),
        };
        (now.saturating_duration_since(self.since) > limit).then(|| {
            format!(
                "was ended: the item took longer than {name} allows, which is {} s",
                limit.as_secs_f64()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_has_its_own_time_and_the_first_another() {
        let seconds = Duration::from_secs;
        let limits = Limits {
            item: Some(seconds(2)),
            first_item: Some(seconds(10)),
            initialize: None,
        };
        let mut clock = ItemClock::new();
        let start = Instant::now();
        assert_eq!(clock.check(0, start + seconds(100), &limits), None);
        assert_eq!(clock.check(7, start + seconds(100), &limits), None);
        assert_eq!(clock.check(7, start + seconds(109), &limits), None);
        assert_eq!(clock.check(8, start + seconds(109), &limits), None);
        assert_eq!(clock.check(8, start + seconds(110), &limits), None);
        assert_eq!(clock.check(0, start + seconds(110), &limits), None);
        assert_eq!(clock.check(0, start + seconds(200), &limits), None);
        assert_eq!(clock.check(9, start + seconds(200), &limits), None);
        let late = clock.check(9, start + seconds(203), &limits);
        assert!(
            late.as_ref().is_some_and(|late| late.contains("--item-timeout")),
            "{late:?}"
        );

        let mut first = ItemClock::new();
        assert_eq!(first.check(1, start, &limits), None);
        let late = first.check(1, start + seconds(11), &limits);
        assert!(
            late.as_ref().is_some_and(|late| late.contains("--first-item-timeout")),
            "{late:?}"
        );
    }
}
