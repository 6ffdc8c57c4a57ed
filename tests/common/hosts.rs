//! Three hosts on this machine, made by `scripts/hosts`. Each has its own name, address, processes and ssh server; they
//! share all folders.

use super::job::{Farm, Job};
use super::launcher::mpirun_on;
use super::processes::MARK;
use super::skip;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use procfs::process::{Process, all_processes};
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The names of the hosts.
pub const NAMES: [&str; 3] = ["a", "b", "c"];

/// The hosts. Dropping this removes them.
pub struct Hosts {
    rig: Child,
    /// Closing this pipe ends `scripts/hosts`.
    input: Option<ChildStdin>,
    folder: TempDir,
}

impl Hosts {
    /// Returns `None` if this machine does not allow it.
    pub fn open() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut rig = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/hosts"))
            .arg("--serve")
            .arg(folder.path())
            .args(NAMES)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut answer = String::new();
        BufReader::new(rig.stdout.take().unwrap())
            .read_line(&mut answer)
            .unwrap();
        if answer != "ready\n" {
            let output = rig.wait_with_output().unwrap();
            let why = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(77), "{why}");
            return skip("hosts", why.trim_end());
        }
        Some(Self {
            input: rig.stdin.take(),
            rig,
            folder,
        })
    }

    /// mpirun on the first host, with one rank on each host; the programs run in the test's folder.
    pub fn mpirun(&self, farm: &Farm, arguments: &str) -> Job {
        let own = format!(
            "{} env --chdir={} {} {arguments}",
            self.enter("a"),
            farm.path("").display(),
            mpirun_on(&NAMES.join(","), MARK)
        );
        farm.command(Path::new("nsenter"), &own)
    }

    /// Runs a command on a host, or on the `switch` between the hosts.
    pub fn on(&self, host: &str, command: &str) -> Output {
        let line = format!("{} {command}", self.enter(host));
        let output = Command::new("nsenter").args(line.split_whitespace()).output().unwrap();
        assert!(output.status.success(), "{command} on {host}: {output:?}");
        output
    }

    /// nsenter's arguments for a host.
    fn enter(&self, host: &str) -> String {
        format!("--target {} --all --", self.init(host))
    }

    /// A host's first process.
    fn init(&self, host: &str) -> i32 {
        let file = self.folder.path().join(format!("{host}.pid"));
        fs::read_to_string(file).unwrap().trim().parse().unwrap()
    }

    /// Disconnects a host from the switch.
    pub fn cut(&self, host: &str) {
        self.on("switch", &format!("ip link set to-{host} down"));
    }

    /// The processes on a host that do not belong to the host itself.
    fn processes(&self, host: &str) -> Vec<Process> {
        let namespace = |process: &Process| -> Option<OsString> {
            let target = fs::read_link(format!("/proc/{}/ns/pid", process.pid)).ok()?;
            Some(target.into_os_string())
        };
        let own = Process::new(self.init(host))
            .ok()
            .and_then(|process| namespace(&process));
        let is_the_hosts = |process: &Process| {
            let Ok(stat) = process.stat() else { return false };
            // The host's own processes: the idle shell that keeps it, and its ssh server with a process per connection.
            !["bash", "sleep", "sshd"].contains(&stat.comm.as_str()) && stat.state != 'Z' && namespace(process) == own
        };
        let all = all_processes().unwrap().flatten();
        all.filter(is_the_hosts).collect()
    }

    /// Sends a signal to all processes with this name on a host. There must be at least one.
    pub fn signal(&self, host: &str, name: &str, signal: Signal) {
        let processes = self.processes(host).into_iter();
        let named: Vec<i32> = processes
            .filter(|process| process.stat().is_ok_and(|stat| stat.comm == name))
            .map(|process| process.pid)
            .collect();
        assert!(!named.is_empty(), "there is no {name} on {host}");
        for pid in named {
            kill(Pid::from_raw(pid), signal).unwrap();
        }
    }

    /// Checks that all processes on all hosts end within this time.
    pub fn are_idle_within(&self, limit: Duration) {
        let start = Instant::now();
        loop {
            let left: Vec<String> = NAMES
                .iter()
                .flat_map(|host| {
                    let processes = self.processes(host).into_iter();
                    processes.map(move |process| format!("{host}: {}", process.cmdline().unwrap_or_default().join(" ")))
                })
                .collect();
            if left.is_empty() {
                return;
            }
            assert!(start.elapsed() < limit, "left after {limit:?}: {left:#?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.rig.wait();
    }
}
