//! A private Slurm with two nodes on hosts made of namespaces. Slurm stops however the test ends, because
//! scripts/slurm-rig ends when its pipe to the test is closed.

use super::launcher::{Family, family};
use super::processes::{MARK, Mark};
use super::skip;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs};
use tempfile::TempDir;

/// Enough for any job here: Slurm warns of the time limit with a precision of half a minute.
const LIMIT: Duration = Duration::from_secs(120);
/// The time that the system may take to remove processes.
const GRACE: Duration = Duration::from_secs(2);
/// The exit status of a script that cannot run on this machine.
const NOT_HERE: i32 = 77;

pub struct Slurm {
    rig: Child,
    folder: TempDir,
}

impl Slurm {
    /// Returns `None` if this machine does not allow it.
    pub fn start() -> Option<Self> {
        if family() != Family::OpenMpi {
            return skip("slurm", "the tests under Slurm need a build with Open MPI");
        }
        let folder = tempfile::tempdir().unwrap();
        // With several MPI libraries installed, mpirun may belong to another one.
        fs::create_dir(folder.path().join("bin")).unwrap();
        let own = format!("#!/bin/sh\nexec {} \"$@\"\n", gaudi_mpi::mpirun());
        let own_mpirun = folder.path().join("bin/mpirun");
        fs::write(&own_mpirun, own).unwrap();
        fs::set_permissions(&own_mpirun, fs::Permissions::from_mode(0o755)).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/slurm-rig");
        let log = fs::File::create(folder.path().join("rig.log")).unwrap();
        let mut rig = Command::new(script)
            .arg("--serve")
            .arg(folder.path().join("rig"))
            // Enough for three jobs at a time.
            .env("GAUDI_MPI_SLURM_CPUS", "6")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(rig.stdout.take().unwrap())
            .read_line(&mut ready)
            .unwrap();
        if ready == "ready\n" {
            return Some(Self { rig, folder });
        }
        let status = rig.wait().unwrap();
        let why = fs::read_to_string(folder.path().join("rig.log")).unwrap();
        assert_eq!(status.code(), Some(NOT_HERE), "{why}");
        skip("slurm", why.trim())
    }

    /// A file in the folder that jobs are submitted from.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs a shell command on the first node. Its processes inherit the mark.
    fn run(&self, line: &str, mark: &Mark) -> Output {
        let node = self.read("rig/hosts/node1.pid");
        let path = format!("{}:{}", self.path("bin").display(), env::var("PATH").unwrap());
        Command::new("nsenter")
            .env("PATH", path)
            .args(["--target", node.trim(), "--all", "--", "env", "--chdir"])
            .arg(self.folder.path())
            .args(["bash", "-c", line])
            .env(MARK, &mark.0)
            .env("SLURM_CONF", self.path("rig/slurm.conf"))
            .env("TMPDIR", self.path("rig/hosts/node1-tmp"))
            .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
            .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
            .env_remove("RUST_LOG")
            .env_remove("RUST_BACKTRACE")
            .output()
            .unwrap()
    }

    /// Runs a shell command on the first node, checks whether it succeeds, and returns its output.
    pub fn shell(&self, line: &str, succeeds: bool) -> String {
        let mark = mark();
        let output = self.run(&format!("exec 2>&1\n{line}"), &mark);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.success(), succeeds, "{line}: {text}");
        assert_eq!(mark.left_after(GRACE), Vec::<String>::new(), "{line}: {text}");
        text
    }

    /// Submits a script in the folder.
    pub fn submit(&self, script: &str) -> Submitted<'_> {
        let mark = mark();
        let output = self.run(&format!("exec 2>&1\nsbatch --parsable '{script}'"), &mark);
        let number = String::from_utf8_lossy(&output.stdout).trim().to_string();
        assert!(output.status.success(), "{number}");
        Submitted {
            slurm: self,
            number,
            mark,
            start: Instant::now(),
        }
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        drop(self.rig.stdin.take());
        // The rig must end before its folder is removed.
        let _ = self.rig.wait();
    }
}

fn mark() -> Mark {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    Mark(format!(
        "slurm-{}-{}-{}",
        std::process::id(),
        RUNS.fetch_add(1, Ordering::Relaxed),
        now.as_nanos()
    ))
}

/// A submitted job.
pub struct Submitted<'a> {
    slurm: &'a Slurm,
    number: String,
    mark: Mark,
    start: Instant,
}

impl Submitted<'_> {
    /// The folder of the job's outputs.
    fn results(&self) -> PathBuf {
        self.slurm.path(&format!("results/job-{}", self.number))
    }

    /// The sorted names of the job's outputs.
    pub fn outputs(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.results()) else {
            return vec![];
        };
        let names = entries
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    pub fn output(&self, name: &str) -> Vec<u8> {
        fs::read(self.results().join(name)).unwrap_or_else(|error| panic!("{name}: {error}\n{}", self.log()))
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.slurm.path(&format!("job-{}.log", self.number))).unwrap_or_default()
    }

    /// Waits until the job has started an output and has this number of workers.
    pub fn await_work(&self, workers: usize) {
        while self.outputs().is_empty() || self.mark.helpers("worker").len() < workers {
            assert!(!self.log().contains("gaudi-mpi ended"), "{}", self.log());
            self.check_time("it does not start to work");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn cancel(&self) {
        self.slurm.shell(&format!("scancel {}", self.number), true);
    }

    /// Sends a signal to the script only.
    pub fn signal(&self, signal: &str) {
        self.slurm
            .shell(&format!("scancel --batch --signal={signal} {}", self.number), true);
    }

    /// Waits until the job ends, checks that no process is left, and returns its state and exit code in Slurm.
    pub fn ended(&self) -> (String, String) {
        loop {
            let shown = self.slurm.shell(&format!("scontrol show job {}", self.number), true);
            let field = |name: &str| {
                let found = shown.split_whitespace().find_map(|field| field.strip_prefix(name));
                found.unwrap_or_else(|| panic!("{shown}")).to_string()
            };
            let state = field("JobState=");
            if [
                "COMPLETED",
                "FAILED",
                "CANCELLED",
                "TIMEOUT",
                "NODE_FAIL",
                "OUT_OF_MEMORY",
            ]
            .contains(&state.as_str())
            {
                assert_eq!(
                    self.mark.left_after(GRACE),
                    Vec::<String>::new(),
                    "{shown}{}",
                    self.log()
                );
                return (state, field("ExitCode="));
            }
            self.check_time("it does not end");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn check_time(&self, what: &str) {
        assert!(self.start.elapsed() < LIMIT, "{what}: {}", self.log());
    }
}
