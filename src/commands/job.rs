//! `gaudi-mpi run JOB`: a job file.

use anyhow::{Context, bail};
use gaudi_mpi::Error;
use gaudi_mpi::app::{AppMgr, JobConfig, OutputMode, Tally};
use gaudi_mpi::io::Granularity;
use gaudi_mpi::prelude::*;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What the command line changes of a job file.
#[derive(Default)]
pub struct Changes {
    pub set: Vec<String>,
    pub events: Option<u64>,
    pub chunk: Option<u64>,
    pub granularity: Option<Granularity>,
    pub output_mode: Option<OutputMode>,
    /// Where relative names of outputs begin.
    pub folder: Option<PathBuf>,
}

/// Runs a job file, or shows what would be run.
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
        report(&app);
    }
    Ok(summary)
}

fn describe(file: &Path, changes: &Changes, seed: u64) -> JobResult {
    let described = read(file, changes).and_then(|config| {
        AppMgr::from_config(config)
            .describe(seed)
            .map_err(anyhow::Error::from_boxed)
    });
    let description = described.map_err(|error| Error::Job(format!("{error:#}")))?;
    let _ = writeln!(std::io::stdout(), "{description}");
    Ok(Summary::default())
}

/// The job that a file describes, with changes.
pub fn read(file: &Path, changes: &Changes) -> anyhow::Result<JobConfig> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read the job file {}", file.display()))?;
    // First as it is, since errors then say where in the file they are.
    let config = JobConfig::parse(&text).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
    let mut config = if changes.set.is_empty() {
        config
    } else {
        let mut table: toml::Table = toml::from_str(&text)?;
        for change in &changes.set {
            set(&mut table, change).with_context(|| format!("--set {change}"))?;
        }
        let changed = toml::to_string(&table)?;
        JobConfig::parse(&changed)
            .map_err(|error| anyhow::anyhow!("with --set {}: {error}", changes.set.join(" --set ")))?
    };
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
        // An absolute name stays what it is.
        outputs.chain(histograms).for_each(|file| *file = folder.join(&*file));
    }
    Ok(config)
}

/// Changes a value of a job: `input.events=100`, `output.0.file=x.h5`, or by the name of an algorithm,
/// `GoodMuons.minimum=1`.
fn set(job: &mut toml::Table, change: &str) -> anyhow::Result<()> {
    let Some((key, value)) = change.split_once('=') else {
        bail!("there is no '=' between a key and its value");
    };
    let parsed: Result<toml::Table, _> = toml::from_str(&format!("value = {value}"));
    let value = match parsed {
        Ok(mut parsed) => parsed.remove("value").unwrap_or(toml::Value::String(value.into())),
        // What is no number, list or quoted text is a text.
        Err(_) => toml::Value::String(value.into()),
    };
    let mut steps: Vec<&str> = key.split('.').collect();
    let Some(last) = steps.pop().filter(|last| !last.is_empty()) else {
        bail!("there is no key");
    };
    let name = steps.first().copied().unwrap_or_default();
    let is_section = ["input", "histograms", "output", "algorithm"].contains(&name);
    let mut at: &mut toml::Value = &mut toml::Value::Boolean(false);
    let mut table = job;
    if !is_section && !steps.is_empty() {
        let algorithms = table.get_mut("algorithm").and_then(toml::Value::as_array_mut);
        let named = |algorithm: &&mut toml::Value| {
            let field = |field| algorithm.get(field).and_then(toml::Value::as_str);
            field("name").or(field("type")) == Some(name)
        };
        let found = algorithms.and_then(|algorithms| algorithms.iter_mut().find(named));
        table = found.and_then(toml::Value::as_table_mut).with_context(|| {
            format!("'{name}' is neither a section (input, histograms, output) nor an algorithm of this job")
        })?;
        steps.remove(0);
    }
    let mut inner = steps.into_iter().peekable();
    while let Some(step) = inner.next() {
        at = table
            .entry(step)
            .or_insert_with(|| toml::Value::Table(toml::Table::new()));
        if let Some(number) = inner.peek().and_then(|step| step.parse::<usize>().ok())
            && let toml::Value::Array(list) = at
        {
            let length = list.len();
            let entry = list.get_mut(number);
            at = entry.with_context(|| format!("'{step}' has {length} entries, numbered from 0"))?;
            inner.next();
        }
        table = at
            .as_table_mut()
            .with_context(|| format!("'{step}' has nothing in it to be set"))?;
    }
    let _ = at;
    table.insert(last.into(), value);
    Ok(())
}

/// What came through which algorithm, and where the results are.
fn report(app: &AppMgr) {
    let tallies: Vec<(&str, Tally)> = app.tallies().collect();
    let mut text = String::new();
    let width = tallies
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0)
        .max("algorithm".len());
    text.push_str(&format!("{:width$} | executed |   passed | passed %\n", "algorithm"));
    for (name, Tally { executed, passed, .. }) in tallies {
        let part = if executed == 0 {
            "-".into()
        } else {
            format!("{:.2}", 100.0 * passed as f64 / executed as f64)
        };
        text.push_str(&format!("{name:width$} | {executed:>8} | {passed:>8} | {part:>8}\n"));
    }
    let counters = app
        .output()
        .map(|output| output.counters.as_slice())
        .unwrap_or_default();
    for (name, counter) in counters {
        text.push_str(&format!("{name}: {counter}\n"));
    }
    let written: Vec<PathBuf> = app.written();
    for file in written {
        text.push_str(&format!("{} is complete\n", file.display()));
    }
    // Whoever pipes this into `head` has seen enough.
    let _ = std::io::stdout().write_all(text.as_bytes());
}
