//! Log lines, with the rank in each.

use crate::job::options::Options;
use std::io::Write;

/// Sets up logging by the options, and `RUST_LOG` if it is there; a logger that the program has set up itself stays.
pub(crate) fn start(options: &Options, rank: usize) {
    let level = match (options.quiet, options.verbose) {
        (true, _) => "warn",
        (false, 0) => "info",
        (false, 1) => "debug",
        (false, _) => "trace",
    };
    // Libraries are asked to speak up only when things are wrong.
    let filter = format!("warn,gaudi_mpi={level},{}={level}", own_crate());
    let started = env_logger::Builder::from_env(env_logger::Env::default().default_filter_or(filter))
        .format(move |buffer, record| {
            writeln!(
                buffer,
                "{} {:5} rank {rank}: {}",
                buffer.timestamp_millis(),
                record.level(),
                record.args()
            )
        })
        .try_init();
    if started.is_err() {
        log::debug!("logging was set up by the program");
    }
}

/// The name under which the program's own code logs: its file name, as crates are named.
fn own_crate() -> String {
    let name = std::env::current_exe()
        .ok()
        .and_then(|path| Some(path.file_stem()?.to_str()?.replace('-', "_")));
    name.unwrap_or_else(|| "gaudi_mpi".into())
}
