//! Memory that a rank shares with its workers: which item each of them is at.

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};
use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicU64;

/// For each worker the item it is at: its number plus one, or 0 between items.
#[derive(Clone, Copy)]
pub(super) struct Roster {
    places: &'static [Place],
}

/// Workers write to their places all the time: no two on one cache line.
#[repr(align(128))]
struct Place(AtomicU64);

impl Roster {
    /// Room for so many workers of processes that are forked from now on.
    pub(super) fn new(workers: usize) -> io::Result<Self> {
        let bytes = NonZeroUsize::new(workers.max(1) * size_of::<Place>()).unwrap_or(NonZeroUsize::MIN);
        let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new mapping at an address of the system's choice touches no other memory. It is as large as the
        // slice, aligned to pages, full of zeros (which are valid places), and never unmapped.
        let places = unsafe {
            let start = mmap_anonymous(None, bytes, protection, MapFlags::MAP_SHARED)?;
            std::slice::from_raw_parts(start.as_ptr().cast::<Place>(), workers)
        };
        Ok(Self { places })
    }

    pub(super) fn place(&self, worker: usize) -> &'static AtomicU64 {
        &self.places[worker].0
    }
}
