//! Signals that ask a job to stop. While a rank listens to other ranks, such a signal is noted, and the job ends in
//! order: unfinished outputs are removed, and all ranks leave. At any other time it does what signals do, and ends the
//! process at once: user code may run for long before anybody looks at a note. So may `local_process`, which is called in
//! between: another signal, some seconds after the first, ends the process in any case.

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

/// What users, launchers and batch systems send before they send SIGKILL.
const SIGNALS: [Signal; 6] = [
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGHUP,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGXCPU,
];

/// How long a job may take to end in order: after that, another signal ends it at once.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Default)]
struct Watch {
    /// The latest signal that nobody has asked for yet; 0 if there is none.
    noted: Arc<AtomicUsize>,
    /// Nobody would look: signals end the process.
    inattentive: Arc<AtomicBool>,
    /// A signal was noted: the job ends, and must not be kept from clearing away what it leaves.
    ending: Arc<AtomicBool>,
}

static WATCH: OnceLock<Watch> = OnceLock::new();

/// Begins to watch for signals. Those that the program ignores, or handles itself, are left alone.
pub(crate) fn watch() {
    WATCH.get_or_init(|| {
        let watch = Watch::default();
        watch.inattentive.store(true, Ordering::SeqCst);
        let Ok((mut comes, come)) = UnixStream::pair() else {
            return watch;
        };
        let taken = Process::myself()
            .and_then(|process| process.status())
            .map_or(0, |status| status.sigign | status.sigcgt);
        for signal in SIGNALS.map(|signal| signal as i32) {
            if taken & 1 << (signal - 1) != 0 {
                continue;
            }
            // In this order: what ends the process has to come first.
            let registered = flag::register_conditional_default(signal, watch.inattentive.clone())
                .and_then(|_| flag::register_usize(signal, watch.noted.clone(), signal as usize))
                .and_then(|_| flag::register(signal, watch.ending.clone()))
                .and_then(|_| pipe::register(signal, come.try_clone()?));
            if let Err(error) = registered {
                log::debug!("signal {signal} ends this process at once: {error}");
            }
        }
        let inattentive = watch.inattentive.clone();
        let lose_patience = move || {
            if comes.read(&mut [0]).is_ok_and(|length| length > 0) {
                std::thread::sleep(PATIENCE);
                inattentive.store(true, Ordering::SeqCst);
            }
        };
        if let Err(error) = std::thread::Builder::new().name("signals".into()).spawn(lose_patience) {
            log::debug!("a job that does not end in order has to be ended by SIGKILL: {error}");
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
        if let Some(watch) = WATCH.get()
            && !watch.ending.load(Ordering::SeqCst)
        {
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
        // SAFETY: writes what C code has printed, as the end of a process does, and ends it. Rust's output has been written by
        // then.
        unsafe {
            libc::fflush(std::ptr::null_mut());
            libc::_exit(STATUS.load(Ordering::SeqCst) as i32)
        }
    }
    if STATUS.swap(128 + usize::from(signal), Ordering::SeqCst) == 0 {
        // SAFETY: `leave` calls fflush and _exit, which may be called then. What `main` returns cannot say it: the standard
        // library makes status 1 of any error.
        unsafe { libc::atexit(leave) };
    }
    128 + i32::from(signal)
}
