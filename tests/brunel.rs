//! Reconstruction in a vertex locator: its quality on simulated events and on toy events, and identical output however
//! it is run.

mod common;

use common::job::{Farm, Job};
use common::{python, sample};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const FILES: [&str; 3] = ["rec.h5", "histograms.h5", "histograms.png"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(farm: &Farm, ranks: usize, arguments: &str) -> Job {
    let command = Path::new(env!("CARGO_BIN_EXE_gaudi-mpi"));
    match ranks {
        0 => farm.command(command, arguments),
        _ => farm.mpirun(&format!("-n {ranks} {} {arguments}", command.display())),
    }
}

fn job(name: &str) -> String {
    root().join("examples/jobs").join(name).display().to_string()
}

fn convert(python: &Path, arguments: &[&str]) -> Output {
    Command::new(python)
        .arg(root().join("scripts/velo_to_hdf5.py"))
        .args(arguments)
        .output()
        .unwrap()
}

/// The seven simulated events.
fn simulated() -> Option<Vec<String>> {
    let path = |number| sample(&format!("velo/velo_event_{number}.json"));
    let files: Option<Vec<PathBuf>> = (0..7).map(path).collect();
    Some(files?.iter().map(|file| file.display().to_string()).collect())
}

fn with<'a>(inputs: &'a [String], output: &'a str) -> Vec<&'a str> {
    inputs.iter().map(String::as_str).chain([output]).collect()
}

/// The percentages in the checker's table, by row and column, and the percentage of ghosts.
fn table(printed: &str) -> HashMap<String, f64> {
    let mut numbers = HashMap::new();
    let number = |word: &str| {
        word.parse::<f64>()
            .unwrap_or_else(|error| panic!("{word}: {error} in {printed}"))
    };
    for line in printed.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let Some((_, ghosts)) = line.split_once("ghosts (") {
            numbers.insert("ghosts".into(), number(ghosts.trim_end_matches(" %)")));
        } else if words.len() == 11 {
            for (column, place) in [("efficiency", 3), ("clones", 5), ("purity", 7), ("hits", 9)] {
                numbers.insert(format!("{} {column}", words[0]), number(words[place]));
            }
        }
    }
    numbers
}

fn files(farm: &Farm, folder: &str) -> Vec<Vec<u8>> {
    FILES
        .map(|name| fs::read(farm.path(folder).join(name)).unwrap_or_else(|error| panic!("{name}: {error}")))
        .into()
}

#[test]
fn simulated_events_are_reconstructed_as_well_as_they_should_be() {
    let (Some(farm), Some(python), Some(inputs)) = (Farm::open(), python(), simulated()) else {
        return;
    };
    let velo = farm.path("velo.h5").display().to_string();
    let converted = convert(&python, &with(&inputs, &velo));
    assert!(
        converted.status.success(),
        "{}",
        String::from_utf8_lossy(&converted.stderr)
    );
    let printed = run(&farm, 2, &format!("run {} -q", job("brunel.toml")))
        .ends_with(0)
        .stdout;
    let table = table(&printed);
    for (what, least) in [
        ("velo efficiency", 98.0),
        ("long efficiency", 99.0),
        ("long>5GeV efficiency", 99.0),
        ("velo hits", 95.0),
        ("velo purity", 99.0),
    ] {
        assert!(table[what] >= least, "{what}: {printed}");
    }
    for (what, most) in [("ghosts", 2.5), ("velo clones", 3.0), ("long clones", 3.0)] {
        assert!(table[what] <= most, "{what}: {printed}");
    }
    let reference = files(&farm, "brunel-output");
    for (ranks, options) in [
        (0, ""),
        (1, "--granularity event"),
        (2, "--granularity file"),
        (3, "--chunk 2"),
        (3, "--granularity event --output-mode merged"),
        (1, "--workers 2"),
        (2, "--workers 2 --fork-after none --granularity event"),
        (1, "--workers 8 --fork-after first-item --granularity event"),
    ] {
        let again = run(&farm, ranks, &format!("run {} -q {options}", job("brunel.toml")))
            .ends_with(0)
            .stdout;
        assert_eq!(again, printed, "{ranks} ranks, {options}");
        assert!(
            files(&farm, "brunel-output") == reference,
            "{ranks} ranks, {options}: the bytes differ"
        );
    }
    for ranks in [0, 2] {
        let same = farm.program("brunel", ranks, "velo.h5 -q -o rust").ends_with(0).stdout;
        assert_eq!(same, printed);
        assert!(
            files(&farm, "rust") == reference,
            "the bytes of the Rust program differ, {ranks} ranks"
        );
    }
    // The file has the tracks, the vertices and the checker's truth.
    let inspected = run(&farm, 0, "inspect brunel-output/rec.h5").ends_with(0).stdout;
    for path in [
        "/Event/Rec/Track/VeloHits",
        "/Event/Rec/Vertex/PrimaryTracks",
        "/Event/MC/Links",
    ] {
        assert!(inspected.contains(path), "{path} is not in {inspected}");
    }
}

#[test]
fn toy_events_are_reconstructed_and_are_the_same_in_every_run() {
    let Some(farm) = Farm::open() else { return };
    let make = format!("run {} -q --set input.events=30", job("velo_toys.toml"));
    run(&farm, 2, &format!("{make} --granularity event")).ends_with(0);
    let toys = farm.path("velo.h5");
    let first = fs::read(&toys).unwrap();
    run(&farm, 0, &make).ends_with(0);
    assert!(fs::read(&toys).unwrap() == first, "the toy events differ between runs");

    let mut reference = None;
    for (ranks, options) in [
        (0, ""),
        (1, "--granularity file"),
        (2, "--granularity event"),
        (3, "--chunk 7"),
        (0, "--workers 2 --fork-after none"),
        (1, "--workers 2 --fork-after first-item --chunk 3"),
        (2, "--workers 2 --fork-after init --chunk 1"),
        (1, "--workers 8 --chunk 2 --output-mode merged"),
    ] {
        let printed = run(&farm, ranks, &format!("run {} -q {options}", job("brunel.toml")))
            .ends_with(0)
            .stdout;
        let table = table(&printed);
        assert!(
            table["velo efficiency"] > 99.0 && table["long efficiency"] > 99.3,
            "{printed}"
        );
        assert!(table["ghosts"] < 2.0 && table["velo hits"] > 95.0, "{printed}");
        let made = (printed, files(&farm, "brunel-output"));
        match &reference {
            None => reference = Some(made),
            Some(reference) => assert!(*reference == made, "{ranks} ranks, {options}"),
        }
    }
    // Toy events that the job itself generates are reconstructed too.
    let printed = farm.program("brunel", 2, "--toys 30 -q -o direct").ends_with(0).stdout;
    assert!(table(&printed)["velo efficiency"] > 99.0, "{printed}");
}

#[test]
fn properties_that_cannot_be_are_told_before_anything_is_done() {
    let Some(farm) = Farm::open() else { return };
    let cases = [
        (
            "ToyVelo",
            "noise = 2.0",
            "noise = 2 is out of range: it must be from 0 to 0.9",
        ),
        ("ToyVelo", "nois = 0.2", "unknown field `nois`"),
        (
            "VeloTracking",
            "",
            "algorithm 'VeloTracking': the job has no input files",
        ),
    ];
    for (kind, property, told) in cases {
        let text = format!("[input]\nevents = 1\n[[algorithm]]\ntype = \"{kind}\"\n{property}\n");
        fs::write(farm.path("job.toml"), text).unwrap();
        let finished = run(&farm, 0, "run job.toml -q").ends_with(1);
        assert!(finished.error().contains(told), "{finished:?}");
    }
    let text = "[input]\nevents = 1\n[[algorithm]]\ntype = \"ToyVelo\"\n[[algorithm]]\ntype = \"VeloTracking\"\n\
                [[algorithm]]\ntype = \"VeloFit\"\nconditions = { field_step = 1 }\n";
    fs::write(farm.path("job.toml"), text).unwrap();
    let finished = run(&farm, 0, "run job.toml -q").ends_with(1);
    assert!(
        finished
            .error()
            .contains("conditions.field_step = 1 is out of range: it must be from 2.5 to 250 mm"),
        "{finished:?}"
    );
}

/// An event with two hits and one particle as JSON, in which `by` replaces the text `replace`.
fn small(replace: &str, by: &str) -> String {
    let prefix: Vec<&str> = std::iter::once("0").chain(std::iter::repeat_n("2", 52)).collect();
    let names = "\"key\", \"pid\", \"p\", \"pt\", \"eta\", \"phi\", \"isLong\", \"isDown\", \"hasVelo\", \"hasUT\", \
                 \"hasScifi\", \"fromBeautyDecay\", \"fromCharmDecay\", \"fromStrangeDecay\", \"charge\", \"hits\"";
    format!(
        "{{\"x\": [1.0, 2.0], \"y\": [1.0, 2.0], \"z\": [-288.0, -287.0], \"module_prefix_sum\": [{}], \"montecarlo\": \
         {{\"description\": [{names}], \"particles\": \
         [[1, 211, 1e3, 500.0, 2.0, 0.1, 0, 0, 1, 0, 0, 0, 0, 0, 1, [0, 1]]]}}}}",
        prefix.join(", ")
    )
    .replacen(replace, by, 1)
}

#[test]
fn the_converter_says_what_is_wrong_with_an_event() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (json, hdf5) = (path("event.json"), path("velo.h5"));
    let error = |text: Option<&str>, arguments: &[&str]| {
        match text {
            Some(text) => fs::write(&json, text).unwrap(),
            None => fs::remove_file(&json).unwrap_or_default(),
        }
        let output = convert(&python, arguments);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(!stderr.contains("Traceback") && !Path::new(&hdf5).exists(), "{stderr}");
        stderr
            .trim_end()
            .strip_prefix("velo_to_hdf5: error: ")
            .unwrap()
            .to_owned()
    };
    let both: [&str; 2] = [&json, &hdf5];
    assert_eq!(error(None, &both), format!("{json} does not exist"));
    let whole = small("", "");
    let cut = error(Some(&whole[..whole.len() / 2]), &both);
    assert!(
        cut.starts_with(&format!("cannot read {json}, it may be damaged or cut short: ")),
        "{cut}"
    );
    for (replace, by, told) in [
        (
            "\"x\"",
            "\"X\"",
            "has no key x; its keys are: X, module_prefix_sum, montecarlo, y, z",
        ),
        (
            "[1.0, 2.0]",
            "[1.0]",
            "x, y and z have 1, 2 and 2 values, but must have the same number",
        ),
        ("[1.0, 2.0]", "[1.0, \"a\"]", "x should be a list of numbers"),
        (
            "[0, 2,",
            "[1, 2,",
            "module_prefix_sum should be 53 numbers that rise from 0 to 2",
        ),
        ("\"isLong\"", "\"long\"", "montecarlo.description has no isLong"),
        (
            "\"particles\"",
            "\"particle\"",
            "has no key montecarlo.particles; its keys are: description, particle",
        ),
        ("[0, 1]]", "[0, 2]]", "particle 0 has a hit 2, but hits are from 0 to 1"),
        (
            "[0, 1]]",
            "[0, 1], 7]",
            "each of montecarlo.particles should be a list of 16 values",
        ),
    ] {
        let said = error(Some(&small(replace, by)), &both);
        assert!(said.starts_with(&json) && said.ends_with(told), "{said}");
    }
    assert_eq!(
        error(Some(&whole), &[&json, &json]),
        format!("the last argument is the event file to write, but it is {json}")
    );
    // A valid event is converted, to the same bytes each time.
    let mut converted = Vec::new();
    for _ in 0..2 {
        let output = convert(&python, &both);
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            format!("{hdf5}: 1 events, 2 hits, 1 particles\n")
        );
        converted.push(fs::read(&hdf5).unwrap());
        std::thread::sleep(std::time::Duration::from_millis(1100));
    }
    assert!(converted[0] == converted[1]);
}
