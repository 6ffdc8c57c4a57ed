//! Measurements of the items processed so far, and the batch sizes derived from them.

use crate::farm::protocol::{Batch, Done};
use std::time::Duration;

/// Running averages of item time and size.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Time in seconds spent on an item.
    item_time: Average,
    /// Time in seconds spent on a batch's outputs, regardless of the batch's size.
    merging: Average,
    item_bytes: Average,
    reply_bytes: Average,
    /// The number of items in the largest batch so far.
    largest: u64,
}

impl Pace {
    /// The target time per batch: long enough that the cost of handing out batches does not matter, short enough that
    /// workers stay in step.
    const TARGET: Duration = Duration::from_millis(30);
    const SHORTEST: Duration = Duration::from_millis(1);
    /// The maximum size of a batch's encoded items, in bytes. In memory, they may take twice as much.
    pub(super) const ITEM_LIMIT: u64 = 8 << 20;

    pub(super) fn learn(&mut self, done: &Done, reply_bytes: u64) {
        let items = done.batch.count as f64;
        self.item_time
            .update(done.busy.saturating_sub(done.merging).as_secs_f64() / items);
        self.merging.update((done.merging + done.accumulating).as_secs_f64());
        self.reply_bytes.update(reply_bytes as f64 / items);
        self.largest = self.largest.max(done.batch.count);
    }

    pub(super) fn learn_item_size(&mut self, batch: &Batch, bytes: u64) {
        self.item_bytes.update(bytes as f64 / batch.count as f64);
    }

    /// Returns the size of the largest batch so far, or `None` before the first batch.
    pub(super) fn largest(&self) -> Option<u64> {
        (self.largest > 0).then_some(self.largest)
    }

    pub(super) fn reply_bytes(&self, items: u64) -> u64 {
        (self.reply_bytes.or(0.0) * items as f64) as u64
    }

    pub(super) fn item_bytes(&self, items: u64) -> u64 {
        (self.item_bytes.or(0.0) * items as f64) as u64
    }

    /// Returns the best number of items for a batch. With that number, merging takes at most a twenty-fifth of the
    /// batch's time.
    pub(super) fn items_in_batch(&self) -> u64 {
        self.items_in(Self::TARGET.as_secs_f64().max(25.0 * self.merging.or(0.0)))
    }

    /// Returns the number of items in the shortest batch worth handing out.
    pub(super) fn items_in_shortest_batch(&self) -> u64 {
        self.items_in(Self::SHORTEST.as_secs_f64().max(4.0 * self.merging.or(0.0)))
    }

    fn items_in(&self, seconds: f64) -> u64 {
        (seconds / self.item_time.or(0.0).max(1e-10)) as u64
    }

    /// Returns how many items a batch may contain, given the size of the items in memory and encoded, and of their
    /// replies.
    pub(super) fn items_in_memory(&self, item_size: u64, reply_limit: u64) -> u64 {
        let limit = |bytes: u64, each: f64| match each > 0.0 {
            true => (bytes as f64 / each) as u64,
            false => u64::MAX,
        };
        limit(Self::ITEM_LIMIT, self.item_bytes.or(0.0))
            .min(limit(2 * Self::ITEM_LIMIT, item_size as f64))
            .min(limit(reply_limit, self.reply_bytes.or(0.0)))
    }
}

/// A running average that gives the latest value the greatest weight.
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
