//! `gaudi-mpi memory`: measures a job's memory use on one rank, on several ranks, and with forked workers.

use super::print;
use clap::Args;
use gaudi_mpi::{JobResult, MemoryUse, Summary};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Runs a job several times (on one rank, on several ranks and with forked workers) and prints the memory used.
#[derive(Args)]
pub struct Arguments {
    /// Job file [default: the built-in job]
    #[arg(value_name = "JOB")]
    job: Option<PathBuf>,
    /// Options for `gaudi-mpi run`, such as --set or --chunk
    #[arg(last = true, value_name = "OPTIONS")]
    options: Vec<String>,
    /// Numbers of ranks to measure without forked workers
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [1, 2, 4])]
    single: Vec<usize>,
    /// Numbers of forked workers to measure
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [2, 4, 8])]
    workers: Vec<usize>,
}

/// The numbers of ranks and workers for one run of the job.
struct Layout {
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
    let single = arguments.single.iter().map(|&ranks| Layout {
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
        arguments.workers.iter().map(move |&workers| Layout {
            name,
            ranks: 1,
            workers,
            fork_after,
        })
    });
    let folder = tempfile::tempdir().map_err(|error| format!("cannot create a temporary folder: {error}"))?;
    let mut first = None;
    for layout in single.chain(forked) {
        let report = folder.path().join("report.json");
        let memory = measure(arguments, &layout, &report)?;
        if first.is_none() {
            print(&format!("{} | ratio | MB\n", MemoryUse::TITLE))?;
        }
        let alone = *first.get_or_insert(memory.total() as f64);
        let ratio = memory.total() as f64 / memory.workers.max(1) as f64 / alone;
        print(&format!(
            "{} | {:>3.0} % | {}\n",
            memory.line(),
            100.0 * ratio,
            layout.name
        ))?;
    }
    print("ratio: total/N of the total of the first line\n")
}

/// Runs the job and reads its memory use from its report.
fn measure(arguments: &Arguments, layout: &Layout, report: &std::path::Path) -> gaudi_mpi::Result<MemoryUse> {
    let program = std::env::current_exe()?;
    let mut command = match layout.ranks {
        1 => Command::new(&program),
        ranks => {
            let mut mpirun = Command::new(gaudi_mpi::mpirun());
            mpirun.args(["-n", &ranks.to_string()]).arg(&program);
            // Only memory use is measured, not speed, so the run may use more ranks than there are cores.
            mpirun.env("OMPI_MCA_rmaps_base_oversubscribe", "1");
            mpirun
        }
    };
    command
        .arg("run")
        .args(&arguments.job)
        .args(["--quiet", "--memory", "--json"])
        .arg(report);
    if layout.workers > 0 {
        command.args([
            "--workers",
            &layout.workers.to_string(),
            "--fork-after",
            layout.fork_after,
        ]);
    }
    command.args(&arguments.options).stdout(Stdio::null());
    let status = command
        .status()
        .map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if !status.success() {
        return Err(format!("the job failed; the command was {command:?}").into());
    }
    let report: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(report)?)?;
    let mut memory = MemoryUse::default();
    for rank in report["ranks"].as_array().into_iter().flatten() {
        memory += serde_json::from_value::<MemoryUse>(rank["memory"].clone())?;
    }
    Ok(memory)
}
