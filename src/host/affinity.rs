//! The processors that a rank's helper threads and forked workers may use.
//!
//! Launchers bind each rank to one or a few cores, which suits the rank's worker. Threads that compress the output of
//! all ranks may use every processor available to the launcher: those in the batch system's allocation on this host, or
//! those that the user's session is allowed to use.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::{Pid, getppid};

/// Returns the processors available to this job on this host.
fn of_job() -> Option<CpuSet> {
    let ours = sched_getaffinity(Pid::from_raw(0)).ok()?;
    if !crate::host::launcher::is_launched() {
        return Some(ours);
    }
    let mut both = sched_getaffinity(getppid()).ok().unwrap_or(ours);
    for processor in 0..CpuSet::count() {
        if ours.is_set(processor).unwrap_or(false) {
            let _ = both.set(processor);
        }
    }
    Some(both)
}

/// Returns the number of processors available to this job on this host, at least 1.
#[cfg(feature = "events")]
pub(crate) fn processors() -> usize {
    of_job().map_or(1, |set| count(&set)).max(1)
}

/// Returns the processors for this rank's forked workers: those that the rank is bound to if they suffice, else all of
/// the job's processors on this host.
pub(crate) fn for_workers(workers: usize) -> Option<CpuSet> {
    let ours = sched_getaffinity(Pid::from_raw(0)).ok()?;
    if count(&ours) >= workers { Some(ours) } else { of_job() }
}

/// Binds this thread, and the threads and processes that it starts, to the processors.
pub(crate) fn bind(processors: &CpuSet) {
    // If binding fails, the thread still works, though perhaps more slowly.
    let _ = sched_setaffinity(Pid::from_raw(0), processors);
}

fn count(processors: &CpuSet) -> usize {
    (0..CpuSet::count())
        .filter(|&processor| processors.is_set(processor).unwrap_or(false))
        .count()
}

/// Lets this thread use all processors of the job on this host.
#[cfg(feature = "events")]
pub(crate) fn use_all_processors() {
    if let Some(processors) = of_job() {
        bind(&processors);
    }
}
