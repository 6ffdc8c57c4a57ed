//! Command-line options of the farm, accepted by every program.

use crate::error::Error;
use clap::{Args, ColorChoice, Parser, ValueEnum};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// Settings of the farm. The results depend only on `seed` and, when items fail, on `on_error`: no other option changes
/// a single bit.
///
/// A program without options of its own calls [`Options::from_args`]; any other program flattens these options into its
/// own:
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
    /// Batches queued at each busy worker; 0 = a worker gets its next batch only after finishing one
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub prefetch: usize,
    /// Maximum number of items handed out at a time [default: as many as take some tens of milliseconds]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub batch: Option<u64>,
    /// Memory for items and replies that have to wait for earlier items, such as 64MB or 1GiB
    #[arg(long, value_name = "BYTES", default_value = "128MiB", value_parser = bytes)]
    pub window: u64,
    /// How often a failed item is retried, on another worker if there is one
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub retries: u32,
    /// What to do with an item that still fails after all retries
    #[arg(long, value_enum, default_value_t)]
    pub on_error: OnError,
    /// Worker processes forked by each rank; they share memory initialised before the fork. 0 = a thread of the rank
    /// does the work
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub workers: usize,
    /// Work done before workers are forked, so that they share its memory
    #[arg(long, value_enum, default_value_t)]
    pub fork_after: ForkAfter,
    /// Time limit in seconds for an item in a forked worker
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub item_timeout: Option<Duration>,
    /// Time limit in seconds for a forked worker's first item, if it may take longer than later items
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub first_item_timeout: Option<Duration>,
    /// Time limit in seconds for initialize_remote, whether before the fork or in a forked worker
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub init_timeout: Option<Duration>,
    /// Memory that a forked worker may use in addition to shared memory, such as 500MB or 2GiB
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

/// What to do with an item that still fails after all retries.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnError {
    /// Stop the job, with status 1
    #[default]
    Abort,
    /// Go on without the item, list it at the end, and end with status 3
    Skip,
}

/// Work done before workers are forked.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ForkAfter {
    /// Nothing: each worker runs initialize_remote
    None,
    /// Run initialize_remote
    #[default]
    Init,
    /// Run initialize_remote and process one item
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
    /// Parses the command line of a program without other options. Terminates the program if the options are wrong or
    /// ask for help.
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

    /// Checks options set by the program itself, in the same way as the command line checks the user's options.
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
    /// Returns the name of an option that is set and needs forked workers.
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

/// The maximum number of workers: more than any machine has cores.
const MOST_WORKERS: usize = 4096;

/// Parses the command line of any program. If the command line is wrong or asks for help, rank 0 prints the message and
/// the program ends on all ranks.
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
        // A launcher may give its processes a terminal that is not the user's, so colour codes could end up in files.
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
        // Ends silently and with success, because a launcher that sees a failure may kill rank 0 before rank 0 has
        // printed the message.
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

/// Parses a size in bytes, with or without a unit.
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
