//! `gaudi-mpi generate`: writes files of toy events.

use super::print;
use clap::Args;
use gaudi_mpi::algorithms::ToyDecays;
use gaudi_mpi::app::{AppMgr, OutputConfig};
use gaudi_mpi::prelude::*;
use std::path::{Path, PathBuf};

/// The files to write and the events in them.
#[derive(Args)]
pub struct Arguments {
    /// Number of files
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    files: u64,
    /// Number of events in each file
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1_000_000_000_000))]
    events: u64,
    /// File names, with %d for the file number (counted from 1); or a folder, which gets files named dst-%d.h5
    #[arg(short, long, value_name = "FILES", default_value = "dst-%d.h5")]
    output: PathBuf,
    /// Probability that an event contains a true Bs → J/ψ φ decay
    #[arg(long, value_name = "P", default_value_t = 0.1, value_parser = probability)]
    signal: f64,
    /// Compression level, from 1 (fast) to 9 (small), or 0 for none
    #[arg(long, value_name = "LEVEL", default_value_t = 4, value_parser = clap::value_parser!(u8).range(0..=9))]
    compression: u8,
    /// Number of events per work item
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..))]
    chunk: u64,
    #[command(flatten)]
    farm: Options,
}

/// Writes the files one after another, using all ranks for each.
pub fn run(arguments: Arguments) -> JobResult {
    let quiet = arguments.farm.quiet;
    let mut manager = WorkManager::new(arguments.farm.clone())?;
    let mut summary = Summary::default();
    let pattern = pattern(&arguments.output, arguments.files);
    for number in 1..=arguments.files {
        let (_, of_file) = AppMgr::run_made(&mut manager, || Ok::<_, String>(job(&arguments, &pattern, number)))?;
        summary = of_file;
    }
    if manager.is_root() && !quiet {
        let Arguments { files, events, .. } = arguments;
        let plural = if files == 1 { "" } else { "s" };
        print(&format!(
            "{files} file{plural} of {events} events: {} to {}\n",
            numbered(&pattern, 1, files).display(),
            numbered(&pattern, files, files).display()
        ))?;
    }
    Ok(summary)
}

/// Creates the job that writes the file with this number. Event numbers continue across files.
fn job(arguments: &Arguments, pattern: &Path, number: u64) -> AppMgr {
    let mut app = AppMgr::new();
    let input = &mut app.config_mut().input;
    input.first = (number - 1) * arguments.events;
    input.events = Some(arguments.events);
    input.chunk = Some(arguments.chunk);
    let mut toys = ToyDecays::default();
    toys.decays.signal_fraction = arguments.signal;
    app.algorithm("ToyDecays", toys);
    let mut output = OutputConfig::new(numbered(pattern, number, arguments.files));
    output.compression = arguments.compression;
    app.output_file(output);
    app
}

/// The file name pattern, with %d for the file number.
fn pattern(output: &Path, files: u64) -> PathBuf {
    let text = output.to_string_lossy();
    if text.contains("%d") {
        return output.into();
    }
    let is_file = output.extension().is_some_and(|end| end == "h5" || end == "hdf5");
    if !is_file || output.is_dir() || text.ends_with('/') {
        return output.join("dst-%d.h5");
    }
    if files == 1 {
        return output.into();
    }
    // If there are several files, their names must differ.
    let stem = output.file_stem().unwrap_or_default().to_string_lossy();
    let end = output.extension().unwrap_or_default().to_string_lossy();
    output.with_file_name(format!("{stem}-%d.{end}"))
}

/// The name of a file. All file numbers are padded to the same number of digits, so that sorting by name sorts by
/// number.
fn numbered(pattern: &Path, number: u64, files: u64) -> PathBuf {
    let digits = files.to_string().len();
    let number = format!("{number:0digits$}");
    pattern.to_string_lossy().replace("%d", &number).into()
}

fn probability(text: &str) -> std::result::Result<f64, String> {
    match text.parse() {
        Ok(probability) if (0.0..=1.0).contains(&probability) => Ok(probability),
        _ => Err("a probability is a number from 0 to 1".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_numbers_and_folders_get_files() {
        for (output, files, first, last) in [
            ("dst-%d.h5", 4, "dst-1.h5", "dst-4.h5"),
            ("toys/%d/x.h5", 12, "toys/01/x.h5", "toys/12/x.h5"),
            ("toys", 2, "toys/dst-1.h5", "toys/dst-2.h5"),
            ("toys.h5/", 2, "toys.h5/dst-1.h5", "toys.h5/dst-2.h5"),
            ("/", 1, "/dst-1.h5", "/dst-1.h5"),
            ("toys.h5", 1, "toys.h5", "toys.h5"),
            ("a/toys.hdf5", 10, "a/toys-01.hdf5", "a/toys-10.hdf5"),
        ] {
            let pattern = pattern(Path::new(output), files);
            assert_eq!(numbered(&pattern, 1, files), Path::new(first));
            assert_eq!(numbered(&pattern, files, files), Path::new(last));
        }
    }
}
