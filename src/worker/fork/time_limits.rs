//! Whether an item takes longer than it may.

use std::time::{Duration, Instant};

/// How long things may take.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Limits {
    pub(super) item: Option<Duration>,
    pub(super) first_item: Option<Duration>,
    pub(super) initialize: Option<Duration>,
}

/// What was seen of a worker's place in the roster.
#[derive(Debug)]
pub(super) struct ItemClock {
    place: u64,
    since: Instant,
    /// It has not got past its first item.
    first: bool,
}

impl ItemClock {
    pub(super) fn new() -> Self {
        Self {
            place: 0,
            since: Instant::now(),
            first: true,
        }
    }

    /// It has nothing to do, and what comes next is another item, or the same once more.
    pub(super) fn rest(&mut self) {
        self.place = 0;
    }

    /// Looks at the place; what limit has been passed, if any.
    pub(super) fn look(&mut self, place: u64, now: Instant, limits: &Limits) -> Option<String> {
        if place != self.place {
            // Between items there is nothing to be past yet.
            self.first &= self.place == 0;
            (self.place, self.since) = (place, now);
        }
        if place == 0 {
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
        let mut watch = ItemClock::new();
        let start = Instant::now();
        assert_eq!(watch.look(0, start + seconds(100), &limits), None);
        assert_eq!(watch.look(7, start + seconds(100), &limits), None);
        assert_eq!(watch.look(7, start + seconds(109), &limits), None);
        assert_eq!(watch.look(8, start + seconds(109), &limits), None);
        assert_eq!(watch.look(8, start + seconds(110), &limits), None);
        assert_eq!(watch.look(0, start + seconds(110), &limits), None);
        assert_eq!(watch.look(0, start + seconds(200), &limits), None);
        assert_eq!(watch.look(9, start + seconds(200), &limits), None);
        let late = watch.look(9, start + seconds(203), &limits);
        assert!(
            late.as_ref().is_some_and(|late| late.contains("--item-timeout")),
            "{late:?}"
        );

        let mut first = ItemClock::new();
        assert_eq!(first.look(1, start, &limits), None);
        let late = first.look(1, start + seconds(11), &limits);
        assert!(
            late.as_ref().is_some_and(|late| late.contains("--first-item-timeout")),
            "{late:?}"
        );
    }
}
