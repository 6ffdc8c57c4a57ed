//! A task's items as a stream: taken from the user's iterator as they are needed, and held until their replies are
//! delivered.

use crate::error::Error;
use crate::farm::item_feed::{ItemFeed, Supply};
use crate::farm::protocol::{Batch, Failure};
use crate::job::guard::guard;
use crate::job::progress::Progress;
use crate::job::task::Task;
use crate::wire;
use std::collections::VecDeque;
use std::iter::Fuse;
use std::ops::Range;
use std::time::{Duration, Instant};

/// A task with its items and replies, as seen by the coordinator.
pub(super) struct ItemStream<'a, T: Task, I> {
    task: &'a mut T,
    items: Fuse<I>,
    /// Items taken from the iterator but not yet delivered.
    held: VecDeque<T::Item>,
    /// The number of the first held item.
    first: u64,
    exhausted: bool,
    /// The average encoded size of an item in the latest batch, used as an estimate for the next batch.
    bytes_per_item: f64,
    progress: Progress,
}

/// The maximum number of replies delivered without checking the clock.
const LONGEST_RUN: u64 = 1024;
/// The maximum number of items for which memory is reserved at once.
const RESERVED: u64 = 1 << 16;
/// The maximum time spent on taking items that are not needed yet.
const PULL_TIME: Duration = Duration::from_millis(5);

/// Returns the number of items that an iterator announces.
pub(super) fn expected<I: Iterator>(items: &I) -> Option<u64> {
    match items.size_hint() {
        (least, Some(most)) if least == most => Some(least as u64),
        _ => None,
    }
}

impl<'a, T: Task, I: Iterator<Item = T::Item>> ItemStream<'a, T, I> {
    pub(super) fn new(task: &'a mut T, items: I, progress: Progress) -> Self {
        Self {
            task,
            items: items.fuse(),
            held: VecDeque::new(),
            first: 0,
            exhausted: false,
            bytes_per_item: 0.0,
            progress,
        }
    }

    fn available(&self) -> u64 {
        self.first + self.held.len() as u64
    }

    fn item(&self, number: u64) -> &T::Item {
        &self.held[(number - self.first) as usize]
    }
}

/// Returns a range of items as slices: looping over slices is faster than looping over the queue.
fn slices<I>(held: &VecDeque<I>, range: Range<usize>) -> [&[I]; 2] {
    let (front, back) = held.as_slices();
    let split = front.len();
    [
        &front[range.start.min(split)..range.end.min(split)],
        &back[range.start.saturating_sub(split)..range.end.saturating_sub(split)],
    ]
}

impl<T: Task, I: Iterator<Item = T::Item>> ItemFeed for ItemStream<'_, T, I> {
    fn expected(&self) -> Option<u64> {
        expected(&self.items)
    }

    fn pull(&mut self, wanted: u64) -> Result<Supply, Failure> {
        let until = Instant::now() + PULL_TIME;
        // The number of items to take before checking the clock again: one at first, because an item may take a long
        // time.
        let mut at_once = 1;
        guard(|| {
            while !self.exhausted && self.available() < wanted {
                let (before, count) = (self.available(), (wanted - self.available()).min(at_once));
                self.held.reserve(count.min(RESERVED) as usize);
                let items = self.items.by_ref().take(count as usize);
                items.for_each(|item| self.held.push_back(item));
                self.exhausted = self.available() < before + count;
                if Instant::now() > until {
                    break;
                }
                at_once *= 2;
            }
            Ok(())
        })
        .map_err(|message| Failure::hook("the iterator over the items", message))?;
        Ok(Supply {
            available: self.available(),
            exhausted: self.exhausted,
        })
    }

    fn held(&self) -> u64 {
        self.held.len() as u64
    }

    fn item_size(&self) -> u64 {
        size_of::<T::Item>() as u64
    }

    fn encode(&mut self, batch: Batch) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::with_capacity((self.bytes_per_item * batch.count as f64) as usize);
        let start = (batch.first - self.first) as usize;
        for items in slices(&self.held, start..start + batch.count as usize) {
            for item in items {
                wire::encode_onto(item, &mut bytes)?;
            }
        }
        self.bytes_per_item = bytes.len() as f64 / batch.count as f64;
        Ok(bytes)
    }

    fn deliver(&mut self, batch: &mut Batch, replies: &mut &[u8], until: Instant) -> Result<(), Failure> {
        // Checking the clock takes longer than delivering an empty reply.
        let (mut delivered, mut look) = (0, 1);
        let result = guard(|| {
            for items in slices(&self.held, 0..batch.count as usize) {
                for item in items {
                    if delivered == look {
                        if Instant::now() >= until {
                            return Ok(());
                        }
                        look += look.min(LONGEST_RUN);
                    }
                    let reply = wire::decode_front(replies)?;
                    self.task.local_process(item, reply)?;
                    delivered += 1;
                }
            }
            Ok(())
        });
        batch.first += delivered;
        batch.count -= delivered;
        self.skip(Batch {
            count: delivered,
            ..*batch
        });
        result.map_err(|message| {
            let place = format!("item {}{}", batch.first, self.describe(batch.first));
            Failure::hook("local_process", format!("{message} ({place})"))
        })
    }

    fn skip(&mut self, batch: Batch) {
        self.held.drain(..batch.count as usize);
        self.first += batch.count;
    }

    fn describe(&self, item: u64) -> String {
        const LONGEST: usize = 80;
        let text = guard(|| Ok(self.task.describe(self.item(item)))).unwrap_or_default();
        let mut short: String = text.chars().take(LONGEST).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        if short.is_empty() { short } else { format!(" ({short})") }
    }

    fn progress(&mut self, settled: u64) {
        self.progress.update(settled);
    }
}
