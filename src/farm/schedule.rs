//! Which items next, and how many at once. Pure logic: no MPI, no clock.

use super::protocol::{Batch, Done};
use crate::job::options::Schedule as Policy;
use std::collections::VecDeque;
use std::time::Duration;

/// Hands out items to the members of the farm (one a rank), each item once, and again when it has to be retried.
#[derive(Debug)]
pub(crate) struct Schedule {
    policy: Policy,
    forced: Option<u64>,
    total: u64,
    members: usize,
    /// How many batches all members together do at a time.
    slots: usize,
    window: u64,
    fresh: Fresh,
    retries: VecDeque<Retry>,
    pace: Pace,
}

/// Items that nobody has tried yet.
#[derive(Debug)]
enum Fresh {
    /// Whoever asks gets the next ones.
    Shared { next: u64 },
    /// Blocks of items are dealt to the members like cards, so that who gets what is settled beforehand, and yet the
    /// items at work are close together.
    Dealt { block: u64, next: Vec<u64> },
}

#[derive(Debug)]
struct Retry {
    batch: Batch,
    /// The member that shall not get it, if there are others.
    failed_by: Option<usize>,
}

impl Schedule {
    /// Replies of a batch that are larger than this, in bytes, leave the processor's caches, and have to be given fresh
    /// memory each time: they travel at half the speed.
    const LARGEST_REPLY: u64 = 1 << 20;

    /// `window` is the size of the reorder buffer.
    pub(crate) fn new(policy: Policy, forced: Option<u64>, total: u64, members: usize, window: u64) -> Self {
        let fresh = match policy {
            Policy::Dynamic | Policy::Guided => Fresh::Shared { next: 0 },
            Policy::Static => {
                let block = forced.unwrap_or_else(|| total.div_ceil(8 * members as u64).clamp(1, 65_536));
                Fresh::Dealt {
                    block,
                    next: (0..members as u64).map(|member| member * block).collect(),
                }
            }
        };
        Self {
            policy,
            forced,
            total,
            members,
            slots: members,
            window,
            fresh,
            retries: VecDeque::new(),
            pace: Pace::default(),
        }
    }

    /// Learns that members do several batches at a time: all together, so many.
    pub(crate) fn set_slots(&mut self, slots: usize) {
        self.slots = slots.max(1);
    }

    /// The most bytes of replies that one batch should make.
    fn reply_limit(&self) -> u64 {
        (self.window / (4 * self.slots as u64)).min(Self::LARGEST_REPLY)
    }

    /// Learns from a batch how long items take, and how large they are.
    pub(crate) fn learn(&mut self, done: &Done, reply_bytes: u64) {
        self.pace.learn(done, reply_bytes);
    }

    /// Learns the size of items on their way out.
    pub(crate) fn learn_item_size(&mut self, batch: &Batch, bytes: u64) {
        self.pace.item_bytes.update(bytes as f64 / batch.count as f64);
    }

    /// Bytes of replies to be expected of so many items.
    pub(crate) fn expected_reply(&self, items: u64) -> u64 {
        (self.pace.reply_bytes.or(0.0) * items as f64) as u64
    }

    /// Puts an item back that a member failed on.
    pub(crate) fn retry(&mut self, item: u64, failed_by: usize) {
        self.retries.push_back(Retry {
            batch: Batch { first: item, count: 1 },
            failed_by: Some(failed_by),
        });
    }

    /// Puts items back that have not been done.
    pub(crate) fn again(&mut self, batch: Batch) {
        self.retries.push_back(Retry { batch, failed_by: None });
    }

    /// How many items nobody has been given yet.
    pub(crate) fn fresh(&self) -> u64 {
        match &self.fresh {
            Fresh::Shared { next } => self.total - next,
            Fresh::Dealt { block, next } => next
                .iter()
                .map(|&next| dealt_after(next, *block, self.members, self.total))
                .sum(),
        }
    }

    /// Whether any item waits to be tried again.
    pub(crate) fn has_retries(&self) -> bool {
        !self.retries.is_empty()
    }

    /// The batch that `member` shall do next, if there is one for it. With `only`, it has to contain that item.
    pub(crate) fn next(&mut self, member: usize, only: Option<u64>) -> Option<Batch> {
        let retry = self.retries.iter().position(|retry| {
            (retry.failed_by != Some(member) || self.members == 1) && only.is_none_or(|only| only == retry.batch.first)
        });
        if let Some(retry) = retry.and_then(|index| self.retries.remove(index)) {
            return Some(retry.batch);
        }
        let size = self.size();
        let (first, end) = match &self.fresh {
            Fresh::Shared { next } => (*next, self.total),
            Fresh::Dealt { block, next } => (next[member], ((next[member] / block + 1) * block).min(self.total)),
        };
        if first >= end || only.is_some_and(|only| only != first) {
            return None;
        }
        let batch = Batch {
            first,
            count: size.min(end - first),
        };
        let after = first + batch.count;
        match &mut self.fresh {
            Fresh::Shared { next } => *next = after,
            Fresh::Dealt { next, .. } if after < end => next[member] = after,
            // The member's next block.
            Fresh::Dealt { block, next } => next[member] = (first / *block + self.members as u64) * *block,
        }
        Some(batch)
    }

    /// How many items to hand out at once.
    fn size(&self) -> u64 {
        if let Some(forced) = self.forced {
            return forced;
        }
        if self.pace.largest == 0 {
            return 1; // nothing is known yet
        }
        let fresh = self.fresh();
        let slots = self.slots as u64;
        // Near the end batches get smaller, so that all finish together, though never so small that handing out and
        // merging cost more than the work.
        let fair = fresh.div_ceil(2 * slots).max(self.pace.items_in(self.pace.shortest()));
        let size = match self.policy {
            Policy::Guided => fair,
            Policy::Dynamic | Policy::Static => fair.min(self.pace.items_in(self.pace.target())),
        };
        // What was measured on a few items may not hold for many.
        let cautious = match self.policy {
            Policy::Guided => u64::MAX,
            Policy::Dynamic | Policy::Static => self.pace.largest.saturating_mul(8),
        };
        size.min(cautious).min(self.pace.size_limit(self.reply_limit())).max(1)
    }
}

/// How many items are left to a member whose next one is `next`.
fn dealt_after(next: u64, block: u64, members: usize, total: u64) -> u64 {
    let stride = block * members as u64;
    // Of its blocks, the first has been begun and the last may be cut short.
    let (begun, first) = (next % block, next - next % block);
    let left = total.saturating_sub(first);
    (left / stride * block + (left % stride).min(block)).saturating_sub(begun)
}

/// What has been measured so far.
#[derive(Debug, Default)]
struct Pace {
    /// Seconds an item takes.
    item_time: Average,
    /// Seconds that a batch's outputs take, whatever its size.
    merging: Average,
    item_bytes: Average,
    reply_bytes: Average,
    /// The largest batch done.
    largest: u64,
}

impl Pace {
    /// Long enough that handing out does not count, short enough that workers stay in step.
    const TARGET: Duration = Duration::from_millis(30);
    const SHORTEST: Duration = Duration::from_millis(1);
    /// The most bytes of items in one batch.
    const ITEM_LIMIT: u64 = 8 << 20;

    fn learn(&mut self, done: &Done, reply_bytes: u64) {
        let items = done.batch.count as f64;
        self.item_time
            .update(done.busy.saturating_sub(done.merging).as_secs_f64() / items);
        self.merging.update((done.merging + done.keeping).as_secs_f64());
        self.reply_bytes.update(reply_bytes as f64 / items);
        self.largest = self.largest.max(done.batch.count);
    }

    /// How long a batch shall take: merging is to be at most a twenty-fifth of it.
    fn target(&self) -> f64 {
        Self::TARGET.as_secs_f64().max(25.0 * self.merging.or(0.0))
    }

    /// How long it shall take at the least.
    fn shortest(&self) -> f64 {
        Self::SHORTEST.as_secs_f64().max(4.0 * self.merging.or(0.0))
    }

    fn items_in(&self, seconds: f64) -> u64 {
        (seconds / self.item_time.or(0.0).max(1e-10)) as u64
    }

    fn size_limit(&self, reply_limit: u64) -> u64 {
        let limit = |bytes: u64, each: f64| {
            if each > 0.0 {
                (bytes as f64 / each) as u64
            } else {
                u64::MAX
            }
        };
        limit(Self::ITEM_LIMIT, self.item_bytes.or(0.0)).min(limit(reply_limit, self.reply_bytes.or(0.0)))
    }
}

/// An average in which the latest counts most.
#[derive(Debug, Default)]
struct Average(Option<f64>);

impl Average {
    fn update(&mut self, value: f64) {
        self.0 = Some(self.0.map_or(value, |old| old + 0.3 * (value - old)));
    }

    fn or(&self, default: f64) -> f64 {
        self.0.unwrap_or(default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn done(batch: Batch, per_item: Duration, merging: Duration) -> Done {
        Done {
            batch,
            good: Vec::new(),
            failed: Vec::new(),
            busy: per_item * batch.count as u32 + merging,
            merging,
            keeping: Duration::ZERO,
        }
    }

    /// Hands out everything to members that ask in the order of `askers`; each batch is reported done when its member
    /// asks again.
    fn hand_out(
        schedule: &mut Schedule,
        askers: &[usize],
        per_item: Duration,
        merging: Duration,
    ) -> Vec<(usize, Batch)> {
        let mut all: Vec<(usize, Batch)> = Vec::new();
        let mut idle_round = 0;
        for &asker in askers.iter().cycle() {
            let member = asker % schedule.members;
            let left = schedule.fresh();
            match schedule.next(member, None) {
                Some(batch) => {
                    assert_eq!(schedule.fresh(), left - batch.count);
                    schedule.learn(&done(batch, per_item, merging), 0);
                    all.push((member, batch));
                    idle_round = 0;
                }
                None => idle_round += 1,
            }
            if schedule.fresh() == 0 {
                break;
            }
            assert!(
                idle_round < 1000,
                "{} items are left, but nobody gets them",
                schedule.fresh()
            );
        }
        all
    }

    fn policies() -> impl Strategy<Value = Policy> {
        prop_oneof![Just(Policy::Static), Just(Policy::Dynamic), Just(Policy::Guided)]
    }

    proptest! {
        #[test]
        fn every_item_is_handed_out_once(
            policy in policies(),
            forced in prop::option::of(1..2000u64),
            total in 0..5000u64,
            members in 1..9usize,
            order in prop::collection::vec(any::<usize>(), 1..30),
            nanoseconds in 1..100_000_000u64,
        ) {
            let mut askers = order;
            askers.extend(0..members);
            let mut schedule = Schedule::new(policy, forced, total, members, 1 << 20);
            prop_assert_eq!(schedule.fresh(), total);
            let mut items: Vec<u64> =
                hand_out(&mut schedule, &askers, Duration::from_nanos(nanoseconds), Duration::ZERO).iter().flat_map(|(_, batch)| batch.items()).collect();
            items.sort_unstable();
            prop_assert_eq!(items, (0..total).collect::<Vec<_>>());
        }
    }

    #[test]
    fn static_is_settled_beforehand() {
        let owners = |askers: &[usize]| {
            let mut schedule = Schedule::new(Policy::Static, None, 1000, 3, 1 << 20);
            let mut owners = vec![usize::MAX; 1000];
            for (member, batch) in hand_out(&mut schedule, askers, Duration::from_millis(1), Duration::ZERO) {
                batch.items().for_each(|item| owners[item as usize] = member);
            }
            owners
        };
        assert_eq!(owners(&[0, 1, 2]), owners(&[2, 2, 0, 2, 2, 1, 0]));
    }

    #[test]
    fn tiny_items_travel_in_large_batches_and_long_ones_alone() {
        let mut tiny = Schedule::new(Policy::Dynamic, None, 10_000_000, 2, 1 << 20);
        assert!(hand_out(&mut tiny, &[0, 1], Duration::from_nanos(50), Duration::ZERO).len() < 100);
        let mut long = Schedule::new(Policy::Dynamic, None, 50, 2, 1 << 20);
        assert_eq!(
            hand_out(&mut long, &[0, 1], Duration::from_secs(2), Duration::ZERO).len(),
            50
        );
    }

    #[test]
    fn large_outputs_are_merged_seldom() {
        let mut schedule = Schedule::new(Policy::Dynamic, None, 100_000, 2, 1 << 20);
        let merging = Duration::from_millis(100);
        let batches = hand_out(&mut schedule, &[0, 1], Duration::from_millis(1), merging);
        let merged = merging.as_secs_f64() * batches.len() as f64;
        assert!(merged < 0.1 * 100.0, "{merged} s of merging for 100 s of work");
    }

    #[test]
    fn batches_shrink_towards_the_end() {
        for policy in [Policy::Dynamic, Policy::Guided] {
            let mut schedule = Schedule::new(policy, None, 1000, 4, 1 << 20);
            let batches = hand_out(&mut schedule, &[0, 1, 2, 3], Duration::from_millis(2), Duration::ZERO);
            let largest = batches.iter().map(|(_, batch)| batch.count).max();
            assert!(
                largest > Some(8) && batches.last().is_some_and(|(_, batch)| batch.count == 1),
                "{policy:?}: {batches:?}"
            );
        }
    }

    #[test]
    fn a_failed_item_goes_to_somebody_else_if_there_is_anybody() {
        let mut schedule = Schedule::new(Policy::Dynamic, None, 1, 2, 1 << 20);
        let batch = schedule.next(1, None);
        assert_eq!(batch, Some(Batch { first: 0, count: 1 }));
        schedule.retry(0, 1);
        assert_eq!(schedule.next(1, None), None);
        assert_eq!(schedule.next(0, None), batch);

        let mut alone = Schedule::new(Policy::Dynamic, None, 1, 1, 1 << 20);
        assert_eq!(alone.next(0, None), batch);
        alone.retry(0, 0);
        assert_eq!(alone.next(0, None), batch);
    }

    #[test]
    fn batches_respect_the_window() {
        let mut schedule = Schedule::new(Policy::Dynamic, None, 10_000, 2, 8 << 20);
        let first = schedule.next(0, None).expect("items are there");
        schedule.learn(
            &done(first, Duration::from_micros(1), Duration::ZERO),
            100_000 * first.count,
        );
        for _ in 0..20 {
            let batch = schedule.next(0, None).expect("items are there");
            assert!(batch.count * 100_000 <= (8 << 20) / 8);
            schedule.learn(
                &done(batch, Duration::from_micros(1), Duration::ZERO),
                100_000 * batch.count,
            );
        }
    }
}
