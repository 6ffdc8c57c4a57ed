//! Forks processes and waits for them to exit.

use super::hooks;
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

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ended {
    pub how: How,
    /// The process's peak resident memory in bytes, including shared memory.
    pub peak: u64,
}

/// What caused a process to end.
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

/// Sets the name that `ps` and `top` show for this process, at most 15 bytes long.
pub(super) fn name(name: &CStr) {
    // The name is only a convenience, so an error does not matter.
    let _ = prctl::set_name(name);
}

/// Forks a child that runs `main` and then exits. The child is killed if the thread that forked it ends first.
pub(super) fn spawn(main: impl FnOnce()) -> io::Result<Pid> {
    match fork_bound()? {
        Some(pid) => Ok(pid),
        None => {
            let ended = catch_unwind(AssertUnwindSafe(main));
            // The child must never return into its parent's code.
            hooks::exit_child(if ended.is_ok() { 0 } else { 101 })
        }
    }
}

/// Raises the limit on open files to the maximum, because this process holds a socket for each child.
pub(super) fn open_many_files() {
    if let Ok((_, most)) = getrlimit(Resource::RLIMIT_NOFILE) {
        // If this fails, opening one file too many will report an error.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, most, most);
    }
}

/// Forks this process. Returns the child's process ID in the parent, and `None` in the child. The child is killed when
/// the thread that forked it ends.
pub(super) fn fork_bound() -> io::Result<Option<Pid>> {
    use std::io::Write;
    // Without flushing, buffered output would be written twice.
    let _ = std::io::stdout().flush();
    let parent = Pid::this();
    hooks::before_fork();
    // SAFETY: the child continues with this thread alone. Rust and the C library prepare their locks for this (the
    // allocator's by pthread_atfork). The documentation of `--workers` rules out user threads that hold locks: a zygote
    // is forked before MPI starts threads, and itself forks only when no hook is running. fflush(NULL) flushes all
    // streams of the C library.
    let forked = unsafe {
        libc::fflush(std::ptr::null_mut());
        fork()
    };
    match forked {
        Ok(ForkResult::Parent { child }) => {
            hooks::after_fork_in_parent();
            Ok(Some(child))
        }
        Err(error) => {
            hooks::after_fork_in_parent();
            Err(error.into())
        }
        Ok(ForkResult::Child) => {
            hooks::after_fork_in_child();
            let bound = prctl::set_pdeathsig(Signal::SIGKILL);
            // The parent may have died before prctl bound this process to it.
            if bound.is_err() || getppid() != parent {
                hooks::exit_child(1);
            }
            Ok(None)
        }
    }
}

/// Waits for a child that has exited or is about to exit.
pub(super) fn wait(pid: Pid) -> io::Result<Ended> {
    let mut status = 0;
    // SAFETY: zero bytes are a valid `rusage`, and wait4 fills it.
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

/// Returns whether a child exits within this time. The caller must still reap the child with [`wait`].
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

/// Kills a child, unless it has already ended. Returns how it ended.
pub(super) fn kill_and_wait(pid: Pid) -> io::Result<Ended> {
    // A child that has ended keeps its process ID until it is waited for, so the signal cannot hit another process.
    let _ = kill(pid, Signal::SIGKILL);
    wait(pid)
}

/// Limits the address space of this process to its current size plus `more` bytes.
pub(super) fn limit_memory(more: u64) -> io::Result<()> {
    let used = Process::myself()
        .and_then(|process| process.stat())
        .map_err(io::Error::other)?;
    let (_, hard) = getrlimit(Resource::RLIMIT_AS)?;
    let limit = used.vsize.saturating_add(more).min(hard);
    Ok(setrlimit(Resource::RLIMIT_AS, limit, hard)?)
}
