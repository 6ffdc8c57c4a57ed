//! Every way to stop a job ends all of its processes soon, with one clear message and the right status.

mod common;

use common::job::{Farm, Finished, program};
use common::launcher::keeps_status;
use nix::sys::signal::Signal;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

/// The time within which an error in a hook must stop a job.
const SOON: Duration = Duration::from_secs(10);
/// The time within which all processes must end after one is killed.
const VERY_SOON: Duration = Duration::from_secs(5);

/// Runs a job with a failing hook, and checks its message, status and duration.
fn hook_fails(farm: &Farm, ranks: usize, hook: &str, options: &str, panics: bool) -> Finished {
    let (how, told) = if panics {
        ("--panic-in", "panic")
    } else {
        ("--fail-in", "fail")
    };
    let run = farm
        .probe(ranks, &format!("{how} {hook} {options} --out out"))
        .ends_with(1);
    let error = run.error();
    assert!(error.starts_with(&format!("{hook} failed on rank ")), "{error}");
    assert!(
        error.contains(&format!("{hook} was told to {told}")) && error.ends_with(". The job was stopped"),
        "{error}"
    );
    assert!(!run.stderr.contains("thread '"), "{run:?}");
    assert!(run.took < SOON, "{run:?}");
    assert!(!farm.path("out").exists());
    run
}

const HOOKS: [&str; 6] = [
    "initialize_local",
    "initialize_remote",
    "new_output",
    "local_process",
    "finalize_remote",
    "finalize",
];

#[test]
fn a_hook_that_fails_stops_all_ranks() {
    let Some(farm) = Farm::open() else { return };
    for hook in HOOKS {
        // new_output cannot return an error: it panics in either case.
        for panics in [false, true] {
            for ranks in [0, 4] {
                let run = hook_fails(&farm, ranks, hook, "", panics);
                let on_root = run.error().contains(" failed on rank 0 (");
                assert!(
                    on_root || ranks > 0 && ["initialize_remote", "new_output", "finalize_remote"].contains(&hook),
                    "{run:?}"
                );
            }
        }
    }
}

#[test]
fn a_hook_that_fails_without_any_items_stops_all_ranks() {
    let Some(farm) = Farm::open() else { return };
    for hook in ["initialize_local", "initialize_remote", "finalize_remote", "finalize"] {
        hook_fails(&farm, 3, hook, "--items 0", false);
    }
    hook_fails(&farm, 0, "new_output", "--items 0", true);
    let run = hook_fails(
        &farm,
        4,
        "initialize_remote",
        "--items 0 --fail-rank 3 --fail-after 500",
        true,
    );
    assert!(run.error().contains(" failed on rank 3 ("));
}

#[test]
fn a_hook_that_fails_on_one_rank_stops_those_in_the_middle_of_an_item() {
    let Some(farm) = Farm::open() else { return };
    for hook in ["initialize_remote", "new_output"] {
        for panics in [false, true] {
            let options = "--fail-rank 2 --fail-after 1000 --sleep 0,1,2,3,4,5,6,7 --batch 1 --items 8";
            let run = hook_fails(&farm, 4, hook, options, panics);
            assert!(run.error().contains(" failed on rank 2 ("), "{run:?}");
            assert!(
                run.stderr.contains(" sleeps on rank "),
                "no rank was in the middle of an item: {run:?}"
            );
        }
    }
    // Item 0 takes a second. By then, the other ranks have started their items.
    for panics in [false, true] {
        let options = "--sleep 1,2,3,4,5,6,7 --milliseconds 1000 --batch 1 --prefetch 0 --items 8";
        let run = hook_fails(&farm, 4, "local_process", options, panics);
        assert!(run.error().contains("(item 0 ([0,0]))"), "{run:?}");
        assert!(
            run.stderr.contains(" sleeps on rank "),
            "no rank was in the middle of an item: {run:?}"
        );
    }
}

#[test]
fn values_that_cannot_be_sent_or_merged_stop_all_ranks() {
    let Some(farm) = Farm::open() else { return };
    // The use that panics or fails, whether it can return an error, and the step that the error names.
    for (use_, can_fail, what) in [
        ("write_task", true, "sending the task"),
        ("read_task", true, "receiving the task"),
        ("read_reply", true, "local_process"),
        ("write_output", true, "sending the output"),
        ("read_output", true, "finishing the output"),
        ("gather_output", false, "merging outputs"),
        ("join_output", false, "merging outputs"),
        ("finish_output", false, "finishing the output"),
    ] {
        // Large outputs are in transit when the failure happens.
        let check = |ranks: usize, how: &str, told: &str| {
            let options = format!("--items 8 --batch 1 {how} {use_} --output 4 --out out");
            let run = farm.probe(ranks, &options).ends_with(1);
            let error = run.error();
            // An inner rank of the reduction tree may be the first to read an output.
            let is_read_on_the_way = ranks > 1 && use_ == "read_output" && error.starts_with("merging outputs ");
            assert!(
                error.starts_with(&format!("{what} failed on rank ")) || is_read_on_the_way,
                "{error}"
            );
            assert!(error.contains(&format!("{use_} was told to {told}")), "{error}");
            assert!(
                run.took < SOON && !run.stderr.contains("thread '") && !farm.path("out").exists(),
                "{run:?}"
            );
        };
        check(4, "--panic-in", "panic");
        if can_fail {
            check(0, "--fail-in", "fail");
        }
    }
}

#[test]
fn replies_that_cannot_be_sent_are_failures_of_their_items() {
    let Some(farm) = Farm::open() else { return };
    for ranks in [0, 3] {
        let run = farm.probe(ranks, "--items 8 --fail-in write_reply").ends_with(1);
        assert!(
            run.error().starts_with("item ") && run.error().contains("write_reply was told to fail"),
            "{run:?}"
        );
    }
}

#[test]
fn ranks_that_run_different_programs_are_told() {
    let Some(farm) = Farm::open() else { return };
    let (probe, count) = (program("probe"), program("count"));
    let (probe, count) = (probe.display(), format!("{} --items 3", count.display()));
    for contexts in [
        format!("-n 1 {probe} : -n 2 {count}"),
        format!("-n 1 {count} : -n 2 {probe}"),
    ] {
        let run = farm.mpirun(&contexts).ends_with(1);
        assert!(run.error().starts_with("receiving the task failed on rank "), "{run:?}");
    }
}

#[test]
fn a_rank_that_leaves_early_is_named() {
    let Some(farm) = Farm::open() else { return };
    // If rank 0 leaves, all ranks leave without an error.
    let run = farm.probe(3, "--root-leaves --out out").ends_with(0);
    assert!(run.stderr.is_empty() && !farm.path("out").exists(), "{run:?}");
    for items in [0, 1, 100] {
        let run = farm.probe(3, &format!("--items {items} --other-leaves")).ends_with(1);
        assert!(
            run.error().starts_with("rank 1 (") && run.error().contains(" left the job"),
            "{run:?}"
        );
        assert!(run.took < SOON, "{run:?}");
    }
}

#[test]
fn a_panic_outside_the_hooks_ends_all_ranks() {
    let Some(farm) = Farm::open() else { return };
    for rank in [0, 2] {
        let run = farm
            .probe(4, &format!("--panic-outside {rank} --sleep 0,1,2,3 --batch 1"))
            .ends_with(101);
        assert_eq!(
            run.stderr.matches(&format!("rank {rank} was told to panic")).count(),
            1,
            "{run:?}"
        );
        assert!(run.took < SOON, "{run:?}");
    }
}

#[test]
fn nothing_outlives_a_signal() {
    let Some(farm) = Farm::open() else { return };
    for (rank, signal) in [
        (None, Signal::SIGTERM),
        (None, Signal::SIGINT),
        (None, Signal::SIGKILL),
        (Some(0), Signal::SIGKILL),
        (Some(2), Signal::SIGKILL),
        (Some(2), Signal::SIGABRT),
    ] {
        let mut running = farm.probe(4, "--items 8 --batch 1 --sleep 0,1,2,3,4,5,6,7").start();
        running.await_text(" sleeps on rank ", 4);
        assert_eq!(running.ranks(), 4);
        match rank {
            None => running.signal(signal),
            Some(rank) => running.signal_rank(rank, signal),
        }
        let run = running.wait_at_most(VERY_SOON);
        let is_lost = rank.is_none() && !keeps_status();
        assert!(!run.status.success() || is_lost, "after {signal} to {rank:?}: {run:?}");
    }
}

/// Checks that a job stopped at a signal: one error names the signal, and the status encodes it.
fn check_interrupted(run: &Finished, signal: Signal) {
    let error = run.error();
    assert!(
        error.starts_with(&format!("stopped by {signal}, sent to rank ")),
        "{run:?}"
    );
    assert!(
        run.status.code() == Some(128 + signal as i32) || !keeps_status(),
        "{run:?}"
    );
}

#[test]
fn a_signal_that_asks_to_stop_is_the_status() {
    let Some(farm) = Farm::open() else { return };
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGUSR1, Signal::SIGXCPU] {
        for workers in [0, 2] {
            let options = format!("--items 2 --batch 1 --sleep 0,1 --workers {workers} --out out");
            let mut running = farm.probe(0, &options).start();
            running.await_text(" sleeps on rank 0", workers.max(1));
            running.signal(signal);
            check_interrupted(&running.wait_at_most(VERY_SOON), signal);
            assert!(!farm.path("out").exists());
        }
    }
    // The signal goes to the launcher, which passes it on, or to one rank.
    for (rank, signal) in [
        (None, Signal::SIGUSR1),
        (Some(0), Signal::SIGTERM),
        (Some(2), Signal::SIGTERM),
    ] {
        let mut running = farm.probe(3, "--items 3 --batch 1 --sleep 0,1,2 --out out").start();
        running.await_text(" sleeps on rank ", 3);
        match rank {
            None => running.signal(signal),
            Some(rank) => running.signal_rank(rank, signal),
        }
        let run = running.wait_at_most(VERY_SOON);
        check_interrupted(&run, signal);
        let by = format!(", sent to rank {} (", rank.unwrap_or(0));
        assert!(run.error().contains(&by) || rank.is_none(), "{run:?}");
        assert!(!farm.path("out").exists());
    }
}

#[test]
fn a_signal_in_a_hook_of_rank_0_ends_it_at_once() {
    let Some(farm) = Farm::open() else { return };
    for hook in ["initialize_local", "finalize"] {
        let mut running = farm.probe(0, &format!("--items 2 --nap-in {hook}")).start();
        running.await_text(&format!(" naps in {hook}"), 1);
        running.signal(Signal::SIGTERM);
        assert_eq!(
            running.wait_at_most(VERY_SOON).status.signal(),
            Some(Signal::SIGTERM as i32)
        );
    }
}

#[test]
fn a_signal_in_a_long_hook_of_a_worker_ends_the_job() {
    let Some(farm) = Farm::open() else { return };
    for workers in [0, 2] {
        let mut running = farm
            .probe(
                0,
                &format!("--items 2 --nap-in finalize_remote --out out --workers {workers}"),
            )
            .start();
        running.await_text(" naps in finalize_remote", 1);
        running.signal(Signal::SIGTERM);
        check_interrupted(&running.wait_at_most(VERY_SOON), Signal::SIGTERM);
        assert!(!farm.path("out").exists());
    }
}

#[test]
fn a_second_signal_ends_what_the_first_could_not() {
    let Some(farm) = Farm::open() else { return };
    let mut running = farm.probe(0, "--items 2 --nap-in local_process --out out").start();
    running.await_text(" naps in local_process", 1);
    running.signal(Signal::SIGTERM);
    std::thread::sleep(Duration::from_secs(6));
    assert!(running.goes_on());
    running.signal(Signal::SIGINT);
    let run = running.wait_at_most(VERY_SOON);
    assert_eq!(run.status.signal(), Some(Signal::SIGINT as i32), "{run:?}");
}

#[test]
fn a_rank_that_comes_back_in_time_is_not_lost() {
    let Some(farm) = Farm::open() else { return };
    let mut running = farm
        .probe(8, "--items 8 --nap-in finalize --nap 6000 --lost-after 2 --out out")
        .start();
    running.await_text(" naps in finalize", 1);
    running.signal_rank(1, Signal::SIGSTOP);
    std::thread::sleep(Duration::from_secs(4));
    running.signal_rank(1, Signal::SIGCONT);
    let run = running.wait();
    assert!(run.status.success() && farm.path("out").exists(), "{run:?}");
}

#[test]
fn a_rank_that_is_frozen_is_named() {
    let Some(farm) = Farm::open() else { return };
    let sleeping = "--items 30 --batch 1 --nap 1000 --lost-after 2 --sleep 0,1,2,3,4,5,6,7";
    for (rank, options) in [
        (2, sleeping),
        (0, sleeping),
        // Rank 1 is frozen while rank 0 is in `finalize`, so rank 0 cannot leave MPI.
        (1, "--items 3 --nap-in finalize --nap 3000 --lost-after 2"),
    ] {
        let mut running = farm.probe(3, &format!("{options} --out out")).start();
        if options == sleeping {
            running.await_text(" sleeps on rank ", 3);
        } else {
            running.await_text(" naps in finalize", 1);
        }
        // Wait until heartbeats have started.
        std::thread::sleep(Duration::from_secs(1));
        running.signal_rank(rank, Signal::SIGSTOP);
        let run = running.wait_at_most(Duration::from_secs(30));
        assert!(!run.status.success(), "{run:?}");
        let told = match rank {
            0 => "rank 0 has not been heard of on ".to_string(),
            _ => format!("Error: rank {rank} ("),
        };
        assert!(
            run.stderr.contains(&told) && run.stderr.contains("frozen"),
            "{options}: {run:?}"
        );
        assert!(options != sleeping || !farm.path("out").exists());
    }
}

/// Neither a busy rank nor a rank on a suspended machine counts as lost.
#[test]
fn ranks_that_are_busy_or_were_asleep_are_not_lost() {
    let Some(farm) = Farm::open() else { return };
    let mut running = farm
        .probe(
            2,
            "--items 4 --batch 1 --nap 6000 --lost-after 2.5 --sleep 0,1 --nap-in finalize --out out",
        )
        .start();
    running.await_text(" sleeps on rank ", 2);
    for signal in [Signal::SIGSTOP, Signal::SIGCONT] {
        for rank in [0, 1] {
            running.signal_rank(rank, signal);
        }
        std::thread::sleep(Duration::from_secs(4));
    }
    let run = running.wait();
    assert!(run.status.success() && farm.path("out").exists(), "{run:?}");
}
