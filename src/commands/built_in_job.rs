//! The built-in job of `gaudi-mpi`: generates toy decays, selects candidates, and histograms them.

use clap::Args;
use gaudi_mpi::algorithms::particles::{J_PSI, PHI};
use gaudi_mpi::algorithms::toy_decay_generator::{Configuration, ToyDecayGenerator};
use gaudi_mpi::algorithms::toy_selection::ToySelection;
use gaudi_mpi::hist::{Axis, Histogram1D, Histograms};
use gaudi_mpi::picture::Canvas;
use gaudi_mpi::prelude::*;
use std::path::PathBuf;

/// The options that the built-in job and job files share.
#[derive(Args)]
pub struct Arguments {
    /// Number of events to process or, for the built-in job, decays to generate [default: 2000000]
    #[arg(long, value_name = "N")]
    pub events: Option<u64>,
    /// Number of events per work item [default: 1000; for the built-in job: 10000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub chunk: Option<u64>,
    /// Folder for outputs with relative paths [default: .; for the built-in job: gaudi-mpi-output]
    #[arg(short, long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub farm: Options,
}

/// Generates toy Bs → J/ψ(μ⁺μ⁻) φ(K⁺K⁻) decays with background, selects candidates, and histograms their masses.
#[derive(Serialize, Deserialize)]
struct ToyJob {
    decays: Configuration,
    selection: ToySelection,
    output: PathBuf,
    #[serde(skip)]
    generator: ToyDecayGenerator,
}

mergeable! {
    struct ToyOutput {
        histograms: Histograms,
        decays: u64,
        candidates: u64,
    }
}

impl Task for ToyJob {
    type Item = u64; // decays to generate
    type Output = ToyOutput;
    type Reply = ();

    fn initialize_local(&mut self) -> Result<()> {
        std::fs::create_dir_all(&self.output)
            .map_err(|error| format!("cannot create the folder {}: {error}", self.output.display()))?;
        Ok(())
    }

    fn initialize_remote(&mut self) -> Result<()> {
        self.generator = ToyDecayGenerator::new(self.decays.clone())?;
        Ok(())
    }

    fn new_output(&self) -> ToyOutput {
        let mut histograms = Histograms::new();
        let mut book = |path: &str, title: &str, axis: Axis| {
            histograms.book(path, Histogram1D::new(title, axis));
        };
        book(
            "Phys/hbmass",
            "Mass of B cand",
            Axis::uniform(100, 5200.0, 5500.0).label("m(J/ψ φ)").unit("MeV"),
        );
        book(
            "Phys/hjpsimass",
            "Mass of J/ψ cand",
            Axis::uniform(60, J_PSI.mass - 60.0, J_PSI.mass + 60.0)
                .label("m(μ⁺μ⁻)")
                .unit("MeV"),
        );
        book(
            "Phys/hphimass",
            "Mass of φ cand",
            Axis::uniform(60, PHI.mass - 12.0, PHI.mass + 12.0)
                .label("m(K⁺K⁻)")
                .unit("MeV"),
        );
        book(
            "Phys/hbpt",
            "Transverse momentum of B cand",
            Axis::uniform(100, 0.0, 25_000.0).label("pT(J/ψ φ)").unit("MeV"),
        );
        ToyOutput {
            histograms,
            decays: 0,
            candidates: 0,
        }
    }

    fn process(&mut self, &decays: &u64, output: &mut ToyOutput) -> Result<()> {
        let histograms = &mut output.histograms;
        let [mass, j_psi, phi, pt] = [
            histograms.handle::<Histogram1D>("Phys/hbmass")?,
            histograms.handle("Phys/hjpsimass")?,
            histograms.handle("Phys/hphimass")?,
            histograms.handle("Phys/hbpt")?,
        ];
        let mut random = item_random();
        for _ in 0..decays {
            output.decays += 1;
            let Some(candidate) = self.selection.select(&self.generator.generate(&mut random)) else {
                continue;
            };
            output.candidates += 1;
            histograms[mass].fill(candidate.mass);
            histograms[j_psi].fill(candidate.j_psi_mass);
            histograms[phi].fill(candidate.phi_mass);
            histograms[pt].fill(candidate.pt);
        }
        Ok(())
    }

    fn finalize(&mut self, output: ToyOutput, _: &Statistics) -> Result<()> {
        let ToyOutput {
            histograms,
            decays,
            candidates,
        } = output;
        histograms.save(self.output.join("histograms.h5"))?;
        let pad = |path| {
            histograms
                .get(path)
                .map(|histogram| histogram.pad())
                .ok_or("a histogram is missing")
        };
        for name in ["hbmass.png", "hbmass.svg"] {
            let mut canvas = Canvas::new(1000, 700);
            canvas.draw(pad("Phys/hbmass")?.counted("Candidates"))?;
            canvas.save(self.output.join(name))?;
        }
        let mut canvas = Canvas::new(1400, 1000);
        canvas.divide(2, 2);
        for (_, histogram) in histograms.iter() {
            canvas.draw(histogram.pad().counted("Candidates"))?;
        }
        canvas.save(self.output.join("overview.png"))?;
        log::info!("{candidates} candidates were selected from {decays} decays");
        Ok(())
    }
}

pub fn run(arguments: Arguments) -> JobResult {
    let Arguments {
        events,
        chunk,
        output,
        farm,
    } = arguments;
    let (events, chunk) = (events.unwrap_or(2_000_000), chunk.unwrap_or(10_000));
    let output = output.unwrap_or_else(|| "gaudi-mpi-output".into());
    let quiet = farm.quiet;
    let mut manager = WorkManager::new(farm)?;
    let mut job = ToyJob {
        decays: Configuration::default(),
        selection: ToySelection::default(),
        output,
        generator: ToyDecayGenerator::default(),
    };
    let items = (0..events.div_ceil(chunk)).map(|item| chunk.min(events - item * chunk));
    let summary = manager.process(&mut job, items)?;
    if manager.is_root() && !quiet {
        let next = if manager.size() == 1 {
            "all cores, mpirun gaudi-mpi"
        } else {
            "another number of ranks"
        };
        super::print(&format!(
            "\nThe mass of the Bs candidates is in {}\nAll histograms are in {}\n\
             Next, try {next}: the files will be the same, byte for byte. gaudi-mpi --help lists the options.\n",
            job.output.join("hbmass.png").display(),
            job.output.join("histograms.h5").display()
        ))?;
    }
    Ok(summary)
}
