//! The parts of a list, kept by item number until all parts are known.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// Parts of a sequence, each with the range of items that it comes from. Parts with adjacent ranges are joined, so only
/// a few parts are kept in a job whose items finish nearly in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parts<S> {
    /// The end of each range and its sequence, keyed by the first item of the range.
    parts: BTreeMap<u64, (u64, S)>,
}

impl<S> Parts<S> {
    pub(super) fn new(sequence: S, items: Range<u64>) -> Self {
        Self {
            parts: BTreeMap::from([(items.start, (items.end, sequence))]),
        }
    }

    /// Adds parts that come from other items. `append` appends a later sequence to an earlier one.
    pub(super) fn join(&mut self, other: Self, append: impl Fn(&mut S, S)) {
        for (mut start, (mut end, mut sequence)) in other.parts {
            let before = self
                .parts
                .range(..start)
                .next_back()
                .filter(|(_, part)| part.0 == start)
                .map(|(&first, _)| first);
            if let Some((first, (_, mut earlier))) = before.and_then(|first| self.parts.remove_entry(&first)) {
                append(&mut earlier, sequence);
                (start, sequence) = (first, earlier);
            }
            if let Some((after_end, after)) = self.parts.remove(&end) {
                append(&mut sequence, after);
                end = after_end;
            }
            self.parts.insert(start, (end, sequence));
        }
    }

    /// The sequences in item order.
    pub(super) fn into_parts(self) -> impl Iterator<Item = S> {
        self.parts.into_values().map(|(_, sequence)| sequence)
    }
}
