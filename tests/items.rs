//! Items come from any iterator, even one of unknown length, in bounded memory.

mod common;

use common::job::Farm;
use std::time::Duration;

/// The output of `count` for this number of items.
fn counted(items: u64) -> String {
    let sum: u64 = (0..items).sum();
    let squares: u64 = (0..items).map(|number| (number % 1009).pow(2)).sum();
    format!("{items} items, sum {sum}, squares {squares}, {items} replies, {items} in the statistics\n")
}

#[test]
fn ten_million_items_of_a_generator_pass_in_bounded_memory() {
    let Some(farm) = Farm::open() else { return };
    const ITEMS: u64 = 10_000_000;
    for ranks in [1, 2] {
        let job = farm.program("count", ranks, &format!("--items {ITEMS} --generate -q"));
        let (run, peak) = job.start().wait_with_peak(0, Duration::from_secs(60));
        assert_eq!(
            (run.status.code(), run.stdout.as_str()),
            (Some(0), counted(ITEMS).as_str()),
            "{run:?}"
        );
        assert!(peak < 200, "rank 0 had {peak} MB");
    }
}

#[test]
fn large_items_wait_for_earlier_ones_within_the_window() {
    let Some(farm) = Farm::open() else { return };
    // More than half a gigabyte of items.
    // A static schedule of a known number of items holds a block for each rank in addition: here, 75 MB.
    for (options, limit) in [
        ("--generate", 200),
        ("--generate --schedule static", 200),
        ("--schedule static", 300),
        ("", 200),
    ] {
        let arguments = format!("--items 6000 --padding 100000 --window 32MiB -q {options}");
        let (run, peak) = farm
            .program("count", 2, &arguments)
            .start()
            .wait_with_peak(0, Duration::from_secs(60));
        assert_eq!(
            (run.status.code(), run.stdout.as_str()),
            (Some(0), counted(6000).as_str()),
            "{run:?}"
        );
        assert!(peak < limit, "{options}: rank 0 had {peak} MB");
    }
}

#[test]
fn a_generator_gives_what_a_vector_gives_however_the_job_is_run() {
    let Some(farm) = Farm::open() else { return };
    for items in [0, 1, 7, 5000] {
        for ranks in [0, 1, 3] {
            for (schedule, more) in [
                ("static", ""),
                ("static", "--batch 7"),
                ("dynamic", "--prefetch 0"),
                ("dynamic", "--window 1kB"),
                ("guided", "--workers 2"),
            ] {
                let options = format!("--items {items} --generate --schedule {schedule} {more} -q");
                let run = farm.program("count", ranks, &options).ends_with(0);
                assert_eq!(run.stdout, counted(items), "{ranks} ranks, {options}");
            }
        }
    }
}

#[test]
fn workers_do_not_wait_for_items_that_a_slow_generator_has_not_made_yet() {
    let Some(farm) = Farm::open() else { return };
    let run = farm
        .program("count", 2, "--items 300 --generate --slow 5 --json json -q")
        .ends_with(0);
    assert_eq!(run.stdout, counted(300));
    let json: serde_json::Value = serde_json::from_str(&farm.read("json")).unwrap();
    let ranks = json["ranks"].as_array().unwrap();
    assert!(ranks.iter().all(|rank| rank["items"].as_u64() > Some(20)), "{json}");
}

#[test]
fn progress_without_a_total_is_shown_as_a_count() {
    let Some(farm) = Farm::open() else { return };
    let run = farm
        .program("count", 1, "--items 1200 --generate --slow 10")
        .ends_with(0);
    let line = run.stderr.lines().find(|line| line.contains(" a second"));
    let line = line.unwrap_or_else(|| panic!("no progress in {run:?}"));
    assert!(
        line.contains(" items, ") && !line.contains(" of ") && !line.contains('%'),
        "{line}"
    );
}

#[test]
fn a_generator_that_panics_stops_the_job() {
    let Some(farm) = Farm::open() else { return };
    for ranks in [0, 2] {
        for generate in ["", "--generate"] {
            let run = farm
                .program("count", ranks, &format!("--items 1000 --panic-at 500 {generate} -q"))
                .ends_with(1);
            let error = run.error();
            assert!(
                error.starts_with("the iterator over the items failed on rank 0 (")
                    && error.contains("count.rs:")
                    && error.contains("told to panic at 500"),
                "{error}"
            );
        }
    }
}
