//! Signals that ask a job to stop.
//!
//! While a rank listens to the other ranks, such a signal is recorded and the job stops cleanly: unfinished outputs are
//! removed and all ranks leave the job. At any other time, the signal has its default effect and ends the process,
//! because user code may run for a long time before the record is checked. `local_process` and the iterator over the
//! items may also run for a long time while signals are recorded, so a second signal, some seconds after the first,
//! always ends the process.

use crate::error::Error;
use nix::sys::signal::Signal;
use procfs::process::Process;
use signal_hook::flag;
use signal_hook::low_level::pipe;
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Signals that users, launchers and batch systems send before resorting to SIGKILL.
const SIGNALS: [Signal; 6] = [
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGHUP,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGXCPU,
];

/// How long a job may take to stop cleanly. After that, another signal ends the process immediately.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Default)]
struct Recorder {
    /// The number of the latest recorded signal that has not been handled yet, or 0 if there is none.
    recorded: Arc<AtomicUsize>,
    /// Signals have their default effect.
    off: Arc<AtomicBool>,
    /// A signal was recorded. From now on, the job must be able to clean up.
    stopping: Arc<AtomicBool>,
}

static RECORDER: OnceLock<Recorder> = OnceLock::new();

/// Installs the handlers, except for signals that the program ignores or handles itself. Recording starts with
/// [`record`].
pub(crate) fn install() {
    RECORDER.get_or_init(|| {
        let recorder = Recorder::default();
        recorder.off.store(true, Ordering::SeqCst);
        let Ok((mut incoming, outgoing)) = UnixStream::pair() else {
            return recorder;
        };
        let taken = Process::myself()
            .and_then(|process| process.status())
            .map_or(0, |status| status.sigign | status.sigcgt);
        for signal in SIGNALS.map(|signal| signal as i32) {
            if taken & 1 << (signal - 1) != 0 {
                continue;
            }
            // The order matters: the default effect must be registered first.
            let registered = flag::register_conditional_default(signal, recorder.off.clone())
                .and_then(|_| flag::register_usize(signal, recorder.recorded.clone(), signal as usize))
                .and_then(|_| flag::register(signal, recorder.stopping.clone()))
                .and_then(|_| pipe::register(signal, outgoing.try_clone()?));
            if let Err(error) = registered {
                log::debug!("signal {signal} keeps its default effect: {error}");
            }
        }
        let off = recorder.off.clone();
        let limit_patience = move || {
            if incoming.read(&mut [0]).is_ok_and(|length| length > 0) {
                std::thread::sleep(PATIENCE);
                off.store(true, Ordering::SeqCst);
            }
        };
        if let Err(error) = std::thread::Builder::new().name("signals".into()).spawn(limit_patience) {
            log::debug!("only SIGKILL ends a job that does not stop in order: {error}");
        }
        recorder
    });
}

/// Signals are recorded while a value of this type is alive.
pub(crate) struct Recording(());

/// Starts recording signals.
pub(crate) fn record() -> Recording {
    if let Some(recorder) = RECORDER.get() {
        recorder.off.store(false, Ordering::SeqCst);
    }
    Recording(())
}

impl Drop for Recording {
    fn drop(&mut self) {
        if let Some(recorder) = RECORDER.get()
            && !recorder.stopping.load(Ordering::SeqCst)
        {
            recorder.off.store(true, Ordering::SeqCst);
        }
    }
}

/// Takes the latest recorded signal.
pub(crate) fn take() -> Option<u8> {
    let recorded = &RECORDER.get()?.recorded;
    if recorded.load(Ordering::Relaxed) == 0 {
        return None;
    }
    u8::try_from(recorded.swap(0, Ordering::SeqCst))
        .ok()
        .filter(|&signal| signal > 0)
}

/// Returns the error for a job that was stopped by a signal sent to the given rank.
pub(crate) fn error(signal: u8, rank: usize, host: String) -> Error {
    let name = Signal::try_from(i32::from(signal)).map_or_else(|_| format!("signal {signal}"), |it| it.to_string());
    Error::Interrupted {
        signal,
        name,
        rank,
        host,
    }
}

/// Makes this process exit with a given status, regardless of what `main` returns. Otherwise, the standard library
/// would turn every error into status 1.
pub(crate) fn force_exit_status(status: u8) {
    static STATUS: AtomicUsize = AtomicUsize::new(0);
    extern "C" fn exit() {
        // SAFETY: flushes the output of C code, as a normal exit does, and ends the process. Rust's output has already
        // been written.
        unsafe {
            libc::fflush(std::ptr::null_mut());
            libc::_exit(STATUS.load(Ordering::SeqCst) as i32)
        }
    }
    if STATUS.swap(usize::from(status), Ordering::SeqCst) == 0 {
        // SAFETY: `exit` calls fflush and _exit, which are allowed in such a handler.
        unsafe { libc::atexit(exit) };
    }
}
