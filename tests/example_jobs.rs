//! The example job files: their output is correct, and the same however they are run.

mod common;

use common::job::{Farm, Job};
use common::{python, sample};
use hdf5::types::VarLenUnicode;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Numbers of ranks and options to run a job with. The first, without MPI and options, is the reference.
const WAYS: [(usize, &str); 10] = [
    (0, ""),
    (1, "--granularity event --events 300"),
    (0, "--events 300 --chunk 7"),
    (1, "--granularity file"),
    (2, "--chunk 100 --schedule static --output-mode merged"),
    (3, "--chunk 333 --schedule guided"),
    (3, "--granularity file --output-mode merged"),
    (8, "--chunk 50 --output-mode merged --prefetch 0"),
    (0, "--workers 3 --chunk 200 --fork-after first-item"),
    (2, "--workers 2 --granularity file --output-mode merged"),
];

fn command() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_gaudi-mpi"))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(farm: &Farm, ranks: usize, arguments: &str) -> Job {
    match ranks {
        0 => farm.command(command(), arguments),
        _ => farm.mpirun(&format!("-n {ranks} {} {arguments}", command().display())),
    }
}

/// Runs a job in all ways, checks that `folder` has the expected files with the same bytes, and returns its path.
fn same_files(farm: &Farm, job: &str, folder: &str, expected: &[&str]) -> PathBuf {
    let line = format!("run {} -q", root().join("examples/jobs").join(job).display());
    let output = farm.path(folder);
    let mut references: Vec<(bool, Vec<Vec<u8>>)> = Vec::new();
    for (ranks, options) in WAYS {
        run(farm, ranks, &format!("{line} {options}")).ends_with(0);
        let mut names: Vec<_> = fs::read_dir(&output)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, expected, "{ranks} ranks, {options}");
        let files: Vec<_> = names.iter().map(|name| fs::read(output.join(name)).unwrap()).collect();
        let few = options.contains("--events");
        match references.iter().find(|(other, _)| *other == few) {
            None => references.push((few, files)),
            Some((_, reference)) => {
                let differ = names.iter().zip(reference).zip(&files).find(|((_, a), b)| a != b);
                assert!(
                    differ.is_none(),
                    "{} differs: {ranks} ranks, {options}",
                    differ.unwrap().0.0
                );
            }
        }
    }
    run(farm, 2, &line).ends_with(0);
    output
}

/// The name, entries, mean and standard deviation of each counter in a file.
fn counters(file: &Path) -> Vec<(String, u64, f64, f64)> {
    let group = hdf5::File::open(file).unwrap().group("FileRecords/Counters").unwrap();
    let numbers = |name| group.dataset(name).unwrap().read_raw::<f64>().unwrap();
    let names = group.dataset("name").unwrap().read_raw::<VarLenUnicode>().unwrap();
    let entries = group.dataset("entries").unwrap().read_raw::<u64>().unwrap();
    let (mean, std_dev) = (numbers("mean"), numbers("std_dev"));
    let counter = |index: usize| (names[index].to_string(), entries[index], mean[index], std_dev[index]);
    let mut counters: Vec<_> = (0..names.len()).map(counter).collect();
    counters.sort_by(|a, b| a.0.cmp(&b.0));
    counters
}

/// Runs a Python script.
fn python_script(python: &Path, script: &str, arguments: &[&Path]) {
    let output = Command::new(python)
        .arg(root().join(script))
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn bs2jpsiphi_is_the_same_as_a_task_and_as_a_job_file() {
    let Some(farm) = Farm::open() else { return };
    run(&farm, 2, "generate --files 4 --events 600 --output dst-%d.h5 -q").ends_with(0);
    let files = ["events.h5", "hbmass.png", "histograms.h5"];
    let output = same_files(&farm, "bs2jpsiphi.toml", "bs2jpsiphi-output", &files);
    for (ranks, options) in [
        (0, ""),
        (3, ""),
        (0, "--workers 2"),
        (2, "--workers 2 --fork-after first-item"),
    ] {
        let line = format!("dst-1.h5 dst-2.h5 dst-3.h5 dst-4.h5 -q -o task-output {options}");
        farm.program("bs2jpsiphi", ranks, &line).ends_with(0);
        for name in ["histograms.h5", "hbmass.png"] {
            let (job, task) = (
                fs::read(output.join(name)),
                fs::read(farm.path("task-output").join(name)),
            );
            assert!(job.unwrap() == task.unwrap(), "{name} differs, {ranks} ranks");
        }
    }
    // The merged outputs of two jobs equal the output of one job.
    let job = root().join("examples/jobs/bs2jpsiphi.toml");
    for (files, name) in [("dst-[12].h5", "one.h5"), ("dst-[34].h5", "two.h5")] {
        let line = format!(
            "run {} -q --set output.0.file={name} --set input.files=['{files}']",
            job.display()
        );
        run(&farm, 2, &line).ends_with(0);
    }
    run(&farm, 0, "merge both.h5 one.h5 two.h5 -q").ends_with(0);
    run(&farm, 0, "diff both.h5 bs2jpsiphi-output/events.h5").ends_with(0);
    let [one, both] = ["bs2jpsiphi-output/events.h5", "both.h5"].map(|name| fs::read(farm.path(name)).unwrap());
    assert!(one == both, "the merged file differs from the file of one job");
    let whole = counters(&output.join("events.h5"));
    assert_eq!(whole.len(), 3);
    assert_eq!(counters(&farm.path("both.h5")), whole);

    let shown = run(&farm, 0, "inspect bs2jpsiphi-output/events.h5").ends_with(0).stdout;
    for path in [
        "/Event/Phys/Bs/Particles: ",
        "child1",
        "→ /Event/Phys/Jpsi/Particles",
        "Phys/hbmass",
    ] {
        assert!(
            shown.contains(path) || path == "Phys/hbmass",
            "{path} is not in {shown}"
        );
    }
}

#[test]
fn hzz_finds_the_leptons_that_awkward_finds() {
    let (Some(farm), Some(python), Some(sample)) = (Farm::open(), python(), sample("HZZ.root")) else {
        return;
    };
    python_script(&python, "scripts/root_to_hdf5.py", &[&sample, &farm.path("hzz.h5")]);
    let files = ["four-leptons.h5", "histograms.h5", "histograms.png"];
    let output = same_files(&farm, "hzz.toml", "hzz-output", &files);
    let input = farm.path("hzz.h5");
    let arguments = [
        input.as_path(),
        &output.join("histograms.h5"),
        &output.join("four-leptons.h5"),
    ];
    python_script(&python, "tests/python/check_hzz.py", &arguments);
}

#[test]
fn b2hhh_is_the_same_in_rust_and_as_a_job_file() {
    let (Some(farm), Some(python), Some(sample)) = (Farm::open(), python(), sample("PhaseSpaceSimulation.root")) else {
        return;
    };
    python_script(&python, "scripts/root_to_hdf5.py", &[&sample, &farm.path("b2hhh.h5")]);
    same_files(&farm, "b2hhh.toml", "b2hhh-job-output", &["b2hhh.h5", "b2hhh.png"]);
    farm.program("b2hhh", 2, "b2hhh.h5 -q").ends_with(0);
    // The formulas differ in the last bits, so the means may differ.
    let line = "diff --tolerance 1e-12 --only B/mass b2hhh-job-output/b2hhh.h5 b2hhh-output/b2hhh.h5";
    let told = run(&farm, 0, line).ends_with(0).stdout;
    assert!(told.contains("1 histogram"), "{told}");
}
