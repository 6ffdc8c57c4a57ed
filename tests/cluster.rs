//! Jobs on several hosts, over ssh and TCP: the same bytes as on one host, and a clean end on every host if one fails.

mod common;

use common::hosts::{Hosts, NAMES};
use common::job::{Farm, program};
use common::launcher::{daemon, leaves_variables_to_hosts, names_hosts, rank_variable};
use common::particles::Jobs;
use nix::sys::signal::Signal;
use std::fs;
use std::path::Path;
use std::time::Duration;

const GAUDI: &str = env!("CARGO_BIN_EXE_gaudi-mpi");

/// The time within which all processes on all hosts end after a host is cut off. The launcher checks its connections as
/// docs/clusters.md describes, at shorter intervals.
const ALL_GONE: Duration = Duration::from_secs(30);

fn open() -> Option<(Farm, Hosts)> {
    Some((Farm::open()?, Hosts::open()?))
}

fn example_job(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/jobs").join(name);
    path.display().to_string()
}

/// The names and contents of the files in a subfolder of the test's folder.
fn files(farm: &Farm, folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(farm.path(folder))
        .unwrap_or_else(|error| panic!("{folder}: {error}"))
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

/// Runs a program without MPI, then on all hosts with each set of options. Each run must write the same files.
fn same_files(farm: &Farm, hosts: &Hosts, program: &Path, line: &str, folder: &str, ways: &[&str]) {
    farm.command(program, line).ends_with(0);
    let alone = files(farm, folder);
    assert!(!alone.is_empty());
    for way in ways {
        fs::remove_dir_all(farm.path(folder)).unwrap();
        let run = hosts
            .mpirun(farm, &format!("{} {line} {way}", program.display()))
            .ends_with(0);
        assert!(
            files(farm, folder) == alone,
            "{line} {way}: the bytes differ from a run without MPI: {run:?}"
        );
    }
}

#[test]
fn three_hosts_make_the_bytes_of_one_process() {
    let Some((farm, hosts)) = open() else { return };
    let gaudi = Path::new(GAUDI);
    let ways = ["", "--workers 2"];
    let line = "run --events 40000 --chunk 1000 -q -o built-in";
    same_files(&farm, &hosts, gaudi, line, "built-in", &ways);
    let line = "--entries 1000 -q -o hist";
    same_files(
        &farm,
        &hosts,
        &program("hist_task"),
        line,
        "hist",
        &["--schedule guided", "--workers 2"],
    );
    farm.command(gaudi, "generate --files 4 --events 300 --output dst-%d.h5 -q")
        .ends_with(0);
    let line = format!("run {} -q", example_job("bs2jpsiphi.toml"));
    same_files(
        &farm,
        &hosts,
        gaudi,
        &line,
        "bs2jpsiphi-output",
        &["--output-mode gathered", "--output-mode merged --workers 2"],
    );
    let line = "dst-1.h5 dst-2.h5 dst-3.h5 dst-4.h5 -q -o task";
    same_files(
        &farm,
        &hosts,
        &program("bs2jpsiphi"),
        line,
        "task",
        &["--workers 2 --fork-after first-item"],
    );
    hosts.are_idle_within(Duration::from_secs(2));
}

#[test]
fn hosts_can_be_made_by_hand() {
    let Some((farm, hosts)) = open() else { return };
    drop(hosts);
    std::os::unix::fs::symlink(GAUDI, farm.path("gaudi-mpi")).unwrap();
    farm.command(Path::new(GAUDI), "-q -o alone").ends_with(0);
    let rig = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/hosts");
    for options in ["", "--delay 1"] {
        let line = format!(
            "{options} a b -- {} --host a,b ./gaudi-mpi -o by-hand",
            gaudi_mpi::mpirun()
        );
        let run = farm.command(&rig, &line).ends_with(0);
        let contents = |folder| files(&farm, folder).into_iter().map(|(_, bytes)| bytes);
        assert!(contents("alone").eq(contents("by-hand")), "{run:?}");
        fs::remove_dir_all(farm.path("by-hand")).unwrap();
        for host in ["| a\n", "| b\n"] {
            assert!(run.stdout.contains(host), "{run:?}");
        }
    }
    farm.command(&rig, "a -- false").ends_with(1);
    farm.command(&rig, "-- true").ends_with(2);
}

#[test]
fn a_reconstruction_has_its_conditions_once_on_each_host() {
    let Some((farm, hosts)) = open() else { return };
    let gaudi = Path::new(GAUDI);
    farm.command(
        gaudi,
        &format!(
            "run {} -q --set input.events=60 --workers 2",
            example_job("velo_toys.toml")
        ),
    )
    .ends_with(0);
    let line = format!("run {} --chunk 2", example_job("brunel.toml"));
    farm.command(gaudi, &format!("{line} -q")).ends_with(0);
    let alone = files(&farm, "brunel-output");
    fs::remove_dir_all(farm.path("brunel-output")).unwrap();
    let run = hosts
        .mpirun(&farm, &format!("{GAUDI} {line} --workers 2 --memory --schedule static"))
        .ends_with(0);
    assert!(files(&farm, "brunel-output") == alone, "the bytes differ");
    // Each line of the two tables ends with the name of its host.
    for host in NAMES {
        let end = format!("| {host}");
        let lines: Vec<&str> = run.stdout.lines().filter(|line| line.ends_with(&end)).collect();
        let [jobs, memory] = lines[..] else {
            panic!("{host} is not in both tables: {run:?}")
        };
        let number = |line: &str, column: usize| -> f64 {
            let words = line.split(|c: char| c.is_whitespace() || c == '|' || c == ',');
            let numbers: Vec<f64> = words.filter_map(|word| word.parse().ok()).collect();
            numbers[column]
        };
        assert!(number(jobs, 0) > 0.0, "{jobs}");
        // The columns: workers; private and shared code; private and shared data; their sum; the resident memory.
        let (workers, shared, total) = (number(memory, 0), number(memory, 4), number(memory, 6));
        assert_eq!(workers, 2.0, "{memory}");
        assert!(shared > 340.0 && total < 1.6 * 360.0, "{memory}");
    }
    hosts.are_idle_within(Duration::from_secs(2));
}

#[test]
fn other_hosts_take_over_the_environment_and_the_folder() {
    let Some((farm, hosts)) = open() else { return };
    let folder = farm.folder("work");
    let probe = program("probe").display().to_string();
    let values = |name: &str| {
        let first = hosts
            .mpirun(&farm, &format!("{probe} --environment {name}"))
            .ends_with(0);
        let mut told: Vec<String> = first
            .stdout
            .lines()
            .filter(|line| line.starts_with("rank "))
            .map(String::from)
            .collect();
        told.sort();
        assert_eq!(told.len(), 3, "{first:?}");
        told
    };
    // A variable and a working directory that only rank 0 starts with.
    fs::write(
        farm.path("on-a"),
        format!(
            "[ \"${}\" != 0 ] || {{ export GAUDIAPPNAME=Brunel; cd {}; }}\nexec \"$@\"\n",
            rank_variable(),
            folder.display()
        ),
    )
    .unwrap();
    let line = format!("sh {} {probe} --environment GAUDIAPPNAME", farm.path("on-a").display());
    let run = hosts.mpirun(&farm, &line).ends_with(0);
    let expected = format!("GAUDIAPPNAME=Some(\"Brunel\") in Some({folder:?})");
    assert_eq!(run.stdout.matches(&expected).count(), 3, "{run:?}");
    // Host-specific variables keep their values.
    if leaves_variables_to_hosts() {
        let temporary = values("TMPDIR");
        for (line, host) in temporary.iter().zip(NAMES).skip(1) {
            assert!(line.contains(&format!("/{host}-tmp\"")), "{line}");
        }
    }
    hosts.are_idle_within(Duration::from_secs(2));
}

#[test]
fn what_a_host_cannot_read_is_told_with_its_name() {
    let Some((farm, hosts)) = open() else { return };
    let data = farm.folder("data");
    farm.command(
        Path::new(GAUDI),
        "generate --files 6 --events 50 --output data/dst-%d.h5 -q",
    )
    .ends_with(0);
    // On this host, an empty file system hides the data.
    hosts.on("c", &format!("mount -t tmpfs tmpfs {}", data.display()));
    let job = example_job("bs2jpsiphi.toml");
    let line = format!("{GAUDI} run {job} -q --set input.files=['data/*.h5'] --batch 1 --retries 0");
    let run = hosts.mpirun(&farm, &line).ends_with(1);
    let error = run.error();
    assert!(
        error.contains(" on rank 2 (c)") && error.contains("data/dst-") && error.contains("No such file"),
        "{run:?}"
    );
    assert!(!farm.path("bs2jpsiphi-output/events.h5").exists());
    // A working directory that another host does not have: the other ranks change to rank 0's.
    let inner = farm.folder("outer/inner");
    let script = format!(
        "[ \"${}\" != 0 ] || cd {}\nexec \"$@\"\n",
        rank_variable(),
        inner.display()
    );
    fs::write(farm.path("in-folder"), script).unwrap();
    hosts.on("b", &format!("mount -t tmpfs tmpfs {}", farm.path("outer").display()));
    let line = format!("sh {} {GAUDI} -q", farm.path("in-folder").display());
    let run = hosts.mpirun(&farm, &line).ends_with(1);
    assert!(
        run.error()
            .starts_with("rank 1 (b) cannot enter rank 0's working directory"),
        "{run:?}"
    );
    hosts.are_idle_within(Duration::from_secs(5));
}

const OUTPUTS: [&str; 4] = ["histograms.h5", "gathered.h5", "merged.h5", "virtual.h5"];

/// A job that runs for hours and writes every kind of output.
const ENDLESS: &str = "[input]\nevents = 1000000000\nchunk = 20000
[[algorithm]]\ntype = 'Define'\ncolumn = 'Gen/Numbers/x'\nvalue = '1.5'
[histograms]\nfile = 'histograms.h5'
[[output]]\nfile = 'gathered.h5'\ncompression = 0
[[output]]\nfile = 'merged.h5'\nmode = 'merged'
[[output]]\nfile = 'virtual.h5'\nmode = 'virtual'\n";

/// Runs a job, makes a host fail, and checks that the job reports the failure and ends on all hosts. Ranks must not
/// give up before the launcher does. Otherwise the launcher has a message for an unreachable host, and waits a quarter
/// of an hour until TCP gives up.
fn trouble(workers: usize, lost_after: u32, befall: impl Fn(&Hosts), is_told: impl Fn(&str) -> bool) {
    let (Some(jobs), Some(hosts)) = (Jobs::open(), Hosts::open()) else {
        return;
    };
    jobs.job_file("job.toml", ENDLESS);
    let line = format!("{GAUDI} run job.toml -v --workers {workers} --lost-after {lost_after}");
    let mut running = hosts.mpirun(&jobs, &line).start();
    running.await_text(" of 3 on ", 3);
    // Part files appear once every rank works.
    let mut waited = 0;
    while jobs.names().len() < 4 {
        std::thread::sleep(Duration::from_millis(20));
        waited += 1;
        assert!(waited < 2000, "the job does not start to write: {:?}", jobs.names());
    }
    std::thread::sleep(Duration::from_secs(2));
    befall(&hosts);
    let run = running.wait_at_most(ALL_GONE);
    assert!(!run.status.success(), "{run:?}");
    assert!(is_told(&run.stderr), "{run:?}");
    hosts.are_idle_within(ALL_GONE);
    for name in OUTPUTS {
        assert!(!jobs.path(name).exists(), "{name} exists: {run:?}");
    }
}

#[test]
fn a_host_that_is_cut_off_ends_the_job() {
    for workers in [0, 2] {
        trouble(
            workers,
            15,
            |hosts| hosts.cut("c"),
            |told| told.contains("on node c") || told.contains("rank 2 (c) has not been heard of"),
        );
    }
}

#[test]
fn ranks_end_when_the_host_of_rank_0_is_cut_off() {
    let names = |told: &str| {
        ["on node b", "on node c", "rank 1 (b)", "rank 2 (c)"]
            .iter()
            .any(|name| told.contains(name))
    };
    trouble(2, 15, |hosts| hosts.cut("a"), names);
}

#[test]
fn a_rank_that_is_frozen_on_another_host_ends_the_job() {
    trouble(
        0,
        8,
        |hosts| hosts.signal("b", "gaudi-mpi", Signal::SIGSTOP),
        |told| told.contains("rank 1 (b) has not been heard of for 8 s"),
    );
}

#[test]
fn a_host_whose_daemon_is_killed_ends_the_job() {
    let names = |told: &str| !names_hosts() || ["node c", " c ", "(c)"].iter().any(|name| told.contains(name));
    trouble(2, 15, |hosts| hosts.signal("c", daemon(), Signal::SIGKILL), names);
}
