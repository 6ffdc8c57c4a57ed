//! The machine that a process runs on, and the launcher that started the process.

pub(crate) mod affinity;
pub(crate) mod allocator;
pub(crate) mod environment;
pub(crate) mod hostname;
pub(crate) mod launcher;
pub(crate) mod logging;
pub(crate) mod signals;
