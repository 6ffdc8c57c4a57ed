//! Command-line options of the farm, which every program can take.

use crate::error::Error;
use clap::{Args, ColorChoice, Parser, ValueEnum};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// How the farm works. None of these options changes a single bit of the results, except `seed`, and `on_error` when
/// items fail.
///
/// A program without other options calls [`Options::from_args`]; one with its own flattens these into them:
///
/// ```
/// use clap::Parser;
///
/// #[derive(Parser)]
/// struct Arguments {
///     /// How many events to generate
///     #[arg(long, default_value_t = 1000)]
///     events: u64,
///     #[command(flatten)]
///     farm: gaudi_mpi::Options,
/// }
///
/// let arguments = Arguments::parse_from(["program", "--events", "50", "--schedule", "guided"]);
/// assert_eq!(arguments.farm.schedule, gaudi_mpi::Schedule::Guided);
/// ```
#[derive(Args, Debug, Clone, PartialEq)]
#[command(next_help_heading = "Farm", about = None, long_about = None)]
#[non_exhaustive]
pub struct Options {
    /// How items are distributed over the ranks
    #[arg(long, value_enum, default_value_t)]
    pub schedule: Schedule,
    /// Batches that wait at each busy worker; 0 = a worker gets the next batch when it has finished one
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub prefetch: usize,
    /// Items handed out at a time [default: as many as take some tens of milliseconds]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub batch: Option<u64>,
    /// Memory for items and replies that wait for earlier ones, such as 64MB or 1GiB
    #[arg(long, value_name = "BYTES", default_value = "128MiB", value_parser = bytes)]
    pub window: u64,
    /// How often a failed item is retried, on another worker if there is one
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub retries: u32,
    /// What happens when an item has failed for good
    #[arg(long, value_enum, default_value_t)]
    pub on_error: OnError,
    /// Worker processes that each rank forks; they share the memory of what was initialised before. 0 = a thread of
    /// the rank does the work
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub workers: usize,
    /// What is done before workers are forked, so that they share it
    #[arg(long, value_enum, default_value_t)]
    pub fork_after: ForkAfter,
    /// Seconds that an item may take in a forked worker
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub item_timeout: Option<Duration>,
    /// Seconds that a forked worker's first item may take, if it may take longer than the others
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub first_item_timeout: Option<Duration>,
    /// Seconds that initialize_remote may take, before or in forked workers
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub init_timeout: Option<Duration>,
    /// Memory that a forked worker may use in addition to what it shares, such as 500MB or 2GiB
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub worker_memory: Option<u64>,
    /// Print at the end how much memory the job uses and how much of it is shared
    #[arg(long)]
    pub memory: bool,
    /// Seconds of silence after which a rank counts as lost and the job is stopped; 0 = never
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds_or_none)]
    pub lost_after: Duration,
    /// The job's seed: the same seed gives the same random numbers
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Write the job's statistics to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Leave the other ranks' environment variables and working directory as they are
    #[arg(long)]
    pub no_clone_env: bool,
    /// Print more (-vv: even more)
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Print warnings and errors only
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
}

/// How items are distributed over the ranks.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Schedule {
    /// Fixed in advance: blocks of items are dealt to the ranks in turn
    Static,
    /// A free rank gets the next items, in batches that all take about the same time
    #[default]
    Dynamic,
    /// A free rank gets a share of the remaining items: large batches first, small ones at the end
    Guided,
}

/// What happens when an item has failed for good.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnError {
    /// Stop the job, with status 1
    #[default]
    Abort,
    /// Go on without the item, list it at the end, and end with status 3
    Skip,
}

/// What is done before workers are forked.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ForkAfter {
    /// Nothing: each worker runs initialize_remote
    None,
    /// initialize_remote has been run
    #[default]
    Init,
    /// initialize_remote has been run and one item processed
    FirstItem,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            schedule: Schedule::default(),
            prefetch: 1,
            batch: None,
            window: 128 << 20,
            retries: 1,
            on_error: OnError::default(),
            workers: 0,
            fork_after: ForkAfter::default(),
            item_timeout: None,
            first_item_timeout: None,
            init_timeout: None,
            worker_memory: None,
            memory: false,
            lost_after: Duration::from_secs(60),
            seed: 1,
            json: None,
            no_clone_env: false,
            verbose: 0,
            quiet: false,
        }
    }
}

#[derive(Parser)]
struct OnlyOptions {
    #[command(flatten)]
    options: Options,
}

impl Options {
    /// Parses the command line of a program without other options. Ends the program if they are wrong or ask for help.
    ///
    /// ```no_run
    /// let manager = gaudi_mpi::WorkManager::new(gaudi_mpi::Options::from_args())?;
    /// # Ok::<(), gaudi_mpi::Error>(())
    /// ```
    pub fn from_args() -> Self {
        parse::<OnlyOptions>().options
    }

    /// Sets `quiet`: only warnings and errors are printed.
    ///
    /// ```
    /// assert!(gaudi_mpi::Options::default().quiet().quiet);
    /// ```
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Checks options that a program has set, as the command line does.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.batch == Some(0) {
            return Err(Error::Options(
                "a batch has at least one item: use 1 or more, or None".into(),
            ));
        }
        if self.workers == 0
            && let Some(option) = self.for_workers()
        {
            return Err(Error::Options(format!(
                "{option} is for forked workers, which can be ended and replaced: give their number with --workers"
            )));
        }
        if self.workers > MOST_WORKERS {
            return Err(Error::Options(format!(
                "--workers {} is the number of processes that each rank forks: {MOST_WORKERS} at most",
                self.workers
            )));
        }
        if self.window == 0 {
            return Err(Error::Options(
                "a window of 0 bytes holds no reply: use some megabytes".into(),
            ));
        }
        Ok(())
    }
}

impl Options {
    /// Returns an option that is set and needs forked workers.
    fn for_workers(&self) -> Option<&'static str> {
        let given = [
            (self.fork_after != ForkAfter::default(), "--fork-after"),
            (self.item_timeout.is_some(), "--item-timeout"),
            (self.first_item_timeout.is_some(), "--first-item-timeout"),
            (self.init_timeout.is_some(), "--init-timeout"),
            (self.worker_memory.is_some(), "--worker-memory"),
        ];
        given.into_iter().find_map(|(given, name)| given.then_some(name))
    }
}

/// More than any machine has cores.
const MOST_WORKERS: usize = 4096;

/// Parses the command line of any program. If it is wrong or asks for help, rank 0 prints the message and the program
/// ends on all ranks.
///
/// ```no_run
/// use clap::Parser;
///
/// #[derive(Parser)]
/// struct Arguments {
///     #[command(flatten)]
///     farm: gaudi_mpi::Options,
/// }
/// let arguments: Arguments = gaudi_mpi::parse();
/// ```
pub fn parse<P: Parser>() -> P {
    let mut command = P::command();
    if crate::host::launcher::is_launched() {
        // The terminal that a launcher gives its processes may not be the user's: colours would end up in files.
        command = command.color(ColorChoice::Never);
    }
    let parsed = command
        .clone()
        .try_get_matches()
        .and_then(|mut matches| P::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command)));
    parsed.unwrap_or_else(|error| {
        if crate::host::launcher::is_root() {
            error.exit()
        }
        // Silently and with success: a launcher that sees a failure may kill rank 0 before it has printed the message.
        std::process::exit(0)
    })
}

/// Parses a time in seconds.
fn seconds(text: &str) -> Result<Duration, String> {
    seconds_or_none(text)
        .ok()
        .filter(|seconds| !seconds.is_zero())
        .ok_or_else(|| format!("'{text}' is not a number of seconds above 0, such as 30 or 0.5"))
}

/// Parses a time in seconds, which may be 0.
fn seconds_or_none(text: &str) -> Result<Duration, String> {
    let seconds = text
        .parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| format!("'{text}' is not a number of seconds, such as 30 or 0.5"))
}

/// Parses a number of bytes, with or without a unit.
fn bytes(text: &str) -> Result<u64, String> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        _ => {
            return Err(format!(
                "'{unit}' is not a unit of memory: use kB, MB, GB, KiB, MiB or GiB"
            ));
        }
    };
    let value = number
        .parse::<f64>()
        .map_err(|_| format!("'{text}' is not a number of bytes, such as 64MB"))?
        * factor;
    if value >= 1.0 {
        Ok(value as u64)
    } else {
        Err("at least one byte is needed".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_units() {
        assert_eq!(bytes("64MB"), Ok(64_000_000));
        assert_eq!(bytes("1.5 KiB"), Ok(1536));
        assert_eq!(bytes("17"), Ok(17));
        assert!(bytes("0").is_err() && bytes("MB").is_err() && bytes("-3").is_err() && bytes("3 bananas").is_err());
    }

    #[test]
    fn defaults_are_the_same_on_the_command_line_and_in_programs() {
        assert_eq!(OnlyOptions::parse_from(["program"]).options, Options::default());
    }
}
