//! What the command can do, a file each.

pub mod diff;
pub mod generate;
pub mod inspect;
mod job;
pub mod memory;
pub mod merge;
pub mod run;
pub mod submit;
mod table;

use std::io::{ErrorKind, Write};

/// Writes to standard output. Whoever pipes it into `head` has seen enough, and that is no error.
fn print(text: &str) -> gaudi_mpi::Result<()> {
    let mut output = std::io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("cannot write to standard output: {error}").into())
        }
        _ => Ok(()),
    }
}
