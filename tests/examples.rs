//! The built-in job and the example programs: their output is correct, and the same on any number of ranks.

mod common;

use common::job::Farm;
use common::{python, sample};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Numbers of ranks and options to run a job with. The first, without MPI and options, is the reference.
const WAYS: [(usize, &str); 11] = [
    (0, ""),
    (1, "--prefetch 0 --batch 1"),
    (2, "--schedule static --prefetch 2"),
    (2, "--schedule guided --batch 1000 --prefetch 0"),
    (3, "--schedule dynamic --batch 1"),
    (3, "--schedule static --batch 1000"),
    (8, "--schedule guided --prefetch 2"),
    (8, "--schedule static --prefetch 0 --batch 1"),
    (0, "--workers 3 --schedule guided"),
    (1, "--workers 8 --fork-after none --prefetch 0"),
    (2, "--workers 2 --fork-after first-item --schedule static"),
];

/// The names and contents of the files in a folder.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .map(|path| (name(&path), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

/// Runs a job in all ways, checks that it writes the expected files with the same bytes, and returns the folder of the
/// first run.
fn same_files(farm: &Farm, program: &Path, arguments: &str, expected: &[&str]) -> PathBuf {
    let mut first = Vec::new();
    for (way, (ranks, options)) in WAYS.into_iter().enumerate() {
        let folder = format!("output{way}");
        let line = format!("{arguments} -o {folder} {options}");
        let job = match ranks {
            0 => farm.command(program, &line),
            _ => farm.mpirun(&format!("-n {ranks} {} {line}", program.display())),
        };
        job.ends_with(0);
        let files = files(&farm.path(&folder));
        if way == 0 {
            assert_eq!(
                files.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
                expected
            );
            first = files;
            continue;
        }
        for ((name, bytes), (first_name, first_bytes)) in files.iter().zip(&first) {
            assert!(
                name == first_name && bytes == first_bytes,
                "{name} differs on {ranks} ranks with {options}"
            );
        }
        assert_eq!(files.len(), first.len());
    }
    farm.path("output0")
}

/// Runs a Python script in tests/python.
fn check(python: &Path, script: &str, arguments: &[&Path]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python").join(script);
    let output = Command::new(python).arg(script).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_built_in_job() {
    let Some(farm) = Farm::open() else { return };
    let program = Path::new(env!("CARGO_BIN_EXE_gaudi-mpi"));
    let files = ["hbmass.png", "hbmass.svg", "histograms.h5", "overview.png"];
    let folder = same_files(&farm, program, "run --events 40000 --chunk 1000 -q", &files);
    let Some(python) = python() else { return };
    check(&python, "check_toys.py", &[&folder.join("histograms.h5")]);
}

#[test]
fn the_built_in_job_without_any_arguments() {
    let Some(farm) = Farm::open() else { return };
    let job = farm.mpirun(&format!("-n 2 {} --events 20000", env!("CARGO_BIN_EXE_gaudi-mpi")));
    let finished = job.ends_with(0);
    let picture = farm.path("gaudi-mpi-output").join("hbmass.png");
    assert!(picture.exists());
    for text in ["Job execution statistics:", "hbmass.png", "Next, try"] {
        assert!(finished.stdout.contains(text), "{finished:?}");
    }
}

#[test]
fn another_seed_gives_other_decays() {
    let Some(farm) = Farm::open() else { return };
    let run = |folder: &str, seed| {
        let line = format!("--events 5000 -q -o {folder} --seed {seed}");
        farm.command(Path::new(env!("CARGO_BIN_EXE_gaudi-mpi")), &line)
            .ends_with(0);
        fs::read(farm.path(folder).join("histograms.h5")).unwrap()
    };
    let one = run("one", 1);
    assert!(one == run("again", 1));
    assert!(one != run("two", 2));
}

#[test]
fn an_output_folder_that_cannot_be_made_is_an_error_at_once() {
    let Some(farm) = Farm::open() else { return };
    fs::write(farm.path("file"), "").unwrap();
    let job = farm.mpirun(&format!("-n 2 {} -o file/folder", env!("CARGO_BIN_EXE_gaudi-mpi")));
    let finished = job.ends_with(1);
    assert!(
        finished.error().contains("cannot create the folder file/folder"),
        "{finished:?}"
    );
}

#[test]
fn hist_task() {
    let Some(farm) = Farm::open() else { return };
    let files = ["hist_task.h5", "hist_task.png", "hist_task.svg"];
    let folder = same_files(&farm, &common::job::program("hist_task"), "--entries 1000 -q", &files);
    let Some(python) = python() else { return };
    check(&python, "check_hist_task.py", &[&folder.join("hist_task.h5")]);
}

#[test]
fn b2hhh_fills_the_bins_that_numpy_fills() {
    let (Some(farm), Some(python), Some(sample)) = (Farm::open(), python(), sample("PhaseSpaceSimulation.root")) else {
        return;
    };
    let input = farm.path("input.h5");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/root_to_hdf5.py");
    let converted = Command::new(&python)
        .arg(script)
        .args([&sample, &input])
        .output()
        .unwrap();
    assert!(
        converted.status.success(),
        "{}",
        String::from_utf8_lossy(&converted.stderr)
    );
    let folder = same_files(
        &farm,
        &common::job::program("b2hhh"),
        "input.h5 -q",
        &["b2hhh.h5", "b2hhh.png"],
    );
    check(&python, "check_b2hhh.py", &[&input, &folder.join("b2hhh.h5")]);
}

#[test]
fn b2hhh_says_what_is_wrong_with_its_input() {
    let Some(farm) = Farm::open() else { return };
    let run = |input: &str| farm.program("b2hhh", 3, input).ends_with(1).error().to_owned();
    assert!(run("missing.h5").contains("cannot read missing.h5"));
    fs::write(farm.path("text.h5"), "this is no HDF5").unwrap();
    assert!(run("text.h5").contains("cannot read text.h5"));
    // A copy, because a process started meanwhile may have inherited the original's lock.
    drop(hdf5::File::create(farm.path("made.h5")).unwrap());
    std::fs::copy(farm.path("made.h5"), farm.path("empty.h5")).unwrap();
    assert!(run("empty.h5").contains("empty.h5 has no column /Event/PhaseSpaceTree/H1_PX"));
}
