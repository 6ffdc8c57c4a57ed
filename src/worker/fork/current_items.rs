//! Memory that a rank shares with its workers: which item each of them is at.

use super::shared_memory::zeros;
use std::io;
use std::sync::atomic::AtomicU64;

/// For each worker the item it is at: its number plus one, or 0 between items.
#[derive(Clone, Copy)]
pub(super) struct CurrentItems {
    places: &'static [Place],
}

/// Workers write to their places all the time: no two on one cache line.
#[repr(align(128))]
struct Place(AtomicU64);

impl CurrentItems {
    /// Room for so many workers of processes that are forked from now on.
    pub(super) fn new(workers: usize) -> io::Result<Self> {
        // SAFETY: a place is a number that is changed in one step, and 0 is one.
        let places = unsafe { zeros(workers)? };
        Ok(Self { places })
    }

    pub(super) fn place(&self, worker: usize) -> &'static AtomicU64 {
        &self.places[worker].0
    }
}
