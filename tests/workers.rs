//! Forked workers: the same bytes as without workers, even if workers fail or are killed.

mod common;

use common::expected;
use common::job::{Farm, Finished};
use common::launcher::keeps_status;
use nix::sys::signal::{Signal, kill};
use std::time::{Duration, Instant};

/// The time within which all processes must end after one is killed.
const VERY_SOON: Duration = Duration::from_secs(5);

const FORK_AFTER: [&str; 3] = ["none", "init", "first-item"];

#[test]
fn workers_and_the_place_of_forking_change_nothing() {
    let Some(farm) = Farm::open() else { return };
    let schedules = ["static", "dynamic", "guided"];
    // The second pass uses other random numbers, which must also be the same in every run.
    farm.probe(0, "--items 2500 --passes 2 --reply 100 --out out")
        .ends_with(0);
    let without_workers = farm.read("out");
    assert!(without_workers.contains(&expected::results(2500, &[])));
    for (i, (ranks, workers)) in [(0, 1), (0, 8), (1, 2), (2, 2), (3, 3)].into_iter().enumerate() {
        for (j, fork_after) in FORK_AFTER.into_iter().enumerate() {
            let schedule = schedules[(i + j) % 3];
            let run = farm
                .probe(
                    ranks,
                    &format!(
                        "--items 2500 --passes 2 --reply 100 --microseconds 20 --out out --workers {workers} \
                         --fork-after {fork_after} --schedule {schedule} --prefetch {j}"
                    ),
                )
                .ends_with(0);
            assert!(farm.read("out") == without_workers, "{run:?}");
            assert!(run.stderr.is_empty(), "{run:?}");
        }
    }
}

#[test]
fn few_items_or_none_are_no_problem() {
    let Some(farm) = Farm::open() else { return };
    for (ranks, items) in [(0, 0), (0, 1), (2, 0), (2, 1), (2, 5)] {
        for fork_after in FORK_AFTER {
            let line = format!("--items {items} --reply 10 --out out --workers 3 --fork-after {fork_after}");
            // A slow zygote must take part in each pass, and complete a pass before the next.
            let run = farm
                .probe(ranks, &format!("{line} --megabytes 100 --passes 2"))
                .ends_with(0);
            assert!(run.stderr.is_empty(), "{run:?}");
            farm.probe(ranks, &line).ends_with(0);
            assert_eq!(
                farm.read("out"),
                expected::results(items, &[]),
                "{items} items, {fork_after}"
            );
        }
    }
}

/// The items in the list of skipped items, with their messages.
fn skipped(run: &Finished) -> Vec<(u64, String)> {
    let item = |line: &str| {
        let (item, rest) = line.strip_prefix("  item ")?.split_once(' ')?;
        Some((item.parse().ok()?, rest.to_string()))
    };
    run.stderr.lines().filter_map(item).collect()
}

#[test]
fn poison_is_found_named_and_skipped() {
    let Some(farm) = Farm::open() else { return };
    for (by, options, cause) in [
        ("abort", "", "the worker was killed by SIGABRT"),
        ("segfault", "--fork-after none", "the worker was killed by SIGSEGV"),
        ("kill", "--fork-after first-item", "the worker was killed by SIGKILL"),
        ("exit", "--batch 50", "the worker ended by itself, with status 7"),
        (
            "hang",
            "--item-timeout 0.3",
            "the worker was ended: the item took longer than --item-timeout allows, which is 0.3 s",
        ),
        (
            "freeze",
            "--item-timeout 0.3 --batch 20",
            "the worker was ended: the item took longer than --item-timeout allows, which is 0.3 s",
        ),
        (
            "eat",
            "--worker-memory 200MB",
            "the worker was killed by SIGABRT (--worker-memory lets it have 200 MB more than it began with",
        ),
    ] {
        for (ranks, workers) in [(0, 2), (2, 2)] {
            let run = farm
                .probe(
                    ranks,
                    &format!(
                        "--items 300 --die 0,17,299 --die-by {by} --workers {workers} --on-error skip --out out \
                         {options}"
                    ),
                )
                .ends_with(3);
            assert!(farm.read("out") == expected::results(300, &[0, 17, 299]), "{run:?}");
            let skipped = skipped(&run);
            assert_eq!(
                skipped.iter().map(|(item, _)| *item).collect::<Vec<_>>(),
                [0, 17, 299],
                "{run:?}"
            );
            for (_, said) in skipped {
                assert!(said.contains("at attempt 2") && said.contains(cause), "{said}\n{run:?}");
            }
        }
    }
}

#[test]
fn poison_stops_a_job_that_is_to_stop() {
    let Some(farm) = Farm::open() else { return };
    for ranks in [0, 2] {
        let run = farm
            .probe(ranks, "--items 300 --die 100 --die-by segfault --workers 2 --out out")
            .ends_with(1);
        let error = run.error();
        assert!(
            error.starts_with("item 100 ([100,10000]) failed on rank ")
                && error.contains("at attempt 2: the worker was killed by SIGSEGV."),
            "{error}"
        );
        assert!(!farm.path("out").exists());
    }
}

#[test]
fn the_first_item_may_take_longer() {
    let Some(farm) = Farm::open() else { return };
    farm.probe(
        0,
        "--items 4 --milliseconds 600 --workers 4 --item-timeout 0.2 --first-item-timeout 30 --batch 1 --out out",
    )
    .ends_with(0);
    assert_eq!(farm.read("out"), expected::results(4, &[]));
}

#[test]
fn hooks_that_fail_or_die_stop_all_ranks() {
    let Some(farm) = Farm::open() else { return };
    for (ranks, fork_after) in [(0, "none"), (3, "init"), (2, "first-item")] {
        for hook in ["initialize_remote", "new_output", "finalize_remote", "local_process"] {
            for (how, said) in [("--fail-in", "was told to fail"), ("--panic-in", "was told to panic")] {
                let run = farm
                    .probe(
                        ranks,
                        &format!("{how} {hook} --workers 2 --fork-after {fork_after} --out out"),
                    )
                    .ends_with(1);
                let error = run.error();
                assert!(
                    error.starts_with(&format!("{hook} failed on rank ")) && error.contains(said),
                    "{run:?}"
                );
            }
        }
        for hook in ["initialize_remote", "finalize_remote"] {
            let run = farm
                .probe(
                    ranks,
                    &format!("--die-in {hook} --die-by segfault --workers 2 --fork-after {fork_after} --out out"),
                )
                .ends_with(1);
            let error = run.error();
            assert!(
                error.starts_with(&format!("{hook} failed on rank ")) && error.contains("was killed by SIGSEGV"),
                "{run:?}"
            );
        }
        let run = farm
            .probe(
                ranks,
                &format!(
                    "--die-in initialize_remote --die-by hang --init-timeout 0.5 --workers 2 --fork-after {fork_after}"
                ),
            )
            .ends_with(1);
        assert!(run.error().contains("--init-timeout allows, which is 0.5 s"), "{run:?}");
    }
}

#[test]
fn workers_that_are_killed_before_or_after_items_are_replaced() {
    let Some(farm) = Farm::open() else { return };
    for (hook, fork_after) in [("initialize_remote", "none"), ("finalize_remote", "init")] {
        let mut running = farm
            .probe(
                0,
                &format!(
                    "--items 50 --milliseconds 5 --workers 3 --nap-in {hook} --nap 700 --fork-after {fork_after} \
                     --out out"
                ),
            )
            .start();
        running.await_text("naps in", 3);
        for &worker in &running.helpers("worker")[..2] {
            kill(worker, Signal::SIGKILL).unwrap();
        }
        let run = running.wait();
        assert_eq!(run.status.code(), Some(0), "{run:?}");
        assert_eq!(farm.read("out"), expected::results(50, &[]), "{run:?}");
        assert_eq!(run.stderr.matches("another one takes its place").count(), 2, "{run:?}");
    }
}

#[test]
fn the_statistics_count_no_time_twice() {
    let Some(farm) = Farm::open() else { return };
    farm.probe(0, "--items 60 --milliseconds 5 --output 40 --workers 4 --json json")
        .ends_with(0);
    let json: serde_json::Value = serde_json::from_str(&farm.read("json")).unwrap();
    let (busy, elapsed) = (&json["ranks"][0]["busy_seconds"], &json["processing_seconds"]);
    assert!(busy.as_f64().unwrap() < 4.0 * elapsed.as_f64().unwrap(), "{json}");
}

#[test]
fn workers_are_killed_200_times_and_nothing_is_lost() {
    let Some(farm) = Farm::open() else { return };
    let signals = [
        Signal::SIGKILL,
        Signal::SIGSEGV,
        Signal::SIGABRT,
        Signal::SIGTERM,
        Signal::SIGINT,
        Signal::SIGBUS,
        Signal::SIGHUP,
    ];
    let mut running = farm
        .probe(
            2,
            "--items 200000 --microseconds 100 --reply 30 --workers 3 --retries 100 --on-error abort --out out \
             --json json -q",
        )
        .start();
    let mut kills = 0;
    let mut next = Instant::now();
    while kills < 200 && running.goes_on() {
        let workers = running.helpers("worker");
        if let Some(&worker) = workers.get(kills * 7 % workers.len().max(1))
            && kill(worker, signals[kills % signals.len()]).is_ok()
        {
            kills += 1;
        }
        next += Duration::from_millis(20 + (kills as u64 * 37) % 30);
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    let run = running.wait();
    assert_eq!(run.status.code(), Some(0), "{run:?}");
    assert_eq!(kills, 200, "the job ended before 200 workers were killed");
    assert!(farm.read("out") == expected::results(200_000, &[]), "{run:?}");
    let json: serde_json::Value = serde_json::from_str(&farm.read("json")).unwrap();
    let deaths: u64 = json["ranks"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|rank| rank["deaths"].as_u64())
        .sum();
    assert!(deaths > 100, "{json}");
}

#[test]
fn nothing_outlives_a_signal() {
    let Some(farm) = Farm::open() else { return };
    for (whom, signal) in [
        ("mpirun", Signal::SIGTERM),
        ("mpirun", Signal::SIGINT),
        ("mpirun", Signal::SIGKILL),
        ("rank", Signal::SIGKILL),
        ("rank", Signal::SIGABRT),
        ("zygote", Signal::SIGKILL),
        ("zygote", Signal::SIGTERM),
        ("accum", Signal::SIGKILL),
    ] {
        let mut running = farm
            .probe(
                2,
                "--items 8 --batch 1 --prefetch 0 --sleep 0,1,2,3,4,5,6,7 --workers 4",
            )
            .start();
        running.await_text(" sleeps on rank ", 8);
        match whom {
            "mpirun" => running.signal(signal),
            "rank" => running.signal_rank(1, signal),
            kind => kill(running.helpers(kind)[0], signal).unwrap(),
        }
        let run = running.wait_at_most(VERY_SOON);
        let is_lost = whom == "mpirun" && !keeps_status();
        assert!(!run.status.success() || is_lost, "after {signal} to {whom}: {run:?}");
        if whom == "zygote" || whom == "accum" {
            assert!(run.error().contains("the process that "), "{run:?}");
        }
    }
}

#[test]
fn nothing_outlives_a_signal_to_a_program_without_mpirun() {
    let Some(farm) = Farm::open() else { return };
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGKILL] {
        let mut running = farm.probe(0, "--items 2 --batch 1 --sleep 0,1 --workers 2").start();
        running.await_text(" sleeps on rank 0", 2);
        running.signal(signal);
        assert!(!running.wait_at_most(VERY_SOON).status.success());
    }
}

#[test]
fn replies_and_outputs_of_100_megabytes_arrive() {
    let Some(farm) = Farm::open() else { return };
    farm.probe(2, "--items 3 --reply 100000000 --workers 2 --out out --window 1GB")
        .ends_with(0);
    assert_eq!(farm.read("out"), expected::results(3, &[]));
    farm.probe(2, "--items 6 --output 100 --workers 2 --out out")
        .ends_with(0);
    assert!(farm.read("out").contains("6 of 12500000 bins"));
}

#[test]
fn a_worker_may_use_all_processors_that_the_job_has() {
    let Some(farm) = Farm::open() else { return };
    let allowed = |pid: i32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        line.unwrap().trim().to_string()
    };
    let mut running = farm
        .probe(1, "--items 2 --batch 1 --sleep 0,1 --nap 1000 --workers 2")
        .start();
    running.await_text(" sleeps on rank 0", 2);
    // mpirun binds a rank to a core. The workers must not inherit that, or they would share the core.
    for worker in running.helpers("worker") {
        assert_eq!(allowed(worker.as_raw()), allowed(std::process::id() as i32));
    }
    assert!(running.wait().status.success());
}

#[test]
fn options_for_workers_want_workers() {
    let Some(farm) = Farm::open() else { return };
    for option in [
        "--item-timeout 3",
        "--fork-after none",
        "--worker-memory 1GB",
        "--init-timeout 1",
    ] {
        let run = farm.probe(0, option).ends_with(1);
        assert!(run.error().contains("give their number with --workers"), "{run:?}");
    }
    let run = farm.probe(0, "--workers 2 --item-timeout 0").ends_with(2);
    assert!(run.stderr.contains("'0' is not a number of seconds above 0"), "{run:?}");
}
