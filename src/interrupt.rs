//! Signals that ask a job to stop. While a rank listens to other ranks, such a signal is noted, and the job ends in
//! order: unfinished outputs are removed, and all ranks leave. At any other time it does what signals do, and ends the
//! process at once: user code may run for long before anybody looks at a note.

use crate::Error;
use nix::sys::signal::Signal;
use procfs::process::Process;
use signal_hook::flag;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// What users, launchers and batch systems send before they send SIGKILL.
const SIGNALS: [Signal; 6] = [
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGHUP,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGXCPU,
];

#[derive(Default)]
struct Watch {
    /// The latest signal that nobody has asked for yet; 0 if there is none.
    noted: Arc<AtomicUsize>,
    /// Nobody would look.
    inattentive: Arc<AtomicBool>,
}

static WATCH: OnceLock<Watch> = OnceLock::new();

/// Begins to watch for signals. Those that the program ignores, or handles itself, are left alone.
pub(crate) fn watch() {
    WATCH.get_or_init(|| {
        let watch = Watch::default();
        watch.inattentive.store(true, Ordering::SeqCst);
        let taken = Process::myself()
            .and_then(|process| process.status())
            .map_or(0, |status| status.sigign | status.sigcgt);
        for signal in SIGNALS.map(|signal| signal as i32) {
            if taken & 1 << (signal - 1) != 0 {
                continue;
            }
            // In this order: what ends the process has to come first.
            let registered = flag::register_conditional_default(signal, watch.inattentive.clone())
                .and_then(|_| flag::register_usize(signal, watch.noted.clone(), signal as usize));
            if let Err(error) = registered {
                log::debug!("signal {signal} ends this process at once: {error}");
            }
        }
        watch
    });
}

/// While this is alive, signals are noted.
pub(crate) struct Attention(());

pub(crate) fn attend() -> Attention {
    if let Some(watch) = WATCH.get() {
        watch.inattentive.store(false, Ordering::SeqCst);
    }
    Attention(())
}

impl Drop for Attention {
    fn drop(&mut self) {
        if let Some(watch) = WATCH.get() {
            watch.inattentive.store(true, Ordering::SeqCst);
        }
    }
}

/// The signal that has come since this was last asked.
pub(crate) fn take() -> Option<u8> {
    let noted = &WATCH.get()?.noted;
    if noted.load(Ordering::Relaxed) == 0 {
        return None;
    }
    u8::try_from(noted.swap(0, Ordering::SeqCst))
        .ok()
        .filter(|&signal| signal > 0)
}

/// That a signal has stopped the job, for the user.
pub(crate) fn error(signal: u8, rank: usize, host: String) -> Error {
    let name = Signal::try_from(i32::from(signal)).map_or_else(|_| format!("signal {signal}"), |it| it.to_string());
    Error::Interrupted {
        signal,
        name,
        rank,
        host,
    }
}

/// Makes the signal's number, plus 128, the status that this process ends with, as shells have it; that status.
pub(crate) fn decide_status(signal: u8) -> i32 {
    static STATUS: AtomicUsize = AtomicUsize::new(0);
    extern "C" fn leave() {
        // SAFETY: ends the process, at its very end: standard output has been flushed by then.
        unsafe { libc::_exit(STATUS.load(Ordering::SeqCst) as i32) }
    }
    if STATUS.swap(128 + usize::from(signal), Ordering::SeqCst) == 0 {
        // SAFETY: `leave` calls nothing but _exit. What `main` returns cannot say it: the standard library makes status
        // 1 of any error.
        unsafe { libc::atexit(leave) };
    }
    128 + i32::from(signal)
}
