//! gaudi-mpi
#![warn(missing_docs)]

/// Particle algorithms that ship: kinematics, particle properties, toy decays.
pub mod algorithms;
/// Random numbers: a function of (job seed, item) only.
pub mod random;
