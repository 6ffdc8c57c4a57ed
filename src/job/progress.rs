//! How far the job is: a bar on a terminal, a line now and then elsewhere.

use crate::job::options::Options;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use procfs::process::Process;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// Tells the user how many items are settled.
pub(crate) struct Progress {
    show: Show,
    total: u64,
    start: Instant,
    told: Instant,
}

enum Show {
    Bar(ProgressBar),
    Lines,
    Nothing,
}

/// How often a bar moves.
const BAR: Duration = Duration::from_millis(100);
/// How often a log file gets a line.
const LINE: Duration = Duration::from_secs(10);

impl Progress {
    pub(crate) fn new(options: &Options, total: u64) -> Self {
        let show = if options.quiet {
            Show::Nothing
        } else if ends_at_terminal() {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::term_like(Box::new(Stderr)));
            let style = ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len} items, {per_sec}, {eta} left");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            Show::Bar(bar)
        } else {
            Show::Lines
        };
        let now = Instant::now();
        Self {
            show,
            total,
            start: now,
            told: now,
        }
    }

    /// So many items are settled.
    pub(crate) fn update(&mut self, settled: u64) {
        let every = match self.show {
            Show::Bar(_) => BAR,
            Show::Lines => LINE,
            Show::Nothing => return,
        };
        if self.told.elapsed() < every {
            return;
        }
        self.told = Instant::now();
        match &self.show {
            Show::Bar(bar) => bar.set_position(settled),
            Show::Lines => log::info!("{}", self.line(settled)),
            Show::Nothing => {}
        }
    }

    fn line(&self, settled: u64) -> String {
        let rate = settled as f64 / self.start.elapsed().as_secs_f64();
        let percent = 100.0 * settled as f64 / self.total as f64;
        let left = if rate > 0.0 {
            format!("{:.0} s left", (self.total - settled) as f64 / rate)
        } else {
            "time left unknown".into()
        };
        format!(
            "{settled} of {} items ({percent:.0} %), {rate:.1} a second, {left}",
            self.total
        )
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Show::Bar(bar) = &self.show {
            bar.finish_and_clear();
        }
    }
}

/// Whether what this process writes to standard error is seen on a terminal. Under mpirun it goes through a pipe, or
/// through a terminal that is not the user's; then it is mpirun whose standard error tells: the parent, or that of a proxy.
fn ends_at_terminal() -> bool {
    if !crate::host::launcher::is_launched() {
        return io::stderr().is_terminal();
    }
    let mut process = std::os::unix::process::parent_id() as i32;
    while let Ok(stat) = Process::new(process).and_then(|process| process.stat()) {
        // Debian adds the name of the library: mpirun.openmpi.
        match stat.comm.split('.').next().unwrap_or_default() {
            "hydra_pmi_proxy" => process = stat.ppid,
            "mpirun" | "mpiexec" | "orterun" | "prterun" => {
                let target = std::fs::read_link(format!("/proc/{process}/fd/2"));
                return target.is_ok_and(|target| target.starts_with("/dev/pts") || target.starts_with("/dev/tty"));
            }
            _ => return false,
        }
    }
    false
}

/// Standard error as a terminal, although a launcher's pipe may be in between.
#[derive(Debug)]
struct Stderr;

impl Stderr {
    fn control(&self, sequence: fmt::Arguments<'_>) -> io::Result<()> {
        io::stderr().write_fmt(sequence)
    }
}

impl TermLike for Stderr {
    fn width(&self) -> u16 {
        std::env::var("COLUMNS")
            .ok()
            .and_then(|columns| columns.parse().ok())
            .unwrap_or(80)
    }
    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        if n > 0 {
            self.control(format_args!("\x1b[{n}A"))
        } else {
            Ok(())
        }
    }
    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        if n > 0 {
            self.control(format_args!("\x1b[{n}B"))
        } else {
            Ok(())
        }
    }
    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        if n > 0 {
            self.control(format_args!("\x1b[{n}C"))
        } else {
            Ok(())
        }
    }
    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        if n > 0 {
            self.control(format_args!("\x1b[{n}D"))
        } else {
            Ok(())
        }
    }
    fn write_line(&self, line: &str) -> io::Result<()> {
        self.control(format_args!("{line}\n"))
    }
    fn write_str(&self, text: &str) -> io::Result<()> {
        self.control(format_args!("{text}"))
    }
    fn clear_line(&self) -> io::Result<()> {
        self.control(format_args!("\r\x1b[2K"))
    }
    fn flush(&self) -> io::Result<()> {
        io::stderr().flush()
    }
}
