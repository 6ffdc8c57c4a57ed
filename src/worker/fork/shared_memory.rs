//! Memory that a process shares with all that it forks from then on.

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};
use std::io;
use std::num::NonZeroUsize;

/// So many values, all of whose bytes are zero, shared with processes that are forked from now on. They are never given
/// back; memory is taken only for those that are used.
///
/// # Safety
/// Bytes of zero must be a value of the type, which several processes may use at the same time.
pub(super) unsafe fn zeros<T: Sync>(count: usize) -> io::Result<&'static [T]> {
    let Some(bytes) = NonZeroUsize::new(count * size_of::<T>()) else {
        return Ok(&[]);
    };
    let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let flags = MapFlags::MAP_SHARED | MapFlags::MAP_NORESERVE;
    // SAFETY: a new mapping at an address of the system's choice touches no other memory. It is as large as the slice,
    // aligned to pages, full of zeros, which the caller vouches for, and never unmapped.
    unsafe {
        let start = mmap_anonymous(None, bytes, protection, flags)?;
        Ok(std::slice::from_raw_parts(start.as_ptr().cast::<T>(), count))
    }
}
