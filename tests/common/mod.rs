//! What the whole-program tests share.
#![allow(
    dead_code,
    reason = "each test file is a crate of its own, and uses its part of this"
)]

pub mod events;
pub mod expected;
pub mod hosts;
pub mod job;
pub mod launcher;
pub mod particles;
pub mod processes;
pub mod slurm;

use std::env;
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Past the test harness, which keeps what a test that passes prints to itself.
pub fn say(line: fmt::Arguments) {
    // A line that cannot be said is no reason to fail.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// The Python that has uproot, awkward, h5py and numpy; says so if there is none.
pub fn python() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = env::var_os("GAUDI_MPI_PYTHON").map_or_else(|| root.join("target/python/bin/python"), PathBuf::from);
    if python.exists() {
        return Some(python);
    }
    say(format_args!(
        "skipped: there is no Python at {}; run scripts/test, which makes one, or set GAUDI_MPI_PYTHON",
        python.display()
    ));
    None
}

/// A file of the public samples; says so if it is not there.
pub fn sample(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = env::var_os("GAUDI_MPI_DATA").map_or_else(|| root.join("../shared/data"), PathBuf::from);
    let file = folder.join(name);
    if file.exists() {
        return Some(file);
    }
    say(format_args!(
        "skipped: {} is not there; set GAUDI_MPI_DATA to the folder that has it",
        file.display()
    ));
    None
}
