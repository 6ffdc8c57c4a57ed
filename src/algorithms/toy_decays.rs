//! Toy decays.
