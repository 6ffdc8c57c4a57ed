//! The processes of one run, including orphans.

use super::launcher::rank_variable;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use procfs::process::{Process, all_processes};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::time::{Duration, Instant};

/// The variable that all processes of a run inherit. Its value identifies the run.
pub const MARK: &str = "GAUDI_MPI_TEST_RUN";

/// The prefix of the names of a rank's helper processes.
const HELPER: &str = "gaudi:";

/// The mark of a run.
#[derive(Debug, Clone)]
pub struct Mark(pub String);

impl Mark {
    fn processes(&self) -> Vec<Process> {
        let Ok(all) = all_processes() else { return vec![] };
        let is_marked = |process: &Process| {
            let environment = process.environ();
            environment.is_ok_and(|environment| {
                environment.get(OsStr::new(MARK)).map(|mark| mark.as_os_str()) == Some(OsStr::new(&self.0))
            })
        };
        all.flatten().filter(is_marked).collect()
    }

    /// The helper processes of one kind: `zygote`, `worker` or `accum` (the accumulator).
    pub fn helpers(&self, kind: &str) -> Vec<i32> {
        let name = format!("{HELPER}{kind}");
        let all = self.processes().into_iter();
        all.filter(|process| process.stat().is_ok_and(|stat| stat.comm == name))
            .map(|process| process.pid)
            .collect()
    }

    /// The processes of the ranks, by rank.
    pub fn ranks(&self) -> BTreeMap<usize, i32> {
        let rank = |process: &Process| {
            if process.stat().is_ok_and(|stat| stat.comm.starts_with(HELPER)) {
                return None;
            }
            let environment = process.environ().ok()?;
            environment.get(OsStr::new(rank_variable()))?.to_str()?.parse().ok()
        };
        self.processes()
            .iter()
            .filter_map(|process| Some((rank(process)?, process.pid)))
            .collect()
    }

    /// The peak memory of a rank so far, in kB.
    pub fn peak(&self, rank: usize) -> Option<u64> {
        let pid = *self.ranks().get(&rank)?;
        Process::new(pid).ok()?.status().ok()?.vmhwm
    }

    /// Waits at most `grace` until no process is left. Kills the remaining ones, and returns their descriptions.
    pub fn left_after(&self, grace: Duration) -> Vec<String> {
        let start = Instant::now();
        loop {
            let left = self.processes();
            if left.is_empty() || start.elapsed() > grace {
                return left.iter().map(describe_and_kill).collect();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn describe_and_kill(process: &Process) -> String {
    let command = process.cmdline().unwrap_or_default().join(" ");
    // The process may have ended meanwhile.
    let _ = kill(Pid::from_raw(process.pid), Signal::SIGKILL);
    format!("{} {command}", process.pid)
}
