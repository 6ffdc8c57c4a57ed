//! The coordinator's interface to items and replies. The coordinator does not know their types.

use super::protocol::{Batch, Failure};
use crate::error::Error;
use std::time::Instant;

/// How many items are available, and whether more may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Supply {
    /// Items 0 to `available` - 1 have been taken from the user's iterator.
    pub available: u64,
    /// Whether the iterator has ended, so that no other items will follow.
    pub exhausted: bool,
}

/// A stream of items, of known or unknown length. Items are held from the first request for them until their replies
/// are delivered.
pub(crate) trait ItemFeed {
    /// Returns the number of items that the iterator announces. The number is used only for estimates.
    fn expected(&self) -> Option<u64>;
    /// Takes items from the iterator: at least one, and more until there are `wanted` items or a short time has passed.
    fn pull(&mut self, wanted: u64) -> Result<Supply, Failure>;
    /// Returns the number of items currently held.
    fn held(&self) -> u64;
    /// Returns an item's size in bytes, excluding heap memory that the item owns.
    fn item_size(&self) -> u64;
    /// Encodes the items of a batch.
    fn encode(&mut self, batch: Batch) -> Result<Vec<u8>, Error>;
    /// Hands the replies of consecutive items to the user, in order, and moves `batch` and `replies` past them. Stops
    /// early when the time `until` is reached.
    fn deliver(&mut self, batch: &mut Batch, replies: &mut &[u8], until: Instant) -> Result<(), Failure>;
    /// Skips items that have no replies.
    fn skip(&mut self, batch: Batch);
    /// Describes an item for a message. The description is either empty or enclosed in parentheses and preceded by a
    /// space.
    fn describe(&self, item: u64) -> String;
    /// Shows how many items are settled.
    fn progress(&mut self, settled: u64);
}
