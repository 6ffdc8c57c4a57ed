//! Memory that a process shares with all processes that it forks later.

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};
use std::io;
use std::num::NonZeroUsize;

/// Maps an array of zero bytes that is shared with processes forked from now on. The array is never unmapped, and its
/// pages take up memory only once they are used.
///
/// # Safety
/// Zero bytes must be a valid value of the type, which several processes may use at the same time.
pub(super) unsafe fn zeros<T: Sync>(count: usize) -> io::Result<&'static [T]> {
    let Some(bytes) = NonZeroUsize::new(count * size_of::<T>()) else {
        return Ok(&[]);
    };
    let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let flags = MapFlags::MAP_SHARED | MapFlags::MAP_NORESERVE;
    // SAFETY: a new mapping at an address chosen by the system overlaps no other memory. It is as large as the slice,
    // aligned to pages, zeroed, valid according to the caller, and never unmapped.
    unsafe {
        let start = mmap_anonymous(None, bytes, protection, flags)?;
        Ok(std::slice::from_raw_parts(start.as_ptr().cast::<T>(), count))
    }
}
