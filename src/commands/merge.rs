//! `gaudi-mpi merge`: merges files into one.

use clap::Args;
use gaudi_mpi::Error;
use gaudi_mpi::io::EventFileWriter;
use std::path::PathBuf;

#[derive(Args)]
pub struct Arguments {
    /// File to write; an existing file is replaced
    #[arg(value_name = "OUT")]
    output: PathBuf,
    /// Files to merge, in this order
    #[arg(value_name = "IN", required = true)]
    inputs: Vec<PathBuf>,
    /// Compression level for events, from 1 (fast) to 9 (small), or 0 for none
    #[arg(long, value_name = "0..9", default_value_t = EventFileWriter::COMPRESSION)]
    #[arg(value_parser = clap::value_parser!(u8).range(..=9))]
    compression: u8,
    /// Print only errors
    #[arg(short, long)]
    quiet: bool,
}

pub fn run(arguments: Arguments) -> Result<(), Error> {
    let Arguments {
        output,
        inputs,
        compression,
        quiet,
    } = arguments;
    let merged = gaudi_mpi::io::merge(&output, &inputs, compression).map_err(|error| Error::Program(error.into()))?;
    if !quiet {
        for remark in &merged.remarks {
            eprintln!("Warning: {remark}");
        }
        let plural = |number: u64, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
        super::print(&format!(
            "{}: {} and {} from {}\n",
            output.display(),
            plural(merged.events, "event"),
            plural(merged.histograms as u64, "histogram"),
            plural(inputs.len() as u64, "file")
        ))?;
    }
    Ok(())
}
