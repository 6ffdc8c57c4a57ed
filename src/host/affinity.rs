//! Which processors a rank's helping threads and forked workers may use.
//!
//! Launchers bind each rank to a core or a few. That is right for its worker; threads that compress output for all
//! ranks may use what the launcher itself may use: the processors of the allocation on this host, or those that the user
//! started the launcher on.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::{Pid, getppid};

/// The processors that this job has on this host.
fn of_host() -> Option<CpuSet> {
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

/// How many processors this job has on this host.
pub(crate) fn processors() -> usize {
    of_host().map_or(1, |set| count(&set)).max(1)
}

/// The processors for the workers of this rank: those that the rank is bound to, if they are enough, or else all that the
/// job has on this host.
pub(crate) fn for_workers(workers: usize) -> Option<CpuSet> {
    let ours = sched_getaffinity(Pid::from_raw(0)).ok()?;
    if count(&ours) >= workers { Some(ours) } else { of_host() }
}

/// Binds this thread, and what it starts, to these processors.
pub(crate) fn take(processors: &CpuSet) {
    // A thread that stays where it is works as well, if slower.
    let _ = sched_setaffinity(Pid::from_raw(0), processors);
}

fn count(processors: &CpuSet) -> usize {
    (0..CpuSet::count())
        .filter(|&processor| processors.is_set(processor).unwrap_or(false))
        .count()
}

/// Lets this thread use all of them.
pub(crate) fn widen() {
    if let Some(processors) = of_host() {
        take(&processors);
    }
}
