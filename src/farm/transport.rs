//! Messages of bytes between ranks that never block: the one place that sends and receives by MPI.
//!
//! Only the thread that made the transport may use it (`MPI_THREAD_FUNNELED`). A program that was not started by an MPI
//! launcher is one rank, and MPI is left alone: that saves it half a second, and it runs where no MPI daemon may.

use super::alarm::Alarm;
use crate::error::Error;
use crate::host::environment::host;
use crate::host::signals;
use mpi::Threading;
use mpi::environment::Universe;
use mpi::ffi;
use mpi::raw::AsRaw;
use mpi::topology::{Communicator, SimpleCommunicator};
use std::collections::HashMap;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::os::raw::c_int;
use std::sync::Arc;
use std::time::Duration;

/// How often a rank that leaves looks whether it may.
const POLL: Duration = Duration::from_micros(100);
/// How long ranks let MPI be before they leave, if they have to.
const REST: Duration = Duration::from_millis(50);

/// What a message is about; MPI's tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Tag {
    /// An order or a report.
    Control = 1,
    /// A piece of an output on its way up the tree.
    Piece = 2,
    /// The last piece.
    LastPiece = 3,
    /// A signal has come. Never handed out: [`Transport::try_receive`] makes an error of it.
    Interrupt = 4,
}

impl Tag {
    /// Added to the tag of all parts of a message but the last: MPI counts bytes in an `int`.
    const MORE: c_int = 16;
    const PART: usize = 1 << 30;

    fn from_raw(raw: c_int) -> Option<Self> {
        [Self::Control, Self::Piece, Self::LastPiece, Self::Interrupt]
            .into_iter()
            .find(|tag| *tag as c_int == raw)
    }
}

/// A message that has arrived.
#[derive(Debug)]
pub(crate) struct Message {
    pub from: usize,
    pub tag: Tag,
    pub bytes: Vec<u8>,
}

struct Sending {
    request: ffi::MPI_Request,
    to: usize,
    /// What MPI reads until the request is complete. Never touched in between.
    _bytes: Vec<u8>,
}

/// A message that has begun to arrive.
struct Receiving {
    request: ffi::MPI_Request,
    /// What MPI writes until the request is complete: so long, it counts as empty.
    bytes: Vec<u8>,
    length: usize,
    from: usize,
    tag: c_int,
}

/// This rank's end of all connections.
pub(crate) struct Transport {
    world: Option<(SimpleCommunicator, Universe)>,
    rank: usize,
    size: usize,
    sending: Vec<Sending>,
    receiving: Option<Receiving>,
    /// The parts so far of messages longer than MPI can send at once.
    parts: HashMap<usize, Vec<u8>>,
    bytes_in: u64,
    bytes_out: u64,
    alarm: Arc<Alarm>,
    /// The hosts of all ranks, on rank 0.
    hosts: Vec<String>,
    /// This rank knows that the job ends.
    alarmed: bool,
    /// MPI belongs to one thread.
    _not_send: PhantomData<*const ()>,
}

impl Transport {
    /// Joins the job that this process was started for.
    pub(crate) fn new() -> Result<Self, Error> {
        let world = if crate::host::launcher::is_launched() {
            crate::host::launcher::end_with_daemon();
            let (universe, threading) = mpi::initialize_with_threading(Threading::Funneled).ok_or_else(|| {
                Error::Mpi("it has been initialised before: make one WorkManager, and use it for everything".into())
            })?;
            if threading < Threading::Funneled {
                return Err(Error::Mpi(format!(
                    "this library offers thread support {threading:?}, but MPI_THREAD_FUNNELED is needed: use one built with threads"
                )));
            }
            Some((universe.world(), universe))
        } else {
            None
        };
        let (rank, size) = match &world {
            Some((world, _)) => (world.rank() as usize, world.size() as usize),
            None => (0, 1),
        };
        crate::host::launcher::check_size(size)?;
        if let Some((world, _)) = &world {
            // SAFETY: a predefined handler is given to a communicator that is alive.
            unsafe { ffi::MPI_Comm_set_errhandler(world.as_raw(), ffi::RSMPI_ERRORS_RETURN) };
        }
        let mut transport = Self::aside(rank, size);
        transport.world = world;
        Ok(transport)
    }

    /// That of a process which belongs to a rank, and has no part in its connections.
    pub(crate) fn aside(rank: usize, size: usize) -> Self {
        Self {
            world: None,
            rank,
            size,
            sending: Vec::new(),
            receiving: None,
            parts: HashMap::new(),
            bytes_in: 0,
            bytes_out: 0,
            alarm: Arc::default(),
            hosts: Vec::new(),
            alarmed: false,
            _not_send: PhantomData,
        }
    }

    pub(crate) fn rank(&self) -> usize {
        self.rank
    }

    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Where other threads of this rank say why the job has to end: [`try_receive`](Self::try_receive) passes it on.
    pub(crate) fn alarm(&self) -> Arc<Alarm> {
        self.alarm.clone()
    }

    /// So that errors can name them.
    pub(crate) fn know_hosts(&mut self, hosts: &[String]) {
        self.hosts = hosts.to_vec();
    }

    /// What a function of MPI has returned. If that is an error, whoever it had to do with is probably gone: rank 0 ends the
    /// job, any other rank ends at once, and all others with it.
    fn is_well(&self, code: c_int, doing: &str, other: Option<usize>) -> bool {
        if code == ffi::MPI_SUCCESS as c_int {
            return true;
        }
        let other = match other.map(|rank| (rank, self.hosts.get(rank))) {
            Some((rank, Some(host))) => format!(" rank {rank} ({host})"),
            Some((rank, None)) => format!(" rank {rank}"),
            None => " other ranks".into(),
        };
        let error = Error::Mpi(format!(
            "cannot {doing}{other}: {}. That process or its host may be gone. The job was stopped",
            error_text(code)
        ));
        if self.rank == 0 {
            self.alarm.raise(error);
        } else if !self.alarmed {
            eprintln!("Error: rank {} ({}): {error}", self.rank, host());
            self.abort(1);
        }
        false
    }

    /// Bytes received and sent since this was last asked.
    pub(crate) fn take_traffic(&mut self) -> (u64, u64) {
        (std::mem::take(&mut self.bytes_in), std::mem::take(&mut self.bytes_out))
    }

    /// Sends a message; returns at once. Messages between the same two ranks arrive in the order they were sent.
    pub(crate) fn send(&mut self, to: usize, tag: Tag, mut bytes: Vec<u8>) {
        self.bytes_out += bytes.len() as u64;
        while bytes.len() > Tag::PART {
            let rest = bytes.split_off(Tag::PART);
            self.send_part(to, tag as c_int + Tag::MORE, bytes);
            bytes = rest;
        }
        self.send_part(to, tag as c_int, bytes);
    }

    fn send_part(&mut self, to: usize, tag: c_int, bytes: Vec<u8>) {
        let Some((world, _)) = &self.world else {
            unreachable!("a lone rank has nobody to send to");
        };
        let mut request = MaybeUninit::uninit();
        // SAFETY: the bytes live on the heap and stay where they are, unchanged, in `sending` until MPI_Test says that
        // the request is complete; the transport is never dropped with requests pending (see Drop). The length fits:
        // parts are at most 2^30.
        let code = unsafe {
            ffi::MPI_Isend(
                bytes.as_ptr().cast(),
                bytes.len() as c_int,
                ffi::RSMPI_UINT8_T,
                to as c_int,
                tag,
                world.as_raw(),
                request.as_mut_ptr(),
            )
        };
        if self.is_well(code, "send to", Some(to)) {
            // SAFETY: MPI has made the request, as it says.
            let request = unsafe { request.assume_init() };
            self.sending.push(Sending {
                request,
                to,
                _bytes: bytes,
            });
        }
    }

    /// Whether something sent is still on its way.
    pub(crate) fn is_sending(&mut self) -> bool {
        let mut failed = None;
        self.sending.retain_mut(|sending| {
            let mut complete: c_int = 0;
            // SAFETY: the request came from MPI_Isend and has not completed before, or it would have been removed.
            let code = unsafe { ffi::MPI_Test(&mut sending.request, &mut complete, ffi::RSMPI_STATUS_IGNORE) };
            if code != ffi::MPI_SUCCESS as c_int {
                failed = Some((code, sending.to));
                return false;
            }
            complete == 0
        });
        if let Some((code, to)) = failed {
            self.is_well(code, "send to", Some(to));
        }
        !self.sending.is_empty()
    }

    /// How many messages are still on their way.
    pub(crate) fn sends_pending(&mut self) -> usize {
        self.is_sending();
        self.sending.len()
    }

    /// Fails, on rank 0 and once, if there is news that ends the job.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        if let Some(signal) = signals::take() {
            self.interrupted(signal, self.rank, host())?;
        }
        match self.alarm.take() {
            Some(error) if !std::mem::replace(&mut self.alarmed, true) => Err(error),
            _ => Ok(()),
        }
    }

    /// The job ends, and needs no further reasons to.
    pub(crate) fn end(&mut self) {
        self.alarmed = true;
    }

    /// A signal has come to a rank: rank 0 is told, who ends the job.
    fn interrupted(&mut self, signal: u8, rank: usize, host: String) -> Result<(), Error> {
        if std::mem::replace(&mut self.alarmed, true) {
            return Ok(());
        }
        if self.rank == 0 {
            return Err(signals::error(signal, rank, host));
        }
        let mut bytes = vec![signal];
        bytes.extend_from_slice(host.as_bytes());
        self.send(0, Tag::Interrupt, bytes);
        Ok(())
    }

    /// The next message, if one has arrived. On rank 0, an error if the job has to end for a reason that came from
    /// outside; once, so that what ends it can receive.
    pub(crate) fn try_receive(&mut self) -> Result<Option<Message>, Error> {
        self.check()?;
        loop {
            if self.receiving.is_none() {
                self.receiving = self.begin_to_receive();
            }
            let Some(Receiving { from, tag, bytes, .. }) = self.complete()? else {
                return Ok(None);
            };
            self.bytes_in += bytes.len() as u64;
            if tag > Tag::MORE {
                self.parts.entry(from).or_default().extend_from_slice(&bytes);
                continue;
            }
            let bytes = match self.parts.remove(&from) {
                Some(mut parts) => {
                    parts.extend_from_slice(&bytes);
                    parts
                }
                None => bytes,
            };
            let tag = Tag::from_raw(tag)
                .ok_or_else(|| Error::Mpi(format!("rank {from} sent a message with the unknown tag {tag}")))?;
            if tag == Tag::Interrupt {
                if let [signal, host @ ..] = bytes.as_slice() {
                    self.interrupted(*signal, from, String::from_utf8_lossy(host).into_owned())?;
                }
                continue;
            }
            return Ok(Some(Message { from, tag, bytes }));
        }
    }

    /// Begins to receive the next message, if one has arrived or is about to.
    fn begin_to_receive(&self) -> Option<Receiving> {
        let (world, _) = self.world.as_ref()?;
        let mut found: c_int = 0;
        let mut message = MaybeUninit::uninit();
        let mut status = MaybeUninit::uninit();
        // SAFETY: MPI fills `message` and `status` if and only if it sets `found`.
        let (mut message, status) = unsafe {
            let code = ffi::MPI_Improbe(
                ffi::RSMPI_ANY_SOURCE,
                ffi::RSMPI_ANY_TAG,
                world.as_raw(),
                &mut found,
                message.as_mut_ptr(),
                status.as_mut_ptr(),
            );
            if !self.is_well(code, "hear of", None) || found == 0 {
                return None;
            }
            (message.assume_init(), status.assume_init())
        };
        let from = status.MPI_SOURCE as usize;
        let mut length: c_int = 0;
        let mut request = MaybeUninit::uninit();
        // SAFETY: `status` belongs to the matched message; the buffer has room for its length, lives on the heap, and
        // stays where it is, untouched, in `receiving` until MPI_Test says that the request is complete.
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
            if !self.is_well(code, "receive from", Some(from)) {
                return None;
            }
            (bytes, request.assume_init())
        };
        Some(Receiving {
            request,
            bytes,
            length: length as usize,
            from,
            tag: status.MPI_TAG,
        })
    }

    /// What is being received, when all of it is there. The sender of a large message may be lost before its end: nobody
    /// waits for it any more when the job has to end.
    fn complete(&mut self) -> Result<Option<Receiving>, Error> {
        loop {
            let Some(receiving) = &mut self.receiving else {
                return Ok(None);
            };
            let mut complete: c_int = 0;
            // SAFETY: the request came from MPI_Imrecv and has not completed before, or it would have been taken.
            let code = unsafe { ffi::MPI_Test(&mut receiving.request, &mut complete, ffi::RSMPI_STATUS_IGNORE) };
            let from = receiving.from;
            if !self.is_well(code, "receive from", Some(from)) {
                // Nobody knows whether MPI still writes there.
                std::mem::forget(self.receiving.take());
                return Ok(None);
            }
            if let Some(receiving) = self.receiving.as_mut().filter(|_| complete != 0) {
                // SAFETY: MPI has written all of the buffer, which has room for so many bytes.
                unsafe { receiving.bytes.set_len(receiving.length) };
                return Ok(self.receiving.take());
            }
            if self.alarmed {
                return Ok(None);
            }
            self.check()?;
        }
    }

    /// ZygoteEnds the whole job at once, when asking nicely has failed.
    pub(crate) fn abort(&self, status: i32) -> ! {
        if let Some((world, _)) = &self.world {
            world.abort(status);
        }
        std::process::exit(status)
    }
}

impl Transport {
    /// Leaves the job, together with all other ranks.
    pub(crate) fn finalize(&mut self) {
        self.alarm.leave();
        while self.is_sending() {
            // What nobody will receive must not be freed under MPI's hands: the other side takes everything before it
            // says goodbye.
            let _ = self.try_receive();
            std::thread::sleep(POLL);
        }
        if self.size > 1 && crate::host::launcher::needs_rest() {
            self.come_to_rest();
        }
        self.world = None;
    }
}

impl Transport {
    /// RankUsage until all ranks are here, and then lets MPI be for a moment.
    fn come_to_rest(&self) {
        self.meet();
        std::thread::sleep(REST);
    }

    /// RankUsage for all ranks to be here.
    fn meet(&self) {
        let Some((world, _)) = &self.world else { return };
        let mut request = MaybeUninit::uninit();
        let mut complete: c_int = 0;
        // SAFETY: the request is that of MPI_Ibarrier, and is not used any more once it is complete.
        unsafe {
            if ffi::MPI_Ibarrier(world.as_raw(), request.as_mut_ptr()) != ffi::MPI_SUCCESS as c_int {
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
}

/// What MPI says of an error, in one line.
fn error_text(code: c_int) -> String {
    let mut text = [0u8; ffi::MPI_MAX_ERROR_STRING as usize + 1];
    let mut length: c_int = 0;
    // SAFETY: MPI writes at most as many bytes as it promises to, and there is one more for the zero.
    unsafe { ffi::MPI_Error_string(code, text.as_mut_ptr().cast(), &mut length) };
    let text = &text[..usize::try_from(length).unwrap_or(0).min(text.len())];
    let lines: Vec<_> = String::from_utf8_lossy(text)
        .lines()
        .map(|line| line.trim().to_string())
        .collect();
    lines.join(" ")
}

impl Drop for Transport {
    fn drop(&mut self) {
        self.finalize();
    }
}
