//! Measures VELO tracking alone on one core, by repeated tracking of events in memory. `scripts/bench/brunel` runs it.

use clap::Parser;
use gaudi_mpi::algorithms::ToyVelo;
use gaudi_mpi::algorithms::velo::tracking::Tracker;
use gaudi_mpi::app::AppMgr;
use gaudi_mpi::prelude::*;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Parser)]
struct Arguments {
    /// An event file [default: toy events]
    file: Option<PathBuf>,
    /// Number of toy events
    #[arg(long, default_value_t = 200)]
    toys: u64,
    /// Seconds to measure
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
}

struct Hits {
    position: [Vec<f64>; 3],
    module: Vec<u8>,
}

fn main() -> Result<()> {
    let arguments: Arguments = gaudi_mpi::parse();
    let mut app = AppMgr::new();
    match &arguments.file {
        Some(file) => {
            app.input(&file.to_string_lossy());
        }
        None => {
            app.config_mut().input.events = Some(arguments.toys);
            app.algorithm("ToyVelo", ToyVelo::default());
        }
    }
    let mut reader = app.events(1)?;
    let position = [
        reader.read::<f64>("Raw/Velo/Hits/x")?,
        reader.read("Raw/Velo/Hits/y")?,
        reader.read("Raw/Velo/Hits/z")?,
    ];
    let module = reader.read::<u8>("Raw/Velo/Hits/module")?;
    let mut events = Vec::new();
    while let Some(event) = reader.next()? {
        events.push(Hits {
            position: position.map(|column| event.get(column).to_vec()),
            module: event.get(module).to_vec(),
        });
    }
    let mut tracker = Tracker::default();
    let (mut done, mut tracks) = (0u64, 0usize);
    let start = Instant::now();
    while start.elapsed().as_secs_f64() < arguments.seconds {
        for Hits {
            position: [x, y, z],
            module,
        } in &events
        {
            tracker.find(x, y, z, module);
            tracks += tracker.tracks().len();
        }
        done += events.len() as u64;
    }
    let seconds = start.elapsed().as_secs_f64();
    let hits: usize = events.iter().map(|event| event.module.len()).sum();
    println!(
        "{:.0} events/s, {:.0} hits and {:.0} tracks an event",
        done as f64 / seconds,
        hits as f64 / events.len().max(1) as f64,
        tracks as f64 / done.max(1) as f64
    );
    Ok(())
}
