//! The batch script under a real Slurm: jobs that finish, are cancelled or reach their time limit, and copies of a
//! program that MPI does not connect.

mod common;

use common::slurm::{Slurm, Submitted};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

const COMMAND: &str = env!("CARGO_BIN_EXE_gaudi-mpi");

/// A job that reads files in the folder it is submitted from.
const READS: &str = "[input]
files = ['dst-*.h5']
chunk = 50
[[algorithm]]
type = 'Filter'
table = 'Rec/Track/Best'
cut = 'px > 100'
output = 'Rec/Track/Some'
[histograms]
file = 'histograms.h5'
[[algorithm]]
type = 'Histogram'
name = 'pt'
table = 'Rec/Track/Some'
x = { value = 'px', bins = 50, low = -5000, high = 5000 }
[[output]]
file = 'selected.h5'
";

/// A job that runs for hours and writes little.
const ENDLESS: &str = "[input]
events = 100000000000
chunk = 100000000
[[algorithm]]
type = 'Define'
column = 'Gen/Numbers/x'
value = '1.5'
[[algorithm]]
type = 'Filter'
prescale = 0.00001
cut = \"'Gen/Numbers/x' > 0\"
[histograms]
file = 'histograms.h5'
[[output]]
file = 'gathered.h5'
[[output]]
file = 'merged.h5'
mode = 'merged'
";

/// Writes the batch script for a job file. Its program runs at low priority and has a path that needs quotes.
fn prepare(slurm: &Slurm, job: &str, script: &str, options: &str) {
    let program = slurm.path("gaudi mpi's");
    fs::write(&program, format!("#!/bin/sh\nexec nice '{COMMAND}' \"$@\"\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(slurm.path("job.toml"), job).unwrap();
    let printed = Command::new(COMMAND)
        .args(["submit", "--print", "slurm", "job.toml", "--program"])
        .arg(&program)
        .args(options.split_whitespace())
        .current_dir(slurm.path(""))
        .output()
        .unwrap();
    assert!(printed.status.success(), "{printed:?}");
    fs::write(slurm.path(script), printed.stdout).unwrap();
}

/// Runs the command without Slurm and MPI, in the folder that jobs are submitted from.
fn alone(slurm: &Slurm, line: &str) {
    let mut command = Command::new(COMMAND);
    command.args(line.split_whitespace()).current_dir(slurm.path(""));
    assert!(command.status().unwrap().success(), "{line}");
}

#[test]
fn jobs_write_the_same_bytes_as_without_slurm() {
    let Some(slurm) = Slurm::start() else { return };
    alone(&slurm, "generate --files 2 --events 500 --output dst-%d.h5 --quiet");
    let ways = [
        ("workers", "--nodes 2 --workers 2 --launcher mpirun"),
        ("srun-workers", "--nodes 2 --workers 2 --launcher srun"),
        ("ranks", "--nodes 2 --workers 1 --ranks-per-node 2 --launcher mpirun"),
        ("srun-ranks", "--nodes 2 --workers 1 --ranks-per-node 2 --launcher srun"),
        ("one-node", "--workers 3"),
    ];
    for (name, options) in ways {
        prepare(&slurm, READS, name, options);
    }
    alone(&slurm, "run job.toml --output serial --quiet");
    let jobs = ways.map(|(name, _)| (name, slurm.submit(name)));
    for (name, job) in jobs {
        assert_eq!(job.ended(), ("COMPLETED".into(), "0:0".into()), "{name}: {}", job.log());
        for output in ["selected.h5", "histograms.h5"] {
            let serial = fs::read(slurm.path("serial").join(output)).unwrap();
            assert!(job.output(output) == serial, "{name}: {output} differs");
        }
        let report: serde_json::Value = serde_json::from_slice(&job.output("report.json")).unwrap();
        let ranks = report["ranks"].as_array().unwrap();
        let on = |host: &str| ranks.iter().filter(|rank| rank["host"] == host).count();
        let expected = match name {
            "one-node" => [1, 0],
            _ if name.ends_with("ranks") => [2, 2],
            _ => [1, 1],
        };
        assert_eq!([on("node1"), on("node2")], expected, "{name}: {report}");
        assert!(job.log().contains("done: results/job-"), "{}", job.log());
    }
}

#[test]
fn jobs_that_are_cancelled_or_out_of_time_stop_in_order() {
    let Some(slurm) = Slurm::start() else { return };
    for launcher in ["mpirun", "srun"] {
        let options = format!("--nodes 2 --workers 2 --launcher {launcher}");
        prepare(&slurm, ENDLESS, launcher, &format!("{options} --time 1"));
    }
    // Slurm warns of the time limit after half a minute. Meanwhile, other jobs are cancelled.
    let late = ["mpirun", "srun"].map(|launcher| slurm.submit(launcher));
    for launcher in ["mpirun", "srun"] {
        let job = slurm.submit(launcher);
        job.await_work(4);
        job.cancel();
        let (state, _) = job.ended();
        assert_eq!(state, "CANCELLED", "{}", job.log());
        assert!(job.log().contains("cancelled"), "{}", job.log());
        check_nothing_is_complete(&job.outputs());
    }
    // A user may send the warning's signal, with the same result.
    let asked = slurm.submit("mpirun");
    asked.await_work(4);
    asked.signal("USR1");
    check_stopped_in_order(&asked);
    for job in late {
        check_stopped_in_order(&job);
    }
}

/// Checks that a job stopped cleanly at SIGUSR1, from Slurm or from a user.
fn check_stopped_in_order(job: &Submitted) {
    // 128 + SIGUSR1
    assert_eq!(job.ended(), ("FAILED".into(), "138:0".into()), "{}", job.log());
    for text in [
        "stopping",
        "Error: stopped by SIGUSR1, ",
        "gaudi-mpi ended with status 138",
    ] {
        assert_eq!(job.log().matches(text).count(), 1, "{text}: {}", job.log());
    }
    assert_eq!(job.outputs(), ["report.json"]);
}

fn check_nothing_is_complete(outputs: &[String]) {
    for name in ["gathered.h5", "merged.h5", "histograms.h5"] {
        assert!(!outputs.iter().any(|output| output == name), "{outputs:?}");
    }
}

#[test]
fn copies_that_know_nothing_of_each_other_do_not_run() {
    let Some(slurm) = Slurm::start() else { return };
    fs::write(slurm.path("job.toml"), ENDLESS.replace("100000000000", "1000")).unwrap();
    for workers in ["", "--workers 2"] {
        let line = format!("srun --mpi=none -n 2 -N 2 {COMMAND} run job.toml -q --output none {workers}");
        let text = slurm.shell(&line, false);
        let error = "Error: MPI: 2 processes were started (SLURM_STEP_NUM_TASKS), but ";
        assert_eq!(text.matches("Error: ").count(), 1, "{text}");
        assert!(text.contains(error) && text.contains("Use srun --mpi=pmix"), "{text}");
        assert!(!Path::new(&slurm.path("none")).exists());
    }
    // Valid ways to start a program: several ranks in an allocation or a step, or one process.
    let run = |ranks: &str| format!("{ranks} {COMMAND} run job.toml -q --output some");
    let shell = |step: &str, line: String| slurm.shell(&format!("{step} bash -ec '{line}; {line}'"), true);
    shell("salloc -Q -N 2", run("mpirun -n 2"));
    shell("salloc -Q -N 2", run(""));
    shell("salloc -Q -N 2", run("srun --mpi=pmix"));
    shell("srun -n 1", run(""));
    shell("srun -n 1", run("mpirun --oversubscribe -n 2"));
    shell(
        "srun --mpi=none -n 2",
        format!("unset SLURM_STEP_NUM_TASKS; {COMMAND} inspect --help >some-help"),
    );
}
