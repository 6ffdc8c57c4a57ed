//! `gaudi-mpi run`: runs a job file or the built-in job.

use super::built_in_job;
use super::job_file::{self, Changes};
use clap::Args;
use gaudi_mpi::app::OutputMode;
use gaudi_mpi::io::Granularity;
use gaudi_mpi::prelude::*;
use std::path::PathBuf;

/// The arguments for a job file or the built-in job.
#[derive(Args)]
pub struct JobArguments {
    /// Job file (TOML) [default: the built-in job]
    #[arg(value_name = "JOB")]
    job: Option<PathBuf>,
    /// Change a value in the job file, such as input.events=100, output.0.file=x.h5, or GoodMuons.minimum=1 for an
    /// algorithm
    #[arg(long, value_name = "KEY=VALUE", requires = "job", value_parser = change)]
    set: Vec<String>,
    /// Check the job against the first input file, and describe what it would do
    #[arg(long, requires = "job")]
    pub dry_run: bool,
    /// The unit of work
    #[arg(long, value_enum, requires = "job")]
    granularity: Option<Granularity>,
    /// How events are written to output files
    #[arg(long, value_enum, requires = "job")]
    output_mode: Option<OutputMode>,
    #[command(flatten)]
    built_in: built_in_job::Arguments,
}

/// Checks that a `--set` option has a key and a value.
fn change(text: &str) -> std::result::Result<String, &'static str> {
    match text.split_once('=') {
        Some((key, _)) if !key.trim().is_empty() => Ok(text.to_string()),
        Some(_) => Err("the key before the '=' is missing"),
        None => Err("there is no '=' between a key and its value"),
    }
}

impl JobArguments {
    /// The changes to make to a job file.
    pub fn changes(&self) -> Changes {
        Changes {
            set: self.set.clone(),
            events: self.built_in.events,
            chunk: self.built_in.chunk,
            granularity: self.granularity,
            output_mode: self.output_mode,
            folder: self.built_in.output.clone(),
        }
    }
}

/// Runs the job file or, without one, the built-in job.
pub fn run(arguments: JobArguments) -> JobResult {
    let changes = arguments.changes();
    match arguments.job {
        None => built_in_job::run(arguments.built_in),
        Some(file) => job_file::run(&file, &changes, arguments.dry_run, arguments.built_in.farm),
    }
}
