//! Workers that are processes: forked from one that has been initialised, so that they share its memory, and replaced
//! when they die.
//!
//! To fork after MPI has been initialised is not safe. So each rank forks a *zygote* before that. The zygote runs the
//! same program as the rank; its calls of `process` bring it the task, which it initialises, and of which it forks the
//! workers. One child more, the *keeper*, adds up what the workers make: a worker that dies takes nothing with it but
//! the batch that it was at.
//!
//! ```text
//! rank (MPI) ── fork ── zygote ── fork ──┬── worker 0   batches in; replies and outputs out
//!                                        ├── worker 1
//!                                        └── keeper     outputs in; their sum out
//! ```
//!
//! The rank passes on: batches to workers, outputs to the keeper once it has the whole of one and the replies that
//! belong to it. It never waits for any of them, and runs no code of the task itself.

mod accumulator;
mod channel;
mod child;
mod current_items;
mod error;
mod messages;
mod process;
mod rank_side;
mod reply_buffers;
mod shared_memory;
mod time_limits;
mod worker_slot;
mod workers;
mod zygote;

pub(crate) use rank_side::{Side, ZygoteHandle};
pub(crate) use workers::ForkedWorkers;
pub(crate) use zygote::Zygote;
