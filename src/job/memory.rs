//! The memory use of processes, with shared memory counted once.

use procfs::process::{MMPermissions, MMapPath, MemoryMap, Process};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::AddAssign;

/// The memory that a set of processes uses, in bytes, from `/proc/PID/smaps`.
///
/// *Code* is memory mapped from files without write permission: programs and libraries. Everything else is *data*.
/// *Shared* memory counts once, regardless of how many of the processes share it: the kernel attributes a proportional
/// part (PSS) to each process. Memory shared with processes outside the set counts in part.
///
/// `Display` prints a one-line table, in MB (a million bytes):
///
/// ```
/// # use gaudi_mpi::MemoryUse;
/// let mut memory = MemoryUse::default();
/// memory.processes = 11;
/// (memory.workers, memory.code_shared, memory.data_private) = (8, 4_000_000, 80_000_000);
/// (memory.data_shared, memory.resident) = (360_000_000, 3_300_000_000);
/// assert_eq!(
///     memory.to_string(),
///     "  N |   code: private,   shared |   data: private,   shared |      sum |    total |  total/N
///   8 |            0.0,      4.0 |           80.0,    360.0 |   3300.0 |    444.0 |     55.5"
/// );
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MemoryUse {
    /// Number of processes that process items (N in the table).
    pub workers: u64,
    /// Number of all processes.
    pub processes: u64,
    /// Code in the memory of only one process.
    pub code_private: u64,
    /// Code that several processes share.
    pub code_shared: u64,
    /// Data in the memory of only one process.
    pub data_private: u64,
    /// Data that several processes share.
    pub data_shared: u64,
    /// Resident memory of all processes, summed as if they shared nothing.
    pub resident: u64,
}

impl MemoryUse {
    /// Returns the memory that all processes together occupy.
    pub fn total(&self) -> u64 {
        self.code_private + self.code_shared + self.data_private + self.data_shared
    }

    /// The header of a table.
    pub const TITLE: &str =
        "  N |   code: private,   shared |   data: private,   shared |      sum |    total |  total/N";

    /// Formats a line of a table, in MB.
    pub fn line(&self) -> String {
        let mb = |bytes: u64| bytes as f64 / 1e6;
        format!(
            "{:>3} | {:>14.1}, {:>8.1} | {:>14.1}, {:>8.1} | {:>8.1} | {:>8.1} | {:>8.1}",
            self.workers,
            mb(self.code_private),
            mb(self.code_shared),
            mb(self.data_private),
            mb(self.data_shared),
            mb(self.resident),
            mb(self.total()),
            mb(self.total()) / self.workers.max(1) as f64
        )
    }

    /// Measures the memory of these processes, of which `workers` process items. A process that has already exited
    /// counts as using no memory.
    pub(crate) fn of(processes: &[i32], workers: usize) -> Self {
        let mut memory = Self {
            workers: workers as u64,
            ..Self::default()
        };
        for &process in processes {
            let Ok(maps) = Process::new(process).and_then(|process| process.smaps()) else {
                continue;
            };
            memory.processes += 1;
            maps.iter().for_each(|map| memory.add(map));
        }
        memory
    }

    fn add(&mut self, map: &MemoryMap) {
        let bytes = |name: &str| map.extension.map.get(name).copied().unwrap_or(0);
        let resident = bytes("Rss");
        let private = bytes("Private_Clean") + bytes("Private_Dirty");
        // Old kernels do not report the proportional part.
        let shared = match map.extension.map.get("Pss") {
            Some(part) => part.saturating_sub(private),
            None => resident - private,
        };
        let is_code = matches!(map.pathname, MMapPath::Path(_)) && !map.perms.contains(MMPermissions::WRITE);
        let (own, others) = match is_code {
            true => (&mut self.code_private, &mut self.code_shared),
            false => (&mut self.data_private, &mut self.data_shared),
        };
        *own += private;
        *others += shared;
        self.resident += resident;
    }
}

impl AddAssign for MemoryUse {
    fn add_assign(&mut self, other: Self) {
        self.workers += other.workers;
        self.processes += other.processes;
        self.code_private += other.code_private;
        self.code_shared += other.code_shared;
        self.data_private += other.data_private;
        self.data_shared += other.data_shared;
        self.resident += other.resident;
    }
}

impl fmt::Display for MemoryUse {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}\n{}", Self::TITLE, self.line())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_this_process_is_seen() {
        let process = [std::process::id() as i32];
        let before = MemoryUse::of(&process, 1);
        let more = vec![1_u8; 50_000_000];
        let after = MemoryUse::of(&process, 1);
        drop(more);
        assert!(before.code_private + before.code_shared > 0, "{before}");
        assert!(
            after.data_private >= before.data_private + 49_000_000,
            "{before}\n{after}"
        );
        assert!(after.total() <= after.resident);
        assert_eq!(MemoryUse::of(&[i32::MAX], 0), MemoryUse::default());
    }
}
