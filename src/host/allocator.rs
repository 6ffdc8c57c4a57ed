//! Settings of the C library's allocator for this kind of program.
//!
//! Batches, replies and file chunks, each between a hundred kilobytes and a few megabytes in size, are allocated and
//! freed all the time. By default, glibc returns such memory to the system immediately, and the next allocation costs a
//! page fault for every four kilobytes. In a job that copies events, these page faults account for a considerable part
//! of the run time.

/// The amount of free memory kept for later allocations, in bytes.
const KEPT: i32 = 16 << 20;
/// Allocations larger than this many bytes are returned to the system when freed. glibc accepts no larger threshold.
const LARGE: i32 = 32 << 20;

/// Makes the allocator keep some freed memory. Does nothing if the C library has no such setting, or if the user has
/// already tuned the allocator.
pub(crate) fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    if std::env::var_os("GLIBC_TUNABLES").is_none() {
        // SAFETY: mallopt takes two numbers and locks what it changes; an unknown setting is ignored.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
            libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT);
        }
    }
}
