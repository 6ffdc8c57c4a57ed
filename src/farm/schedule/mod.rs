//! Decides which member of the farm gets which items, and how many at a time.

mod pace;

use self::pace::Pace;
use super::item_feed::Supply;
use super::protocol::{Batch, Done, Failure};
use crate::job::options::Schedule as Policy;
use std::collections::VecDeque;

/// Hands out items to the members of the farm (one per rank): each item once, and again only if it has to be retried.
#[derive(Debug)]
pub(crate) struct Schedule {
    policy: Policy,
    forced: Option<u64>,
    /// The number of items that the user's iterator announces, if any.
    expected: Option<u64>,
    /// An item's size in bytes, excluding heap memory that the item owns.
    item_size: u64,
    supply: Supply,
    members: usize,
    /// How many batches all members together process at a time.
    slots: usize,
    window: u64,
    fresh: Fresh,
    retries: VecDeque<Retry>,
    pace: Pace,
}

/// Items that no member has tried yet.
#[derive(Debug)]
enum Fresh {
    /// Whichever member asks gets the next items.
    Shared { next: u64 },
    /// Blocks of items are dealt to the members like cards. Who gets which items is fixed in advance, yet the items
    /// being processed at any time are close together.
    Dealt { block: u64, next: Vec<u64> },
}

#[derive(Debug)]
struct Retry {
    batch: Batch,
    /// The member that failed on the item and must not get it again if there are other members.
    failed_by: Option<usize>,
}

impl Schedule {
    /// The largest reply size that batches aim for, in bytes. Larger replies do not fit into the processor's caches and
    /// need fresh memory each time, so they travel at half the speed.
    const LARGEST_REPLY: u64 = 1 << 20;
    /// The maximum number of bytes of items taken ahead from an iterator of unknown length, to see whether it is about
    /// to end.
    const LOOK_AHEAD: u64 = 2 << 20;
    /// The largest block of a static schedule, and the block size if the number of items is unknown.
    const LARGEST_BLOCK: u64 = 65_536;
    const UNKNOWN_BLOCK: u64 = 32;
    /// The largest batch size that a user can request. This limit keeps sums of item numbers from overflowing.
    const LARGEST_BATCH: u64 = 1 << 32;

    /// `expected` is the number of items that the iterator announces; `window` is the size of the reorder buffer in
    /// bytes.
    pub(crate) fn new(
        policy: Policy,
        forced: Option<u64>,
        expected: Option<u64>,
        item_size: u64,
        members: usize,
        window: u64,
    ) -> Self {
        let forced = forced.map(|batch| batch.min(Self::LARGEST_BATCH));
        let fresh = match policy {
            Policy::Dynamic | Policy::Guided => Fresh::Shared { next: 0 },
            Policy::Static => {
                let block = forced.unwrap_or_else(|| {
                    expected.map_or(Self::UNKNOWN_BLOCK, |expected| {
                        expected.div_ceil(8 * members as u64).clamp(1, Self::LARGEST_BLOCK)
                    })
                });
                Fresh::Dealt {
                    block,
                    next: (0..members as u64).map(|member| member * block).collect(),
                }
            }
        };
        Self {
            policy,
            forced,
            expected,
            item_size,
            supply: Supply {
                available: 0,
                exhausted: false,
            },
            members,
            slots: members,
            window,
            fresh,
            retries: VecDeque::new(),
            pace: Pace::default(),
        }
    }

    /// Sets how many batches all members together process at a time.
    pub(crate) fn set_slots(&mut self, slots: usize) {
        self.slots = slots.max(1);
    }

    /// Records how many items are available, and whether more may follow.
    pub(crate) fn note_supply(&mut self, supply: Supply) {
        self.supply = supply;
    }

    /// Returns the number of items, once the iterator has ended.
    pub(crate) fn total(&self) -> Option<u64> {
        self.supply.exhausted.then_some(self.supply.available)
    }

    /// Returns how many items have been taken from the iterator, and whether it has ended.
    pub(crate) fn supply(&self) -> Supply {
        self.supply
    }

    /// Returns whether the number of items is known or announced.
    pub(crate) fn end_is_in_sight(&self) -> bool {
        self.supply.exhausted || self.expected.is_some_and(|expected| expected >= self.supply.available)
    }

    /// Returns how many items a static schedule takes from the iterator before their members ask for them: a block for
    /// each member.
    pub(crate) fn dealt_ahead(&self) -> u64 {
        match &self.fresh {
            Fresh::Shared { .. } => 0,
            Fresh::Dealt { block, .. } => block * self.members as u64,
        }
    }

    /// Returns the known or announced number of items, which may still grow.
    fn known(&self) -> u64 {
        match self.total() {
            Some(total) => total,
            None => self.supply.available.max(self.expected.unwrap_or(0)),
        }
    }

    /// Returns the maximum reply size that one batch should produce, in bytes.
    fn reply_limit(&self) -> u64 {
        (self.window / (4 * self.slots as u64)).min(Self::LARGEST_REPLY)
    }

    /// Updates the estimates of item time and size from a finished batch.
    pub(crate) fn learn(&mut self, done: &Done, reply_bytes: u64) {
        self.pace.learn(done, reply_bytes);
    }

    /// Updates the estimate of item size from an encoded batch.
    pub(crate) fn learn_item_size(&mut self, batch: &Batch, bytes: u64) {
        self.pace.learn_item_size(batch, bytes);
    }

    /// Returns the estimated size of the replies to this many items, in bytes.
    pub(crate) fn expected_reply(&self, items: u64) -> u64 {
        self.pace.reply_bytes(items)
    }

    /// Returns the estimated encoded size of this many items, in bytes.
    pub(crate) fn expected_items(&self, items: u64) -> u64 {
        self.pace.item_bytes(items)
    }

    /// Queues an item again after a member failed on it.
    pub(crate) fn retry(&mut self, item: u64, failed_by: usize) {
        self.retries.push_back(Retry {
            batch: Batch { first: item, count: 1 },
            failed_by: Some(failed_by),
        });
    }

    /// Queues unprocessed items again.
    pub(crate) fn again(&mut self, batch: Batch) {
        self.retries.push_back(Retry { batch, failed_by: None });
    }

    /// Returns the number of known or announced items that have not yet been handed out.
    pub(crate) fn fresh(&self) -> u64 {
        let known = self.known();
        match &self.fresh {
            Fresh::Shared { next } => known.saturating_sub(*next),
            Fresh::Dealt { block, next } => next
                .iter()
                .map(|&next| dealt_after(next, *block, self.members, known))
                .sum(),
        }
    }

    /// Returns whether there is nothing left to hand out, apart from items that may have to be retried.
    pub(crate) fn is_drained(&self) -> bool {
        self.retries.is_empty() && self.supply.exhausted && self.fresh() == 0
    }

    /// Returns the next batch for `member`, if there is one. With `only`, the batch must start with that item. `pull`
    /// takes items from the iterator, as [`ItemFeed::pull`](super::item_feed::ItemFeed::pull) does.
    pub(crate) fn next(
        &mut self,
        member: usize,
        only: Option<u64>,
        mut pull: impl FnMut(u64) -> Result<Supply, Failure>,
    ) -> Result<Option<Batch>, Failure> {
        let retry = self.retries.iter().position(|retry| {
            (retry.failed_by != Some(member) || self.members == 1) && only.is_none_or(|only| only == retry.batch.first)
        });
        if let Some(retry) = retry.and_then(|index| self.retries.remove(index)) {
            return Ok(Some(retry.batch));
        }
        let (first, end_of_block) = match &self.fresh {
            Fresh::Shared { next } => (*next, u64::MAX),
            Fresh::Dealt { block, next } => (next[member], (next[member] / block + 1) * block),
        };
        if self.total().is_some_and(|total| first >= total) || only.is_some_and(|only| only != first) {
            return Ok(None);
        }
        let size = self.size().min(end_of_block - first);
        let wanted = first + size + self.look_ahead(size);
        if wanted > self.supply.available && !self.supply.exhausted {
            self.supply = pull(wanted)?;
        }
        // Taking items may have revealed where they end, in which case batches become smaller.
        let size = self.size().min(size);
        let count = size.min(self.supply.available.saturating_sub(first));
        if count == 0 {
            return Ok(None);
        }
        let after = first + count;
        match &mut self.fresh {
            Fresh::Shared { next } => *next = after,
            Fresh::Dealt { next, .. } if after < end_of_block => next[member] = after,
            // The member's next block.
            Fresh::Dealt { block, next } => next[member] = (first / *block + self.members as u64) * *block,
        }
        Ok(Some(Batch { first, count }))
    }

    /// Returns how many items to take beyond a batch, so that the end of an iterator of unknown length is noticed early
    /// enough to make the last batches smaller.
    fn look_ahead(&self, size: u64) -> u64 {
        if self.expected.is_some() {
            return 0;
        }
        let limit = Self::LOOK_AHEAD.min(self.window / 4) / (self.pace.item_bytes(1) + self.item_size).max(1);
        size.saturating_mul(2 * self.slots as u64).min(limit)
    }

    /// Returns how many items to hand out at a time.
    fn size(&self) -> u64 {
        if let Some(forced) = self.forced {
            return forced;
        }
        let Some(largest) = self.pace.largest() else {
            return 1; // nothing is known yet
        };
        // Near the end, batches get smaller so that all members finish together, but not so small that handing out and
        // merging cost more than the work.
        let fair = match (self.total(), self.expected) {
            (None, None) => None,
            _ => Some(
                self.fresh()
                    .div_ceil(2 * self.slots as u64)
                    .max(self.pace.items_in_shortest_batch()),
            ),
        };
        let target = self.pace.items_in_batch();
        let size = match (self.policy, fair) {
            (Policy::Guided, Some(fair)) => fair,
            (_, Some(fair)) => fair.min(target),
            (_, None) => target,
        };
        // Measurements on a few items may not hold for many.
        let cautious = match self.policy {
            Policy::Guided => u64::MAX,
            Policy::Dynamic | Policy::Static => largest.saturating_mul(8),
        };
        size.min(cautious)
            .min(self.pace.items_in_memory(self.item_size, self.reply_limit()))
            .max(1)
    }
}

/// Returns how many of the `total` items are left for a member whose next item is `next`.
fn dealt_after(next: u64, block: u64, members: usize, total: u64) -> u64 {
    let stride = block * members as u64;
    // The member's first block has already been started, and its last block may be cut short.
    let (begun, first) = (next % block, next - next % block);
    let left = total.saturating_sub(first);
    (left / stride * block + (left % stride).min(block)).saturating_sub(begun)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    /// An iterator over this many items. A slow iterator yields one item per call.
    fn items(total: u64, slow: bool) -> impl FnMut(u64) -> Result<Supply, Failure> {
        let mut end = 0;
        move |wanted| {
            end = if slow { end + 1 } else { wanted };
            Ok(Supply {
                available: end.min(total),
                exhausted: end > total,
            })
        }
    }

    /// The next batch of any member, from an iterator over this many items.
    fn next(schedule: &mut Schedule, member: usize, total: u64) -> Option<Batch> {
        schedule
            .next(member, None, items(total, false))
            .expect("the iterator does not fail")
    }

    fn done(batch: Batch, per_item: Duration, merging: Duration) -> Done {
        Done {
            batch,
            good: Vec::new(),
            failed: Vec::new(),
            busy: per_item * batch.count as u32 + merging,
            merging,
            accumulating: Duration::ZERO,
        }
    }

    /// Hands out everything to members that ask in the order of `askers`. Each batch is reported as done when its
    /// member asks again.
    fn hand_out(
        schedule: &mut Schedule,
        mut pull: impl FnMut(u64) -> Result<Supply, Failure>,
        askers: &[usize],
        per_item: Duration,
        merging: Duration,
    ) -> Vec<(usize, Batch)> {
        let mut all: Vec<(usize, Batch)> = Vec::new();
        let mut idle = 0;
        for &asker in askers.iter().cycle() {
            let member = asker % schedule.members;
            match schedule
                .next(member, None, &mut pull)
                .expect("the iterator does not fail")
            {
                Some(batch) => {
                    schedule.learn_item_size(&batch, batch.count);
                    schedule.learn(&done(batch, per_item, merging), 0);
                    all.push((member, batch));
                    idle = 0;
                }
                None => idle += 1,
            }
            if schedule.is_drained() {
                break;
            }
            assert!(
                idle < 10_000,
                "{} items are left, but nobody gets them",
                schedule.fresh()
            );
        }
        assert_eq!(schedule.total(), Some(all.iter().map(|(_, batch)| batch.count).sum()));
        all
    }

    fn policies() -> impl Strategy<Value = Policy> {
        prop_oneof![Just(Policy::Static), Just(Policy::Dynamic), Just(Policy::Guided)]
    }

    proptest! {
        #[test]
        fn every_item_is_handed_out_once_whatever_the_iterator_announces(
            policy in policies(),
            forced in prop::option::of(1..2000u64),
            total in 0..5000u64,
            expected in prop_oneof![Just(None), (0..6000u64).prop_map(Some)],
            honest in any::<bool>(),
            slow in any::<bool>(),
            members in 1..9usize,
            order in prop::collection::vec(any::<usize>(), 1..30),
            nanoseconds in 1..100_000_000u64,
        ) {
            let mut askers = order;
            askers.extend(0..members);
            let expected = if honest { Some(total) } else { expected };
            let mut schedule = Schedule::new(policy, forced, expected, 8, members, 1 << 20);
            let time = Duration::from_nanos(nanoseconds);
            let batches = hand_out(&mut schedule, items(total, slow), &askers, time, Duration::ZERO);
            let mut items: Vec<u64> = batches.iter().flat_map(|(_, batch)| batch.items()).collect();
            items.sort_unstable();
            prop_assert_eq!(items, (0..total).collect::<Vec<_>>());
        }

        #[test]
        fn an_iterator_of_unknown_length_is_not_taken_into_memory(
            policy in policies(),
            members in 1..9usize,
            bytes in 1..2000u64,
            nanoseconds in 1..1_000_000u64,
        ) {
            let mut schedule = Schedule::new(policy, None, None, 8, members, 128 << 20);
            let mut handed_out = 0;
            for asker in 0..200 {
                let batch = schedule.next(asker % members, None, items(u64::MAX, false));
                let batch = batch.expect("the iterator does not fail").expect("it does not end");
                handed_out += batch.count;
                schedule.learn_item_size(&batch, bytes * batch.count);
                schedule.learn(&done(batch, Duration::from_nanos(nanoseconds), Duration::ZERO), 0);
                prop_assert!(batch.count * bytes <= Pace::ITEM_LIMIT || batch.count == 1);
                if policy != Policy::Static {
                    let ahead = schedule.supply.available - handed_out;
                    prop_assert!(ahead * bytes <= 2 * Schedule::LOOK_AHEAD, "{ahead} items of {bytes} bytes");
                }
            }
        }
    }

    #[test]
    fn static_is_fixed_in_advance() {
        let owners = |askers: &[usize]| {
            let mut schedule = Schedule::new(Policy::Static, None, Some(1000), 8, 3, 1 << 20);
            let mut owners = vec![usize::MAX; 1000];
            let time = Duration::from_millis(1);
            for (member, batch) in hand_out(&mut schedule, items(1000, false), askers, time, Duration::ZERO) {
                batch.items().for_each(|item| owners[item as usize] = member);
            }
            owners
        };
        assert_eq!(owners(&[0, 1, 2]), owners(&[2, 2, 0, 2, 2, 1, 0]));
    }

    #[test]
    fn tiny_items_travel_in_large_batches_and_long_ones_alone() {
        for expected in [Some(10_000_000), None] {
            let mut tiny = Schedule::new(Policy::Dynamic, None, expected, 8, 2, 128 << 20);
            let time = Duration::from_nanos(50);
            let batches = hand_out(&mut tiny, items(10_000_000, false), &[0, 1], time, Duration::ZERO);
            assert!(batches.len() < 100, "{}", batches.len());
        }
        for expected in [Some(50), None] {
            let mut long = Schedule::new(Policy::Dynamic, None, expected, 8, 2, 1 << 20);
            let time = Duration::from_secs(2);
            let batches = hand_out(&mut long, items(50, false), &[0, 1], time, Duration::ZERO);
            assert_eq!(batches.len(), 50);
        }
    }

    #[test]
    fn large_outputs_are_merged_seldom() {
        let mut schedule = Schedule::new(Policy::Dynamic, None, Some(100_000), 8, 2, 1 << 20);
        let (time, merging) = (Duration::from_millis(1), Duration::from_millis(100));
        let batches = hand_out(&mut schedule, items(100_000, false), &[0, 1], time, merging);
        let merged = merging.as_secs_f64() * batches.len() as f64;
        assert!(merged < 0.1 * 100.0, "{merged} s of merging for 100 s of work");
    }

    #[test]
    fn batches_shrink_towards_the_end() {
        for (policy, expected) in [
            (Policy::Dynamic, Some(1000)),
            (Policy::Guided, Some(1000)),
            (Policy::Dynamic, None),
        ] {
            let mut schedule = Schedule::new(policy, None, expected, 8, 4, 128 << 20);
            let time = Duration::from_millis(2);
            let batches = hand_out(&mut schedule, items(1000, false), &[0, 1, 2, 3], time, Duration::ZERO);
            let largest = batches.iter().map(|(_, batch)| batch.count).max();
            assert!(
                largest > Some(8) && batches.last().is_some_and(|(_, batch)| batch.count == 1),
                "{policy:?} {expected:?}: {batches:?}"
            );
        }
    }

    #[test]
    fn a_failed_item_goes_to_another_member_if_there_is_one() {
        let mut schedule = Schedule::new(Policy::Dynamic, None, Some(1), 8, 2, 1 << 20);
        let batch = next(&mut schedule, 1, 1);
        assert_eq!(batch, Some(Batch { first: 0, count: 1 }));
        schedule.retry(0, 1);
        assert_eq!(next(&mut schedule, 1, 1), None);
        assert_eq!(next(&mut schedule, 0, 1), batch);

        let mut alone = Schedule::new(Policy::Dynamic, None, Some(1), 8, 1, 1 << 20);
        assert_eq!(next(&mut alone, 0, 1), batch);
        alone.retry(0, 0);
        assert_eq!(next(&mut alone, 0, 1), batch);
    }

    #[test]
    fn batches_respect_the_window() {
        let mut schedule = Schedule::new(Policy::Dynamic, None, Some(10_000), 8, 2, 8 << 20);
        let first = next(&mut schedule, 0, 10_000).expect("items are there");
        schedule.learn(
            &done(first, Duration::from_micros(1), Duration::ZERO),
            100_000 * first.count,
        );
        for _ in 0..20 {
            let batch = next(&mut schedule, 0, 10_000).expect("items are there");
            assert!(batch.count * 100_000 <= (8 << 20) / 8);
            schedule.learn(
                &done(batch, Duration::from_micros(1), Duration::ZERO),
                100_000 * batch.count,
            );
        }
    }
}
