//! The peers of event jobs, and a selection of muon pairs with an algorithm in Rust:
//!
//! ```text
//! bench_events make FILE EVENTS [LEVEL]    writes jagged events
//! bench_events dimuon FILE                 selects muon pairs with an algorithm in Rust; events per second
//! bench_events store FILE                  encodes and decodes the event store; MB/s and events per second for each
//! bench_events deflate FILE OUT            shuffles, deflates and writes all columns as chunks, one thread; MB/s
//! bench_events wide FILE EVENTS COLUMNS    writes events with a number of one-value columns
//! bench_events read FILE                   sums the first of these columns; seconds
//! bench_events plain FILE OUT              writes all columns with plain HDF5, one thread; MB/s
//! ```

use gaudi_mpi::app::prelude::*;
use gaudi_mpi::app::{AppMgr, OutputConfig};
use gaudi_mpi::io::EventFileWriter;
use std::time::Instant;

/// Makes events with a Poisson number of muons.
#[derive(Serialize, Deserialize, Default)]
struct MakeMuons {
    #[serde(skip)]
    table: TableHandle,
    #[serde(skip)]
    columns: [ColumnHandle<f32>; 4],
    #[serde(skip)]
    charge: ColumnHandle<i32>,
}

impl Algorithm for MakeMuons {
    fn initialize(&mut self, setup: &mut Setup) -> Result<()> {
        self.table = setup.create_table("Muon", Rows::Many)?;
        for (column, name) in self.columns.iter_mut().zip(["pt", "eta", "phi", "mass"]) {
            *column = setup.create(self.table, ColumnType::new::<f32>(name))?;
        }
        self.charge = setup.create(self.table, ColumnType::new::<i32>("charge"))?;
        Ok(())
    }

    fn execute(&mut self, event: &mut Event) -> Result<bool> {
        let mut random = event.random();
        let muons = random.uniform(0.0, 5.0) as usize;
        for _ in 0..muons {
            event.push(self.columns[0], random.exponential(20.0) as f32 + 3.0);
            event.push(self.columns[1], random.gaussian(0.0, 1.2) as f32);
            event.push(
                self.columns[2],
                random.uniform(-std::f64::consts::PI, std::f64::consts::PI) as f32,
            );
            event.push(self.columns[3], 0.105_66);
            event.push(self.charge, if random.uniform(0.0, 1.0) < 0.5 { -1 } else { 1 });
        }
        Ok(true)
    }
}

/// Fills the mass of muon pairs of opposite charge, in events with exactly two muons.
#[derive(Serialize, Deserialize, Default)]
struct DiMuon {
    #[serde(skip)]
    columns: [ColumnHandle<f32>; 4],
    #[serde(skip)]
    charge: ColumnHandle<i32>,
    #[serde(skip)]
    mass: hist::Handle<Histogram1D>,
}

impl Algorithm for DiMuon {
    fn initialize(&mut self, setup: &mut Setup) -> Result<()> {
        for (column, name) in self.columns.iter_mut().zip(["pt", "eta", "phi", "mass"]) {
            *column = setup.read(&format!("Muon/{name}"))?;
        }
        self.charge = setup.read("Muon/charge")?;
        let axis = Axis::uniform(300, 0.0, 300.0).label("m(μμ)").unit("GeV");
        self.mass = setup.book("dimuon", Histogram1D::new("Muon pairs", axis))?;
        Ok(())
    }

    fn execute(&mut self, event: &mut Event) -> Result<bool> {
        let &[first, second] = event.get(self.charge) else {
            return Ok(false);
        };
        if first == second {
            return Ok(false);
        }
        let [pt, eta, phi, mass] = self.columns.map(|column| event.get(column));
        let momentum = |muon: usize| {
            let [pt, eta, phi, mass] = [pt, eta, phi, mass].map(|values| f64::from(values[muon]));
            let (px, py, pz) = (pt * phi.cos(), pt * phi.sin(), pt * eta.sinh());
            [px, py, pz, (px * px + py * py + pz * pz + mass * mass).sqrt()]
        };
        let (one, other) = (momentum(0), momentum(1));
        let [px, py, pz, e] = std::array::from_fn(|axis| one[axis] + other[axis]);
        let mass = (e * e - px * px - py * py - pz * pz).max(0.0).sqrt();
        event.histogram(self.mass).fill(mass);
        Ok(true)
    }
}

/// Returns the columns of an event file: the name, the size of an element, and the contents as bytes.
fn columns(file: &str) -> Result<Vec<(String, usize, Vec<u8>)>> {
    let file = hdf5::File::open(file)?;
    let muons = file.group("Event/Muon")?;
    let mut columns = Vec::new();
    for name in muons.member_names()? {
        let dataset = muons.dataset(&name)?;
        let size = dataset.dtype()?.size();
        let bytes = match size {
            8 => dataset
                .read_raw::<u64>()?
                .iter()
                .flat_map(|value| value.to_ne_bytes())
                .collect(),
            _ if name == "charge" => dataset
                .read_raw::<i32>()?
                .iter()
                .flat_map(|value| value.to_ne_bytes())
                .collect(),
            _ => dataset
                .read_raw::<f32>()?
                .iter()
                .flat_map(|value| value.to_ne_bytes())
                .collect(),
        };
        columns.push((name, size, bytes));
    }
    Ok(columns)
}

const CHUNK: usize = 128 << 10;

/// Writes columns with one thread, and returns the speed in MB/s.
fn write(columns: &[(String, usize, Vec<u8>)], out: &str, level: u8) -> Result<f64> {
    use hdf5_sys::h5d::H5Dwrite_chunk;
    let start = Instant::now();
    let total: usize = columns.iter().map(|(_, _, bytes)| bytes.len()).sum();
    let file = hdf5::File::create(out)?;
    let mut compressor = libdeflater::Compressor::new(
        libdeflater::CompressionLvl::new(i32::from(level.max(1))).map_err(|_| "no such level")?,
    );
    let (mut shuffled, mut packed) = (Vec::new(), Vec::new());
    for (name, size, bytes) in columns {
        let rows = bytes.len() / size;
        if level == 0 {
            match size {
                8 => file
                    .new_dataset::<u64>()
                    .shape([rows])
                    .create(name.as_str())?
                    .write_raw(bytemuck::cast_slice::<u8, u64>(bytes))?,
                _ => file
                    .new_dataset::<u32>()
                    .shape([rows])
                    .create(name.as_str())?
                    .write_raw(bytemuck::cast_slice::<u8, u32>(bytes))?,
            }
            continue;
        }
        let builder = file.new_dataset_builder().chunk(CHUNK / size).shuffle().deflate(level);
        let dataset = match size {
            8 => builder.empty::<u64>().shape([rows]).create(name.as_str())?,
            _ => builder.empty::<u32>().shape([rows]).create(name.as_str())?,
        };
        for (index, chunk) in bytes.chunks(CHUNK).enumerate() {
            shuffled.clear();
            shuffled.resize(CHUNK, 0);
            let elements = CHUNK / size;
            for (element, bytes) in chunk.chunks_exact(*size).enumerate() {
                for (plane, byte) in bytes.iter().enumerate() {
                    shuffled[plane * elements + element] = *byte;
                }
            }
            packed.resize(compressor.zlib_compress_bound(CHUNK), 0);
            let length = compressor
                .zlib_compress(&shuffled, &mut packed)
                .map_err(|_| "no room")?;
            let row = (index * elements) as u64;
            // SAFETY: the dataset is open and one-dimensional, and the buffer has the given length.
            let status = unsafe { H5Dwrite_chunk(dataset.id(), 0, 0, &row, length, packed.as_ptr().cast()) };
            assert!(status >= 0);
        }
    }
    file.close()?;
    Ok(total as f64 / start.elapsed().as_secs_f64() / 1e6)
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let options = Options::default().quiet();
    match arguments[..] {
        ["make", file, events, ref level @ ..] => {
            let mut app = AppMgr::new();
            app.config_mut().input.events = Some(events.parse()?);
            app.algorithm("MakeMuons", MakeMuons::default());
            let mut output = OutputConfig::new(file);
            output.compression = level.first().map_or(Ok(4), |level| level.parse())?;
            return app.output_file(output).run(options).map(drop).map_err(Into::into);
        }
        ["dimuon", file] => {
            let mut app = AppMgr::new();
            app.input(file).algorithm("DiMuon", DiMuon::default());
            let summary = app.run(options)?;
            let events: u64 = app
                .file_records()
                .unwrap_or_default()
                .iter()
                .map(|record| record.processed)
                .sum();
            let seconds = summary.statistics().processing().as_secs_f64();
            let pairs = app
                .output()
                .and_then(|output| output.histograms.get("dimuon"))
                .map(|pairs| pairs.entries());
            println!("{:.2} {}", events as f64 / seconds / 1e6, pairs.unwrap_or(0));
        }
        ["wide", file, events, number] => {
            let mut store = EventStore::new();
            let table = store.add_table("Wide", Rows::One)?;
            let names = (0..number.parse::<usize>()?).map(|number| format!("c{number}"));
            let columns = names
                .map(|name| store.add_column::<f64>(table, ColumnType::new::<f64>(&name)))
                .collect::<Result<Vec<_>, _>>()?;
            let mut random = Random::new(1, 0);
            let mut writer = EventFileWriter::create(file)?;
            let events: u64 = events.parse()?;
            for first in (0..events).step_by(1000) {
                store.clear(first);
                for _ in first..events.min(first + 1000) {
                    for column in &columns {
                        store.push(*column, random.gaussian(0.0, 1.0));
                    }
                    store.end_event()?;
                }
                writer.append(&store)?;
            }
            writer.finish()?;
        }
        ["read", file] => {
            let start = Instant::now();
            let mut events = AppMgr::new().input(file).events(1)?;
            let column = events.read::<f64>("Wide/c0")?;
            let mut sum = 0.0;
            while let Some(event) = events.next()? {
                sum += event.value(column);
            }
            println!("{:.6}", start.elapsed().as_secs_f64());
            assert!(sum.is_finite());
        }
        ["deflate", file, out] => println!("{:.0}", write(&columns(file)?, out, 4)?),
        ["plain", file, out] => println!("{:.0}", write(&columns(file)?, out, 0)?),
        ["store", file] => {
            let columns = columns(file)?;
            let mut store = EventStore::new();
            let table = store.add_table("Muon", Rows::Many)?;
            let offsets = columns
                .iter()
                .find(|(name, ..)| name == "_offsets")
                .map(|(_, _, bytes)| bytemuck::cast_slice::<u8, u64>(bytes).to_vec());
            let offsets = offsets.ok_or("no offsets")?;
            let others: Vec<_> = columns.iter().filter(|(name, ..)| name != "_offsets").collect();
            let mut handles = Vec::new();
            for (name, ..) in &others {
                handles.push(store.add_column::<f32>(table, ColumnType::new::<f32>(name))?);
            }
            const EVENTS: usize = 4096;
            let values: Vec<Vec<f32>> = others
                .iter()
                .map(|(_, _, bytes)| bytemuck::cast_slice(bytes).to_vec())
                .collect();
            for event in 0..EVENTS {
                for (handle, values) in handles.iter().zip(&values) {
                    store
                        .vec(*handle)
                        .extend(&values[offsets[event] as usize..offsets[event + 1] as usize]);
                }
                store.end_event()?;
            }
            let rounds = 2000;
            let start = Instant::now();
            let mut bytes = Vec::new();
            for _ in 0..rounds {
                bytes = std::hint::black_box(&store).encode();
            }
            let encoding = start.elapsed().as_secs_f64();
            let start = Instant::now();
            for _ in 0..rounds {
                std::hint::black_box(EventStore::decode(&bytes)?);
            }
            let decoding = start.elapsed().as_secs_f64();
            let (size, events) = ((bytes.len() * rounds) as f64 / 1e6, (EVENTS * rounds) as f64 / 1e6);
            println!(
                "{:.0} {:.1} {:.0} {:.1}",
                size / encoding,
                events / encoding,
                size / decoding,
                events / decoding
            );
        }
        _ => return Err("the source of bench_events describes its arguments".into()),
    }
    Ok(())
}
