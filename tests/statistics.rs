//! The reports to the user: the table, the JSON file, the log and the progress.

mod common;

use common::job::{Farm, Finished};
use common::launcher::oversubscribe;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// A line of the table of statistics.
struct Line {
    jobs: u64,
    percent: f64,
    sum: f64,
    per_job: f64,
    server: String,
}

/// The table of statistics, and the elapsed time.
fn table(run: &Finished) -> (Vec<Line>, f64) {
    let mut lines = run.stdout.lines();
    assert_eq!(lines.next(), Some("Job execution statistics:"), "{run:?}");
    assert_eq!(
        lines.next(),
        Some("job count | % of all jobs | job time sum | time per job | job server")
    );
    let mut table = Vec::new();
    for line in lines {
        if let Some(elapsed) = line.strip_prefix("Time elapsed since server creation ") {
            return (table, elapsed.parse().unwrap());
        }
        let columns: Vec<_> = line.split(" | ").collect();
        assert_eq!(
            columns.iter().take(4).map(|column| column.len()).collect::<Vec<_>>(),
            [9, 13, 12, 12],
            "{line}"
        );
        table.push(Line {
            jobs: columns[0].trim().parse().unwrap(),
            percent: columns[1].trim().parse().unwrap(),
            sum: columns[2].trim().parse().unwrap(),
            per_job: columns[3].trim().parse().unwrap(),
            server: columns[4].into(),
        });
    }
    panic!("the table does not end: {run:?}")
}

fn json(farm: &Farm, name: &str) -> Value {
    serde_json::from_str(&farm.read(name)).unwrap()
}

/// The sum of a number over the entries of a list.
fn sum(list: &Value, number: &str) -> f64 {
    let numbers = list
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry[number].as_f64().unwrap_or_else(|| panic!("{entry}")));
    numbers.sum()
}

#[test]
fn the_table_adds_up() {
    // Times in the table are rounded to milliseconds.
    const ROUNDING: f64 = 0.0005;
    let Some(farm) = Farm::open() else { return };
    let host = nix::unistd::gethostname().unwrap().into_string().unwrap();
    for ranks in [0, 1, 4] {
        let run = farm
            .probe(ranks, "--items 40 --milliseconds 20 --json json")
            .ends_with(0);
        let (lines, elapsed) = table(&run);
        let [line] = &lines[..] else {
            panic!("the table does not have one host: {run:?}")
        };
        assert_eq!(
            (line.jobs, line.percent, line.server.as_str()),
            (40, 100.0, host.as_str())
        );
        assert!(line.sum >= 0.8 && line.per_job >= 0.02, "{run:?}");
        assert!((line.sum / 40.0 - line.per_job).abs() < 0.001, "{run:?}");
        assert!(
            elapsed * ranks.max(1) as f64 >= line.sum && elapsed - ROUNDING <= run.took.as_secs_f64(),
            "{run:?}"
        );

        let json = json(&farm, "json");
        assert!((json["elapsed_seconds"].as_f64().unwrap() - elapsed).abs() < 0.001);
        assert!((json["hosts"][0]["busy_seconds"].as_f64().unwrap() - line.sum).abs() < 0.001);
    }
}

#[test]
fn the_json_file_has_every_rank() {
    let Some(farm) = Farm::open() else { return };
    for ranks in [0, 1, 4] {
        let run = farm
            .probe(ranks, "--items 40 --milliseconds 20 --reply 1000 --json json")
            .ends_with(0);
        let json = json(&farm, "json");
        let keys: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            keys,
            [
                "elapsed_seconds",
                "hosts",
                "items",
                "processing_seconds",
                "ranks",
                "skipped",
                "status"
            ]
        );
        assert_eq!(json["status"], "complete");
        assert_eq!(json["items"], 40);
        assert_eq!(json["skipped"], Value::Array(vec![]));
        assert_eq!(sum(&json["ranks"], "items"), 40.0);
        assert_eq!(sum(&json["hosts"], "items"), 40.0);
        assert!((sum(&json["ranks"], "busy_seconds") - sum(&json["hosts"], "busy_seconds")).abs() < 1e-6);
        assert!(!farm.path("json.part").exists());

        let [elapsed, processing] = ["elapsed_seconds", "processing_seconds"].map(|name| json[name].as_f64().unwrap());
        assert!(processing < elapsed, "{json}");
        let list = json["ranks"].as_array().unwrap();
        assert_eq!(list.len(), ranks.max(1));
        let host = &json["hosts"][0]["host"];
        for (rank, statistics) in list.iter().enumerate() {
            let number = |name: &str| {
                statistics[name]
                    .as_f64()
                    .unwrap_or_else(|| panic!("{name} of {statistics}"))
            };
            assert_eq!(number("rank"), rank as f64);
            assert_eq!(&statistics["host"], host);
            assert_eq!(number("failures"), 0.0);
            assert!(number("batches") <= number("items"));
            let busy = number("busy_seconds");
            assert!(
                busy >= 0.02 * number("items") && busy <= processing,
                "{statistics} in {processing} s"
            );
            assert!(
                busy + number("waiting_seconds") <= elapsed,
                "{statistics} in {elapsed} s"
            );
        }
        // The other ranks have sent at least their replies, and rank 0 has received them.
        let bytes = |rank: &Value, name: &str| rank[name].as_u64().unwrap();
        let (root, others) = list.split_first().unwrap();
        let replies: u64 = others.iter().map(|rank| 1000 * bytes(rank, "items")).sum();
        assert!(ranks < 2 || replies > 0, "{run:?}");
        assert!(
            bytes(root, "bytes_in") >= replies && others.iter().all(|rank| bytes(rank, "bytes_in") > 0),
            "{json}"
        );
        assert!(
            others
                .iter()
                .all(|rank| bytes(rank, "bytes_out") >= 1000 * bytes(rank, "items")),
            "{json}"
        );
        assert!(
            ranks > 1 || bytes(root, "bytes_in") + bytes(root, "bytes_out") == 0,
            "{json}"
        );
    }
}

#[test]
fn the_json_file_says_how_the_job_ended() {
    let Some(farm) = Farm::open() else { return };
    for ranks in [0, 2] {
        farm.probe(ranks, "--fail 7 --on-error skip --json json").ends_with(3);
        let skipped = json(&farm, "json");
        assert_eq!(skipped["status"], "complete with skipped items");
        assert_eq!(skipped["items"], 99);
        assert_eq!(skipped["skipped"][0]["item"], 7);
        assert_eq!(skipped["skipped"][0]["description"], "([7,49])");
        assert_eq!(sum(&skipped["ranks"], "failures"), 2.0);

        let run = farm.probe(ranks, "--fail-in finalize --json json").ends_with(1);
        let failed = json(&farm, "json");
        assert_eq!(failed["status"], "failed");
        assert_eq!(failed["error"].as_str(), Some(run.error()));
        assert_eq!(failed["items"], 100);
    }
}

#[test]
fn a_json_file_that_cannot_be_written_is_an_error() {
    let Some(farm) = Farm::open() else { return };
    for ranks in [0, 2] {
        let run = farm.probe(ranks, "--json nowhere/json").ends_with(1);
        assert_eq!(
            run.error(),
            "cannot write nowhere/json: No such file or directory (os error 2)"
        );
    }
}

#[test]
fn quiet_jobs_say_nothing_and_verbose_ones_say_who_speaks() {
    let Some(farm) = Farm::open() else { return };
    for ranks in [0, 3] {
        let run = farm.probe(ranks, "-q").ends_with(0);
        assert!(run.stdout.is_empty() && run.stderr.is_empty(), "{run:?}");

        // Failures are reported nevertheless.
        let run = farm.probe(ranks, "-q --fail 7 --on-error skip").ends_with(3);
        assert!(run.stdout.is_empty(), "{run:?}");
        assert!(
            run.stderr.contains(" WARN  rank 0: item 7 ") && run.stderr.contains("1 of 100 items were skipped:"),
            "{run:?}"
        );

        let run = farm.probe(ranks, "").ends_with(0);
        assert!(run.stderr.is_empty(), "{run:?}");

        let run = farm.probe(ranks, "-v").ends_with(0);
        for rank in 0..ranks.max(1) {
            let text = format!(" DEBUG rank {rank}: rank {rank} of {} on ", ranks.max(1));
            assert_eq!(run.stderr.matches(&text).count(), 1, "{run:?}");
        }
    }
}

#[test]
fn a_log_gets_a_line_now_and_then() {
    let Some(farm) = Farm::open() else { return };
    let run = farm.probe(2, "--items 23 --milliseconds 1000 --batch 1").ends_with(0);
    assert!(run.took > Duration::from_secs(11), "{run:?}");
    let lines: Vec<_> = run.stderr.lines().collect();
    let [line] = lines[..] else {
        panic!("the log does not have one line: {run:?}")
    };
    let line = line.split_once(" INFO  rank 0: ").unwrap_or_else(|| panic!("{line}")).1;
    let numbers: Vec<f64> = line
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .filter_map(|word| word.parse().ok())
        .collect();
    let &[settled, total, percent, rate, left] = &numbers[..] else {
        panic!("{line}")
    };
    let percent_of_items = (100.0 * settled / total).round();
    assert_eq!(
        line,
        format!("{settled} of 23 items ({percent_of_items} %), {rate:.1} a second, {left} s left")
    );
    // Two ranks process two items a second.
    assert!(
        (14.0..=20.0).contains(&settled) && (1.4..=2.0).contains(&rate),
        "{line}"
    );
    assert_eq!(percent, percent_of_items);
    assert!((left - (total - settled) / rate).abs() <= 1.0, "{line}");
}

#[test]
fn a_terminal_gets_a_bar() {
    let Some(farm) = Farm::open() else { return };
    let probe = common::job::program("probe");
    let probe = probe.display();
    let mpirun = format!("{} {} -n 2", gaudi_mpi::mpirun(), oversubscribe());
    for command in [format!("{probe}"), format!("{mpirun} {probe}")] {
        // `script` runs the command in a terminal and copies the terminal's output.
        let job = |options: &str| {
            let script = farm.command(Path::new("script"), "-q -e -c");
            let command = format!("{command} --items 20 --milliseconds 100 {options}");
            script.argument(&command).argument("/dev/null").ends_with(0)
        };
        let run = job("");
        let positions: Vec<u32> = (0..20)
            .filter(|settled| run.stdout.contains(&format!(" {settled}/20 items, ")))
            .collect();
        assert!(positions.len() >= 3 && run.stdout.contains('█'), "{run:?}");
        // The bar is erased before the table is printed.
        let (_, table) = run.stdout.rsplit_once("\x1b[2K").unwrap_or_else(|| panic!("{run:?}"));
        assert!(table.trim_start().starts_with("Job execution statistics:"), "{run:?}");

        assert!(!job("-q").stdout.contains("items"), "a quiet job shows a bar");
    }
}
