//! Worker processes: forked from an initialised process to share its memory, and replaced when they die.
//!
//! Forking is not safe once MPI is initialised, so each rank forks a *zygote* beforehand. The zygote runs the same
//! program as the rank. In the zygote, a call of `process` receives the task, initialises it and forks the workers. The
//! zygote also forks the *accumulator*, which adds up the workers' outputs, so that a dying worker loses only its
//! current batch.
//!
//! ```text
//! rank (MPI) ── fork ── zygote ── fork ──┬── worker 0      batches in; replies and outputs out
//!                                        ├── worker 1
//!                                        └── accumulator   outputs in; their sum out
//! ```
//!
//! The rank passes batches to the workers. It passes an output to the accumulator once the complete output and the
//! corresponding replies have arrived. The rank never waits for any of these processes, and runs none of the task's
//! code.

mod accumulator;
mod channel;
mod child;
mod current_items;
mod error;
mod hooks;
mod messages;
mod process;
mod reply_buffers;
mod shared_memory;
mod time_limits;
mod worker_slot;
mod workers;
mod zygote;
mod zygote_handle;

pub use hooks::{ForkHooks, set_fork_hooks};
pub(crate) use workers::ForkedWorkers;
pub(crate) use zygote::Zygote;
pub(crate) use zygote_handle::{Forked, ZygoteHandle};
