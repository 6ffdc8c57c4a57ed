//! Which processors a rank's helping threads may use.
//!
//! Launchers bind each rank to a core or a few. That is right for its worker; threads that compress output for all
//! ranks may use what the launcher itself may use: the processors of the allocation on this host, or those that the user
//! started the launcher on.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::{Pid, getppid};

/// The processors that this job has on this host.
fn of_host() -> Option<CpuSet> {
    let ours = sched_getaffinity(Pid::from_raw(0)).ok()?;
    if !crate::launcher::is_launched() {
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
    let of_host = of_host().map_or(1, |set| {
        (0..CpuSet::count())
            .filter(|&processor| set.is_set(processor).unwrap_or(false))
            .count()
    });
    of_host.max(1)
}

/// Lets this thread use all of them.
pub(crate) fn widen() {
    if let Some(processors) = of_host() {
        // A thread that stays where it is works as well, if slower.
        let _ = sched_setaffinity(Pid::from_raw(0), &processors);
    }
}
