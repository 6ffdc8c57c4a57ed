//! `gaudi-mpi generate`: files of toy events.

use super::print;
use clap::Args;
use gaudi_mpi::algorithms::ToyDecays;
use gaudi_mpi::app::{AppMgr, OutputConfig};
use gaudi_mpi::prelude::*;
use std::path::{Path, PathBuf};

/// Files of toy events.
#[derive(Args)]
pub struct Arguments {
    /// Files to write
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    files: u64,
    /// Events of each file
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000_000))]
    events: u64,
    /// Files, where %d stands for the number of each, from 1; or a folder, for files dst-%d.h5 in it
    #[arg(short, long, value_name = "FILES", default_value = "dst-%d.h5")]
    output: PathBuf,
    /// Probability of a true Bs → J/ψ φ decay in an event
    #[arg(long, value_name = "P", default_value_t = 0.1, value_parser = probability)]
    signal: f64,
    /// From 1, fast, to 9, small; 0 for none
    #[arg(long, value_name = "LEVEL", default_value_t = 4, value_parser = clap::value_parser!(u8).range(0..=9))]
    compression: u8,
    /// Events of an item of work
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..))]
    chunk: u64,
    #[command(flatten)]
    farm: Options,
}

/// Writes the files one after the other, each with all ranks.
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

/// The job that writes the file of this number. The numbers of its events go on from those of the file before.
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

/// What the files are called, with a %d in it.
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
    // Several files cannot have one name.
    let stem = output.file_stem().unwrap_or_default().to_string_lossy();
    let end = output.extension().unwrap_or_default().to_string_lossy();
    output.with_file_name(format!("{stem}-%d.{end}"))
}

/// The name of a file, its number with as many digits as the largest has: the files are in order by name, too.
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
