//! The `gaudi-mpi` command: parses its command line and leaves the work to `commands`.

mod commands;

use clap::{Parser, Subcommand};
use std::process::{ExitCode, Termination};
use std::sync::OnceLock;

/// Event processing on all cores, with the same bytes at any scale
///
/// Run it under mpirun to use several cores or hosts: mpirun -n 8 gaudi-mpi
#[derive(Parser)]
#[command(version = version(), args_conflicts_with_subcommands = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: commands::run::Arguments,
}

#[derive(Subcommand)]
enum Command {
    /// Make files of toy events: tracks, vertices, muons, kaons and pions, with Bs → J/ψ φ decays among them
    Generate(commands::generate::Arguments),
    /// Run a job file; without one the built-in job, as without any command: toy Bs → J/ψ φ decays, selected and
    /// histogrammed
    Run(commands::run::JobArguments),
    /// Show what is in files: tables of events, histograms, file records
    Inspect(commands::inspect::Arguments),
    /// Tell how the events and histograms of two files differ; status 0 if they do not, 1 if they do, 2 on errors
    Diff(commands::diff::Arguments),
    /// Measure the memory that a job takes: on several ranks, and with forked workers
    Memory(commands::memory::Arguments),
    /// Merge files into one: events one after another, histograms summed
    Merge(commands::merge::Arguments),
    /// Print a script that runs a job file under a batch system
    Submit(commands::submit::Arguments),
}

/// The command's version, and the MPI library it runs on: launchers of other libraries cannot start it.
fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| format!("{} ({})", env!("CARGO_PKG_VERSION"), gaudi_mpi::mpi_library()))
}

fn main() -> ExitCode {
    gaudi_mpi::algorithms::register_all();
    let CommandLine { command, run } = gaudi_mpi::parse();
    match command {
        Some(Command::Generate(arguments)) => commands::generate::run(arguments).report(),
        Some(Command::Run(arguments)) => commands::run::run_job(arguments).report(),
        Some(Command::Inspect(arguments)) => commands::inspect::run(arguments).report(),
        Some(Command::Diff(arguments)) => commands::diff::run(arguments),
        Some(Command::Memory(arguments)) => commands::memory::run(arguments).report(),
        Some(Command::Merge(arguments)) => commands::merge::run(arguments).report(),
        Some(Command::Submit(arguments)) => commands::submit::run(arguments).report(),
        None => commands::run::run(run).report(),
    }
}
