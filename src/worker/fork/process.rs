//! Forking, and seeing off what was forked.

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{ForkResult, Pid, fork, getppid};
use procfs::process::Process;
use serde::{Deserialize, Serialize};
use std::ffi::CStr;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// How a process has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ended {
    pub how: How,
    /// The most memory that was in place for it at a time, in bytes, with what it shared.
    pub peak: u64,
}

/// By what a process has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum How {
    Signal(i32),
    Status(i32),
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.how {
            How::Signal(number) => match Signal::try_from(number) {
                Ok(signal) => write!(f, "was killed by {signal}"),
                Err(_) => write!(f, "was killed by signal {number}"),
            },
            How::Status(status) => write!(f, "ended by itself, with status {status}"),
        }
    }
}

/// Names this process as `ps` and `top` show it; at most 15 bytes.
pub(super) fn name(name: &CStr) {
    // Without its name it works as well.
    let _ = prctl::set_name(name);
}

/// Forks a child that runs `main` and ends. It is killed when the thread that forked it ends, however that happens.
pub(super) fn spawn(main: impl FnOnce()) -> io::Result<Pid> {
    match fork_bound()? {
        Some(pid) => Ok(pid),
        None => {
            let ended = catch_unwind(AssertUnwindSafe(main));
            // A child must never go back to where its parent came from.
            std::process::exit(if ended.is_ok() { 0 } else { 101 })
        }
    }
}

/// Lets this process open as many files as it ever may: each child has a socket here.
pub(super) fn open_many_files() {
    if let Ok((_, most)) = getrlimit(Resource::RLIMIT_NOFILE) {
        // If it does not help, opening one too many says so.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, most, most);
    }
}

/// Forks; gives the child's number to the parent, and nothing to the child. The child is killed when the thread that
/// forked it ends, however that happens.
pub(super) fn fork_bound() -> io::Result<Option<Pid>> {
    use std::io::Write;
    // What waits to be written would be written twice.
    let _ = std::io::stdout().flush();
    let parent = Pid::this();
    // SAFETY: the child goes on with this thread alone. Rust's and the C library's own locks are made ready for that
    // (the allocator's by pthread_atfork); threads of user code that hold locks of their own are ruled out by the
    // documentation of `--workers`: a zygote is forked before MPI starts any, and forks when no hook is running.
    // fflush(NULL) writes out all of the C library's streams.
    match unsafe {
        libc::fflush(std::ptr::null_mut());
        fork()
    }? {
        ForkResult::Parent { child } => Ok(Some(child)),
        ForkResult::Child => {
            let bound = prctl::set_pdeathsig(Signal::SIGKILL);
            // The parent may have died before that.
            if bound.is_err() || getppid() != parent {
                std::process::exit(1);
            }
            Ok(None)
        }
    }
}

/// RankUsage for a child's end, which must have come or be on its way.
pub(super) fn wait(pid: Pid) -> io::Result<Ended> {
    let mut status = 0;
    // SAFETY: all zeros are a valid `rusage`; wait4 fills what it is given.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        loop {
            if libc::wait4(pid.as_raw(), &mut status, 0, &mut usage) >= 0 {
                break usage;
            }
            let error = Errno::last();
            if error != Errno::EINTR {
                return Err(error.into());
            }
        }
    };
    let how = if libc::WIFSIGNALED(status) {
        How::Signal(libc::WTERMSIG(status))
    } else {
        How::Status(libc::WEXITSTATUS(status))
    };
    Ok(Ended {
        how,
        peak: usage.ru_maxrss as u64 * 1024,
    })
}

/// Whether a child ends within this time. It has to be waited for all the same.
pub(super) fn ends_within(pid: Pid, patience: Duration) -> bool {
    let start = Instant::now();
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    loop {
        match waitid(Id::Pid(pid), flags) {
            Ok(WaitStatus::StillAlive) if start.elapsed() < patience => std::thread::sleep(Duration::from_millis(1)),
            Ok(WaitStatus::StillAlive) => return false,
            Ok(_) | Err(_) => return true,
        }
    }
}

/// ZygoteEnds a child that may have ended already; how it did.
pub(super) fn see_off(pid: Pid) -> io::Result<Ended> {
    // One that has ended stays as it is until it is waited for: its number belongs to nobody else.
    let _ = kill(pid, Signal::SIGKILL);
    wait(pid)
}

/// Lets this process have so many more bytes of addresses than it has, and no more.
pub(super) fn limit_memory(more: u64) -> io::Result<()> {
    let used = Process::myself()
        .and_then(|process| process.stat())
        .map_err(io::Error::other)?;
    let (_, hard) = getrlimit(Resource::RLIMIT_AS)?;
    let limit = used.vsize.saturating_add(more).min(hard);
    Ok(setrlimit(Resource::RLIMIT_AS, limit, hard)?)
}
