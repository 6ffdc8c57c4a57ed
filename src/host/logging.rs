//! Log lines, each labelled with its rank.

use std::io::Write;

/// Sets up logging at the given verbosity, or as specified by `RUST_LOG`. A logger already installed by the program is
/// kept.
pub(crate) fn start(quiet: bool, verbosity: u8, rank: usize) {
    let level = match (quiet, verbosity) {
        (true, _) => "warn",
        (false, 0) => "info",
        (false, 1) => "debug",
        (false, _) => "trace",
    };
    // Other crates log only warnings and errors.
    let filter = format!("warn,gaudi_mpi={level},{}={level}", crate_of_program());
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
        log::debug!("the program has its own logger");
    }
}

/// Returns the crate name under which the program's own code logs, derived from the program's file name.
fn crate_of_program() -> String {
    let name = std::env::current_exe()
        .ok()
        .and_then(|path| Some(path.file_stem()?.to_str()?.replace('-', "_")));
    name.unwrap_or_else(|| "gaudi_mpi".into())
}
