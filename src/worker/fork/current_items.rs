//! The item that each of a rank's workers is processing, in memory shared between the rank and its workers.

use super::shared_memory::zeros;
use std::io;
use std::sync::atomic::AtomicU64;

/// For each worker: the number of its current item plus one, or 0 between items.
#[derive(Clone, Copy)]
pub(super) struct CurrentItems {
    places: &'static [Padded],
}

/// Workers update their entries constantly, so each entry has its own cache line.
#[repr(align(128))]
struct Padded(AtomicU64);

impl CurrentItems {
    /// Allocates one entry per worker, shared with processes forked from now on.
    pub(super) fn new(workers: usize) -> io::Result<Self> {
        // SAFETY: an atomic number whose bytes are all zero is 0, and processes may share an atomic number.
        let places = unsafe { zeros(workers)? };
        Ok(Self { places })
    }

    pub(super) fn of(&self, worker: usize) -> &'static AtomicU64 {
        &self.places[worker].0
    }
}
