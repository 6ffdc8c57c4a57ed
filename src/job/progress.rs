//! Job progress: a bar on a terminal, occasional lines elsewhere.

use crate::job::options::Options;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use procfs::process::Process;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// Shows how many items are done.
pub(crate) struct Progress {
    display: Display,
    /// The total number of items, if known.
    total: Option<u64>,
    start: Instant,
    shown: Instant,
}

enum Display {
    Bar(ProgressBar),
    Lines,
    Nothing,
}

/// Time between updates of a bar.
const BAR: Duration = Duration::from_millis(100);
/// Time between lines in a log.
const LINE: Duration = Duration::from_secs(10);

impl Progress {
    pub(crate) fn new(options: &Options, total: Option<u64>) -> Self {
        let display = if options.quiet {
            Display::Nothing
        } else if ends_at_terminal() {
            Display::Bar(bar(total))
        } else {
            Display::Lines
        };
        let now = Instant::now();
        Self {
            display,
            total,
            start: now,
            shown: now,
        }
    }

    /// Shows that this many items are done, if enough time has passed since the last update.
    pub(crate) fn update(&mut self, done: u64) {
        let interval = match self.display {
            Display::Bar(_) => BAR,
            Display::Lines => LINE,
            Display::Nothing => return,
        };
        if self.shown.elapsed() < interval {
            return;
        }
        self.shown = Instant::now();
        match &self.display {
            Display::Bar(bar) => bar.set_position(done),
            Display::Lines => log::info!("{}", line(done, self.total, self.start.elapsed())),
            Display::Nothing => {}
        }
    }
}

/// A bar, or a counter if the number of items is unknown.
fn bar(total: Option<u64>) -> ProgressBar {
    let template = match total {
        Some(_) => "{wide_bar} {human_pos}/{human_len} items, {per_sec}, {eta} left",
        None => "{spinner} {human_pos} items, {per_sec}",
    };
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::term_like(Box::new(Stderr)));
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn line(done: u64, total: Option<u64>, elapsed: Duration) -> String {
    let rate = done as f64 / elapsed.as_secs_f64();
    let Some(total) = total else {
        return format!("{done} items, {rate:.1} a second");
    };
    let percent = 100.0 * done as f64 / total as f64;
    let left = if rate > 0.0 {
        format!("{:.0} s left", total.saturating_sub(done) as f64 / rate)
    } else {
        "time left unknown".into()
    };
    format!("{done} of {total} items ({percent:.0} %), {rate:.1} a second, {left}")
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Display::Bar(bar) = &self.display {
            bar.finish_and_clear();
        }
    }
}

/// Returns whether standard error reaches the user's terminal. Under mpirun, standard error is a pipe or a terminal
/// that is not the user's, so mpirun's own standard error decides. mpirun is the parent process, or the parent of a
/// proxy process.
fn ends_at_terminal() -> bool {
    if !crate::host::launcher::is_launched() {
        return io::stderr().is_terminal();
    }
    let mut process = std::os::unix::process::parent_id() as i32;
    while let Ok(stat) = Process::new(process).and_then(|process| process.stat()) {
        // The names of Debian's launchers end with the library's name: mpirun.openmpi.
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

/// Treats standard error as a terminal, even if it first goes through a launcher's pipe.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_a_total_if_there_is_one() {
        let elapsed = Duration::from_secs(4);
        assert_eq!(
            line(200, Some(1000), elapsed),
            "200 of 1000 items (20 %), 50.0 a second, 16 s left"
        );
        assert_eq!(
            line(0, Some(1000), elapsed),
            "0 of 1000 items (0 %), 0.0 a second, time left unknown"
        );
        assert_eq!(line(200, None, elapsed), "200 items, 50.0 a second");
    }
}
