//! `gaudi-mpi diff`: how two files differ.

use clap::Args;
use gaudi_mpi::Error;
use gaudi_mpi::io::{Comparison, Differences, Tolerance};
use std::path::PathBuf;
use std::process::{ExitCode, Termination};

#[derive(Args)]
pub struct Arguments {
    /// A file with events, histograms, or both
    a: PathBuf,
    /// Another
    b: PathBuf,
    /// Floating-point numbers may differ by this much of the larger one, such as 1e-9
    #[arg(long, value_name = "REL", default_value_t = 0.0, value_parser = tolerance)]
    tolerance: f64,
    /// Floating-point numbers may differ by this much
    #[arg(long, value_name = "ABS", default_value_t = 0.0, value_parser = tolerance)]
    absolute: f64,
    /// Compare only what matches, such as 'Rec/Track/*' or 'Phys'; may be given several times
    #[arg(long, value_name = "GLOB")]
    only: Vec<String>,
    /// Do not compare what matches; may be given several times
    #[arg(long, value_name = "GLOB")]
    ignore: Vec<String>,
    /// Say nothing, and leave the answer to the exit status
    #[arg(short, long)]
    quiet: bool,
}

fn tolerance(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number >= 0.0 && number.is_finite() => Ok(number),
        _ => Err(format!("'{text}' is no number from 0 on")),
    }
}

/// As `diff` does: 0 if there are no differences, 1 if there are, 2 if that cannot be told.
pub fn run(arguments: Arguments) -> ExitCode {
    let told = differences(&arguments).and_then(|differences| {
        if !arguments.quiet {
            super::print(&format!("{differences}\n"))?;
        }
        Ok(ExitCode::from(u8::from(!differences.is_empty())))
    });
    told.unwrap_or_else(|error| {
        // It is printed as any other error, and only the status is another.
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
