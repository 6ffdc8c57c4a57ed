//! The system's allocator, told what this kind of program does: batches, replies and chunks of files, each of a
//! hundred kilobytes or a few megabytes, come and go all the time. As it is set up, it gives such memory back to the
//! system at once, and the next one costs a page fault for every four kilobytes: a good part of the time of a job that
//! copies events.

/// Keeps this much memory that is free, for what comes next.
const KEPT: i32 = 16 << 20;
/// What is larger than this is given back when it is free. (The allocator takes no larger number.)
const LARGE: i32 = 32 << 20;

/// Keeps some freed memory at hand. Nothing happens if the C library has no such setting, or if the user has tuned it.
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
