//! Handles failed items and dead workers: decides what is retried, what is skipped, and what ends the job.

use super::Coordinator;
use crate::error::Error;
use crate::farm::protocol::{Batch, Death};
use crate::farm::reorder::Run;
use crate::job::options::OnError;
use crate::job::summary::SkippedItem;
use std::collections::HashMap;

/// The failures so far.
#[derive(Default)]
pub(super) struct Failures {
    /// The number of failed attempts at each item.
    attempts: HashMap<u64, u32>,
    /// The number of workers that died between two items, counted for the first item of each worker's batch.
    deaths_between: HashMap<u64, u32>,
    pub(super) skipped: Vec<SkippedItem>,
}

/// A worker may die between two items for any reason, but after this many such deaths the item is blamed.
const DEATHS_BETWEEN_ITEMS: u32 = 3;

impl Coordinator<'_> {
    /// Handles the death of a worker to which a batch was assigned: the batch is retried without the item that is to
    /// blame.
    pub(super) fn worker_died(&mut self, rank: usize, death: Death) -> Result<(), Error> {
        // Ctrl-C in a terminal also reaches the workers; their deaths are then a consequence, not a failure.
        self.transport.check()?;
        let Death { batch, item, cause } = death;
        self.take_back(rank, batch)?;
        self.ranks[rank].deaths += 1;
        let deaths = self.failures.deaths_between.entry(batch.first).or_default();
        *deaths += u32::from(item.is_none());
        if batch.count == 1 && (item.is_some() || *deaths > DEATHS_BETWEEN_ITEMS) {
            self.ranks[rank].failures += 1;
            return self.item_failed(rank, batch.first, format!("the worker {cause}"));
        }
        // It is not certain which item is to blame, so the suspect is retried alone and the others without it.
        let suspect = item.filter(|item| batch.items().contains(item));
        log::warn!(
            "a worker on rank {rank} ({}) {cause}, {}: items {} to {} are tried again",
            self.hosts[rank],
            suspect.map_or_else(|| "between two items".into(), |item| format!("in item {item}")),
            batch.first,
            batch.items().end - 1
        );
        let end = batch.items().end;
        let cuts = match suspect {
            Some(item) => [batch.first, item, item + 1, end],
            None => [batch.first, batch.first, batch.first + batch.count / 2, end],
        };
        for cut in cuts.windows(2).filter(|cut| cut[0] < cut[1]) {
            self.schedule.again(Batch {
                first: cut[0],
                count: cut[1] - cut[0],
            });
        }
        Ok(())
    }

    /// Handles a failed attempt at an item: the item is retried or skipped, or the job ends.
    pub(super) fn item_failed(&mut self, rank: usize, item: u64, message: String) -> Result<(), Error> {
        let attempts = self.failures.attempts.entry(item).or_default();
        *attempts += 1;
        let attempts = *attempts;
        let host = self.hosts[rank].clone();
        let description = self.feed.describe(item);
        if attempts <= self.options.retries {
            log::warn!(
                "item {item}{description} failed on rank {rank} ({host}), at attempt {attempts}, and is tried again: {message}"
            );
            self.schedule.retry(item, rank);
            return Ok(());
        }
        match self.options.on_error {
            OnError::Abort => Err(Error::Item {
                item,
                description,
                rank,
                host,
                attempts,
                message,
            }),
            OnError::Skip => {
                // The message appears in the list printed at the end.
                log::warn!(
                    "item {item}{description} failed on rank {rank} ({host}), at attempt {attempts}, and is skipped"
                );
                self.failures.skipped.push(SkippedItem {
                    item,
                    description: description.trim().into(),
                    rank,
                    host,
                    attempts,
                    message,
                });
                self.settled += 1;
                self.reorder.insert(Run {
                    items: Batch { first: item, count: 1 },
                    replies: None,
                });
                Ok(())
            }
        }
    }
}
