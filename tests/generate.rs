//! `gaudi-mpi generate`: the files of toy events are the same on any number of ranks, and all references are valid.

mod common;

use common::job::Farm;
use std::fs;
use std::path::Path;

const COMMAND: &str = env!("CARGO_BIN_EXE_gaudi-mpi");

fn generate(farm: &Farm, ranks: usize, arguments: &str) -> common::job::Job {
    match ranks {
        0 => farm.command(Path::new(COMMAND), &format!("generate {arguments}")),
        _ => farm.mpirun(&format!("-n {ranks} {COMMAND} generate {arguments}")),
    }
}

#[test]
fn files_are_the_same_on_any_number_of_ranks() {
    let Some(farm) = Farm::open() else { return };
    let options = "--files 2 --events 600 --chunk 100 --signal 0.5 --seed 7";
    for (ranks, folder) in [(0, "alone"), (1, "one"), (3, "three")] {
        let run = generate(&farm, ranks, &format!("{options} --output {folder}")).ends_with(0);
        let message = format!("2 files of 600 events: {folder}/dst-1.h5 to {folder}/dst-2.h5\n");
        assert!(run.stdout.ends_with(&message), "{run:?}");
    }
    let bytes = |folder: &str, file: &str| fs::read(farm.path(folder).join(file)).unwrap();
    for file in ["dst-1.h5", "dst-2.h5"] {
        assert!(bytes("alone", file) == bytes("one", file), "{file}");
        assert!(bytes("alone", file) == bytes("three", file), "{file}");
    }
    // Another item size and no compression give the same events.
    let other = "--files 2 --events 600 --chunk 77 --signal 0.5 --seed 7 --compression 0 --quiet --output x-%d.h5";
    assert!(generate(&farm, 0, other).ends_with(0).stdout.is_empty());
    for (one, other, first) in [("alone/dst-1.h5", "x-1.h5", 0), ("alone/dst-2.h5", "x-2.h5", 600)] {
        let (one, other) = (open(&farm.path(one)), open(&farm.path(other)));
        let momenta = |file: &hdf5::File| column::<f64>(file, "Rec/Track/Best/px");
        assert_eq!(momenta(&one), momenta(&other));
        let numbers = column::<u64>(&one, "Rec/Header/event_number");
        assert_eq!(numbers, (first..first + 600).collect::<Vec<u64>>());
        check_references(&one);
    }
    let times: Vec<f64> = ["alone/dst-1.h5", "alone/dst-2.h5"]
        .iter()
        .flat_map(|name| column::<f64>(&open(&farm.path(name)), "Rec/Header/gps_time"))
        .collect();
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]));
    let decays = column::<i32>(&open(&farm.path("x-1.h5")), "Gen/Decays/pid");
    assert!((240..360).contains(&decays.len()) && decays.iter().all(|pid| *pid == 531));
}

fn open(path: &Path) -> hdf5::File {
    hdf5::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn column<T: hdf5::H5Type>(file: &hdf5::File, path: &str) -> Vec<T> {
    let dataset = file.dataset(&format!("/Event/{path}")).unwrap();
    dataset.read_raw().unwrap()
}

/// Checks that every reference in the file is the index of a row in the same event.
fn check_references(file: &hdf5::File) {
    let mut found = 0;
    for (table, columns) in [
        ("Rec/Track/Best", &["vertex"][..]),
        ("Phys/Muons", &["track"]),
        ("Phys/Kaons", &["track"]),
        ("Phys/Pions", &["track"]),
        ("Gen/Decays", &["vertex", "mu_plus", "mu_minus", "k_plus", "k_minus"]),
    ] {
        let offsets = column::<u64>(file, &format!("{table}/_offsets"));
        for name in columns {
            let path = format!("{table}/{name}");
            let dataset = file.dataset(&format!("/Event/{path}")).unwrap();
            let target: hdf5::types::VarLenUnicode = text(&dataset, "target");
            let targets: Vec<u64> = file.dataset(&format!("{target}/_offsets")).unwrap().read_raw().unwrap();
            let references = column::<i32>(file, &path);
            for event in 0..offsets.len() - 1 {
                let rows = (targets[event + 1] - targets[event]) as i32;
                let here = &references[offsets[event] as usize..offsets[event + 1] as usize];
                assert!(here.iter().all(|row| (0..rows).contains(row)), "{path}, event {event}");
                found += here.len();
            }
        }
    }
    assert!(found > 10_000, "{found}");
}

fn text(dataset: &hdf5::Dataset, name: &str) -> hdf5::types::VarLenUnicode {
    dataset.attr(name).unwrap().read_scalar().unwrap()
}

#[test]
fn candidates_are_made_of_generated_files() {
    let Some(farm) = Farm::open() else { return };
    generate(
        &farm,
        0,
        "--files 2 --events 1000 --signal 0.4 --output dst-%d.h5 --quiet",
    )
    .ends_with(0);
    fs::write(farm.path("bs.toml"), JOB).unwrap();
    for (ranks, output) in [(1, "one.h5"), (3, "three.h5")] {
        let command = format!("-n {ranks} {COMMAND} run bs.toml --chunk 130 --quiet --set output.0.file={output}");
        farm.mpirun(&command).ends_with(0);
    }
    let [one, three] = ["one.h5", "three.h5"].map(|name| fs::read(farm.path(name)).unwrap());
    assert!(one == three);
    let masses = column::<f64>(&open(&farm.path("one.h5")), "Phys/Bs/m");
    let peak = masses.iter().filter(|mass| (**mass - 5366.9).abs() < 50.0).count();
    assert!(peak > 150 && 2 * peak > masses.len(), "{peak} of {}", masses.len());
}

const JOB: &str = r#"
[input]
files = ["dst-*.h5"]

[[algorithm]]
type = "Combine"
name = "MakeJpsi"
decay = "J/psi(1S) -> mu+ mu-"
inputs = { "mu+" = "Phys/Muons", "mu-" = "Phys/Muons" }
output = "Phys/Jpsi"
mass = [3036, 3156]
daughter_cuts = { "mu+" = "track.ip > 0.05*mm", "mu-" = "track.ip > 0.05*mm" }

[[algorithm]]
type = "Combine"
name = "MakePhi"
decay = "phi(1020) -> K+ K-"
inputs = { "K+" = "Phys/Kaons", "K-" = "Phys/Kaons" }
output = "Phys/Phi"
mass = [1007, 1032]
daughter_cuts = { "K+" = "prob_nn > 0.3", "K-" = "prob_nn > 0.3" }

[[algorithm]]
type = "Combine"
name = "MakeBs"
decay = "[B_s0 -> J/psi(1S) phi(1020)]cc"
inputs = { "J/psi(1S)" = "Phys/Jpsi", "phi(1020)" = "Phys/Phi" }
output = "Phys/Bs"
mass = [5200, 5550]
best = "abs(child1.m - 3096.9)"

[[output]]
file = "bs.h5"
items = ["Rec/**", "Phys/**"]
"#;

#[test]
fn wrong_options_are_told_once() {
    let Some(farm) = Farm::open() else { return };
    for (options, status, message) in [
        ("--files 0", 2, "invalid value '0' for '--files <N>'"),
        ("--events many", 2, "invalid value 'many' for '--events <N>'"),
        (
            "--signal 1.5",
            2,
            "invalid value '1.5' for '--signal <P>': a probability is a number from 0 to 1",
        ),
        ("--compression 10", 2, "invalid value '10' for '--compression <LEVEL>'"),
        ("--nonsense", 2, "unexpected argument '--nonsense' found"),
        (
            "--events 10 --output /proc/nowhere/dst-%d.h5",
            1,
            "cannot create the folder /proc/nowhere",
        ),
    ] {
        for ranks in [0, 3] {
            let run = generate(&farm, ranks, options).ends_with(status);
            assert_eq!(run.stderr.matches(message).count(), 1, "{run:?}");
            assert!(run.stdout.is_empty(), "{run:?}");
        }
    }
}
