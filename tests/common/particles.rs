//! Events whose references can be verified, and job files run on them.
//!
//! Particles refer to tracks, and tracks to vertices. Each row has the number of its event and its index in the event.
//! Next to each reference, a plain number repeats the index of the target row.

use super::events::alone;
use super::job::{Farm, Job};
use gaudi_mpi::event::{ColumnHandle, ColumnType, Element, EventStore, Rows, TableHandle};
use gaudi_mpi::io::EventFileWriter;
use std::fs;
use std::ops::{Deref, Range};
use std::path::Path;
use std::sync::MutexGuard;

/// A folder of one test's event files and jobs.
pub struct Jobs {
    farm: Farm,
    _alone: MutexGuard<'static, ()>,
}

impl Deref for Jobs {
    type Target = Farm;

    fn deref(&self) -> &Farm {
        &self.farm
    }
}

impl Jobs {
    /// Returns `None` if there is no mpirun.
    pub fn open() -> Option<Self> {
        let _alone = alone();
        Farm::open().map(|farm| Self { farm, _alone })
    }

    /// Writes files with consecutive events: one file is empty, and one has an additional table.
    pub fn with_inputs() -> Option<Self> {
        let jobs = Self::open()?;
        jobs.input("a.h5", 0..5000, false);
        jobs.input("b.h5", 5000..5000, false);
        jobs.input("c.h5", 5000..6700, true);
        jobs.input("d.h5", 6700..7000, false);
        Some(jobs)
    }

    /// Writes a file with these events, with a table of clusters on request.
    pub fn input(&self, name: &str, events: Range<u64>, clusters: bool) {
        let mut writer = EventFileWriter::create(self.path(name)).unwrap();
        writer.append(&store(events, clusters)).unwrap();
        writer.finish().unwrap();
    }

    /// Writes a job file.
    pub fn job_file(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// The command with arguments, without mpirun if `ranks` is 0.
    pub fn gaudi(&self, ranks: usize, arguments: &str) -> Job {
        let program = env!("CARGO_BIN_EXE_gaudi-mpi");
        match ranks {
            0 => self.command(Path::new(program), arguments),
            _ => self.mpirun(&format!("-n {ranks} {program} {arguments}")),
        }
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The sorted names of all files except the launcher's.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("")).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.starts_with("ompi.") && !name.starts_with("vader_segment"))
            .collect();
        names.sort();
        names
    }

    /// Numbers from an HDF5 file.
    pub fn column<T: hdf5::H5Type>(&self, file: &str, path: &str) -> Vec<T> {
        let dataset = hdf5::File::open(self.path(file)).and_then(|file| file.dataset(path));
        dataset
            .and_then(|dataset| dataset.read_raw())
            .unwrap_or_else(|error| panic!("{path} in {file}: {error}"))
    }

    /// Texts from an HDF5 file.
    pub fn texts(&self, file: &str, path: &str) -> Vec<String> {
        let texts = self.column::<hdf5::types::VarLenUnicode>(file, path);
        texts.iter().map(|text| text.to_string()).collect()
    }

    /// The numbers of the events in a file.
    pub fn numbers(&self, file: &str) -> Vec<u64> {
        self.column(file, "Event/Rec/Header/event_number")
    }
}

pub fn vertices(event: u64) -> u64 {
    event % 3
}

pub fn tracks(event: u64) -> u64 {
    event * 7 % 6
}

pub fn particles(event: u64) -> u64 {
    event * 5 % 4
}

/// The index, below `rows`, that a row refers to, or −1.
fn reference(event: u64, row: u64, rows: u64) -> i32 {
    match (event + 3 * row) % 5 {
        0 => -1,
        _ if rows == 0 => -1,
        n => ((n * 7 + row) % rows) as i32,
    }
}

/// A table of many rows, and the columns that all these tables have.
struct Table {
    table: TableHandle,
    event: ColumnHandle<u64>,
    row: ColumnHandle<i32>,
}

impl Table {
    fn add(store: &mut EventStore, path: &str) -> Self {
        let table = store.add_table(path, Rows::Many).unwrap();
        let event = store.add_column(table, ColumnType::new::<u64>("event")).unwrap();
        let row = store.add_column(table, ColumnType::new::<i32>("row")).unwrap();
        Self { table, event, row }
    }

    fn column<T: Element>(&self, store: &mut EventStore, name: &str, unit: &str) -> ColumnHandle<T> {
        let kind = ColumnType::new::<T>(name).unit(unit);
        store.add_column(self.table, kind).unwrap()
    }

    fn push(&self, store: &mut EventStore, event: u64, row: u64) {
        store.push(self.event, event);
        store.push(self.row, row as i32);
    }
}

/// The events with these numbers.
pub fn store(events: Range<u64>, with_clusters: bool) -> EventStore {
    let store = &mut EventStore::new();
    let header = store.add_table("Rec/Header", Rows::One).unwrap();
    let number = store
        .add_column(header, ColumnType::new::<u64>("event_number"))
        .unwrap();
    let time = store
        .add_column(header, ColumnType::new::<f64>("time").unit("ns"))
        .unwrap();
    let line = store.add_texts(header, "line").unwrap();
    let vertex = Table::add(store, "Rec/Vertex");
    let z = vertex.column::<f32>(store, "z", "mm");
    let track = Table::add(store, "Rec/Track/Best");
    let px = track.column::<f64>(store, "px", "MeV");
    let py = track.column::<f64>(store, "py", "MeV");
    let chi2 = track.column::<f32>(store, "chi2", "");
    let to_vertex = ColumnType::reference("vertex", "Rec/Vertex");
    let to_vertex = store.add_column::<i32>(track.table, to_vertex).unwrap();
    let wanted_vertex = track.column::<i32>(store, "wanted", "");
    let particle = Table::add(store, "Phys/Particles");
    let pid = particle.column::<i32>(store, "pid", "");
    let to_track = ColumnType::reference("track", "Rec/Track/Best");
    let to_track = store.add_column::<i32>(particle.table, to_track).unwrap();
    let wanted_track = particle.column::<i32>(store, "wanted", "");
    let clusters = with_clusters.then(|| Table::add(store, "Calo/Clusters"));
    store.clear(events.start);
    for event in events {
        store.push(number, event);
        store.push(time, 1000.0 + event as f64);
        store.push_text(line, ["Hlt2Topo", "Hlt2µµ"][event as usize % 2]);
        for row in 0..vertices(event) {
            vertex.push(store, event, row);
            store.push(z, event as f32 / 16.0 - row as f32);
        }
        for row in 0..tracks(event) {
            track.push(store, event, row);
            store.push(px, 1000.0 * (event as f64 + 0.1).sin() + row as f64);
            store.push(py, 1000.0 * (event as f64 + 0.7 * row as f64).cos());
            store.push(chi2, (event % 17) as f32 / 3.0 + row as f32);
            store.push(to_vertex, reference(event, row, vertices(event)));
            store.push(wanted_vertex, reference(event, row, vertices(event)));
        }
        for row in 0..particles(event) {
            particle.push(store, event, row);
            store.push(pid, if (event + row).is_multiple_of(2) { 13 } else { -211 });
            store.push(to_track, reference(event, row, tracks(event)));
            store.push(wanted_track, reference(event, row, tracks(event)));
        }
        if let Some(clusters) = &clusters {
            for row in 0..event % 2 {
                clusters.push(store, event, row);
            }
        }
        store.end_event().unwrap();
    }
    std::mem::replace(store, EventStore::new())
}
