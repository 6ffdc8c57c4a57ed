//! A task's items as a stream: taken from the user's iterator as they are needed, and held until their replies have been
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
use std::time::{Duration, Instant};

/// A task, its items and replies, as the coordinator sees them.
pub(super) struct ItemStream<'a, T: Task, I> {
    task: &'a mut T,
    items: Fuse<I>,
    /// Items that have been taken from the iterator and not been delivered.
    held: VecDeque<T::Item>,
    /// The number of the first of them.
    first: u64,
    exhausted: bool,
    progress: Progress,
}

/// How long it may take to get items that are not needed yet.
const PULL_TIME: Duration = Duration::from_millis(5);
/// The most items between two looks at the clock.
const PULLED_AT_ONCE: u64 = 64;

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

impl<T: Task, I: Iterator<Item = T::Item>> ItemFeed for ItemStream<'_, T, I> {
    fn expected(&self) -> Option<u64> {
        expected(&self.items)
    }

    fn pull(&mut self, needed: u64, wanted: u64) -> Result<Supply, Failure> {
        let until = Instant::now() + PULL_TIME;
        // One item at first: it may take long.
        let mut at_once = 1;
        guard(|| {
            while !self.exhausted && self.available() < wanted {
                let (before, count) = (self.available(), (wanted - self.available()).min(at_once));
                self.held.extend(self.items.by_ref().take(count as usize));
                self.exhausted = self.available() < before + count;
                if self.available() >= needed && Instant::now() > until {
                    break;
                }
                at_once = (2 * at_once).min(PULLED_AT_ONCE);
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

    fn encode(&self, batch: Batch) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let start = (batch.first - self.first) as usize;
        for item in self.held.range(start..start + batch.count as usize) {
            wire::encode_onto(item, &mut bytes)?;
        }
        Ok(bytes)
    }

    fn deliver(&mut self, batch: &mut Batch, replies: &mut &[u8], until: Instant) -> Result<(), Failure> {
        let result = guard(|| {
            // Looking at the clock takes longer than delivering an empty reply.
            while batch.count > 0 && (!batch.count.is_multiple_of(16) || Instant::now() < until) {
                let reply = wire::decode_front(replies)?;
                self.task.local_process(&self.held[0], reply)?;
                self.held.pop_front();
                self.first += 1;
                batch.first += 1;
                batch.count -= 1;
            }
            Ok(())
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
