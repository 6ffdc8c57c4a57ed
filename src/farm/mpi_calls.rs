//! Calls to MPI: sends and receives raw messages without blocking. No other file calls MPI.
//!
//! Only the thread that initialised MPI may use this module (`MPI_THREAD_FUNNELED`).

use crate::error::Error;
use mpi::Threading;
use mpi::environment::Universe;
use mpi::ffi;
use mpi::raw::AsRaw;
use mpi::topology::{Communicator, SimpleCommunicator};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::os::raw::c_int;
use std::time::Duration;

/// Time between polls while a rank waits for all others.
const POLL: Duration = Duration::from_micros(100);

/// A failed MPI call.
#[derive(Debug)]
pub(super) struct CallError {
    /// The intended action, worded to precede the other rank's name: `send to`.
    pub action: &'static str,
    /// The rank at the other end, if known.
    pub other: Option<usize>,
    /// MPI's error message, on one line.
    pub message: String,
}

fn check(code: c_int, action: &'static str, other: Option<usize>) -> Result<(), CallError> {
    if code == ffi::MPI_SUCCESS as c_int {
        return Ok(());
    }
    Err(CallError {
        action,
        other,
        message: error_text(code),
    })
}

/// A raw message that has arrived.
pub(super) struct RawMessage {
    pub from: usize,
    pub tag: c_int,
    pub bytes: Vec<u8>,
}

struct Send {
    request: ffi::MPI_Request,
    to: usize,
    /// MPI reads these bytes until the request is complete. They are not touched before then.
    _bytes: Vec<u8>,
}

struct Receive {
    request: ffi::MPI_Request,
    /// MPI writes into the vector's buffer until the request is complete. The vector's length is 0 until then.
    bytes: Vec<u8>,
    length: usize,
    from: usize,
    tag: c_int,
}

/// An initialised MPI library. Must not be dropped before [`sends_pending`](Self::sends_pending) is 0.
pub(super) struct Mpi {
    world: SimpleCommunicator,
    // Dropping this value finalises MPI, so it is dropped after the communicator.
    _universe: Universe,
    sends: Vec<Send>,
    receive: Option<Receive>,
    /// Only one thread may call MPI.
    _not_send: PhantomData<*const ()>,
}

impl Mpi {
    /// Initialises MPI.
    ///
    /// # Errors
    /// If MPI was already initialised, or does not support threads.
    pub(super) fn initialize() -> Result<Self, Error> {
        let (universe, threading) = mpi::initialize_with_threading(Threading::Funneled).ok_or_else(|| {
            Error::Mpi("it has been initialised before: make one WorkManager and use it for everything".into())
        })?;
        if threading < Threading::Funneled {
            return Err(Error::Mpi(format!(
                "this library offers thread support {threading:?}, but MPI_THREAD_FUNNELED is needed: use one built with threads"
            )));
        }
        let world = universe.world();
        // SAFETY: the error handler is predefined by MPI, and the communicator still exists.
        unsafe { ffi::MPI_Comm_set_errhandler(world.as_raw(), ffi::RSMPI_ERRORS_RETURN) };
        Ok(Self {
            world,
            _universe: universe,
            sends: Vec::new(),
            receive: None,
            _not_send: PhantomData,
        })
    }

    pub(super) fn rank(&self) -> usize {
        self.world.rank() as usize
    }

    pub(super) fn size(&self) -> usize {
        self.world.size() as usize
    }

    /// Starts sending at most 2³⁰ bytes. Messages between the same two ranks arrive in the order in which they were
    /// sent.
    pub(super) fn send(&mut self, to: usize, tag: c_int, bytes: Vec<u8>) -> Result<(), CallError> {
        let mut request = MaybeUninit::uninit();
        // SAFETY: the bytes live on the heap and stay there, unchanged, in `sends` until MPI_Test says that the request
        // is complete; this value is never dropped while sends are pending. The length fits into an int.
        let code = unsafe {
            ffi::MPI_Isend(
                bytes.as_ptr().cast(),
                bytes.len() as c_int,
                ffi::RSMPI_UINT8_T,
                to as c_int,
                tag,
                self.world.as_raw(),
                request.as_mut_ptr(),
            )
        };
        check(code, "send to", Some(to))?;
        self.sends.push(Send {
            // SAFETY: MPI has initialised the request, since the call succeeded.
            request: unsafe { request.assume_init() },
            to,
            _bytes: bytes,
        });
        Ok(())
    }

    /// Returns the number of messages under way, including those that have arrived since the last call of
    /// [`sends_pending`](Self::sends_pending).
    pub(super) fn sends(&self) -> usize {
        self.sends.len()
    }

    /// Returns the number of messages that are still under way. A message whose transfer failed is forgotten.
    pub(super) fn sends_pending(&mut self) -> Result<usize, CallError> {
        let mut failed = Ok(());
        self.sends.retain_mut(|send| {
            let mut complete: c_int = 0;
            // SAFETY: the request came from MPI_Isend and is not complete, or it would have been removed.
            let code = unsafe { ffi::MPI_Test(&mut send.request, &mut complete, ffi::RSMPI_STATUS_IGNORE) };
            match check(code, "send to", Some(send.to)) {
                Ok(()) => complete == 0,
                Err(error) => {
                    failed = Err(error);
                    false
                }
            }
        });
        failed.map(|()| self.sends.len())
    }

    /// Returns the next message if it has arrived completely.
    pub(super) fn receive(&mut self) -> Result<Option<RawMessage>, CallError> {
        if self.receive.is_none() {
            self.receive = self.start_receive()?;
        }
        let Some(receive) = &mut self.receive else {
            return Ok(None);
        };
        let mut complete: c_int = 0;
        // SAFETY: the request came from MPI_Imrecv and is not complete, or it would have been taken.
        let code = unsafe { ffi::MPI_Test(&mut receive.request, &mut complete, ffi::RSMPI_STATUS_IGNORE) };
        if let Err(error) = check(code, "receive from", Some(receive.from)) {
            // The buffer is leaked, because MPI may still write into it.
            std::mem::forget(self.receive.take());
            return Err(error);
        }
        if complete == 0 {
            return Ok(None);
        }
        Ok(self.receive.take().map(|mut receive| {
            // SAFETY: MPI has written the whole buffer, which has room for this many bytes.
            unsafe { receive.bytes.set_len(receive.length) };
            RawMessage {
                from: receive.from,
                tag: receive.tag,
                bytes: receive.bytes,
            }
        }))
    }

    /// Returns whether a message has started to arrive.
    pub(super) fn is_receiving(&self) -> bool {
        self.receive.is_some()
    }

    /// Starts receiving the next message, if one is arriving.
    fn start_receive(&self) -> Result<Option<Receive>, CallError> {
        let mut found: c_int = 0;
        let mut message = MaybeUninit::uninit();
        let mut status = MaybeUninit::uninit();
        // SAFETY: MPI initialises `message` and `status` if and only if it sets `found`.
        let (mut message, status) = unsafe {
            let code = ffi::MPI_Improbe(
                ffi::RSMPI_ANY_SOURCE,
                ffi::RSMPI_ANY_TAG,
                self.world.as_raw(),
                &mut found,
                message.as_mut_ptr(),
                status.as_mut_ptr(),
            );
            check(code, "hear of", None)?;
            if found == 0 {
                return Ok(None);
            }
            (message.assume_init(), status.assume_init())
        };
        let from = status.MPI_SOURCE as usize;
        let mut length: c_int = 0;
        let mut request = MaybeUninit::uninit();
        // SAFETY: `status` belongs to the matched message. The buffer has room for its length, lives on the heap and
        // stays there, untouched, in `receive` until MPI_Test says that the request is complete.
        let (bytes, request) = unsafe {
            ffi::MPI_Get_count(&status, ffi::RSMPI_UINT8_T, &mut length);
            let mut bytes: Vec<u8> = Vec::with_capacity(length as usize);
            let code = ffi::MPI_Imrecv(
                bytes.as_mut_ptr().cast(),
                length,
                ffi::RSMPI_UINT8_T,
                &mut message,
                request.as_mut_ptr(),
            );
            check(code, "receive from", Some(from))?;
            (bytes, request.assume_init())
        };
        Ok(Some(Receive {
            request,
            bytes,
            length: length as usize,
            from,
            tag: status.MPI_TAG,
        }))
    }

    /// Waits until all ranks have called this function; returns early on errors.
    pub(super) fn await_all(&self) {
        let mut request = MaybeUninit::uninit();
        let mut complete: c_int = 0;
        // SAFETY: the request comes from MPI_Ibarrier and is not used after it is complete.
        unsafe {
            if ffi::MPI_Ibarrier(self.world.as_raw(), request.as_mut_ptr()) != ffi::MPI_SUCCESS as c_int {
                return;
            }
            while complete == 0
                && ffi::MPI_Test(request.as_mut_ptr(), &mut complete, ffi::RSMPI_STATUS_IGNORE)
                    == ffi::MPI_SUCCESS as c_int
            {
                std::thread::sleep(POLL);
            }
        }
    }

    /// Aborts all ranks immediately.
    pub(super) fn abort(&self, status: i32) -> ! {
        self.world.abort(status)
    }
}

/// Returns MPI's message for an error code, on one line.
fn error_text(code: c_int) -> String {
    let mut text = [0u8; ffi::MPI_MAX_ERROR_STRING as usize + 1];
    let mut length: c_int = 0;
    // SAFETY: MPI writes at most MPI_MAX_ERROR_STRING bytes, and there is room for one more.
    unsafe { ffi::MPI_Error_string(code, text.as_mut_ptr().cast(), &mut length) };
    let text = &text[..usize::try_from(length).unwrap_or(0).min(text.len())];
    let lines: Vec<_> = String::from_utf8_lossy(text)
        .lines()
        .map(|line| line.trim().to_string())
        .collect();
    lines.join(" ")
}
