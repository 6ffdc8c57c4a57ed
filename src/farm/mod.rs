//! Distributes items and collects results over MPI. All data travels as bytes: the farm does not know the types of
//! items, replies and outputs.
//!
//! Rank 0's main thread is the [`coordinator`]; the main thread of every other rank is an [`agent`], which passes
//! batches to its worker and results back to rank 0. The [`schedule`] decides which rank gets which items, and
//! [`reorder`] puts replies back in order; both are pure logic. [`reduce`] sums the outputs up a tree of ranks. The
//! [`protocol`] defines who may send what and when; the [`transport`] carries the messages. [`heartbeat`] detects lost
//! ranks.
//!
//! Two interfaces connect the farm to the rest of the crate: [`item_feed`] supplies items and accepts replies, and
//! [`worker`] processes items.

pub(crate) mod agent;
pub(crate) mod alarm;
pub(crate) mod backoff;
pub(crate) mod coordinator;
pub(crate) mod heartbeat;
pub(crate) mod item_feed;
mod mpi_calls;
pub(crate) mod protocol;
pub(crate) mod reduce;
pub(crate) mod reorder;
pub(crate) mod schedule;
pub(crate) mod transport;
pub(crate) mod worker;
