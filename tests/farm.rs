//! The farm produces the same bytes however it is run.

mod common;

use common::expected;
use common::job::{Farm, Finished};

const RANKS: [usize; 5] = [0, 1, 2, 3, 8];
const SCHEDULES: [&str; 3] = ["static", "dynamic", "guided"];
const PREFETCHES: [&str; 2] = ["--prefetch 0", "--prefetch 2"];
const BATCHES: [&str; 3] = ["", "--batch 1", "--batch 1000"];

/// The first number after `start`.
fn number_after(text: &str, start: &str) -> f64 {
    let rest = text
        .split(start)
        .nth(1)
        .unwrap_or_else(|| panic!("no {start:?} in {text:?}"));
    let number = rest.split_whitespace().next().unwrap_or_default();
    number
        .parse()
        .unwrap_or_else(|_| panic!("no number after {start:?} in {text:?}"))
}

#[test]
fn ranks_schedules_prefetch_and_batches_change_nothing() {
    let Some(farm) = Farm::open() else { return };
    // Every pair of values of two options occurs.
    for (i, &ranks) in RANKS.iter().enumerate() {
        for (j, schedule) in SCHEDULES.iter().enumerate() {
            let (prefetch, batch) = (PREFETCHES[(i + j) % 2], BATCHES[(i + j) % 3]);
            let options = format!("--schedule {schedule} {prefetch} {batch}");
            let run = farm
                .probe(
                    ranks,
                    &format!("--items 2500 --reply 100 --microseconds 20 --out out {options} --json json"),
                )
                .ends_with(0);
            assert!(farm.read("out") == expected::results(2500, &[]), "{run:?}");
        }
    }
}

#[test]
fn all_ranks_work() {
    let Some(farm) = Farm::open() else { return };
    for schedule in SCHEDULES {
        farm.probe(
            8,
            &format!("--items 200 --milliseconds 10 --json json --schedule {schedule}"),
        )
        .ends_with(0);
        let json: serde_json::Value = serde_json::from_str(&farm.read("json")).unwrap();
        let ranks = json["ranks"].as_array().unwrap();
        assert!(
            ranks.len() == 8 && ranks.iter().all(|rank| rank["items"].as_u64() > Some(0)),
            "{json}"
        );
    }
}

#[test]
fn few_items_or_none_are_no_problem() {
    let Some(farm) = Farm::open() else { return };
    for ranks in RANKS {
        for items in [0, 1, 5] {
            let schedule = SCHEDULES[(ranks + items as usize) % 3];
            farm.probe(
                ranks,
                &format!("--items {items} --reply 10 --out out --schedule {schedule}"),
            )
            .ends_with(0);
            assert_eq!(
                farm.read("out"),
                expected::results(items, &[]),
                "{items} items on {ranks} ranks"
            );
        }
    }
}

#[test]
fn a_program_processes_several_times() {
    let Some(farm) = Farm::open() else { return };
    farm.probe(0, "--items 100 --passes 3 --out alone").ends_with(0);
    let alone = farm.read("alone");
    let first = expected::results(100, &[]);
    let later = alone
        .strip_prefix(&first)
        .expect("the first pass gives the results of a single pass");
    assert_eq!(later.lines().filter(|line| line.starts_with("100 items")).count(), 2);
    assert_ne!(
        later.lines().next(),
        first.lines().next(),
        "two passes use the same random numbers"
    );
    for ranks in [1, 2, 8] {
        let run = farm.probe(ranks, "--items 100 --passes 3 --out out").ends_with(0);
        assert_eq!(farm.read("out"), alone);
        assert_eq!(run.stdout.matches("Job execution statistics:").count(), 3);
    }
}

#[test]
fn passes_that_are_over_at_once_do_not_get_mixed_up() {
    let Some(farm) = Farm::open() else { return };
    let run = farm.probe(8, "--items 1 --passes 100").ends_with(0);
    assert_eq!(run.stdout.matches("Job execution statistics:").count(), 100);
}

#[test]
fn ten_million_items_pass() {
    let Some(farm) = Farm::open() else { return };
    let run = farm.program("count", 2, "--items 10000000").ends_with(0);
    let items = 10_000_000_u64;
    let (sum, squares) = (0..items).fold((0, 0), |(sum, squares), item| {
        (sum + item, squares + (item % 1009).pow(2))
    });
    let line = format!("{items} items, sum {sum}, squares {squares}, {items} replies, {items} in the statistics");
    assert_eq!(run.stdout.lines().next(), Some(line.as_str()));
}

#[test]
fn replies_wait_in_a_window_of_bounded_size() {
    let Some(farm) = Farm::open() else { return };
    let peak = |run: Finished| number_after(&run.stdout, "peak of rank 0: ") / 1000.0;
    let run = |options: &str| {
        let options = format!("--items 2000 --peak --out out {options}");
        let peak = peak(farm.probe(2, &options).ends_with(0));
        assert!(farm.read("out") == expected::results(2000, &[]));
        peak
    };
    let without = run("");
    // 40 MB of replies, produced faster than rank 0 consumes them.
    let bounded = run("--reply 20000 --slow-local 1 --window 64kB");
    let unbounded = run("--reply 20000 --slow-local 1 --window 1GB");
    assert!(
        bounded < without + 8.0,
        "{bounded} MB, and {without} MB without replies"
    );
    assert!(
        unbounded > without + 20.0,
        "{unbounded} MB, and {without} MB without replies: the large window does not fill"
    );
}

#[test]
fn large_outputs_are_summed_in_bounded_memory() {
    let Some(farm) = Farm::open() else { return };
    // The peak memory of each rank in MB.
    let peaks = |megabytes: f64| {
        let run = farm
            .program("bench_farm", 4, &format!("reduce --items 8 --megabytes {megabytes}"))
            .ends_with(0);
        let mut peaks: Vec<(usize, f64)> = run
            .stdout
            .lines()
            .map(|line| {
                let mut words = line.split(' ');
                let mut next = || words.next().unwrap_or_else(|| panic!("{line}"));
                (next().parse().unwrap(), next().parse::<f64>().unwrap() * megabytes)
            })
            .collect();
        peaks.sort_by_key(|(rank, _)| *rank);
        assert_eq!(peaks.len(), 4, "{run:?}");
        peaks.into_iter().map(|(_, peak)| peak).collect::<Vec<_>>()
    };
    let (small, large) = (peaks(1.0), peaks(40.0));
    for (rank, (small, large)) in small.iter().zip(&large).enumerate() {
        let copies = (large - small) / 39.0;
        assert!(
            copies <= 3.0,
            "rank {rank} held {copies} copies of its output ({small} MB, {large} MB)"
        );
        assert!(
            copies >= 1.0,
            "rank {rank} did not hold its output ({small} MB, {large} MB)"
        );
    }
}

#[test]
fn many_more_ranks_than_cores_start_work_and_end() {
    let Some(farm) = Farm::open() else { return };
    farm.program("hist_task", 0, "--entries 1000 -q -o alone").ends_with(0);
    for ranks in [64, 128] {
        farm.program("hist_task", ranks, "--entries 1000 -q -o many")
            .ends_with(0);
        for name in ["hist_task.h5", "hist_task.png"] {
            let [alone, many] = ["alone", "many"].map(|folder| std::fs::read(farm.path(folder).join(name)).unwrap());
            assert!(alone == many, "{name} differs on {ranks} ranks");
        }
    }
}
