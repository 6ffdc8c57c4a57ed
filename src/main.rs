//! The `gaudi-mpi` command: parses its command line and leaves the work to `commands`.

mod commands;

use clap::{Parser, Subcommand};
use gaudi_mpi::JobResult;

/// Event processing on all cores, with the same bytes at any scale
///
/// Run it under mpirun to use several cores or hosts: mpirun -n 8 gaudi-mpi
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: commands::run::Arguments,
}

#[derive(Subcommand)]
enum Command {
    /// Run the built-in job, as without any command: toy Bs → J/ψ φ decays, selected and histogrammed
    Run(commands::run::Arguments),
}

fn main() -> JobResult {
    let CommandLine { command, run } = gaudi_mpi::parse();
    match command {
        Some(Command::Run(arguments)) => commands::run::run(arguments),
        None => commands::run::run(run),
    }
}
