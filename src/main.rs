//! The command `gaudi-mpi`: parses the command line and calls the subcommand.

mod commands;

use clap::{Parser, Subcommand};
use std::process::{ExitCode, Termination};
use std::sync::OnceLock;

/// Process events on all cores, with the same output bytes at any scale
///
/// To use several cores or hosts, run it under mpirun: mpirun -n 8 gaudi-mpi
#[derive(Parser)]
#[command(version = version(), args_conflicts_with_subcommands = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    built_in: commands::built_in_job::Arguments,
}

#[derive(Subcommand)]
enum Command {
    /// Write files of toy events: tracks, vertices, muons, kaons and pions, some from Bs → J/ψ φ decays
    Generate(commands::generate::Arguments),
    /// Run a job file or, without one, the built-in job: toy Bs → J/ψ φ decays, selected and histogrammed
    Run(commands::run::JobArguments),
    /// Show the contents of files: tables of events, histograms, file records
    Inspect(commands::inspect::Arguments),
    /// Compare the events and histograms of two files; status 0 if equal, 1 if different, 2 on errors
    Diff(commands::diff::Arguments),
    /// Measure the memory of a job, on several ranks and with forked workers
    Memory(commands::memory::Arguments),
    /// Merge files into one: events are concatenated, histograms are summed
    Merge(commands::merge::Arguments),
    /// Print a script that runs a job file under a batch system
    Submit(commands::submit::Arguments),
}

/// The versions of the command and of its MPI library, which has to match the launcher.
fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| format!("{} ({})", env!("CARGO_PKG_VERSION"), gaudi_mpi::mpi_library()))
}

fn main() -> ExitCode {
    gaudi_mpi::algorithms::register_all();
    let CommandLine { command, built_in } = gaudi_mpi::parse();
    match command {
        Some(Command::Generate(arguments)) => commands::generate::run(arguments).report(),
        Some(Command::Run(arguments)) => commands::run::run(arguments).report(),
        Some(Command::Inspect(arguments)) => commands::inspect::run(arguments).report(),
        Some(Command::Diff(arguments)) => commands::diff::run(arguments),
        Some(Command::Memory(arguments)) => commands::memory::run(arguments).report(),
        Some(Command::Merge(arguments)) => commands::merge::run(arguments).report(),
        Some(Command::Submit(arguments)) => commands::submit::run(arguments).report(),
        None => commands::built_in_job::run(built_in).report(),
    }
}
