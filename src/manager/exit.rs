//! How a process ends whose part in the job is over.

/// A process that has to end now, with this status: its part in the job is over, and what the program would do next is the
/// business of rank 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the process has to end now"]
pub struct Exit {
    status: i32,
}

impl Exit {
    pub(crate) const SUCCESS: Self = Self { status: 0 };
    pub(crate) const FAILURE: Self = Self { status: 1 };
    /// As Rust programs end that panic.
    pub(crate) const PANIC: Self = Self { status: 101 };

    /// Returns the exit status. It is that of one process; the job's is the status of rank 0.
    pub fn status(self) -> i32 {
        self.status
    }

    /// Ends the process.
    pub fn now(self) -> ! {
        std::process::exit(self.status)
    }
}
