//! Puts replies in item order: they arrive whenever workers finish.

use super::protocol::{Batch, Payload};
use std::collections::BTreeMap;

/// Holds results that arrived before those of earlier items.
#[derive(Debug, Default)]
pub(crate) struct Reorder {
    next: u64,
    waiting: BTreeMap<u64, Run>,
    bytes: u64,
}

/// Consecutive settled items: with their replies, or `None` if they were skipped.
#[derive(Debug)]
pub(crate) struct Run {
    pub items: Batch,
    pub replies: Option<Payload>,
}

impl Run {
    fn bytes(&self) -> u64 {
        self.replies.as_ref().map_or(0, |replies| replies.len() as u64)
    }
}

impl Reorder {
    pub(crate) fn insert(&mut self, run: Run) {
        self.bytes += run.bytes();
        self.waiting.insert(run.items.first, run);
    }

    /// Removes and returns the run that comes next in item order, if it has arrived.
    pub(crate) fn pop(&mut self) -> Option<Run> {
        let run = self.waiting.remove(&self.next)?;
        self.next += run.items.count;
        self.bytes -= run.bytes();
        Some(run)
    }

    /// Returns the item that comes next in item order.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Returns the total size of the results held, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn runs_leave_in_item_order(
            counts in prop::collection::vec((1..50u64, any::<bool>()), 0..50),
            order in prop::collection::vec(any::<u32>(), 50),
        ) {
            let mut first = 0;
            let mut runs = Vec::new();
            for (index, (count, skipped)) in counts.into_iter().enumerate() {
                let replies = (!skipped).then(|| Payload::from(vec![0; count as usize]));
                runs.push((order[index], Run { items: Batch { first, count }, replies }));
                first += count;
            }
            runs.sort_by_key(|(key, _)| *key);
            let mut reorder = Reorder::default();
            let mut out = 0;
            for (_, run) in runs {
                reorder.insert(run);
                while let Some(run) = reorder.pop() {
                    prop_assert_eq!(run.items.first, out);
                    out += run.items.count;
                }
                prop_assert_eq!(reorder.next(), out);
            }
            prop_assert_eq!(out, first);
            prop_assert_eq!(reorder.bytes(), 0);
        }
    }
}
