//! How a process ends when its part in the job is over.

/// Indicates that this process has to exit now, with this status: its part in the job is over, and only rank 0
/// continues with the rest of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the process has to end now"]
pub struct Exit {
    status: i32,
}

impl Exit {
    pub(crate) const SUCCESS: Self = Self { status: 0 };
    pub(crate) const FAILURE: Self = Self { status: 1 };
    /// The exit status of a Rust program that panics.
    pub(crate) const PANIC: Self = Self { status: 101 };

    /// Returns the exit status of this process. The job's exit status is that of rank 0.
    pub fn status(self) -> i32 {
        self.status
    }

    /// Terminates the process with this status.
    pub fn now(self) -> ! {
        std::process::exit(self.status)
    }
}
