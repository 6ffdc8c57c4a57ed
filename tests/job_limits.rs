//! Jobs that are stopped, that fill the disk, or that write more than fits into memory.

mod common;

use common::launcher::keeps_status;
use common::particles::Jobs;
use common::skip;
use nix::sys::signal::Signal;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A job that creates events with this number of columns of eight bytes, and writes them.
fn makes(events: u64, columns: usize, outputs: &str) -> String {
    let mut text = format!("[input]\nevents = {events}\n");
    for column in 0..columns {
        text += &format!(
            "[[algorithm]]\ntype = 'Define'\nname = 'D{column}'\ncolumn = 'Gen/Numbers/x{column}'\n\
             value = '{column}.5'\n"
        );
    }
    text + outputs
}

const OUTPUTS: &str = "[histograms]\nfile = 'histograms.h5'
[[output]]\nfile = 'gathered.h5'\ncompression = 0
[[output]]\nfile = 'merged.h5'\nmode = 'merged'
[[output]]\nfile = 'virtual.h5'\nmode = 'virtual'\n";

/// Checks that no output exists under its final name.
fn check_nothing_is_complete(jobs: &Jobs) {
    let names = jobs.names();
    for output in ["histograms.h5", "gathered.h5", "merged.h5", "virtual.h5"] {
        assert!(!names.iter().any(|name| name == output), "{names:?}");
    }
}

#[test]
fn a_job_that_is_stopped_leaves_no_output_under_its_name() {
    let Some(jobs) = Jobs::open() else { return };
    jobs.job_file("job.toml", &makes(1_000_000_000, 4, OUTPUTS));
    for (rank, signal) in [
        (None, Signal::SIGINT),
        (None, Signal::SIGUSR1),
        (Some(1), Signal::SIGTERM),
        (Some(0), Signal::SIGKILL),
        (Some(2), Signal::SIGKILL),
    ] {
        let running = jobs.gaudi(3, "run job.toml --chunk 20000").start();
        // Part files appear once every rank works.
        let mut waited = 0;
        while jobs.names().len() < 4 || running.ranks() < 3 {
            std::thread::sleep(Duration::from_millis(10));
            waited += 1;
            assert!(waited < 3000, "{:?}", jobs.names());
        }
        std::thread::sleep(Duration::from_millis(300));
        match rank {
            None => running.signal(signal),
            Some(rank) => running.signal_rank(rank, signal),
        }
        let run = running.wait_at_most(Duration::from_secs(10));
        let is_lost = rank.is_none() && !keeps_status();
        assert!(!run.status.success() || is_lost, "after {signal} to {rank:?}: {run:?}");
        check_nothing_is_complete(&jobs);
        if signal == Signal::SIGUSR1 || signal == Signal::SIGTERM {
            // A job that is asked to stop removes its part files.
            let status = Some(128 + signal as i32);
            assert!(run.status.code() == status || is_lost, "{run:?}");
            assert!(
                !jobs.names().iter().any(|name| name.contains(".part")),
                "{:?}",
                jobs.names()
            );
        }
        // A killed job leaves part files. They do not disturb later jobs, but this test counts them.
        for name in jobs.names().iter().filter(|name| name.contains(".part")) {
            let path = jobs.path(name);
            if path.is_dir() {
                std::fs::remove_dir_all(path)
            } else {
                std::fs::remove_file(path)
            }
            .unwrap();
        }
    }
}

/// A small file system, unmounted when this is dropped.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    fn mount(place: &'a Path) -> Option<Self> {
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"])
            .arg(place)
            .output();
        if mount.is_ok_and(|mount| mount.status.success()) {
            return Some(Self(place));
        }
        skip("mount", "only root can mount a small file system")
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn a_full_disk_is_an_error() {
    let Some(jobs) = Jobs::open() else { return };
    let folder = jobs.folder("disk");
    let Some(_disk) = SmallDisk::mount(&folder) else { return };
    for (ranks, mode) in [(0, "gathered"), (3, "gathered"), (3, "merged"), (0, "virtual")] {
        let output = format!(
            "[[output]]\nfile = 'disk/out.h5'\ncompression = 0\nmode = '{mode}'\n\
             [histograms]\nfile = 'disk/histograms.h5'\n"
        );
        jobs.job_file("job.toml", &makes(1_000_000, 4, &output));
        let run = jobs.gaudi(ranks, "run job.toml -q").ends_with(1);
        assert!(
            run.error().contains("cannot write disk/out.h5") && run.error().contains("No space left on device"),
            "{run:?}"
        );
        let left: Vec<_> = std::fs::read_dir(&folder).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
    // The disk is full only when the part files are merged.
    let outputs = "[histograms]\nfile = 'histograms.h5'\n[[output]]\nfile = 'small.h5'
        [[output]]\nfile = 'disk/out.h5'\ncompression = 0\nmode = 'merged'\n";
    jobs.job_file("job.toml", &makes(160_000, 4, outputs));
    let run = jobs.gaudi(2, "run job.toml -q").ends_with(1);
    assert!(
        run.error()
            .contains("cannot write disk/out.h5: No space left on device"),
        "{run:?}"
    );
    assert_eq!(jobs.names(), ["disk", "job.toml"]);
}

/// The peak memory of rank 0 in MB while it writes this number of bytes with a window of 16 MiB.
fn peak_of_writing(bytes: u64) -> u64 {
    let Some(jobs) = Jobs::open() else { return 0 };
    let events = bytes / (40 * 8);
    jobs.job_file(
        "job.toml",
        &makes(events, 40, "[[output]]\nfile = 'out.h5'\ncompression = 0\n"),
    );
    let (run, peak) = jobs
        .gaudi(2, "run job.toml -q --window 16MiB")
        .start()
        .wait_with_peak(0, Duration::from_secs(3600));
    assert!(peak > 10, "the peak was not measured: {peak} MB");
    eprintln!("rank 0 had {peak} MB at most");
    assert!(run.status.success(), "{run:?}");
    assert!(std::fs::metadata(jobs.path("out.h5")).unwrap().len() > bytes / 320 * 320);
    let last: Vec<f64> = jobs.column("out.h5", "Event/Gen/Numbers/x39");
    assert!(last.len() as u64 == events && last.iter().all(|value| *value == 39.5));
    peak
}

#[test]
fn an_output_larger_than_the_window_takes_bounded_memory() {
    let peak = peak_of_writing(320_000_000);
    assert!(peak < 200, "{peak} MB");
}

/// Needs 20 GB of free space in TMPDIR. To run it: `cargo test --test job_limits -- --ignored`.
#[test]
#[ignore = "writes 20 GB"]
fn an_output_larger_than_memory_takes_bounded_memory() {
    let peak = peak_of_writing(20_000_000_000);
    assert!(peak < 250, "{peak} MB");
}

#[test]
fn ten_thousand_algorithms_are_no_problem() {
    let Some(jobs) = Jobs::open() else { return };
    let histograms: Vec<String> = (0..9_999)
        .map(|h| {
            format!(
                "[[algorithm]]\ntype = 'Histogram'\nname = 'h{h}'\n\
                 x = {{ value = '{h}', bins = 2, low = 0, high = 5000 }}\n"
            )
        })
        .collect();
    let names: Vec<String> = (0..9_999).map(|h| format!("'h{h}'")).collect();
    let sequence = format!("[[algorithm]]\ntype = 'Sequence'\nmembers = [{}]\n", names.join(","));
    jobs.job_file(
        "job.toml",
        &format!(
            "input.events = 5000\nhistograms.file = 'out.h5'\n{}{sequence}",
            histograms.concat()
        ),
    );
    let run = jobs.gaudi(2, "run job.toml -q --chunk 1000").ends_with(0);
    let values: Vec<f64> = jobs.column("out.h5", "Histograms/h9998/storage/values");
    assert_eq!(values.iter().sum::<f64>(), 5000.0, "{run:?}");
}

#[test]
fn sequences_in_sequences_end() {
    let Some(jobs) = Jobs::open() else { return };
    let nested = |depth: usize| {
        let sequence = |level: usize| {
            let inner = if level + 1 == depth {
                "P".into()
            } else {
                format!("S{}", level + 1)
            };
            // Both members at each level lead to the same algorithm, which must be executed once.
            format!("[[algorithm]]\ntype = 'Sequence'\nname = 'S{level}'\nmembers = ['{inner}', '{inner}']\n")
        };
        let sequences: String = (0..depth).map(sequence).collect();
        format!("input.events = 1000\n{sequences}[[algorithm]]\ntype = 'Prescale'\nname = 'P'\nfraction = 1\n")
    };
    jobs.job_file("job.toml", &nested(100));
    let run = jobs.gaudi(0, "run job.toml").ends_with(0);
    let line = run.stdout.lines().find(|line| line.starts_with("P ")).unwrap();
    assert_eq!(line.split('|').nth(1).unwrap().trim(), "1000");
    jobs.job_file("job.toml", &nested(9_000));
    let run = jobs.gaudi(0, "run job.toml").ends_with(1);
    assert!(
        run.error()
            .contains("is nested in more than 200 sequences: use fewer sequences"),
        "{run:?}"
    );
}
