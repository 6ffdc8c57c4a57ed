//! Selects B_s0 → J/ψ(→ μ⁺μ⁻) φ(→ K⁺K⁻) with a custom event loop: each item of the task is one file, which is read with
//! its own application manager. `examples/jobs/bs2jpsiphi.toml` does the same without any Rust code.
//!
//! ```sh
//! gaudi-mpi generate --files 4 --events 20000 --output dst-%d.h5
//! mpirun -n 2 target/release/examples/bs2jpsiphi dst-*.h5
//! ```

use clap::Parser;
use gaudi_mpi::algorithms::Combine;
use gaudi_mpi::app::AppMgr;
use gaudi_mpi::hist::{Axis, Histogram1D, Histograms};
use gaudi_mpi::prelude::*;
use std::path::PathBuf;

#[derive(Parser)]
struct Arguments {
    /// Input files
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Folder for the results
    #[arg(short, long, default_value = "bs2jpsiphi-output")]
    output: PathBuf,
    #[command(flatten)]
    farm: Options,
}

#[derive(Serialize, Deserialize)]
struct MyTask {
    output: PathBuf,
}

impl Task for MyTask {
    type Item = PathBuf;
    type Output = Histograms;
    type Reply = ();

    fn initialize_local(&mut self) -> Result<()> {
        Ok(std::fs::create_dir_all(&self.output)?)
    }

    fn new_output(&self) -> Histograms {
        let mut histograms = Histograms::new();
        let mass = Axis::uniform(100, 5200.0, 5500.0).label("m(J/ψ φ)").unit("MeV");
        histograms.book("Phys/hbmass", Histogram1D::new("Mass of B cand", mass));
        histograms
    }

    fn process(&mut self, file: &PathBuf, output: &mut Histograms) -> Result<()> {
        let muons = [("mu+", "Phys/Muons"), ("mu-", "Phys/Muons")];
        let kaons = [("K+", "Phys/Kaons"), ("K-", "Phys/Kaons")];
        let both = [
            ("J/psi(1S)", "Phys/Jpsi/Particles"),
            ("phi(1020)", "Phys/Phi/Particles"),
        ];
        let mut app = AppMgr::new();
        app.input(&file.to_string_lossy());
        let mut j_psi = Combine::new("J/psi(1S) -> mu+ mu-", &muons, "Phys/Jpsi/Particles");
        j_psi.mass = Some([3037.0, 3157.0]);
        let mut phi = Combine::new("phi(1020) -> K+ K-", &kaons, "Phys/Phi/Particles");
        phi.mass = Some([1008.0, 1032.0]);
        let mut b = Combine::new("B_s0 -> J/psi(1S) phi(1020)", &both, "Phys/Bs/Particles");
        b.mass = Some([5200.0, 5500.0]);
        app.algorithm("Jpsi", j_psi).algorithm("Phi", phi).algorithm("Bs", b);

        let mut events = app.events(1)?;
        let masses = events.read::<f64>("Phys/Bs/Particles/m")?;
        let hbmass = output.handle::<Histogram1D>("Phys/hbmass")?;
        while let Some(event) = events.next()? {
            for &mass in event.get(masses) {
                output[hbmass].fill(mass);
            }
        }
        Ok(())
    }

    fn finalize(&mut self, output: Histograms, _: &Statistics) -> Result<()> {
        output.save(self.output.join("histograms.h5"))?;
        Ok(output.save_picture(self.output.join("hbmass.png"))?)
    }
}

fn main() -> JobResult {
    let Arguments { files, output, farm } = gaudi_mpi::parse();
    WorkManager::new(farm)?.process(&mut MyTask { output }, files)
}
