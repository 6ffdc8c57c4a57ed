//! What the command can do, a file each.

pub mod run;
