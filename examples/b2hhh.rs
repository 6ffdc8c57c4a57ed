//! Simulated B± → h± h⁺ h⁻ decays from LHCb: plots the B mass under the hypothesis that all three tracks are kaons, the
//! momenta, and the Dalitz plot.
//!
//! `scripts/root_to_hdf5.py` converts the input file from `PhaseSpaceSimulation.root`:
//!
//! ```sh
//! python scripts/root_to_hdf5.py PhaseSpaceSimulation.root b2hhh.h5
//! mpirun -n 2 target/release/examples/b2hhh b2hhh.h5
//! ```

use clap::Parser;
use gaudi_mpi::algorithms::four_momentum::FourMomentum;
use gaudi_mpi::algorithms::particles::KAON;
use gaudi_mpi::hist::{Axis, Histogram1D, Histogram2D, Histograms};
use gaudi_mpi::picture::Canvas;
use gaudi_mpi::prelude::*;
use std::ops::Range;
use std::path::{Path, PathBuf};

#[derive(Parser)]
struct Arguments {
    /// Input file
    input: PathBuf,
    /// Rows per item
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    chunk: u64,
    /// Folder for the results
    #[arg(short, long, default_value = "b2hhh-output")]
    output: PathBuf,
    #[command(flatten)]
    farm: Options,
}

/// The table in the input file.
const TABLE: &str = "/Event/PhaseSpaceTree";

#[derive(Serialize, Deserialize)]
struct B2hhh {
    input: PathBuf,
    output: PathBuf,
    /// The file, opened in each worker because an open file cannot be sent to other ranks.
    #[serde(skip)]
    file: Option<hdf5::File>,
}

fn open(path: &Path) -> Result<hdf5::File> {
    hdf5::File::open(path).map_err(|error| format!("cannot read {}: {error}", path.display()).into())
}

/// Returns the number of rows in the input.
fn rows(path: &Path) -> Result<u64> {
    let column = open(path)?.dataset(&format!("{TABLE}/H1_PX"));
    let column = column.map_err(|error| format!("{} has no column {TABLE}/H1_PX: {error}", path.display()))?;
    Ok(column.size() as u64)
}

impl Task for B2hhh {
    type Item = Range<u64>; // rows
    type Output = Histograms;
    type Reply = ();

    fn initialize_local(&mut self) -> Result<()> {
        Ok(std::fs::create_dir_all(&self.output)?)
    }

    fn initialize_remote(&mut self) -> Result<()> {
        self.file = Some(open(&self.input)?);
        Ok(())
    }

    fn new_output(&self) -> Histograms {
        let mut histograms = Histograms::new();
        let mass = Axis::uniform(100, 5200.0, 5300.0).label("m(K±K⁺K⁻)").unit("MeV");
        histograms.book("B/mass", Histogram1D::new("Mass of B cand", mass));
        let momentum = |name: &str| {
            Axis::uniform(100, 0.0, 200_000.0)
                .label(format!("p({name})"))
                .unit("MeV")
        };
        histograms.book(
            "B/p",
            Histogram1D::new(
                "Momentum of the B",
                Axis::uniform(100, 0.0, 500_000.0).label("p(B)").unit("MeV"),
            ),
        );
        for track in 1..=3 {
            let title = format!("Momentum of track {track}");
            histograms.book(
                &format!("H{track}/p"),
                Histogram1D::new(title, momentum(&format!("h{track}"))),
            );
        }
        let low = Axis::uniform(60, 0.0, 15.0).label("m²(K⁺K⁻), lower").unit("GeV²");
        let high = Axis::uniform(60, 0.0, 30.0).label("m²(K⁺K⁻), higher").unit("GeV²");
        histograms.book("B/dalitz", Histogram2D::new("Dalitz plot", low, high));
        histograms
    }

    fn process(&mut self, rows: &Range<u64>, output: &mut Histograms) -> Result<()> {
        let file = self.file.as_ref().ok_or("the file is not open")?;
        let range = rows.start as usize..rows.end as usize;
        let column = |name: String| -> Result<Vec<f64>> {
            let read = file
                .dataset(&format!("{TABLE}/{name}"))
                .and_then(|column| column.read_slice_1d::<f64, _>(range.clone()));
            Ok(read
                .map_err(|error| {
                    format!(
                        "cannot read rows {rows:?} of {TABLE}/{name} in {}: {error}",
                        file.filename()
                    )
                })?
                .to_vec())
        };
        let track = |number| -> Result<[Vec<f64>; 4]> {
            Ok([
                column(format!("H{number}_PX"))?,
                column(format!("H{number}_PY"))?,
                column(format!("H{number}_PZ"))?,
                column(format!("H{number}_Charge"))?,
            ])
        };
        let tracks = [track(1)?, track(2)?, track(3)?];

        let mass = output.handle::<Histogram1D>("B/mass")?;
        let b_momentum = output.handle::<Histogram1D>("B/p")?;
        let momenta = [
            output.handle::<Histogram1D>("H1/p")?,
            output.handle("H2/p")?,
            output.handle("H3/p")?,
        ];
        let dalitz = output.handle::<Histogram2D>("B/dalitz")?;
        for row in 0..range.len() {
            let kaons = tracks
                .each_ref()
                .map(|[px, py, pz, _]| FourMomentum::from_mass(px[row], py[row], pz[row], KAON.mass));
            let b = kaons[0] + kaons[1] + kaons[2];
            output[mass].fill(b.mass());
            output[b_momentum].fill(b.p());
            for (momentum, kaon) in momenta.iter().zip(&kaons) {
                output[*momentum].fill(kaon.p());
            }
            // Two of the tracks have the same charge as the B. The third track forms a K⁺K⁻ pair with each of them.
            let charges = tracks.each_ref().map(|[.., charge]| charge[row]);
            let Some(odd) =
                (0..3).find(|&odd| charges[odd] != charges[(odd + 1) % 3] && charges[odd] != charges[(odd + 2) % 3])
            else {
                continue; // three equal charges: not a B± decay
            };
            let pairs = [1, 2].map(|next| (kaons[odd] + kaons[(odd + next) % 3]).mass2() / 1e6);
            output[dalitz].fill(pairs[0].min(pairs[1]), pairs[0].max(pairs[1]));
        }
        Ok(())
    }

    fn finalize(&mut self, output: Histograms, _: &Statistics) -> Result<()> {
        output.save(self.output.join("b2hhh.h5"))?;
        let mut canvas = Canvas::new(1500, 1000);
        canvas.divide(3, 2);
        for (_, histogram) in output.iter() {
            canvas.draw(histogram.pad())?;
        }
        canvas.save(self.output.join("b2hhh.png"))?;
        log::info!("the histograms are in {}", self.output.display());
        Ok(())
    }
}

fn main() -> JobResult {
    let Arguments {
        input,
        chunk,
        output,
        farm,
    } = gaudi_mpi::parse();
    let mut manager = WorkManager::new(farm)?;
    let rows = if manager.is_root() { rows(&input)? } else { 0 };
    let items = (0..rows.div_ceil(chunk)).map(|item| item * chunk..((item + 1) * chunk).min(rows));
    manager.process(
        &mut B2hhh {
            input,
            output,
            file: None,
        },
        items,
    )
}
