//! Runs a program as a user would, under mpirun or alone, and checks that it ends in time and leaves no process behind.

use super::launcher::oversubscribe;
use super::processes::{MARK, Mark};
use super::skip;
use nix::sys::signal::{SigHandler, Signal, kill, signal};
use nix::unistd::Pid;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs};
use tempfile::TempDir;

/// Enough for any run on a busy machine.
const LIMIT: Duration = Duration::from_secs(90);
/// The time that the system may take to remove an ended process.
const GRACE: Duration = Duration::from_secs(2);

/// A folder in which the jobs of one test run.
pub struct Farm {
    folder: TempDir,
}

impl Farm {
    /// Returns `None` if there is no mpirun.
    pub fn open() -> Option<Self> {
        if Command::new(gaudi_mpi::mpirun()).arg("--version").output().is_err() {
            return skip("mpi", "there is no mpirun; install openmpi-bin or mpich");
        }
        Some(Self {
            folder: tempfile::tempdir().unwrap(),
        })
    }

    /// The path of a file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The canonical path of a subfolder, which is created if needed.
    pub fn folder(&self, name: &str) -> PathBuf {
        let folder = self.path(name);
        fs::create_dir_all(&folder).unwrap();
        folder.canonicalize().unwrap()
    }

    /// The contents of a file in the folder.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// A command, with arguments separated by blanks, to run in the folder.
    pub fn command(&self, program: &Path, arguments: &str) -> Job {
        let mut command = Command::new(program);
        command.args(arguments.split_whitespace());
        self.job(command)
    }

    /// The probe, without mpirun if `ranks` is 0.
    pub fn probe(&self, ranks: usize, arguments: &str) -> Job {
        self.program("probe", ranks, arguments)
    }

    /// A program of this workspace, without mpirun if `ranks` is 0.
    pub fn program(&self, name: &str, ranks: usize, arguments: &str) -> Job {
        let program = program(name);
        match ranks {
            0 => self.command(&program, arguments),
            _ => self.mpirun(&format!("-n {ranks} {} {arguments}", program.display())),
        }
    }

    /// mpirun with these arguments.
    pub fn mpirun(&self, arguments: &str) -> Job {
        self.command(
            Path::new(gaudi_mpi::mpirun()),
            &format!("{} {arguments}", oversubscribe()),
        )
    }

    fn job(&self, mut command: Command) -> Job {
        static RUNS: AtomicU64 = AtomicU64::new(0);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let mark = format!(
            "{}-{}-{}",
            std::process::id(),
            RUNS.fetch_add(1, Ordering::Relaxed),
            now.as_nanos()
        );
        command
            .current_dir(self.folder.path())
            .env(MARK, &mark)
            .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
            .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
            // The files that a killed launcher leaves behind are removed with the folder.
            .env("TMPDIR", self.folder.path())
            .env("OMPI_MCA_btl_vader_backing_directory", self.folder.path())
            .env_remove("RUST_LOG")
            .env_remove("RUST_BACKTRACE");
        // SAFETY: between fork and exec, the function makes only system calls.
        unsafe { command.pre_exec(listen_to_signals) };
        Job {
            command,
            mark: Mark(mark),
        }
    }
}

/// Restores the default signal handling. Tests started in the background or by nohup ignore some signals, and their
/// children would inherit that.
fn listen_to_signals() -> std::io::Result<()> {
    use Signal::{SIGHUP, SIGINT, SIGQUIT};
    for ignored in [SIGHUP, SIGINT, SIGQUIT] {
        // SAFETY: no handler is set.
        unsafe { signal(ignored, SigHandler::SigDfl) }?;
    }
    Ok(())
}

/// The path of a test program, benchmark program or example. The first call in a test binary builds all of them.
pub fn program(name: &str) -> PathBuf {
    static TARGET: OnceLock<PathBuf> = OnceLock::new();
    let target = TARGET.get_or_init(build_programs);
    let candidates = [target.join(name), target.join("examples").join(name)];
    let found = candidates.into_iter().find(|path| path.exists());
    found.unwrap_or_else(|| panic!("the workspace has no program {name}"))
}

/// Builds the programs of the whole workspace in the profile and target folder of the test that calls this, and returns
/// the folder of that profile. `cargo test` resolves the same features, so nothing is compiled twice.
fn build_programs() -> PathBuf {
    let test = env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).expect("tests are in target/<profile>/deps");
    let profile = match folder.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        name => name,
    };
    let output = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "build",
            "--workspace",
            "--bins",
            "--examples",
            "--profile",
            profile,
            "--target-dir",
        ])
        .arg(folder.parent().unwrap())
        .output()
        .unwrap_or_else(|error| panic!("the test programs are not built, because cargo cannot be run: {error}"));
    assert!(
        output.status.success(),
        "the test programs cannot be built:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    folder.to_path_buf()
}

/// A command that is about to run.
pub struct Job {
    command: Command,
    mark: Mark,
}

impl Job {
    /// Adds an argument, which may contain blanks.
    pub fn argument(mut self, argument: &str) -> Self {
        self.command.arg(argument);
        self
    }

    pub fn start(mut self) -> Running {
        let mut child = self
            .command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{:?}: {error}", self.command));
        let stdout = Stream::read(child.stdout.take().unwrap());
        let stderr = Stream::read(child.stderr.take().unwrap());
        Running {
            title: format!("{:?}", self.command.get_args().collect::<Vec<_>>()),
            child,
            mark: self.mark,
            stdout,
            stderr,
            start: Instant::now(),
        }
    }

    pub fn run(self) -> Finished {
        self.start().wait()
    }

    /// Runs the command and checks its exit status.
    pub fn ends_with(self, status: i32) -> Finished {
        let finished = self.run();
        assert_eq!(finished.status.code(), Some(status), "{finished:?}");
        finished
    }
}

/// The output of a process so far.
struct Stream {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Stream {
    fn read(mut from: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let into = bytes.clone();
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = from.read(&mut buffer) {
                into.lock().unwrap().extend_from_slice(&buffer[..length]);
            }
        });
        Self { bytes, reader }
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    fn finish(self) -> String {
        self.reader.join().unwrap();
        String::from_utf8(self.bytes.lock().unwrap().clone()).expect("programs write UTF-8")
    }
}

/// A running command.
pub struct Running {
    title: String,
    child: Child,
    mark: Mark,
    stdout: Stream,
    stderr: Stream,
    start: Instant,
}

impl Running {
    /// Waits until a text has been written to standard error this number of times.
    pub fn await_text(&mut self, text: &str, times: usize) {
        while self.stderr.so_far().matches(text).count() < times {
            if self.start.elapsed() > LIMIT || self.child.try_wait().unwrap().is_some() {
                self.give_up(&format!("it did not write {text:?} {times} times"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends a signal to mpirun, or to the program if it runs alone.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).unwrap();
    }

    /// Sends a signal to the process of a rank.
    pub fn signal_rank(&self, rank: usize, signal: Signal) {
        let ranks = self.mark.ranks();
        let pid = ranks
            .get(&rank)
            .unwrap_or_else(|| panic!("rank {rank} is not among {ranks:?}"));
        kill(Pid::from_raw(*pid), signal).unwrap();
    }

    /// The helper processes of one kind: `zygote`, `worker` or `accum` (the accumulator).
    pub fn helpers(&self, kind: &str) -> Vec<Pid> {
        self.mark.helpers(kind).into_iter().map(Pid::from_raw).collect()
    }

    /// Returns whether the command is still running.
    pub fn goes_on(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// The number of processes that are ranks.
    pub fn ranks(&self) -> usize {
        self.mark.ranks().len()
    }

    /// Waits until the run ends.
    pub fn wait(self) -> Finished {
        let rest = LIMIT.saturating_sub(self.start.elapsed());
        self.wait_at_most(rest)
    }

    /// Waits until the run ends, and returns it with the peak memory of a rank in MB.
    pub fn wait_with_peak(mut self, rank: usize, limit: Duration) -> (Finished, u64) {
        let from = Instant::now();
        let mut peak = 0;
        while self.child.try_wait().unwrap().is_none() && from.elapsed() < limit {
            peak = peak.max(self.mark.peak(rank).unwrap_or(0));
            std::thread::sleep(Duration::from_millis(5));
        }
        (self.wait_at_most(LIMIT), peak / 1000)
    }

    /// Waits until all processes have ended, which must happen within this time.
    pub fn wait_at_most(mut self, limit: Duration) -> Finished {
        let from = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if from.elapsed() > limit {
                self.give_up(&format!("it runs after {limit:?}"));
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let took = self.start.elapsed();
        let left = self.mark.left_after(GRACE.min(limit.saturating_sub(from.elapsed())));
        if !left.is_empty() {
            self.give_up(&format!("it left processes behind:\n{}", left.join("\n")));
        }
        Finished {
            title: self.title,
            status,
            stdout: self.stdout.finish(),
            stderr: self.stderr.finish(),
            took,
        }
    }

    fn give_up(&mut self, why: &str) -> ! {
        let killed = self.mark.left_after(Duration::ZERO);
        let _ = self.child.wait();
        panic!(
            "{}: {why}\nkilled: {killed:?}\nstandard output: {}\nstandard error: {}",
            self.title,
            self.stdout.so_far(),
            self.stderr.so_far()
        )
    }
}

/// A command that has ended, with all its processes.
#[derive(Debug)]
pub struct Finished {
    pub title: String,
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Finished {
    /// The error that `main` prints. There must be exactly one.
    pub fn error(&self) -> &str {
        match self.stderr_lines("Error: ")[..] {
            [error] => error,
            _ => panic!("there is not exactly one error: {self:?}"),
        }
    }

    /// The rest of the lines of standard error that begin with this text.
    pub fn stderr_lines(&self, start: &str) -> Vec<&str> {
        self.stderr
            .lines()
            .filter_map(|line| line.strip_prefix(start))
            .collect()
    }
}
