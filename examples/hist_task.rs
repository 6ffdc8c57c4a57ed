//! Nine histograms of Gaussian numbers, filled on all ranks and drawn on one canvas.
//!
//! ```sh
//! mpirun -n 2 target/release/examples/hist_task
//! ```

use clap::Parser;
use gaudi_mpi::hist::{Axis, Histogram1D, Histograms};
use gaudi_mpi::picture::Canvas;
use gaudi_mpi::prelude::*;
use std::path::PathBuf;

#[derive(Parser)]
struct Arguments {
    /// Histograms to fill
    #[arg(long, default_value_t = 9)]
    histograms: usize,
    /// Items to process
    #[arg(long, default_value_t = 100)]
    items: usize,
    /// Entries per histogram and item
    #[arg(long, default_value_t = 100_000)]
    entries: u64,
    /// Folder for the results
    #[arg(short, long, default_value = "hist_task-output")]
    output: PathBuf,
    #[command(flatten)]
    farm: Options,
}

#[derive(Serialize, Deserialize)]
struct HistTask {
    histograms: usize,
    output: PathBuf,
}

impl HistTask {
    fn path(number: usize) -> String {
        format!("Gauss/{}", number + 1)
    }
}

impl Task for HistTask {
    type Item = u64; // entries of each histogram
    type Output = Histograms;
    type Reply = ();

    fn initialize_local(&mut self) -> Result<()> {
        // If the folder cannot be created, the job fails now rather than after all items have been processed.
        Ok(std::fs::create_dir_all(&self.output)?)
    }

    fn new_output(&self) -> Histograms {
        let mut histograms = Histograms::new();
        for number in 0..self.histograms {
            let title = format!("Gaussian, σ = {}", number + 1);
            histograms.book(
                &Self::path(number),
                Histogram1D::new(title, Axis::uniform(100, -20.0, 20.0).label("x")),
            );
        }
        histograms
    }

    fn process(&mut self, &entries: &u64, output: &mut Histograms) -> Result<()> {
        let mut random = item_random();
        for number in 0..self.histograms {
            let histogram = output.handle::<Histogram1D>(&Self::path(number))?;
            let sigma = (number + 1) as f64;
            output[histogram].fill_all((0..entries).map(|_| random.gaussian(0.0, sigma)));
        }
        Ok(())
    }

    fn finalize(&mut self, output: Histograms, _: &Statistics) -> Result<()> {
        output.save(self.output.join("hist_task.h5"))?;
        let mut canvas = Canvas::new(1500, 1200);
        let columns = (self.histograms as f64).sqrt().ceil() as usize;
        canvas.divide(columns, self.histograms.div_ceil(columns.max(1)));
        for (_, histogram) in output.iter() {
            canvas.draw(histogram.pad())?;
        }
        canvas.save(self.output.join("hist_task.png"))?;
        canvas.save(self.output.join("hist_task.svg"))?;
        log::info!("{} histograms are in {}", output.len(), self.output.display());
        Ok(())
    }
}

fn main() -> JobResult {
    let Arguments {
        histograms,
        items,
        entries,
        output,
        farm,
    } = gaudi_mpi::parse();
    WorkManager::new(farm)?.process(&mut HistTask { histograms, output }, vec![entries; items])
}
