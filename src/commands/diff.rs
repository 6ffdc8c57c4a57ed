//! `gaudi-mpi diff`: compares two files.

use clap::Args;
use gaudi_mpi::Error;
use gaudi_mpi::io::{Comparison, Differences, Tolerance};
use std::path::PathBuf;
use std::process::{ExitCode, Termination};

#[derive(Args)]
pub struct Arguments {
    /// A file with events, histograms, or both
    a: PathBuf,
    /// The file to compare it with
    b: PathBuf,
    /// Relative tolerance for floating-point numbers, such as 1e-9
    #[arg(long, value_name = "REL", default_value_t = 0.0, value_parser = tolerance)]
    tolerance: f64,
    /// Absolute tolerance for floating-point numbers
    #[arg(long, value_name = "ABS", default_value_t = 0.0, value_parser = tolerance)]
    absolute: f64,
    /// Compare only matching paths, such as 'Rec/Track/*' or 'Phys'; can be repeated
    #[arg(long, value_name = "GLOB")]
    only: Vec<String>,
    /// Ignore matching paths; can be repeated
    #[arg(long, value_name = "GLOB")]
    ignore: Vec<String>,
    /// Print nothing; the exit status tells the result
    #[arg(short, long)]
    quiet: bool,
}

fn tolerance(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number >= 0.0 && number.is_finite() => Ok(number),
        _ => Err(format!("'{text}' is not a finite number ≥ 0")),
    }
}

/// Returns the same exit status as `diff`: 0 if the files are equal, 1 if they differ, and 2 after an error.
pub fn run(arguments: Arguments) -> ExitCode {
    let told = differences(&arguments).and_then(|differences| {
        if !arguments.quiet {
            super::print(&format!("{differences}\n"))?;
        }
        Ok(ExitCode::from(u8::from(!differences.is_empty())))
    });
    told.unwrap_or_else(|error| {
        // The error is printed as usual; only the exit status differs from that of other commands.
        let _ = Err::<(), _>(Error::from(error)).report();
        ExitCode::from(2)
    })
}

fn differences(arguments: &Arguments) -> gaudi_mpi::Result<Differences> {
    let comparison = Comparison {
        tolerance: Tolerance {
            relative: arguments.tolerance,
            absolute: arguments.absolute,
        },
        only: arguments.only.clone(),
        ignore: arguments.ignore.clone(),
    };
    Ok(comparison.differences(&arguments.a, &arguments.b)?)
}
