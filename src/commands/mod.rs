//! The subcommands, one per file.

pub mod built_in_job;
pub mod diff;
pub mod generate;
pub mod inspect;
mod job_file;
pub mod memory;
pub mod merge;
pub mod run;
pub mod submit;
mod text_table;

use std::io::{ErrorKind, Write};

/// Prints text to standard output. A closed pipe is not treated as an error, to support commands such as
/// `gaudi-mpi inspect FILE | head`.
fn print(text: &str) -> gaudi_mpi::Result<()> {
    let mut output = std::io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("cannot write to standard output: {error}").into())
        }
        _ => Ok(()),
    }
}
