//! Helpers shared by the whole-program tests.
#![allow(
    dead_code,
    reason = "each test file is a separate crate and uses only some of these helpers"
)]

pub mod events;
pub mod expected;
pub mod hosts;
pub mod job;
pub mod launcher;
pub mod particles;
pub mod processes;
pub mod slurm;

use std::fmt::Display;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, io};

/// A comma-separated list of needs, or `all`: a test that lacks a listed need fails instead of being skipped.
const REQUIRE: &str = "GAUDI_MPI_REQUIRE";

/// What a machine may lack. The last three are needs of `scripts/test` itself.
const NEEDS: [&str; 9] = [
    "mpi", "python", "data", "mount", "hosts", "slurm", "lints", "deny", "docker",
];

/// Reports why the calling test is skipped, and returns `None`. Fails if `GAUDI_MPI_REQUIRE` lists the need.
pub fn skip<T>(need: &str, why: impl Display) -> Option<T> {
    let required = env::var(REQUIRE).unwrap_or_default();
    for name in required.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        // A misspelt name would have no effect.
        assert!(
            name == "all" || NEEDS.contains(&name),
            "{REQUIRE} lists {name:?}; it takes all or some of {NEEDS:?}"
        );
        assert!(name != "all" && name != need, "{REQUIRE} requires {need}, but {why}");
    }
    // Written past the test harness, which hides the output of tests that pass. A closed stderr is not an error.
    let _ = writeln!(io::stderr(), "skipped: {why}");
    None
}

/// The Python with the packages in tests/python/requirements.txt.
pub fn python() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = env::var_os("GAUDI_MPI_PYTHON").map_or_else(|| root.join("target/python/bin/python"), PathBuf::from);
    if python.exists() {
        return Some(python);
    }
    let why = "run scripts/test, which installs one, or set GAUDI_MPI_PYTHON";
    skip(
        "python",
        format_args!("there is no Python at {}; {why}", python.display()),
    )
}

/// A file of the public samples.
pub fn sample(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = env::var_os("GAUDI_MPI_DATA").map_or_else(|| root.join("../shared/data"), PathBuf::from);
    let file = folder.join(name);
    if file.exists() {
        return Some(file);
    }
    let why = "set GAUDI_MPI_DATA to the folder that has it";
    skip("data", format_args!("{} does not exist; {why}", file.display()))
}
