//! Reconstruction in a vertex locator: `examples/jobs/brunel.toml` as a Rust program, which writes the same files, byte
//! for byte.
//!
//! ```sh
//! python scripts/velo_to_hdf5.py velo_event_*.json velo.h5
//! mpirun -n 2 target/release/examples/brunel velo.h5
//! mpirun -n 2 target/release/examples/brunel --toys 1000      # toy events instead
//! ```

use clap::Parser;
use gaudi_mpi::algorithms::{AxisConfig, Histogram, PrimaryVertices, ToyVelo, TrackChecker, VeloFit, VeloTracking};
use gaudi_mpi::app::{AppMgr, OutputConfig};
use gaudi_mpi::io::Granularity;
use gaudi_mpi::prelude::*;
use std::path::PathBuf;

#[derive(Parser)]
struct Arguments {
    /// Event files with hits
    #[arg(required_unless_present = "toys")]
    files: Vec<PathBuf>,
    /// Number of toy events to generate instead
    #[arg(long, value_name = "N", conflicts_with = "files")]
    toys: Option<u64>,
    /// Size of an item
    #[arg(long, value_enum, default_value = "chunk")]
    granularity: Granularity,
    /// Folder for the results
    #[arg(short, long, default_value = "brunel-output")]
    output: PathBuf,
    #[command(flatten)]
    farm: Options,
}

fn main() -> JobResult {
    let Arguments {
        files,
        toys,
        granularity,
        output,
        farm,
    } = gaudi_mpi::parse();
    let mut app = AppMgr::new();
    let config = app.config_mut();
    config.title = "VELO reconstruction".into();
    config.input.events = toys;
    config.input.chunk = Some(20);
    config.input.granularity = granularity;
    config.histograms.file = Some(output.join("histograms.h5"));
    config.histograms.picture = Some(output.join("histograms.png"));
    for file in &files {
        app.input(&file.to_string_lossy());
    }
    if toys.is_some() {
        app.algorithm("ToyVelo", ToyVelo::default());
    }
    app.algorithm("VeloTracking", VeloTracking::default())
        .algorithm("VeloFit", VeloFit::default())
        .algorithm("PrimaryVertices", PrimaryVertices::default())
        .algorithm("TrackChecker", TrackChecker::default());

    let mut z = Histogram::default();
    z.title = "Primary vertices".into();
    z.table = Some("Rec/Vertex/Primary".into());
    z.x = axis("z", 100, [-250.0, 250.0], "z", "mm");
    let mut hits = Histogram::default();
    hits.title = "Hits of a track".into();
    hits.table = Some("Rec/Track/Velo".into());
    hits.x = axis("hits", 27, [-0.5, 26.5], "hits", "");
    app.algorithm("Rec/vertex_z", z).algorithm("Rec/track_hits", hits);

    let mut events = OutputConfig::new(output.join("rec.h5"));
    events.items = ["Raw/**", "MC/**", "Rec/**"].map(String::from).into();
    app.output_file(events);
    app.run(farm)
}

fn axis(value: &str, bins: usize, [low, high]: [f64; 2], label: &str, unit: &str) -> AxisConfig {
    AxisConfig {
        value: value.into(),
        bins: Some(bins),
        low: Some(low),
        high: Some(high),
        label: label.into(),
        unit: unit.into(),
        ..AxisConfig::default()
    }
}
