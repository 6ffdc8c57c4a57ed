//! Event files with known contents, and the command run on them.

use gaudi_mpi::event::{ColumnType, EventStore, Rows};
use gaudi_mpi::hist::{Axis, Histogram1D, Histogram2D, Histograms, Profile1D};
use gaudi_mpi::io::EventFileWriter;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

/// A folder of one test's files.
pub struct Folder {
    folder: TempDir,
    _alone: MutexGuard<'static, ()>,
}

static ALONE: Mutex<()> = Mutex::new(());

/// Lets one test run at a time: HDF5 locks open files, and a command that another test starts meanwhile would inherit
/// the lock.
pub fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The status and output of the command.
#[derive(Debug)]
pub struct Said {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Folder {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            _alone: alone(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The names of all files, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Runs the command in the folder. Blanks separate the arguments.
    pub fn run(&self, arguments: &str) -> Said {
        let output = Command::new(env!("CARGO_BIN_EXE_gaudi-mpi"))
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path())
            .env_remove("RUST_BACKTRACE")
            .output()
            .unwrap();
        Said {
            status: output.status.code().expect("a signal ended the command"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs the command, which must succeed, and returns its output.
    pub fn succeeds(&self, arguments: &str) -> String {
        let said = self.run(arguments);
        assert!(said.status == 0 && said.stderr.is_empty(), "{arguments}: {said:?}");
        said.stdout
    }

    /// Runs the command, which must fail with one error and this status, and returns the error.
    pub fn fails(&self, arguments: &str, status: i32) -> String {
        let said = self.run(arguments);
        assert!(said.status == status && said.stdout.is_empty(), "{arguments}: {said:?}");
        let error = said
            .stderr
            .strip_prefix("Error: ")
            .unwrap_or_else(|| panic!("{said:?}"));
        assert_eq!(error.lines().count(), 1, "{error}");
        error.trim_end().to_string()
    }

    /// Writes a file with these events, and histograms of them.
    pub fn write(&self, name: &str, events: Range<u64>) {
        let mut writer = EventFileWriter::create(self.path(name)).unwrap();
        writer.append(&store(events.clone())).unwrap();
        writer.finish_with(&histograms(events)).unwrap();
    }

    /// Opens a file for changes.
    pub fn change(&self, name: &str) -> hdf5::File {
        hdf5::File::open_rw(self.path(name)).unwrap()
    }
}

/// The number of tracks in an event.
pub fn tracks(event: u64) -> u64 {
    event * 7 % 4
}

/// The momentum of a track.
pub fn px(event: u64, track: u64) -> f64 {
    1200.0 + event as f64 / 8.0 + track as f64
}

/// Events with a header, tracks, and candidates that refer to tracks.
pub fn store(events: Range<u64>) -> EventStore {
    let mut store = EventStore::new();
    let header = store.add_table("Rec/Header", Rows::One).unwrap();
    let number = store
        .add_column::<u64>(header, ColumnType::new::<u64>("event_number"))
        .unwrap();
    let line = store.add_texts(header, "line").unwrap();
    let best = store.add_table("Rec/Track/Best", Rows::Many).unwrap();
    let momentum = store
        .add_column::<f64>(best, ColumnType::new::<f64>("px").unit("MeV"))
        .unwrap();
    let charge = store.add_column::<i8>(best, ColumnType::new::<i8>("charge")).unwrap();
    let candidates = store.add_table("Phys/B/Particles", Rows::Many).unwrap();
    let track = store
        .add_column::<i32>(candidates, ColumnType::reference("track", "Rec/Track/Best"))
        .unwrap();
    store.clear(events.start);
    for event in events {
        store.push(number, event);
        store.push_text(line, ["Hlt2Topo", "Hlt2µµ"][event as usize % 2]);
        for index in 0..tracks(event) {
            store.push(momentum, px(event, index));
            store.push(charge, if index % 2 == 0 { 1 } else { -1 });
        }
        store.push(track, tracks(event) as i32 - 1);
        store.end_event().unwrap();
    }
    store
}

/// Histograms of the same events: counts, weights and a profile. The sums of the weights do not fit into one `f64`.
pub fn histograms(events: Range<u64>) -> Histograms {
    let mut book = Histograms::new();
    let mass = || Axis::uniform(100, 5200.0, 5500.0).label("m(J/ψ φ)").unit("MeV");
    let counts = book.book("Phys/hbmass", Histogram1D::new("Mass of B cand", mass()));
    let weighted = book.book("Phys/weighted", Histogram1D::new("Weighted", mass()));
    let plane = book.book(
        "Phys/plane",
        Histogram2D::new("Plane", mass(), Axis::categories(["even", "odd"])),
    );
    let profile = book.book("Rec/profile", Profile1D::new("Momentum", mass()).label("p").unit("GeV"));
    for event in events {
        let x = 5190.0 + (event * 37 % 320) as f64 + 1.0 / (1.0 + event as f64);
        let weight = 1.1_f64.powi((event * 13 % 700) as i32 - 350);
        book[counts].fill(x);
        book[weighted].fill_weighted(x, weight);
        book[plane].fill_weighted(x, ["even", "odd", "none"][event as usize % 3], 1.0 / weight);
        book[profile].fill_weighted(x, 0.1 * event as f64, weight);
    }
    book
}

/// Changes one element of a dataset.
pub fn set<T: hdf5::H5Type + Clone>(file: &hdf5::File, path: &str, index: usize, value: T) {
    let dataset = file.dataset(path).unwrap();
    dataset.write_slice(&[value], index..index + 1).unwrap();
}

/// Writes a file with one table of one column and this number of rows.
pub fn small(path: &Path, kind: ColumnType, rows: u64) {
    let mut store = EventStore::new();
    let table = store.add_table("Rec/Track/Best", Rows::Many).unwrap();
    let column = store.add_column::<f64>(table, kind).unwrap();
    for row in 0..rows {
        store.push(column, row as f64);
    }
    store.end_event().unwrap();
    let mut writer = EventFileWriter::create(path).unwrap();
    writer.append(&store).unwrap();
    writer.finish().unwrap();
}
