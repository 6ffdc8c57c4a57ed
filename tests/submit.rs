//! `gaudi-mpi submit` prints the script in scripts/, filled in for a job file of any name. The printed script works.

mod common;

use common::job::{Farm, Finished};
use nix::sys::signal::Signal;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

const COMMAND: &str = env!("CARGO_BIN_EXE_gaudi-mpi");
const JOB: &str = "[input]\nevents = 10\n[[algorithm]]\ntype = 'ToyDecays'\n[[output]]\nfile = 'toys.h5'\n";

/// File names with characters that are special to a shell, a batch system or a command line.
const NAMES: [&str; 8] = [
    "two words.toml",
    "it's $HOME and `date` \"quoted\".toml",
    "a\nline break.toml",
    "tab\t, bell\x07 and \\n.toml",
    "*?[a].toml",
    "~; rm -rf $(pwd) & #.toml",
    "Zerfälle μ⁺μ⁻.toml",
    "[0]=x.toml",
];

fn submit(farm: &Farm, arguments: &[&OsStr]) -> Output {
    let mut command = Command::new(COMMAND);
    command.arg("submit").args(arguments).current_dir(farm.folder("."));
    command.output().unwrap()
}

fn printed(farm: &Farm, arguments: &[&OsStr]) -> String {
    let output = submit(farm, arguments);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).expect("scripts are UTF-8")
}

fn words(line: &str) -> Vec<&OsStr> {
    line.split_whitespace().map(OsStr::new).collect()
}

#[test]
fn the_scripts_that_ship_are_those_that_are_printed() {
    let Some(farm) = Farm::open() else { return };
    fs::write(farm.path("job.toml"), JOB).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (system, script, program) in [
        ("slurm", "scripts/slurm.sbatch", "gaudi-mpi"),
        ("htcondor", "scripts/htcondor.sub", "/usr/local/bin/gaudi-mpi"),
    ] {
        let line = format!("--print {system} --program {program} job.toml");
        assert_eq!(
            printed(&farm, &words(&line)),
            fs::read_to_string(root.join(script)).unwrap()
        );
    }
}

#[test]
fn lines_about_the_job_are_filled() {
    let Some(farm) = Farm::open() else { return };
    fs::write(farm.path("few bs.toml"), JOB).unwrap();
    let changed = |shipped: &str, line: &str| -> Vec<String> {
        let mut arguments = words(line);
        let at = arguments.iter().position(|word| *word == "JOB").unwrap();
        arguments[at] = OsStr::new("few bs.toml");
        let script = printed(&farm, &arguments);
        assert_eq!(script.lines().count(), shipped.lines().count());
        let lines = script.lines().zip(shipped.lines());
        lines
            .filter(|(new, old)| new != old)
            .map(|(new, _)| new.into())
            .collect()
    };
    let slurm = changed(
        include_str!("../scripts/slurm.sbatch"),
        "--print slurm --nodes 4 --ranks-per-node 2 --workers 16 --time 2-00:00:00 --partition long,short \
         --account b2hhh --memory 64GB --launcher srun --program gaudi-mpi JOB -- --retries 2 --set input.events=5",
    );
    let expected = "#SBATCH --job-name=few_bs
#SBATCH --output=few_bs-%j.log
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=2
#SBATCH --cpus-per-task=16
#SBATCH --mem=64G
#SBATCH --time=2-00:00:00
#SBATCH --partition=long,short
#SBATCH --account=b2hhh
job='few bs.toml'
options=(--retries 2 --set input.events=5)
output=results/few_bs-$SLURM_JOB_ID
launcher=srun";
    assert_eq!(slurm.join("\n"), expected);
    let htcondor = changed(
        include_str!("../scripts/htcondor.sub"),
        "--print htcondor --workers 64 --memory 128GB JOB --program /opt/gaudi-mpi -- --retries 2",
    );
    let expected = "request_cpus = 64
request_memory = 128GB
executable = /opt/gaudi-mpi
arguments = \"run --workers $(request_cpus) --output results/few_bs-$(Cluster) --retries 2 -- 'few bs.toml'\"
output = few_bs-$(Cluster).out
error = few_bs-$(Cluster).err
log = few_bs-$(Cluster).log";
    assert_eq!(htcondor.join("\n"), expected);
}

/// Creates a fake `mpirun`, and returns a command that runs a printed script as Slurm would.
fn as_slurm_would(farm: &Farm, mpirun: &str, script: &str) -> common::job::Job {
    let bin = farm.folder("bin");
    fs::write(bin.join("mpirun"), format!("#!/bin/bash\n{mpirun}\n")).unwrap();
    fs::set_permissions(bin.join("mpirun"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(farm.path("printed.sbatch"), script).unwrap();
    let line = format!(
        "PATH={}:{} SLURM_JOB_ID=7 SLURM_JOB_NODELIST=here SLURM_TASKS_PER_NODE=1(x2) SLURM_CPUS_ON_NODE=4 \
         bash printed.sbatch",
        bin.display(),
        std::env::var("PATH").unwrap()
    );
    farm.command(Path::new("env"), &line)
}

#[test]
fn odd_names_come_through_the_shell() {
    let Some(farm) = Farm::open() else { return };
    let mut names: Vec<OsString> = NAMES.iter().map(OsString::from).collect();
    names.push(OsString::from_vec(b"not \xff UTF-8 7.toml".to_vec()));
    for name in names {
        fs::write(farm.path("").join(&name), JOB).unwrap();
        let mut title = OsString::from("title=");
        title.push(&name);
        let is_text = name.to_str().is_some();
        let mut arguments = vec![OsStr::new("--print"), OsStr::new("slurm"), &name];
        if is_text {
            arguments.extend([OsStr::new("--"), OsStr::new("--set"), &title]);
        }
        let script = printed(&farm, &arguments);
        let run = as_slurm_would(&farm, r#"printf '%s\0' "$@" > arguments"#, &script).ends_with(0);
        let got = fs::read(farm.path("arguments")).unwrap();
        let got: Vec<&[u8]> = got.split(|byte| *byte == 0).collect();
        let mut expected = vec![COMMAND.as_bytes(), b"run"];
        if is_text {
            expected.extend([b"--set".as_slice(), title.as_bytes()]);
        }
        let output = script.lines().find_map(|line| line.strip_prefix("output=")).unwrap();
        let output = output.replace("$SLURM_JOB_ID", "7");
        let report = format!("{output}/report.json");
        let rest = ["--workers", "4", "--output", &output, "--json", &report, "--"];
        expected.extend(rest.map(str::as_bytes));
        expected.extend([name.as_bytes(), b""]);
        assert_eq!(got, expected, "{run:?}");
        assert!(farm.path(&output).is_dir() && output.is_ascii(), "{output}");
    }
}

/// Runs the script with a fake `mpirun` that ends at SIGUSR1, and sends a signal to the script only.
fn signalled(signal: Signal) -> Option<Finished> {
    let farm = Farm::open()?;
    fs::write(farm.path("job.toml"), JOB).unwrap();
    let script = printed(&farm, &words("--print slurm job.toml"));
    let mpirun = "trap 'echo heard >&2; sleep 0.3; exit 138' USR1\necho started >&2\nwhile :; do sleep 0.01; done";
    let mut running = as_slurm_would(&farm, mpirun, &script).start();
    running.await_text("started", 1);
    running.signal(signal);
    if signal != Signal::SIGUSR1 {
        running.await_text("cancelled", 1);
        assert!(running.goes_on());
        running.signal(Signal::SIGUSR1);
    }
    Some(running.wait())
}

#[test]
fn the_script_passes_the_warning_on_and_waits_for_the_end() {
    let Some(run) = signalled(Signal::SIGUSR1) else { return };
    assert_eq!(run.status.code(), Some(138), "{run:?}");
    for text in [
        "stopping: the time limit is near",
        "heard",
        "gaudi-mpi ended with status 138",
    ] {
        assert_eq!(run.stderr.matches(text).count(), 1, "{run:?}");
    }
}

#[test]
fn the_script_outlives_what_it_has_started() {
    let Some(run) = signalled(Signal::SIGTERM) else { return };
    assert_eq!(run.status.code(), Some(138), "{run:?}");
}

#[test]
fn htcondor_gets_names_in_its_own_quotes() {
    let Some(farm) = Farm::open() else { return };
    for (name, quoted) in [
        ("two words.toml", "'two words.toml'"),
        ("it's \"it\".toml", r#"'it''s ""it"".toml'"#),
        (
            "$HOME and $(Cluster).toml",
            "'$(DOLLAR)HOME and $(DOLLAR)(Cluster).toml'",
        ),
    ] {
        fs::write(farm.path(name), JOB).unwrap();
        let script = printed(&farm, &["--print", "htcondor", name].map(OsStr::new));
        assert!(script.contains(&format!(" -- {quoted}\"\n")), "{script}");
    }
    for name in ["a\nline break.toml", "$$(Memory).toml"] {
        fs::write(farm.path(name), JOB).unwrap();
        let output = submit(&farm, &["--print", "htcondor", name].map(OsStr::new));
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(
            error.contains("which a submit file of HTCondor cannot contain"),
            "{error}"
        );
    }
}

#[test]
fn a_job_that_could_not_begin_is_refused() {
    let Some(farm) = Farm::open() else { return };
    fs::write(farm.path("job.toml"), JOB).unwrap();
    fs::write(farm.path("wrong.toml"), "[input]\nevent = 10\n").unwrap();
    for (line, status, message) in [
        ("--print slurm", 2, "<JOB>"),
        ("job.toml", 2, "--print <SYSTEM>"),
        ("--print pbs job.toml", 2, "invalid value 'pbs' for '--print <SYSTEM>'"),
        (
            "--print slurm none.toml",
            1,
            "Error: cannot read the job file none.toml: ",
        ),
        ("--print slurm wrong.toml", 1, "unknown field `event`"),
        (
            "--print slurm job.toml -- --nonsense",
            2,
            "unexpected argument '--nonsense'",
        ),
        (
            "--print slurm job.toml -- --workers 4",
            2,
            "'--workers <N>' cannot be used multiple times",
        ),
        (
            "--print slurm job.toml -- --dry-run",
            1,
            "Error: --dry-run would leave nothing",
        ),
        (
            "--print slurm job.toml -- --set None.x=1",
            1,
            "'None' is neither a section",
        ),
        (
            "--print slurm --time soon job.toml",
            2,
            "a time limit is a number of minutes, or",
        ),
        ("--print slurm --memory lots job.toml", 2, "such as 16GB"),
        (
            "--print slurm --partition a;b job.toml",
            2,
            "a name consists of letters, digits and",
        ),
        (
            "--print slurm --nodes 0 job.toml",
            2,
            "invalid value '0' for '--nodes <N>'",
        ),
        (
            "--print htcondor --nodes 2 job.toml",
            1,
            "Error: --nodes is for Slurm: ",
        ),
    ] {
        let output = submit(&farm, &words(line));
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{line}: {error}");
        assert!(error.contains(message) && output.stdout.is_empty(), "{line}: {error}");
    }
}
