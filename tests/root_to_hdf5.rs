//! `scripts/root_to_hdf5.py`: its output has the values that uproot reads, and each failure has a clear message.

mod common;

use common::{python, sample};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A folder for one test, and the Python that runs the scripts.
struct Workshop {
    python: PathBuf,
    folder: TempDir,
}

impl Workshop {
    fn open() -> Option<Self> {
        let python = python()?;
        Some(Self {
            python,
            folder: tempfile::tempdir().unwrap(),
        })
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// The sorted names of all files in the folder.
    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn run(&self, script: &str, arguments: &[&str]) -> Output {
        Command::new(&self.python)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(script))
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Writes a ROOT file of this kind and returns its path.
    fn write(&self, kind: &str) -> String {
        let path = self.path(&format!("{}.root", kind.replace(' ', "_")));
        let output = self.run("tests/python/write_root.py", &[kind, &path]);
        assert!(output.status.success(), "{}", stderr(&output));
        path
    }

    fn convert(&self, arguments: &[&str]) -> Output {
        self.run("scripts/root_to_hdf5.py", arguments)
    }

    fn converted(&self, arguments: &[&str]) -> Output {
        let output = self.convert(arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        output
    }

    /// Checks that all columns of the event file equal the branches of the tree, and returns their number.
    fn check(&self, root: &str, tree: &str, hdf5: &str) -> usize {
        let output = self.run("tests/python/check_root_to_hdf5.py", &[root, tree, hdf5]);
        assert!(output.status.success(), "{}", stderr(&output));
        let stdout = String::from_utf8(output.stdout).unwrap();
        stdout.split(' ').next().unwrap().parse().unwrap()
    }

    /// Runs a conversion that must fail, and returns its one-line error.
    fn error(&self, arguments: &[&str]) -> String {
        let output = self.convert(arguments);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(output.stdout.is_empty());
        let stderr = stderr(&output);
        let lines: Vec<_> = stderr.lines().filter(|line| line.contains("error: ")).collect();
        assert_eq!(lines.len(), 1, "{stderr}");
        assert!(!stderr.contains("Traceback"), "{stderr}");
        lines[0].strip_prefix("root_to_hdf5: error: ").unwrap().to_owned()
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_lhcb_sample_comes_over_column_by_column() {
    let (Some(workshop), Some(root)) = (Workshop::open(), sample("PhaseSpaceSimulation.root")) else {
        return;
    };
    let hdf5 = workshop.path("out.h5");
    let output = workshop.converted(&[root.to_str().unwrap(), &hdf5]);
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        format!("{hdf5}: 50000 events, 26 columns in 1 tables\n")
    );
    assert_eq!(workshop.check(root.to_str().unwrap(), "PhaseSpaceTree", &hdf5), 26);
}

#[test]
fn the_hzz_sample_comes_over_with_its_jagged_branches() {
    let (Some(workshop), Some(root)) = (Workshop::open(), sample("HZZ.root")) else {
        return;
    };
    let hdf5 = workshop.path("out.h5");
    workshop.converted(&[root.to_str().unwrap(), &hdf5, "--step", "100"]);
    // 51 branches, and the offsets of jets, muons, electrons and photons.
    assert_eq!(workshop.check(root.to_str().unwrap(), "events", &hdf5), 51 + 4);
}

#[test]
fn numbers_booleans_strings_and_jagged_branches_come_over() {
    let Some(workshop) = Workshop::open() else {
        return;
    };
    let root = workshop.write("small");
    let hdf5 = workshop.path("out.h5");
    workshop.converted(&[&root, &hdf5]);
    // Seven flat branches, two counters, three and one jagged branches, and two offsets.
    assert_eq!(workshop.check(&root, "Events", &hdf5), 15);
    assert_eq!(workshop.files(), ["out.h5", "small.root"]);
}

#[test]
fn the_same_input_gives_the_same_bytes_later_and_in_other_steps() {
    let Some(workshop) = Workshop::open() else {
        return;
    };
    let root = workshop.write("small");
    let [first, second, third] = ["1.h5", "2.h5", "3.h5"].map(|name| workshop.path(name));
    workshop.converted(&[&root, &first]);
    // If HDF5 stored a time, it would do so in whole seconds.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    workshop.converted(&[&root, &second]);
    workshop.converted(&[&root, &third, "--step", "7"]);
    let first = fs::read(first).unwrap();
    assert!(first == fs::read(second).unwrap());
    assert!(first == fs::read(third).unwrap());
}

#[test]
fn columns_of_many_chunks_come_over_in_steps_that_do_not_fit_them() {
    let Some(workshop) = Workshop::open() else {
        return;
    };
    let root = workshop.write("large");
    let hdf5 = workshop.path("out.h5");
    let output = workshop.converted(&[&root, &hdf5, "--step", "40001"]);
    assert_eq!(workshop.check(&root, "Events", &hdf5), 15);
    // The script reports its progress.
    let progress: Vec<_> = stderr(&output).lines().map(str::to_owned).collect();
    assert_eq!(
        progress,
        [
            "40001 of 150000 entries",
            "80002 of 150000 entries",
            "120003 of 150000 entries",
            "150000 of 150000 entries"
        ]
    );
}

#[test]
fn a_tree_without_entries_becomes_a_file_without_events() {
    let Some(workshop) = Workshop::open() else {
        return;
    };
    let root = workshop.write("empty");
    let hdf5 = workshop.path("out.h5");
    workshop.converted(&[&root, &hdf5]);
    assert_eq!(workshop.check(&root, "Events", &hdf5), 1);
}

#[test]
fn branches_are_chosen_by_globs() {
    let Some(workshop) = Workshop::open() else {
        return;
    };
    let root = workshop.write("small");
    let hdf5 = workshop.path("out.h5");
    let output = workshop.converted(&[&root, &hdf5, "--branches", "Muon_*", "ma?s"]);
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.ends_with(": 1000 events, 4 columns in 2 tables\n"), "{stdout}");
    assert_eq!(
        workshop.error(&[&root, &hdf5, "--branches", "mass", "Electron_*"]),
        "no branch of Events matches Electron_*; its branches are: mass, chi2, run, event, charge, accepted, name, \
         NMuon, Muon_px, Muon_charge, Muon_tight, NTrack, Track_quality"
    );
}

#[test]
fn one_of_several_trees_is_chosen_by_name() {
    let Some(workshop) = Workshop::open() else {
        return;
    };
    let root = workshop.write("two trees");
    let hdf5 = workshop.path("out.h5");
    assert_eq!(
        workshop.error(&[&root, &hdf5]),
        format!("{root} has several TTrees, choose one with --tree: Control, Signal/Decays")
    );
    assert_eq!(
        workshop.error(&[&root, &hdf5, "--tree", "Decays"]),
        format!("{root} has no TTree Decays; its TTrees are: Control, Signal/Decays")
    );
    assert_eq!(
        workshop.error(&[&root, &hdf5, "--tree", "note"]),
        format!("note in {root} is a TObjString, not a TTree; its TTrees are: Control, Signal/Decays")
    );
    assert!(!Path::new(&hdf5).exists());
    for tree in ["Signal/Decays", "Control"] {
        workshop.converted(&[&root, &hdf5, "--tree", tree]);
        assert_eq!(workshop.check(&root, tree, &hdf5), 15);
    }
}

#[test]
fn branches_of_other_types_are_named_and_left_out() {
    let Some(workshop) = Workshop::open() else {
        return;
    };
    let root = workshop.write("arrays");
    let hdf5 = workshop.path("out.h5");
    let output = workshop.converted(&[&root, &hdf5]);
    assert!(
        stderr(&output).contains("warning: the branch covariance is left out: its type, double[3], is not supported"),
        "{}",
        stderr(&output)
    );
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("4 events, 1 columns in 1 tables")
    );

    let root = workshop.write("arrays only");
    assert_eq!(workshop.error(&[&root, &hdf5]), "no branch of Events can be converted");
}

#[test]
fn an_input_that_cannot_be_read_is_an_error() {
    let Some(workshop) = Workshop::open() else {
        return;
    };
    let hdf5 = workshop.path("out.h5");

    let missing = workshop.path("missing.root");
    assert_eq!(workshop.error(&[&missing, &hdf5]), format!("{missing} does not exist"));

    let folder = workshop.path("");
    assert_eq!(
        workshop.error(&[&folder, &hdf5]),
        format!("{folder} is a directory, not a ROOT file")
    );

    let text = workshop.path("text.root");
    fs::write(&text, "not at all\n").unwrap();
    assert_eq!(
        workshop.error(&[&text, &hdf5]),
        format!("{text} is not a ROOT file: it does not begin with the letters root")
    );

    let cut = workshop.path("cut.root");
    let whole = fs::read(workshop.write("small")).unwrap();
    fs::write(&cut, &whole[..300]).unwrap();
    let error = workshop.error(&[&cut, &hdf5]);
    assert!(
        error.starts_with(&format!("cannot read {cut}, it may be damaged or cut short: ")),
        "{error}"
    );

    let none = workshop.write("no tree");
    assert_eq!(workshop.error(&[&none, &hdf5]), format!("{none} has no TTree"));

    let ntuple = workshop.write("ntuple");
    assert_eq!(
        workshop.error(&[&ntuple, &hdf5]),
        format!("{ntuple} has no TTree, only RNTuples, which are not supported: Events")
    );
    assert!(!Path::new(&hdf5).exists());
}

#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    let Some(workshop) = Workshop::open() else {
        return;
    };
    let root = workshop.write("small");

    let nowhere = workshop.path("nowhere/out.h5");
    assert_eq!(
        workshop.error(&[&root, &nowhere]),
        format!("cannot write {nowhere}: No such file or directory")
    );

    let folder = workshop.path("");
    assert_eq!(
        workshop.error(&[&root, &folder]),
        format!("{folder} is a directory: give the name of the file to write")
    );

    let before = fs::read(&root).unwrap();
    assert_eq!(
        workshop.error(&[&root, &root]),
        format!("{root} is both input and output")
    );
    assert_eq!(fs::read(&root).unwrap(), before);
}

#[test]
fn a_conversion_that_fails_half_way_leaves_what_was_there() {
    let Some(workshop) = Workshop::open() else {
        return;
    };
    let root = workshop.write("broken");
    let hdf5 = workshop.path("out.h5");
    fs::write(&hdf5, "what was there").unwrap();
    let error = workshop.error(&[&root, &hdf5]);
    assert!(
        error.starts_with(&format!(
            "cannot read entries 0 to 1000 of the branch mass of {root}, it may be damaged"
        )),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&hdf5).unwrap(), "what was there");
    assert_eq!(workshop.files(), ["broken.root", "out.h5"]);
}
