//! `gaudi-mpi run JOB`: reads and runs a job file.

use gaudi_mpi::Error;
use gaudi_mpi::app::{AppMgr, JobConfig, JobFile, OutputMode, Tally};
use gaudi_mpi::io::Granularity;
use gaudi_mpi::prelude::*;
use std::path::{Path, PathBuf};

/// The changes that the command line makes to a job file.
#[derive(Default)]
pub struct Changes {
    pub set: Vec<String>,
    pub events: Option<u64>,
    pub chunk: Option<u64>,
    pub granularity: Option<Granularity>,
    pub output_mode: Option<OutputMode>,
    /// The folder for outputs with relative paths.
    pub folder: Option<PathBuf>,
}

/// Runs a job file or, in a dry run, describes the job.
pub fn run(file: &Path, changes: &Changes, dry_run: bool, farm: Options) -> JobResult {
    let quiet = farm.quiet;
    let mut manager = WorkManager::new(farm)?;
    if dry_run {
        return if manager.is_root() {
            describe(file, changes, manager.options().seed)
        } else {
            Ok(Summary::default())
        };
    }
    let (app, summary) = AppMgr::run_made(&mut manager, || read(file, changes).map(AppMgr::from_config))?;
    if manager.is_root() && !quiet {
        report(&app)?;
    }
    Ok(summary)
}

fn describe(file: &Path, changes: &Changes, seed: u64) -> JobResult {
    let described = read(file, changes).and_then(|config| AppMgr::from_config(config).describe(seed));
    let description = described.map_err(|error| Error::Job(error.to_string()))?;
    super::print(&format!("{description}\n"))?;
    Ok(Summary::default())
}

/// Reads a job file and applies the changes.
pub fn read(path: &Path, changes: &Changes) -> Result<JobConfig> {
    let mut file = JobFile::read(path)?;
    changes.set.iter().try_for_each(|option| file.set(option))?;
    let mut config = file.config()?;
    if changes.events.is_some() {
        config.input.events = changes.events;
    }
    if changes.chunk.is_some() {
        config.input.chunk = changes.chunk;
    }
    if let Some(granularity) = changes.granularity {
        config.input.granularity = granularity;
    }
    if let Some(mode) = changes.output_mode {
        config.outputs.iter_mut().for_each(|output| output.mode = mode);
    }
    if let Some(folder) = &changes.folder {
        let outputs = config.outputs.iter_mut().map(|output| &mut output.file);
        let histograms = config.histograms.file.iter_mut().chain(&mut config.histograms.picture);
        // `join` leaves absolute paths unchanged.
        outputs.chain(histograms).for_each(|file| *file = folder.join(&*file));
    }
    Ok(config)
}

/// Prints each algorithm's event counts, the counters, and the files.
fn report(app: &AppMgr) -> Result<()> {
    let tallies: Vec<(&str, Tally)> = app.tallies().collect();
    let mut text = String::new();
    let longest = tallies.iter().map(|(name, _)| name.chars().count()).max();
    let width = longest.unwrap_or(0).max("algorithm".len());
    text.push_str(&format!("{:width$} | executed |   passed | passed %\n", "algorithm"));
    for (name, Tally { executed, passed, .. }) in tallies {
        let percent = match executed {
            0 => "-".into(),
            _ => format!("{:.2}", 100.0 * passed as f64 / executed as f64),
        };
        text.push_str(&format!("{name:width$} | {executed:>8} | {passed:>8} | {percent:>8}\n"));
    }
    for (name, counter) in app.output().map(|output| &output.counters).into_iter().flatten() {
        text.push_str(&format!("{name}: {counter}\n"));
    }
    for file in app.written() {
        text.push_str(&format!("{} is complete\n", file.display()));
    }
    super::print(&text)
}
