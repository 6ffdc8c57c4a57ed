//! Items out, results back, over MPI. Everything here travels as bytes: what an item, a reply or an output is, the farm
//! does not know.
//!
//! Rank 0's main thread is the [`coordinator`]; the main thread of each other rank is an [`agent`], which passes
//! batches to its worker and results back. [`schedule`] decides who gets which items, [`reorder`] puts replies back in
//! order; both are pure logic. [`reduce`] sums the outputs up a tree of ranks. [`heartbeat`] notices when a rank is gone.

pub(crate) mod agent;
pub(crate) mod alarm;
pub(crate) mod backoff;
pub(crate) mod coordinator;
pub(crate) mod heartbeat;
pub(crate) mod protocol;
pub(crate) mod reduce;
pub(crate) mod reorder;
pub(crate) mod schedule;
pub(crate) mod transport;
pub(crate) mod worker;
