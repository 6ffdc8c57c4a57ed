//! `gaudi-mpi submit`: prints a batch script for a job file, based on a template in `scripts/`.

mod quote;

use super::job_file;
use super::run::JobArguments;
use clap::{Args, Parser, ValueEnum};
use gaudi_mpi::Error;
use std::ffi::OsString;
use std::path::PathBuf;

const SLURM: &str = include_str!("../../scripts/slurm.sbatch");
const HTCONDOR: &str = include_str!("../../scripts/htcondor.sub");

/// Prints a batch script that runs a job file. Submit the script from this folder.
#[derive(Args)]
pub struct Arguments {
    /// The batch system
    #[arg(long, value_enum, value_name = "SYSTEM")]
    print: System,
    /// Job file
    #[arg(value_name = "JOB")]
    job: PathBuf,
    /// Options for `gaudi-mpi run`, such as --set or --retries
    #[arg(last = true, value_name = "OPTIONS")]
    options: Vec<OsString>,
    /// Number of processors and forked workers per rank; with 1, the rank does the work itself
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=4096))]
    workers: u32,
    /// Memory per node, such as 16GB
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    memory: Option<String>,
    /// Program to run [default: this one]
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
    #[command(flatten)]
    slurm: Slurm,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq)]
enum System {
    Slurm,
    Htcondor,
}

/// Options that are only for Slurm, not HTCondor.
#[derive(Args)]
#[command(next_help_heading = "For Slurm")]
struct Slurm {
    /// Number of nodes [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    nodes: Option<u32>,
    /// Number of ranks on each node [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    ranks_per_node: Option<u32>,
    /// Time limit, such as 90 (minutes), 12:00:00 or 2-00:00:00 [default: 01:00:00]
    #[arg(long, value_parser = time)]
    time: Option<String>,
    /// Partition, or several separated by commas
    #[arg(long, value_name = "NAME", value_parser = name)]
    partition: Option<String>,
    /// Account to charge
    #[arg(long, value_name = "NAME", value_parser = name)]
    account: Option<String>,
    /// Command that launches the ranks [default: mpirun]
    #[arg(long, value_enum)]
    launcher: Option<Launcher>,
}

#[derive(ValueEnum, Debug, Clone, Copy)]
enum Launcher {
    Mpirun,
    Srun,
}

/// The command that the batch scripts run.
#[derive(Parser)]
#[command(name = "gaudi-mpi run")]
struct Run {
    #[command(flatten)]
    job: JobArguments,
}

pub fn run(arguments: Arguments) -> Result<(), Error> {
    check_job(&arguments)?;
    let script = match arguments.print {
        System::Slurm => for_slurm(&arguments)?,
        System::Htcondor => for_htcondor(&arguments)?,
    };
    Ok(super::print(&script)?)
}

/// Checks the job before submission, so that an invalid job is rejected now rather than after waiting in a queue.
fn check_job(arguments: &Arguments) -> Result<(), Error> {
    let mut scripts_own = vec!["gaudi-mpi run", "--workers", "1", "--output", "results"];
    if arguments.print == System::Slurm {
        scripts_own.extend(["--json", "report.json"]);
    }
    let line = scripts_own
        .into_iter()
        .map(OsString::from)
        .chain(arguments.options.iter().cloned());
    let line = line.chain(["--".into(), arguments.job.clone().into_os_string()]);
    let parsed = Run::try_parse_from(line).unwrap_or_else(|error| error.exit());
    if parsed.job.dry_run {
        return Err(Error::Options(
            "--dry-run would leave nothing for the batch job to do: use it with gaudi-mpi run, not with submit".into(),
        ));
    }
    let read = job_file::read(&arguments.job, &parsed.job.changes());
    read.map(drop).map_err(|error| Error::Job(error.to_string()))
}

fn for_slurm(arguments: &Arguments) -> Result<String, Error> {
    let (name, program) = (job_name(arguments), program(arguments)?);
    let Slurm {
        nodes,
        ranks_per_node,
        time,
        partition,
        account,
        launcher,
    } = &arguments.slurm;
    let options: Vec<String> = arguments
        .options
        .iter()
        .map(|option| quote::for_shell(option))
        .collect();
    let mut lines = vec![
        ("#SBATCH --job-name=", name.clone()),
        ("#SBATCH --output=", format!("{name}-%j.log")),
        ("#SBATCH --cpus-per-task=", arguments.workers.to_string()),
        ("job=", quote::for_shell(arguments.job.as_os_str())),
        ("options=", format!("({})", options.join(" "))),
        ("output=", format!("results/{name}-$SLURM_JOB_ID")),
        ("program=", quote::for_shell(&program)),
    ];
    let number = |number: &Option<u32>| number.map(|number| number.to_string());
    let launcher = launcher.map(|launcher| match launcher {
        Launcher::Mpirun => "mpirun".to_string(),
        Launcher::Srun => "srun".to_string(),
    });
    let given = [
        ("#SBATCH --nodes=", number(nodes)),
        ("#SBATCH --ntasks-per-node=", number(ranks_per_node)),
        ("##SBATCH --mem=", arguments.memory.clone()),
        ("#SBATCH --time=", time.clone()),
        ("##SBATCH --partition=", partition.clone()),
        ("##SBATCH --account=", account.clone()),
        ("launcher=", launcher),
    ];
    lines.extend(given.into_iter().filter_map(|(start, value)| Some((start, value?))));
    Ok(fill(SLURM, &lines))
}

fn for_htcondor(arguments: &Arguments) -> Result<String, Error> {
    let Slurm {
        nodes,
        ranks_per_node,
        time,
        partition,
        account,
        launcher,
    } = &arguments.slurm;
    let no_place = [
        (nodes.is_some(), "--nodes"),
        (ranks_per_node.is_some(), "--ranks-per-node"),
        (time.is_some(), "--time"),
        (partition.is_some(), "--partition"),
        (account.is_some(), "--account"),
        (launcher.is_some(), "--launcher"),
    ];
    if let Some((_, option)) = no_place.into_iter().find(|(given, _)| *given) {
        return Err(Error::Options(format!(
            "{option} is for Slurm: under HTCondor a job runs on one host, in one process that forks workers, and the \
             owner of the host limits the time"
        )));
    }
    let (name, program) = (job_name(arguments), program(arguments)?);
    let refused = Error::Options;
    let job = quote::for_htcondor(arguments.job.as_os_str()).map_err(refused)?;
    let mut line = format!("run --workers $(request_cpus) --output results/{name}-$(Cluster)");
    for option in &arguments.options {
        line = format!("{line} {}", quote::for_htcondor(option).map_err(refused)?);
    }
    let mut lines = vec![
        ("request_cpus =", arguments.workers.to_string()),
        ("executable =", quote::for_htcondor_value(&program).map_err(refused)?),
        ("arguments =", format!("\"{line} -- {job}\"")),
        ("output =", format!("{name}-$(Cluster).out")),
        ("error =", format!("{name}-$(Cluster).err")),
        ("log =", format!("{name}-$(Cluster).log")),
    ];
    lines.extend(
        arguments
            .memory
            .iter()
            .map(|memory| ("request_memory =", format!("{memory}B"))),
    );
    let lines: Vec<_> = lines
        .into_iter()
        .map(|(start, value)| (start, format!(" {value}")))
        .collect();
    Ok(fill(HTCONDOR, &lines))
}

/// Fills in a template: replaces each line that starts with a key by the key and its value. If the key starts with
/// `##`, which comments the line out, the first `#` is removed to activate the line.
fn fill(template: &str, values: &[(&str, String)]) -> String {
    let mut script = String::new();
    for line in template.lines() {
        match values.iter().find(|(start, _)| line.starts_with(start)) {
            Some((start, value)) => {
                script += start
                    .strip_prefix('#')
                    .filter(|rest| rest.starts_with('#'))
                    .unwrap_or(start);
                script += value;
            }
            None => script += line,
        }
        script.push('\n');
    }
    script
}

/// The job's name, taken from its file name. Characters other than ASCII letters, digits, `.` and `-` are replaced.
fn job_name(arguments: &Arguments) -> String {
    let stem = arguments.job.file_stem().unwrap_or_default().to_string_lossy();
    let plain = |letter: char| match letter {
        letter if letter.is_ascii_alphanumeric() || ".-".contains(letter) => letter,
        _ => '_',
    };
    let name: String = stem.chars().map(plain).collect();
    match name.trim_start_matches(['.', '-']) {
        "" => "job".into(),
        name => name.into(),
    }
}

fn program(arguments: &Arguments) -> Result<OsString, Error> {
    match &arguments.program {
        Some(program) => Ok(program.clone().into_os_string()),
        None => match std::env::current_exe() {
            Ok(program) => Ok(program.into_os_string()),
            Err(error) => Err(Error::Options(format!(
                "cannot find the path of this program: {error}. Give the path with --program"
            ))),
        },
    }
}

/// Parses a memory size and returns it without the final `B`, in a form that both batch systems accept.
fn memory(text: &str) -> Result<String, &'static str> {
    let size = text.strip_suffix('B').unwrap_or(text);
    let number = size.strip_suffix(['K', 'M', 'G', 'T']).unwrap_or_default();
    match !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(size.into()),
        false => Err("a size of memory is a whole number with a unit, such as 16GB"),
    }
}

/// Parses a time limit in one of Slurm's formats.
fn time(text: &str) -> Result<String, &'static str> {
    let begins = text.starts_with(|first: char| first.is_ascii_digit());
    match begins && text.bytes().all(|byte| byte.is_ascii_digit() || b":-".contains(&byte)) {
        true => Ok(text.into()),
        false => Err("a time limit is a number of minutes, or has the form 12:00:00 or 2-00:00:00"),
    }
}

/// Parses the name of a partition or an account.
fn name(text: &str) -> Result<String, &'static str> {
    let is_plain = |letter: char| letter.is_alphanumeric() || "_-.,:@+/".contains(letter);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => Ok(text.into()),
        false => Err("a name consists of letters, digits and _ - . , : @ + /"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_that_is_filled_is_there_once() {
        let slurm = "#SBATCH --job-name=|#SBATCH --output=|#SBATCH --nodes=|#SBATCH --ntasks-per-node=|\
            #SBATCH --cpus-per-task=|##SBATCH --mem=|#SBATCH --time=|##SBATCH --partition=|##SBATCH --account=|job=|\
            options=|output=|program=|launcher=";
        let htcondor = "request_cpus =|request_memory =|executable =|arguments =|output =|error =|log =";
        for (template, starts) in [(SLURM, slurm), (HTCONDOR, htcondor)] {
            for start in starts.split('|') {
                let found = template.lines().filter(|line| line.starts_with(start)).count();
                assert_eq!(found, 1, "{start}");
            }
        }
    }

    #[test]
    fn sizes_and_times_are_those_of_batch_systems() {
        assert_eq!(memory("16GB").as_deref(), Ok("16G"));
        assert_eq!(memory("500M").as_deref(), Ok("500M"));
        for wrong in ["16", "GB", "1.5GB", "16 GB", "16GiB", "-1G", ""] {
            assert!(memory(wrong).is_err(), "{wrong}");
        }
        assert!(time("2-00:00:00").is_ok() && time("90").is_ok());
        assert!(time("1h").is_err() && time("").is_err() && time("-1").is_err() && time("1\n2").is_err());
        assert!(name("long,short").is_ok() && name("a b").is_err() && name("a\nb").is_err() && name("").is_err());
    }
}
