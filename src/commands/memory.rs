//! `gaudi-mpi memory`: how much memory a job takes as one process, as several, and with forked workers.

use super::print;
use clap::Args;
use gaudi_mpi::{JobResult, MemoryUse, Summary};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Runs a job several times, alone, on several ranks and with forked workers, and prints what memory it took.
#[derive(Args)]
pub struct Arguments {
    /// Job file; without one, the built-in job is measured
    #[arg(value_name = "JOB")]
    job: Option<PathBuf>,
    /// Options of the job, as `gaudi-mpi run` takes them, such as --set or --chunk
    #[arg(last = true, value_name = "OPTIONS")]
    options: Vec<String>,
    /// Ranks that share nothing
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [1, 2, 4])]
    single: Vec<usize>,
    /// Forked workers
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [2, 4, 8])]
    workers: Vec<usize>,
}

/// A way of running the job.
struct Way {
    name: &'static str,
    ranks: usize,
    workers: usize,
    fork_after: &'static str,
}

pub fn run(arguments: Arguments) -> JobResult {
    measure_all(&arguments)?;
    Ok(Summary::default())
}

fn measure_all(arguments: &Arguments) -> gaudi_mpi::Result<()> {
    let single = arguments.single.iter().map(|&ranks| Way {
        name: "single",
        ranks,
        workers: 0,
        fork_after: "",
    });
    let places = [
        ("a) forked before initialisation", "none"),
        ("b) forked after initialisation", "init"),
        ("c) forked after the first item", "first-item"),
    ];
    let forked = places.iter().flat_map(|&(name, fork_after)| {
        arguments.workers.iter().map(move |&workers| Way {
            name,
            ranks: 1,
            workers,
            fork_after,
        })
    });
    let folder = tempfile::tempdir().map_err(|error| format!("cannot make a temporary folder: {error}"))?;
    let mut first = None;
    for way in single.chain(forked) {
        let report = folder.path().join("report.json");
        let memory = measure(arguments, &way, &report)?;
        if first.is_none() {
            print(&format!("{} | ratio | MB\n", MemoryUse::TITLE))?;
        }
        let alone = *first.get_or_insert(memory.total() as f64);
        let ratio = memory.total() as f64 / memory.workers.max(1) as f64 / alone;
        print(&format!(
            "{} | {:>3.0} % | {}\n",
            memory.line(),
            100.0 * ratio,
            way.name
        ))?;
    }
    print("ratio: total/N of the total of the first line\n")
}

/// Runs the job in this way, and reads what memory it took.
fn measure(arguments: &Arguments, way: &Way, report: &std::path::Path) -> gaudi_mpi::Result<MemoryUse> {
    let program = std::env::current_exe()?;
    let mut command = match way.ranks {
        1 => Command::new(&program),
        ranks => {
            let mut mpirun = Command::new(gaudi_mpi::mpirun());
            mpirun.args(["-n", &ranks.to_string()]).arg(&program);
            // It is memory that is measured: there may be fewer cores than ranks.
            mpirun.env("OMPI_MCA_rmaps_base_oversubscribe", "1");
            mpirun
        }
    };
    command
        .arg("run")
        .args(&arguments.job)
        .args(["--quiet", "--memory", "--json"])
        .arg(report);
    if way.workers > 0 {
        command.args(["--workers", &way.workers.to_string(), "--fork-after", way.fork_after]);
    }
    command.args(&arguments.options).stdout(Stdio::null());
    let status = command
        .status()
        .map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if !status.success() {
        return Err(format!("the job failed when it was run as {command:?}").into());
    }
    let report: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(report)?)?;
    let mut memory = MemoryUse::default();
    for rank in report["ranks"].as_array().into_iter().flatten() {
        memory += serde_json::from_value::<MemoryUse>(rank["memory"].clone())?;
    }
    Ok(memory)
}
