//! Job statistics by rank and by host.

use crate::job::memory::MemoryUse;
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// What each rank of a job did and how long it took.
///
/// `Display` prints the table by host:
///
/// ```
/// use gaudi_mpi::{RankStatistics, Statistics};
/// use std::time::Duration;
///
/// let rank = |rank, items, seconds| RankStatistics {
///     rank,
///     host: "node114".into(),
///     items,
///     busy: Duration::from_secs_f64(seconds),
///     ..RankStatistics::default()
/// };
/// let ranks = vec![rank(0, 60, 226.977), rank(1, 40, 151.319)];
/// let statistics = Statistics::new(ranks, Duration::from_secs(60), Duration::from_millis(60_805));
/// assert_eq!(
///     statistics.to_string(),
///     "\
/// Job execution statistics:
/// job count | % of all jobs | job time sum | time per job | job server
///       100 |        100.00 |      378.296 |        3.783 | node114
/// Time elapsed since server creation 60.805"
/// );
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Statistics {
    ranks: Vec<RankStatistics>,
    processing: Duration,
    elapsed: Duration,
}

/// The statistics of one rank.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RankStatistics {
    /// The rank's number.
    pub rank: usize,
    /// The host that the rank ran on.
    pub host: String,
    /// Number of items that succeeded on this rank.
    pub items: u64,
    /// Number of attempts that failed on this rank.
    pub failures: u64,
    /// Number of forked workers that died.
    pub deaths: u64,
    /// Number of batches processed.
    pub batches: u64,
    /// Time that the worker spent on items, including failed ones.
    #[serde(rename = "busy_seconds", serialize_with = "seconds")]
    pub busy: Duration,
    /// Time that the worker waited for items.
    #[serde(rename = "waiting_seconds", serialize_with = "seconds")]
    pub waiting: Duration,
    /// Memory that the rank and its forked workers used after the last item; only with `--memory`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<MemoryUse>,
    /// Bytes received over MPI.
    pub bytes_in: u64,
    /// Bytes sent over MPI.
    pub bytes_out: u64,
}

/// The combined statistics of one host's ranks: one line of the table.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct HostStatistics {
    /// The host's name.
    pub host: String,
    /// Number of items that succeeded on this host.
    pub items: u64,
    /// Time that its workers spent on items, summed over the workers.
    #[serde(rename = "busy_seconds", serialize_with = "seconds")]
    pub busy: Duration,
}

fn seconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

impl Statistics {
    /// Combines the statistics of all ranks. `processing` is the time from handing out the task until its outputs were
    /// summed; `elapsed` is the time since the [`WorkManager`](crate::WorkManager) was created.
    pub fn new(ranks: Vec<RankStatistics>, processing: Duration, elapsed: Duration) -> Self {
        Self {
            ranks,
            processing,
            elapsed,
        }
    }

    /// Returns the statistics of all ranks, by rank number.
    pub fn ranks(&self) -> &[RankStatistics] {
        &self.ranks
    }

    /// Returns the statistics by host, ordered by each host's first rank.
    pub fn hosts(&self) -> Vec<HostStatistics> {
        let mut hosts: Vec<HostStatistics> = Vec::new();
        for rank in &self.ranks {
            let index = hosts.iter().position(|host| host.host == rank.host).unwrap_or_else(|| {
                hosts.push(HostStatistics {
                    host: rank.host.clone(),
                    ..Default::default()
                });
                hosts.len() - 1
            });
            hosts[index].items += rank.items;
            hosts[index].busy += rank.busy;
        }
        hosts
    }

    /// Formats the memory in use after the last item, by host, with a total if there are several hosts. Returns an
    /// empty string without `--memory`.
    pub fn memory_table(&self) -> String {
        let mut hosts: Vec<(&str, MemoryUse)> = Vec::new();
        for rank in &self.ranks {
            let Some(memory) = rank.memory else { continue };
            match hosts.iter_mut().find(|(host, _)| *host == rank.host) {
                Some((_, sum)) => *sum += memory,
                None => hosts.push((&rank.host, memory)),
            }
        }
        if hosts.is_empty() {
            return String::new();
        }
        let mut table = format!("Memory after the last item (MB):\n{} | host\n", MemoryUse::TITLE);
        if hosts.len() > 1 {
            let mut all = MemoryUse::default();
            hosts.iter().for_each(|(_, memory)| all += *memory);
            hosts.push(("all", all));
        }
        for (host, memory) in hosts {
            table += &format!("{} | {host}\n", memory.line());
        }
        table
    }

    /// Returns the number of items that succeeded.
    pub fn items(&self) -> u64 {
        self.ranks.iter().map(|rank| rank.items).sum()
    }

    /// Returns the time from handing out the task until its items were processed and their outputs summed.
    pub fn processing(&self) -> Duration {
        self.processing
    }

    /// Returns the time since the work manager was created.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }
}

impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.items();
        writeln!(f, "Job execution statistics:")?;
        writeln!(
            f,
            "job count | % of all jobs | job time sum | time per job | job server"
        )?;
        for HostStatistics { host, items, busy } in self.hosts() {
            let percent = 100.0 * ratio(items as f64, all);
            let busy = busy.as_secs_f64();
            writeln!(
                f,
                "{items:>9} | {percent:>13.2} | {busy:>12.3} | {:>12.3} | {host}",
                ratio(busy, items)
            )?;
        }
        write!(
            f,
            "Time elapsed since server creation {:.3}",
            self.elapsed.as_secs_f64()
        )
    }
}

fn ratio(value: f64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { value / of as f64 }
}
