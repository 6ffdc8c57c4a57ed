//! The item that each worker of a rank is processing, in memory that the rank shares with them.

use super::shared_memory::zeros;
use std::io;
use std::sync::atomic::AtomicU64;

/// For each worker, the number plus one of the item that it is processing, or 0 between items.
#[derive(Clone, Copy)]
pub(super) struct CurrentItems {
    places: &'static [Padded],
}

/// Workers write all the time: each on a cache line of its own.
#[repr(align(128))]
struct Padded(AtomicU64);

impl CurrentItems {
    /// Allocates places for the workers, in processes that are forked from now on.
    pub(super) fn new(workers: usize) -> io::Result<Self> {
        // SAFETY: an atomic number of zero bytes is 0, and processes may share it.
        let places = unsafe { zeros(workers)? };
        Ok(Self { places })
    }

    pub(super) fn of(&self, worker: usize) -> &'static AtomicU64 {
        &self.places[worker].0
    }
}
