//! Settings of the C library's allocator for this kind of program.
//!
//! Batches, replies and chunks of files come and go all the time, each between a hundred kilobytes and a few megabytes.
//! By default glibc returns such memory to the system at once, and the next allocation costs a page fault for every four
//! kilobytes: a good part of the run time of a job that copies events.

/// Free memory that is kept for later allocations, in bytes.
const KEPT: i32 = 16 << 20;
/// Larger allocations are returned to the system when freed. glibc accepts no larger threshold.
const LARGE: i32 = 32 << 20;

/// Keeps some freed memory. Does nothing if the C library has no such setting, or if the user has tuned it.
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
