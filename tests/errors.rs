//! Failing items: they contribute nothing to the sums, and the job stops or skips them, depending on `--on-error`.

mod common;

use common::expected;
use common::job::{Farm, Finished, program};
use common::launcher::{Family, family};
use std::path::Path;
use std::time::Duration;

/// The time within which an error must stop a job.
const SOON: Duration = Duration::from_secs(10);

/// A failed attempt: the item, the rank, the number of the attempt, and its message or its consequence.
#[derive(Debug, PartialEq)]
struct Attempt {
    item: u64,
    rank: usize,
    attempt: u32,
    rest: String,
}

impl Attempt {
    /// Parses "item 13 ([13,169]) failed on rank 2 (node114), at attempt 1…", with or without "failed".
    fn parse(text: &str) -> Option<Self> {
        let (item, rest) = text.split_once("item ")?.1.split_once(' ')?;
        let (described, rest) = rest.split_once(" on rank ")?;
        let (rank, rest) = rest.split_once(' ')?;
        let (_, rest) = rest.split_once("), at attempt ")?;
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let item: u64 = item.parse().ok()?;
        let description = format!("[{item},{}]", item * item);
        assert!(described.contains(&description), "the item is not described: {text}");
        Some(Self {
            item,
            rank: rank.parse().ok()?,
            attempt: rest[..end].parse().ok()?,
            rest: rest[end..].into(),
        })
    }
}

/// The failed attempts that rank 0 reports while the job runs.
fn warned(run: &Finished) -> Vec<Attempt> {
    let warnings = run.stderr.lines().filter(|line| line.contains(" WARN  rank 0: item "));
    warnings
        .map(|line| Attempt::parse(line).unwrap_or_else(|| panic!("{line}")))
        .collect()
}

/// The items in the list of skipped items at the end.
fn listed(run: &Finished, of: u64) -> Vec<Attempt> {
    let mut lines = run
        .stderr
        .lines()
        .skip_while(|line| !line.contains(" items were skipped:"));
    let title = lines.next().unwrap_or_else(|| panic!("no items are skipped: {run:?}"));
    let list: Vec<_> = lines
        .take_while(|line| line.starts_with("  item "))
        .map(|line| Attempt::parse(line).unwrap_or_else(|| panic!("{line}")))
        .collect();
    assert_eq!(title, format!("{} of {of} items were skipped:", list.len()));
    list
}

/// Returns whether this is the probe's message for an item that fails or panics.
fn is_meant(message: &str, item: u64, panics: bool) -> bool {
    if panics {
        message.starts_with("panicked at tests/programs/probe.rs:")
            && message.ends_with(&format!(": item {item} was told to panic"))
    } else {
        message == format!("item {item} was told to fail")
    }
}

#[test]
fn items_that_fail_and_panic_are_left_out_and_listed() {
    let Some(farm) = Farm::open() else { return };
    let runs = [
        (0, 0, ""),
        (0, 3, "--batch 1000"),
        (1, 1, "--batch 7"),
        (2, 0, "--batch 1000"),
        (2, 1, ""),
        (2, 3, "--schedule static"),
        (8, 0, "--batch 1"),
        (8, 1, "--batch 10 --schedule guided"),
        (8, 3, "--prefetch 0"),
    ];
    for (ranks, retries, options) in runs {
        let told = "--items 60 --fail 7,31,58 --panic 13,32 --sleep 5,6 --nap 200 --out out --json json";
        let run = farm
            .probe(ranks, &format!("{told} --on-error skip --retries {retries} {options}"))
            .ends_with(3);
        let bad = [7, 13, 31, 32, 58];
        assert_eq!(farm.read("out"), expected::results(60, &bad), "{run:?}");

        let listed = listed(&run, 60);
        assert_eq!(listed.iter().map(|skipped| skipped.item).collect::<Vec<_>>(), bad);
        for skipped in &listed {
            let panics = [13, 32].contains(&skipped.item);
            let message = skipped.rest.strip_prefix(": ").unwrap();
            assert!(
                skipped.attempt == retries + 1 && is_meant(message, skipped.item, panics),
                "{skipped:?}"
            );

            // Each attempt is reported once, with its message. The message of the last attempt is in the list instead.
            let attempts: Vec<_> = warned(&run)
                .into_iter()
                .filter(|warning| warning.item == skipped.item)
                .collect();
            assert_eq!(attempts.len() as u32, retries + 1, "{run:?}");
            for (number, attempt) in attempts.iter().enumerate() {
                assert_eq!(attempt.attempt, number as u32 + 1);
                match attempt.rest.strip_prefix(", and is tried again: ") {
                    Some(message) => assert!(is_meant(message, skipped.item, panics), "{attempt:?}"),
                    None => assert!(
                        attempt.attempt == retries + 1 && attempt.rest == ", and is skipped",
                        "{attempt:?}"
                    ),
                }
            }
            for pair in attempts.windows(2) {
                assert!(
                    ranks < 2 || pair[0].rank != pair[1].rank,
                    "the retry ran on the same rank: {attempts:?}"
                );
            }
            assert_eq!(attempts.last().map(|last| last.rank), Some(skipped.rank));
        }
        assert!(
            !run.stderr.contains("thread '"),
            "a rank other than 0 printed a panic: {run:?}"
        );

        let json: serde_json::Value = serde_json::from_str(&farm.read("json")).unwrap();
        assert_eq!(json["status"], "complete with skipped items");
        assert_eq!(json["items"], 55);
        for (listed, json) in listed.iter().zip(json["skipped"].as_array().unwrap()) {
            assert_eq!(json["item"], listed.item);
            assert_eq!(json["rank"], listed.rank);
            assert_eq!(json["attempts"], listed.attempt);
            assert_eq!(format!(": {}", json["message"].as_str().unwrap()), listed.rest);
        }
    }
}

#[test]
fn an_item_that_fails_stops_the_job() {
    let Some(farm) = Farm::open() else { return };
    for (ranks, retries, panics) in [
        (0, 0, false),
        (0, 1, true),
        (2, 0, true),
        (2, 1, false),
        (8, 1, true),
        (8, 3, false),
    ] {
        let how = if panics { "--panic" } else { "--fail" };
        // On several ranks, the other ranks process long items meanwhile.
        let asleep = if ranks > 2 {
            "--sleep 1,2,3,4 --prefetch 0 --batch 1"
        } else {
            ""
        };
        let run = farm
            .probe(
                ranks,
                &format!("--items 60 {how} 7 --retries {retries} {asleep} --out out --json json"),
            )
            .ends_with(1);
        let error = run.error();
        let last = Attempt::parse(error).unwrap_or_else(|| panic!("{error}"));
        assert_eq!((last.item, last.attempt), (7, retries + 1));
        let message = last
            .rest
            .strip_prefix(": ")
            .and_then(|rest| rest.strip_suffix(". The job was stopped; --on-error skip goes on without such items"));
        assert!(message.is_some_and(|message| is_meant(message, 7, panics)), "{error}");
        let mut tried: Vec<_> = warned(&run).into_iter().map(|attempt| attempt.rank).collect();
        assert_eq!(tried.len() as u32, retries);
        tried.push(last.rank);
        assert!(ranks < 2 || tried.windows(2).all(|pair| pair[0] != pair[1]), "{run:?}");
        assert!(run.took < SOON, "{run:?}");
        assert!(!farm.path("out").exists() && !run.stdout.contains("Job execution statistics"));
        let json: serde_json::Value = serde_json::from_str(&farm.read("json")).unwrap();
        assert_eq!(json["status"], "failed");
        assert_eq!(Some(json["error"].as_str().unwrap()), Some(error));
    }
}

#[test]
fn an_item_that_fails_on_one_rank_succeeds_on_another() {
    let Some(farm) = Farm::open() else { return };
    for ranks in [2, 8] {
        // Item i is dealt to rank i mod 2 or i mod 8.
        let run = farm
            .probe(
                ranks,
                "--items 60 --fail-on-root 0,16,48 --schedule static --batch 1 --out out --json json",
            )
            .ends_with(0);
        assert_eq!(farm.read("out"), expected::results(60, &[]));
        let warned = warned(&run);
        assert!(
            warned.len() == 3 && warned.iter().all(|attempt| attempt.rank == 0),
            "{run:?}"
        );
        let json: serde_json::Value = serde_json::from_str(&farm.read("json")).unwrap();
        assert_eq!(json["ranks"][0]["failures"], 3);
        assert_eq!(json["status"], "complete");
    }
    farm.probe(1, "--items 60 --fail-on-root 16").ends_with(1);
}

#[test]
fn an_earlier_pass_with_skipped_items_counts_for_the_status() {
    let Some(farm) = Farm::open() else { return };
    let run = farm
        .probe(2, "--items 10 --passes 2 --fail 3 --on-error skip")
        .ends_with(3);
    assert_eq!(run.stderr.matches("1 of 10 items were skipped:").count(), 2);
}

#[test]
fn nothing_can_be_processed_after_a_failure() {
    let Some(farm) = Farm::open() else { return };
    for ranks in [0, 3] {
        let run = farm.probe(ranks, "--fail 7 --again").ends_with(1);
        assert!(run.error().starts_with("item 7 "));
        assert_eq!(
            run.stderr_lines("once more: "),
            ["the job was stopped by an earlier error and its other ranks have left: no more items can be processed"]
        );
    }
}

#[test]
fn copies_that_mpi_does_not_connect_do_not_run() {
    let Some(farm) = Farm::open() else { return };
    let copy = |variables: &str| {
        let probe = program("probe");
        farm.command(Path::new("env"), &format!("{variables} {} --out out", probe.display()))
    };
    // The variables of an srun without this MPI library, and of another library's mpiexec.
    for (count, number) in [("SLURM_STEP_NUM_TASKS", "SLURM_PROCID"), ("PMI_SIZE", "PMI_RANK")] {
        if count == "PMI_SIZE" && family() != Family::OpenMpi {
            continue;
        }
        let run = copy(&format!("{count}=2 {number}=0")).ends_with(1);
        let start = format!("MPI: 2 processes were started ({count}), but ");
        assert!(
            run.error().starts_with(&start) && run.error().contains(" connects 1 of them: "),
            "{run:?}"
        );
        let run = copy(&format!("{count}=2 {number}=1")).ends_with(1);
        assert!(
            run.stderr == "Process 1 of 2 has not run either\n" && run.stdout.is_empty(),
            "{run:?}"
        );
        assert!(!farm.path("out").exists());
        copy(&format!("{count}=1 {number}=0")).ends_with(0);
        std::fs::remove_file(farm.path("out")).unwrap();
    }
}
