//! The actions that a host language takes around a fork.

use crate::error::Error;
use std::sync::OnceLock;

/// Functions that a host program, such as an interpreter, needs to have called around each fork and at the end of a
/// forked child.
///
/// With `--workers`, a rank forks a process before MPI is initialised, from the thread that creates the
/// [`WorkManager`](crate::WorkManager). That process forks the workers, from a thread of its own that outlives them.
/// The hooks are called in this order: `before_fork`, then `after_fork_in_parent` (even if the fork failed) and
/// `after_fork_in_child`. Each hook runs on the thread that forks, which is the child's only thread.
#[derive(Debug, Clone, Copy)]
pub struct ForkHooks {
    /// Called before a fork: takes the locks that must not be held by another thread.
    pub before_fork: fn(),
    /// Called in the parent after a fork: releases those locks.
    pub after_fork_in_parent: fn(),
    /// Called in the child after a fork: releases those locks, and forgets the threads that do not exist in the child.
    pub after_fork_in_child: fn(),
    /// Makes a forked child exit with the given status: a worker after its last item, the accumulator, or a child whose
    /// parent has exited. It should flush output, but must not run the functions that the host program has registered
    /// for its own exit.
    pub exit_child: fn(status: i32) -> !,
}

static HOOKS: OnceLock<ForkHooks> = OnceLock::new();

/// Sets the hooks for this process and all processes that it forks. Call this once, before creating any
/// [`WorkManager`](crate::WorkManager).
///
/// ```
/// use gaudi_mpi::{ForkHooks, set_fork_hooks};
///
/// set_fork_hooks(ForkHooks {
///     before_fork: || println!("forking"),
///     after_fork_in_parent: || {},
///     after_fork_in_child: || {},
///     exit_child: |status| std::process::exit(status),
/// })?;
/// # Ok::<(), gaudi_mpi::Error>(())
/// ```
///
/// # Errors
/// If hooks are already set.
pub fn set_fork_hooks(hooks: ForkHooks) -> Result<(), Error> {
    HOOKS
        .set(hooks)
        .map_err(|_| Error::Fork("the hooks around forks have been set before, and can be set once only".into()))
}

pub(super) fn before_fork() {
    if let Some(hooks) = HOOKS.get() {
        (hooks.before_fork)();
    }
}

pub(super) fn after_fork_in_parent() {
    if let Some(hooks) = HOOKS.get() {
        (hooks.after_fork_in_parent)();
    }
}

pub(super) fn after_fork_in_child() {
    if let Some(hooks) = HOOKS.get() {
        (hooks.after_fork_in_child)();
    }
}

/// Makes a forked child exit.
pub(super) fn exit_child(status: i32) -> ! {
    match HOOKS.get() {
        Some(hooks) => (hooks.exit_child)(status),
        None => std::process::exit(status),
    }
}
