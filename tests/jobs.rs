//! Jobs: the same bytes however they are run, references that stay valid, and records of the events read.

mod common;

use common::launcher::working_directory;
use common::particles::Jobs;
use common::python;
use nix::sys::signal::{Signal, kill};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A job that uses every feature.
const EVERYTHING: &str = r#"
title = "Everything"

[input]
files = ["a.h5", "b.h5", "c.h5", "d.h5"]
time = "Rec/Header/time"

[[algorithm]]
type = "Define"
name = "Pt"
column = "Rec/Track/Best/pt"
value = "hypot(px, py)"
unit = "MeV"

[[algorithm]]
type = "Define"
name = "Chi2"
column = "Phys/Particles/chi2"
value = "track.chi2"

[[algorithm]]
type = "Define"
name = "Height"
column = "Phys/Particles/z"
value = "track.vertex.z"
unit = "mm"

[[algorithm]]
type = "Define"
name = "Balance"
column = "Phys/Summary/balance"
value = "sum('Rec/Track/Best/px') / 3"

[[algorithm]]
type = "Filter"
name = "Fast"
table = "Rec/Track/Best"
cut = "pt > 500*MeV && chi2 < 7"
output = "Rec/Track/Fast"
minimum = 0

[[algorithm]]
type = "Histogram"
name = "pt"
table = "Rec/Track/Fast"
x = { value = "pt / GeV", bins = 50, low = 0, high = 2, label = "pT", unit = "GeV" }
weight = "1 / (1 + chi2)"

[[algorithm]]
type = "Histogram"
name = "plane"
table = "Phys/Particles"
x = { value = "z", edges = [-2, 0, 1, 50, 400] }
y = { value = "chi2", bins = 9, low = 0, high = 9 }
cut = "track.pt > 100 && pid == 13"
weight = "exp(-chi2) * 1e-9"

[[algorithm]]
type = "Profile"
name = "balance"
x = { value = "count('Phys/Particles/pid' == 13)", bins = 4, low = 0, high = 4 }
value = "'Phys/Summary/balance'"
weight = "0.1 + count('Rec/Track/Fast/pt' > 0)"

[[algorithm]]
type = "Filter"
name = "TwoFast"
cut = "count('Rec/Track/Fast/pt' > 0) >= 2"

[[algorithm]]
type = "Prescale"
name = "Half"
fraction = 0.5

[[algorithm]]
type = "Filter"
name = "Balanced"
cut = "abs('Phys/Summary/balance') < 600"

[[algorithm]]
type = "Histogram"
name = "chosen"
x = { value = "'Rec/Header/event_number'", bins = 70, low = 0, high = 7000 }

[[algorithm]]
type = "Filter"
name = "Muons"
table = "Phys/Particles"
cut = "pid == 13"
output = "Phys/Muons"
columns = ["event", "row", "track", "wanted"]

[[algorithm]]
type = "Sequence"
name = "Pairs"
members = ["TwoFast", "!Half", "chosen"]

[[algorithm]]
type = "Sequence"
name = "Sampled"
members = ["Balanced", "Muons"]
short_circuit = false
prescale = 0.7

[[algorithm]]
type = "Sequence"
name = "Selections"
members = ["Pairs", "Sampled", "!TwoFast"]
mode = "or"
short_circuit = false

[[algorithm]]
type = "Dump"
tables = ["Rec/Header", "Rec/Track/Fast", "Phys/Summary"]
events = 60
rows = 2

[histograms]
file = "histograms.h5"

[[output]]
file = "skim.h5"
items = ["Rec/Header", "Rec/Vertex", "Rec/Track/*", "Phys/**", "!Rec/Track/Best/py"]
optional = ["Calo/**"]
accept = ["Pairs", "Sampled"]
require = ["Balanced"]
veto = ["Half"]

[[output]]
file = "all.h5"
compression = 1
"#;

const OUTPUTS: [&str; 3] = ["skim.h5", "all.h5", "histograms.h5"];

#[test]
fn files_are_the_same_bytes_however_a_job_is_run() {
    let Some(jobs) = Jobs::with_inputs() else { return };
    jobs.job_file("job.toml", EVERYTHING);
    let printed = jobs.gaudi(0, "run job.toml -q").ends_with(0).stdout;
    assert!(
        printed.starts_with("Event 0\n  /Event/Rec/Header (1 row)\n"),
        "{printed}"
    );
    let expected = OUTPUTS.map(|name| jobs.bytes(name));
    assert!(jobs.numbers("skim.h5").len() > 500);
    let mut differences = Vec::new();
    // Every number of ranks occurs with every granularity. Every schedule occurs with every output mode, and both occur
    // with every number of ranks and every granularity.
    let granularities = ["file", "chunk --chunk 1000", "chunk --chunk 137", "event"];
    for (i, ranks) in [0, 1, 2, 3, 8].into_iter().enumerate() {
        for (j, granularity) in granularities.into_iter().enumerate() {
            let schedule = ["static", "dynamic", "guided"][(i + j) % 3];
            let mode = ["gathered", "merged"][(i + j) % 2];
            let window = ["", "--window 64KiB"][(i + j / 2) % 2];
            let workers = [
                "",
                "--workers 2",
                "--workers 3 --fork-after first-item",
                "--workers 2 --fork-after none",
            ][(i + j) % 4];
            let line = format!(
                "run job.toml -q --granularity {granularity} --schedule {schedule} --output-mode {mode} {window} \
                 {workers}"
            );
            let run = jobs.gaudi(ranks, &line).ends_with(0);
            assert!(run.stderr.is_empty(), "{run:?}");
            assert_eq!(run.stdout, printed, "{line} on {ranks} ranks");
            for (name, expected) in OUTPUTS.iter().zip(&expected) {
                if jobs.bytes(name) != *expected {
                    differences.push(format!("{name} of {line} on {ranks} ranks"));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
}

#[test]
fn virtual_outputs_have_the_same_events() {
    let Some(jobs) = Jobs::with_inputs() else { return };
    jobs.job_file("job.toml", EVERYTHING);
    jobs.gaudi(0, "run job.toml -q").ends_with(0);
    let line = "run ../job.toml -q --chunk 700 --output-mode virtual --set input.files=[\"../?.h5\"]";
    fs::create_dir(jobs.path("virtual")).unwrap();
    jobs.mpirun(&format!(
        "{} virtual -n 3 {} {line}",
        working_directory(),
        env!("CARGO_BIN_EXE_gaudi-mpi")
    ))
    .ends_with(0);
    // The files are read from a folder other than the one they were written from.
    for name in ["skim.h5", "all.h5"] {
        let run = jobs.gaudi(0, &format!("diff {name} virtual/{name}")).ends_with(0);
        assert!(run.stdout.starts_with("no difference in "), "{run:?}");
    }
    assert!(jobs.bytes("histograms.h5") == jobs.bytes("virtual/histograms.h5"));
    // A later job that fails does not change the virtual output.
    for options in [
        "--set input.files=[\"missing.h5\"]",
        "--workers 2 --set Pt.nonsense=1",
        "--workers 2 --set Pt.value=nonsense",
    ] {
        let before = fs::read_dir(jobs.path("virtual/all.h5.parts")).unwrap().count();
        jobs.command(
            Path::new("env"),
            &format!("-C virtual {} {line} {options}", env!("CARGO_BIN_EXE_gaudi-mpi")),
        )
        .ends_with(1);
        jobs.gaudi(0, "diff all.h5 virtual/all.h5").ends_with(0);
        assert_eq!(fs::read_dir(jobs.path("virtual/all.h5.parts")).unwrap().count(), before);
    }
    // Without its parts, a virtual output is an error, not a file of empty events.
    fs::remove_dir_all(jobs.path("virtual/all.h5.parts")).unwrap();
    let run = jobs.gaudi(0, "merge copy.h5 virtual/all.h5").ends_with(1);
    assert!(run.error().contains("all.h5.parts"), "{run:?}");
}

#[test]
fn workers_that_are_killed_take_no_events_with_them() {
    let Some(jobs) = Jobs::with_inputs() else { return };
    jobs.job_file("job.toml", EVERYTHING);
    let printed = jobs.gaudi(0, "run job.toml -q").ends_with(0).stdout;
    let expected = OUTPUTS.map(|name| jobs.bytes(name));
    for name in ["skim.h5", "all.h5"] {
        fs::copy(jobs.path(name), jobs.path(&format!("expected-{name}"))).unwrap();
    }
    for mode in ["gathered", "merged", "virtual"] {
        let line =
            format!("run job.toml -q --granularity event --workers 3 --retries 100 --json json --output-mode {mode}");
        let mut running = jobs.gaudi(2, &line).start();
        while running.goes_on() {
            for worker in running.helpers("worker").into_iter().step_by(2) {
                let _ = kill(worker, Signal::SIGKILL);
            }
            std::thread::sleep(Duration::from_millis(30));
        }
        let run = running.wait();
        assert_eq!((run.status.code(), &run.stdout), (Some(0), &printed), "{run:?}");
        let json: serde_json::Value = serde_json::from_str(&jobs.read("json")).unwrap();
        assert!(
            json["ranks"]
                .as_array()
                .unwrap()
                .iter()
                .all(|rank| rank["deaths"].as_u64() > Some(0)),
            "{json}"
        );
        if mode == "virtual" {
            for name in ["skim.h5", "all.h5"] {
                jobs.gaudi(0, &format!("diff expected-{name} {name}")).ends_with(0);
            }
        } else {
            for (name, expected) in OUTPUTS.iter().zip(&expected) {
                assert!(jobs.bytes(name) == *expected, "{name}, {mode}");
            }
        }
    }
}

/// Checks all references from particles to tracks and from tracks to vertices, and returns their number.
fn check_references(jobs: &Jobs, file: &str, particles: &str) -> usize {
    struct Table {
        offsets: Vec<u64>,
        event: Vec<u64>,
        row: Vec<i32>,
    }
    let open = |path: &str| Table {
        offsets: jobs.column(file, &format!("Event/{path}/_offsets")),
        event: jobs.column(file, &format!("Event/{path}/event")),
        row: jobs.column(file, &format!("Event/{path}/row")),
    };
    let mut followed = 0;
    for (from, column, to) in [
        (particles, "track", "Rec/Track/Best"),
        ("Rec/Track/Best", "vertex", "Rec/Vertex"),
    ] {
        let (table, target) = (open(from), open(to));
        let references: Vec<i32> = jobs.column(file, &format!("Event/{from}/{column}"));
        let wanted: Vec<i32> = jobs.column(file, &format!("Event/{from}/wanted"));
        assert_eq!(references, wanted, "{from}/{column} in {file}");
        for (event, number) in jobs.numbers(file).into_iter().enumerate() {
            let rows = table.offsets[event] as usize..table.offsets[event + 1] as usize;
            assert!(
                table.event[rows.clone()].iter().all(|event| *event == number),
                "{from} in {file}"
            );
            for &reference in references[rows].iter().filter(|reference| **reference >= 0) {
                let there = target.offsets[event] as usize + reference as usize;
                assert!(there < target.offsets[event + 1] as usize);
                assert_eq!(
                    (target.event[there], target.row[there]),
                    (number, reference),
                    "{to} in {file}"
                );
                followed += 1;
            }
        }
    }
    followed
}

#[test]
fn references_lead_where_they_led() {
    let Some(jobs) = Jobs::with_inputs() else { return };
    let copy = "[input]\nfiles = ['a.h5', 'b.h5', 'c.h5', 'd.h5']\nchunk = 300\n[[output]]\nfile = 'copy.h5'\n";
    jobs.job_file("copy.toml", copy);
    jobs.gaudi(3, "run copy.toml -q").ends_with(0);
    assert_eq!(jobs.numbers("copy.h5"), (0..7000).collect::<Vec<_>>());
    let all = check_references(&jobs, "copy.h5", "Phys/Particles");
    assert!(all > 10_000, "{all} references");

    for line in [
        "merge ab.h5 a.h5 b.h5",
        "merge cd.h5 c.h5 d.h5",
        "merge cdab.h5 cd.h5 ab.h5",
    ] {
        assert!(jobs.gaudi(0, line).run().status.success());
    }
    assert_eq!(jobs.numbers("cdab.h5"), (5000..7000).chain(0..5000).collect::<Vec<_>>());
    assert_eq!(check_references(&jobs, "cdab.h5", "Phys/Particles"), all);

    let skim = "[input]\nfiles = ['cdab.h5']
        [[algorithm]]\ntype = 'Filter'\ntable = 'Phys/Particles'\noutput = 'Phys/Muons'
        cut = 'pid == 13 && track.px > 0'\n[[output]]\nfile = 'skim.h5'\nitems = ['Rec/**', 'Phys/**']\n";
    jobs.job_file("skim.toml", skim);
    jobs.gaudi(3, "run skim.toml -q --chunk 700").ends_with(0);
    let muons = check_references(&jobs, "skim.h5", "Phys/Muons");
    assert!(muons > 1000 && muons < all);
    assert!(check_references(&jobs, "skim.h5", "Phys/Particles") > muons);

    let Some(python) = python() else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/read_events.py");
    for (file, particles) in [("cdab.h5", "Phys/Particles"), ("skim.h5", "Phys/Muons")] {
        let run = Command::new(&python)
            .arg(&script)
            .arg(jobs.path(file))
            .arg(particles)
            .output()
            .unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    }
}

#[test]
fn a_column_that_some_input_files_lack_is_no_obstacle() {
    let Some(jobs) = Jobs::with_inputs() else { return };
    let py = "Event/Rec/Track/Best/py";
    hdf5::File::open_rw(jobs.path("c.h5")).unwrap().unlink(py).unwrap();
    let job = "[input]\nfiles = ['a.h5', 'c.h5', 'd.h5']\n[[output]]\nfile = 'out.h5'
        items = ['Rec/**']\n";
    jobs.job_file("job.toml", job);
    jobs.gaudi(0, "run job.toml -q").ends_with(0);
    let bytes = jobs.bytes("out.h5");
    jobs.gaudi(3, "run job.toml -q --chunk 100 --output-mode merged")
        .ends_with(0);
    assert!(jobs.bytes("out.h5") == bytes);
    let offsets: Vec<u64> = jobs.column("out.h5", "Event/Rec/Track/Best/_offsets");
    let values: Vec<f64> = jobs.column("out.h5", py);
    let missing = values
        .iter()
        .enumerate()
        .filter(|(_, value)| value.is_nan())
        .map(|(row, _)| row as u64);
    assert!(missing.eq(offsets[5000]..offsets[6700]));
    // An output that names the missing column is an error.
    let item = jobs
        .gaudi(0, "run job.toml -q --set output.0.items=[\"Rec/Track/Best/py\"]")
        .ends_with(1);
    assert!(
        item.error()
            .contains("pattern 'Rec/Track/Best/py' matches no table and no column"),
        "{item:?}"
    );
}

#[test]
fn an_algorithm_in_a_sequence_of_two_sequences_is_executed_once() {
    let Some(jobs) = Jobs::with_inputs() else { return };
    let job = r#"
        input.files = ["a.h5"]
        algorithm = [
            { type = "Filter", name = "Odd", cut = "'Rec/Header/event_number' % 2 == 1" },
            { type = "Filter", name = "Third", cut = "'Rec/Header/event_number' % 3 == 0" },
            { type = "Filter", name = "Muons", table = "Phys/Particles", cut = "pid == 13", output = "Phys/Muons" },
            { type = "Define", name = "Twice", column = "Phys/Muons/twice", value = "2 * row" },
            { type = "Sequence", name = "Both", members = ["Muons", "Twice"] },
            { type = "Sequence", name = "OfOdd", members = ["Odd", "Both"] },
            { type = "Sequence", name = "OfThird", members = ["Third", "Both"] },
            { type = "Sequence", name = "Either", members = ["OfOdd", "OfThird"], mode = "or", short_circuit = false },
        ]
        output = [{ file = "out.h5", items = ["Rec/**", "Phys/**"] }]
    "#;
    jobs.job_file("job.toml", job);
    jobs.gaudi(2, "run job.toml -q --chunk 900").ends_with(0);
    let (row, twice): (Vec<i32>, Vec<f64>) = (
        jobs.column("out.h5", "Event/Phys/Muons/row"),
        jobs.column("out.h5", "Event/Phys/Muons/twice"),
    );
    assert!(row.len() > 1000 && row.iter().map(|row| 2.0 * f64::from(*row)).eq(twice));
    assert!(
        jobs.numbers("out.h5")
            .iter()
            .all(|number| number % 2 == 1 || number % 3 == 0)
    );
    check_references(&jobs, "out.h5", "Phys/Muons");
}

#[test]
fn the_selector_chooses_events_and_the_records_say_what_became_of_them() {
    let Some(jobs) = Jobs::with_inputs() else { return };
    fs::write(jobs.path("list.txt"), "# the later ones\nc.h5\n\nd.h5\n").unwrap();
    let run = |ranks, input: &str| {
        let text = format!("input = {{ time = 'Rec/Header/time', {input} }}\noutput = [{{ file = 'out.h5' }}]\n");
        jobs.job_file("job.toml", &text);
        jobs.gaudi(ranks, "run job.toml -q").ends_with(0);
        let record = |name: &str| jobs.column::<u64>("out.h5", &format!("FileRecords/{name}"));
        let counts: Vec<[u64; 3]> = (record("requested").into_iter().zip(record("processed")))
            .zip(record("failed"))
            .map(|((requested, processed), failed)| [requested, processed, failed])
            .collect();
        assert!(
            counts
                .iter()
                .all(|[requested, processed, failed]| requested == processed && *failed == 0)
        );
        let requested = counts.iter().map(|[requested, ..]| *requested).collect::<Vec<_>>();
        (
            jobs.numbers("out.h5"),
            requested,
            jobs.texts("out.h5", "FileRecords/status"),
        )
    };
    let (numbers, requested, status) = run(0, "files = ['?.h5']");
    assert!(numbers.into_iter().eq(0..7000) && requested == [5000, 0, 1700, 300]);
    assert_eq!(status, ["complete"; 4]);
    assert_eq!(jobs.column::<u64>("out.h5", "FileRecords/events"), [5000, 0, 1700, 300]);
    assert_eq!(
        jobs.texts("out.h5", "FileRecords/file"),
        ["a.h5", "b.h5", "c.h5", "d.h5"]
    );
    assert_eq!(
        jobs.column::<f64>("out.h5", "FileRecords/first_time")[2..],
        [6000.0, 7700.0]
    );
    assert_eq!(
        jobs.column::<f64>("out.h5", "FileRecords/last_time")[2..],
        [7699.0, 7999.0]
    );
    assert!(jobs.column::<f64>("out.h5", "FileRecords/last_time")[1].is_nan());

    let (numbers, requested, status) = run(
        2,
        "files = ['a.h5', '@list.txt'], first = 4000, events = 2000, skip = ['4500..4700', '4600', '6000..6100']",
    );
    assert!(numbers.into_iter().eq((4000..4500).chain(4700..6000).chain(6100..6300)));
    assert_eq!((requested, status), (vec![800, 1200, 0], vec!["partial".into(); 3]));
    let last = jobs.column::<f64>("out.h5", "FileRecords/last_time");
    assert_eq!(last[..2], [5999.0, 7299.0]);

    // No events are selected.
    for input in [
        "files = ['a.h5'], skip = ['0..9223372036854775807', '3..18446744073709551615']",
        "files = ['b.h5']",
        "files = ['a.h5'], events = 0",
        "files = ['a.h5'], first = 9_000_000_000_000_000_000",
    ] {
        for ranks in [0, 2] {
            let (numbers, requested, _) = run(ranks, input);
            assert!(numbers.is_empty() && requested == [0], "{input}");
        }
    }
}

/// Damages a compressed chunk of a column, and returns the rows of the chunk.
fn damage(jobs: &Jobs, file: &str, column: &str, chunk: usize) -> std::ops::Range<u64> {
    let path = jobs.path(file);
    let dataset = hdf5::File::open(&path).and_then(|file| file.dataset(column)).unwrap();
    let info = dataset.chunk_info(chunk).expect("columns are in chunks");
    let rows = dataset.chunk().unwrap()[0] as u64;
    let mut bytes = fs::read(&path).unwrap();
    let middle = info.addr as usize + info.size as usize / 2;
    bytes[middle..middle + 50].iter_mut().for_each(|byte| *byte ^= 0x5a);
    fs::write(path, bytes).unwrap();
    info.offset[0]..info.offset[0] + rows
}

#[test]
fn items_of_damaged_input_are_skipped_and_counted() {
    let Some(jobs) = Jobs::open() else { return };
    jobs.input("a.h5", 0..20_000, false);
    jobs.input("b.h5", 20_000..20_500, false);
    let rows = damage(&jobs, "a.h5", "Event/Rec/Track/Best/px", 1);
    let offsets: Vec<u64> = jobs.column("a.h5", "Event/Rec/Track/Best/_offsets");
    let is_lost = |item: &u64| {
        let (first, last) = (offsets[*item as usize * 1000], offsets[(*item as usize + 1) * 1000]);
        first < rows.end && last > rows.start
    };
    let lost: Vec<u64> = (0..20).filter(is_lost).collect();
    assert!(lost.len() > 2 && lost.len() < 18, "{lost:?}");
    let job = "input = { files = ['a.h5', 'b.h5'], chunk = 1000, time = 'Rec/Header/time' }
        algorithm = [{ type = 'Filter', cut = \"'Rec/Header/event_number' % 2 == 0\" }]
        output = [{ file = 'out.h5' }]\nhistograms = { file = 'histograms.h5' }\n";
    jobs.job_file("job.toml", job);
    for ranks in [0, 3] {
        let run = jobs.gaudi(ranks, "run job.toml -q").ends_with(1);
        assert!(
            run.error()
                .contains("/Event/Rec/Track/Best/px in a.h5: its rows from 16384 on cannot be unpacked"),
            "{run:?}"
        );
        assert_eq!(jobs.names(), ["a.h5", "b.h5", "job.toml"]);
    }
    let mut all = Vec::new();
    for (ranks, mode) in [(0, "gathered"), (3, "gathered"), (3, "merged"), (1, "virtual")] {
        jobs.gaudi(ranks, &format!("run job.toml -q --on-error skip --output-mode {mode}"))
            .ends_with(3);
        let events = (0..20_500).filter(|event| event % 2 == 0 && !lost.contains(&(event / 1000)));
        assert!(jobs.numbers("out.h5").into_iter().eq(events));
        let record = |name: &str| jobs.column::<u64>("out.h5", &format!("FileRecords/{name}"));
        let failed = 1000 * lost.len() as u64;
        assert_eq!(record("requested"), [20_000, 500]);
        assert_eq!(record("processed"), [20_000 - failed, 500]);
        assert_eq!(record("passed"), [(20_000 - failed) / 2, 250]);
        assert_eq!(record("failed"), [failed, 0]);
        assert_eq!(jobs.texts("out.h5", "FileRecords/status"), ["failed", "complete"]);
        assert_eq!(
            jobs.column::<f64>("out.h5", "FileRecords/first_time"),
            [1000.0, 21_000.0]
        );
        if mode != "virtual" {
            all.push(jobs.bytes("out.h5"));
        }
    }
    assert!(all.iter().all(|bytes| *bytes == all[0]));
}
