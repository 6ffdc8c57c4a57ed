//! The memory that forked workers share, and the reports of it.

mod common;

use common::job::Farm;
use gaudi_mpi::MemoryUse;

const MB: u64 = 1_000_000;

/// The memory use in the job's report, summed over ranks.
fn used(farm: &Farm) -> MemoryUse {
    let json: serde_json::Value = serde_json::from_str(&farm.read("json")).unwrap();
    let mut all = MemoryUse::default();
    for rank in json["ranks"].as_array().unwrap() {
        all += serde_json::from_value::<MemoryUse>(rank["memory"].clone()).unwrap();
    }
    all
}

#[test]
fn what_is_made_before_the_fork_is_in_memory_once() {
    let Some(farm) = Farm::open() else { return };
    for (options, shared) in [
        ("--megabytes 100 --fork-after none", false),
        ("--megabytes 100 --fork-after init", true),
        ("--megabytes 100 --fork-after first-item", true),
        // Allocated before the work manager exists, and so shared with the rank's own process too.
        ("--common-megabytes 100 --fork-after none", true),
    ] {
        for ranks in [0, 2] {
            let run = farm
                .probe(
                    ranks,
                    &format!("--items 200 --milliseconds 5 --workers 4 --memory --json json {options}"),
                )
                .ends_with(0);
            let used = used(&farm);
            let zygotes = ranks.max(1) as u64;
            assert_eq!((used.workers, used.processes), (4 * zygotes, 7 * zygotes), "{used}");
            match shared {
                true => assert!(
                    used.data_shared > zygotes * 95 * MB && used.total() < zygotes * 190 * MB,
                    "{options}, {ranks} ranks:\n{used}"
                ),
                false => assert!(used.data_private > zygotes * 4 * 95 * MB, "{options}:\n{used}"),
            }
            assert!(used.total() <= used.resident, "{used}");
            assert!(run.stdout.contains(MemoryUse::TITLE), "{run:?}");
        }
    }
}

#[test]
fn memory_without_workers_is_that_of_the_ranks() {
    let Some(farm) = Farm::open() else { return };
    farm.probe(2, "--items 50 --milliseconds 10 --megabytes 100 --memory --json json")
        .ends_with(0);
    let used = used(&farm);
    assert_eq!((used.workers, used.processes), (2, 2));
    assert!(used.data_private > 190 * MB && used.total() < 300 * MB, "{used}");
}

#[test]
fn ways_of_running_a_job_are_compared() {
    let Some(farm) = Farm::open() else { return };
    let command = env!("CARGO_BIN_EXE_gaudi-mpi");
    let line = "memory --single 1,2 --workers 2 -- --events 20000 --output job";
    let run = farm.command(std::path::Path::new(command), line).ends_with(0);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines.len() == 7 && lines[0].starts_with(MemoryUse::TITLE), "{run:?}");
    for (line, (start, end)) in lines[1..6].iter().zip([
        ("  1 |", "| 100 % | single"),
        ("  2 |", "% | single"),
        ("  2 |", "% | a) forked before initialisation"),
        ("  2 |", "% | b) forked after initialisation"),
        ("  2 |", "% | c) forked after the first item"),
    ]) {
        assert!(line.starts_with(start) && line.ends_with(end), "{line}");
    }
    let run = farm
        .command(std::path::Path::new(command), "memory missing.toml")
        .ends_with(1);
    assert!(
        run.stderr.contains("cannot read the job file missing.toml")
            && run.stderr.contains("the job failed; the command was"),
        "{run:?}"
    );
}
