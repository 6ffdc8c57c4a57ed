//! Non-blocking messages between a job's ranks, and the external reasons to end the job: a signal, a lost rank or an
//! MPI error.
//!
//! A program that was not started by an MPI launcher is a single rank and does not initialise MPI. This saves half a
//! second, and lets the program run where MPI daemons are not allowed.

use super::alarm::Alarm;
use super::mpi_calls::{CallError, Mpi};
use crate::error::Error;
use crate::host::hostname::hostname;
use crate::host::{launcher, signals};
use std::collections::HashMap;
use std::os::raw::c_int;
use std::sync::Arc;
use std::time::Duration;

/// Time between polls while a rank is leaving the job.
const POLL: Duration = Duration::from_micros(100);
/// How long ranks pause their MPI calls before they leave the job, with MPI libraries that need this pause.
const REST: Duration = Duration::from_millis(50);

/// Keeping up to this many sent messages in memory costs little.
const FREE_AT_LEAST: usize = 8;

/// The kind of a message, sent as MPI's tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Tag {
    /// An order or a report.
    Control = 1,
    /// A piece of an output that is sent up the tree.
    Piece = 2,
    /// The last piece of an output.
    LastPiece = 3,
    /// A signal reached the rank. Never returned to the caller: [`Transport::try_receive`] turns it into an error.
    Signal = 4,
}

impl Tag {
    /// Added to the tag of all parts of a message but the last: MPI counts bytes in an `int`.
    const MORE: c_int = 16;
    const PART: usize = 1 << 30;

    fn from_raw(raw: c_int) -> Option<Self> {
        [Self::Control, Self::Piece, Self::LastPiece, Self::Signal]
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

/// This rank's connections to all others.
pub(crate) struct Transport {
    /// `None` for a program started without a launcher.
    mpi: Option<Mpi>,
    rank: usize,
    size: usize,
    /// For each sender, the parts received so far of a message that is too long for a single MPI send.
    parts: HashMap<usize, Vec<u8>>,
    /// Once this many messages are under way, those that have arrived are freed, because a rank that is always busy
    /// does not check for them anywhere else.
    free_at: usize,
    bytes_in: u64,
    bytes_out: u64,
    alarm: Arc<Alarm>,
    /// The hosts of all ranks, on rank 0.
    hosts: Vec<String>,
    /// Whether this rank knows that the job is ending.
    ending: bool,
}

impl Transport {
    /// Joins the job that this process was started for.
    ///
    /// # Errors
    /// If MPI cannot be initialised, or the launcher started more processes than MPI connects.
    pub(crate) fn new() -> Result<Self, Error> {
        let mpi = if launcher::is_launched() {
            launcher::end_with_daemon();
            Some(Mpi::initialize()?)
        } else {
            None
        };
        let (rank, size) = mpi.as_ref().map_or((0, 1), |mpi| (mpi.rank(), mpi.size()));
        launcher::check_size(size)?;
        Ok(Self {
            mpi,
            rank,
            size,
            parts: HashMap::new(),
            free_at: FREE_AT_LEAST,
            bytes_in: 0,
            bytes_out: 0,
            alarm: Arc::default(),
            hosts: Vec::new(),
            ending: false,
        })
    }

    pub(crate) fn rank(&self) -> usize {
        self.rank
    }

    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Returns the alarm through which other threads of this rank report a reason to end the job.
    pub(crate) fn alarm(&self) -> Arc<Alarm> {
        self.alarm.clone()
    }

    /// Sets the hosts of all ranks, for error messages.
    pub(crate) fn set_hosts(&mut self, hosts: &[String]) {
        self.hosts = hosts.to_vec();
    }

    /// Turns an MPI error into `None` and a reason to end the job, because the other rank is probably gone. Rank 0 ends
    /// the job cleanly; any other rank aborts it.
    fn checked<T>(&self, result: Result<T, CallError>) -> Option<T> {
        let CallError { action, other, message } = match result {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        let other = match other.map(|rank| (rank, self.hosts.get(rank))) {
            Some((rank, Some(host))) => format!("rank {rank} ({host})"),
            Some((rank, None)) => format!("rank {rank}"),
            None => "other ranks".into(),
        };
        let error = Error::Mpi(format!(
            "cannot {action} {other}: {message}. That process or its host may be gone. The job was stopped"
        ));
        if self.rank == 0 {
            self.alarm.raise(error);
        } else if !self.ending {
            eprintln!("Error: rank {} ({}): {error}", self.rank, hostname());
            self.abort(1);
        }
        None
    }

    /// Returns the bytes received and sent since the last call.
    pub(crate) fn take_traffic(&mut self) -> (u64, u64) {
        (std::mem::take(&mut self.bytes_in), std::mem::take(&mut self.bytes_out))
    }

    /// Starts sending a message and returns immediately. Messages between the same two ranks arrive in the order in
    /// which they were sent.
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
        if self.mpi.as_ref().is_some_and(|mpi| mpi.sends() >= self.free_at) {
            self.free_at = 2 * self.sends_pending() + FREE_AT_LEAST;
        }
        let Some(mpi) = &mut self.mpi else {
            unreachable!("a single rank has nobody to send to");
        };
        let sent = mpi.send(to, tag, bytes);
        self.checked(sent);
    }

    /// Returns the number of messages that are still under way.
    pub(crate) fn sends_pending(&mut self) -> usize {
        let Some(mpi) = &mut self.mpi else { return 0 };
        let pending = mpi.sends_pending();
        match self.checked(pending) {
            Some(pending) => pending,
            // The failed message is forgotten; others may still be under way.
            None => self.sends_pending(),
        }
    }

    /// Returns whether any message is still under way.
    pub(crate) fn is_sending(&mut self) -> bool {
        self.sends_pending() > 0
    }

    /// Fails if there is an external reason to end the job. This happens only on rank 0 and only once, so that the code
    /// that ends the job can still receive messages.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        if let Some(signal) = signals::take() {
            self.interrupted(signal, self.rank, hostname())?;
        }
        match self.alarm.take() {
            Some(error) if !std::mem::replace(&mut self.ending, true) => Err(error),
            _ => Ok(()),
        }
    }

    /// Records that the job is ending: any further reasons to end it are ignored.
    pub(crate) fn end(&mut self) {
        self.ending = true;
    }

    /// Handles a signal that reached a rank: the rank tells rank 0, which ends the job.
    fn interrupted(&mut self, signal: u8, rank: usize, host: String) -> Result<(), Error> {
        if std::mem::replace(&mut self.ending, true) {
            return Ok(());
        }
        if self.rank == 0 {
            return Err(signals::error(signal, rank, host));
        }
        let mut bytes = vec![signal];
        bytes.extend_from_slice(host.as_bytes());
        self.send(0, Tag::Signal, bytes);
        Ok(())
    }

    /// Returns the next message, if one has arrived. Fails under the same conditions as [`check`](Self::check).
    pub(crate) fn try_receive(&mut self) -> Result<Option<Message>, Error> {
        self.check()?;
        while let Some(mpi) = &mut self.mpi {
            let received = mpi.receive();
            let unfinished = mpi.is_receiving();
            let Some(message) = self.checked(received).flatten() else {
                // The sender may be lost in the middle of a large message, so nobody waits for the rest of the message
                // when the job ends.
                if !unfinished || self.ending {
                    break;
                }
                self.check()?;
                continue;
            };
            let (from, tag, mut bytes) = (message.from, message.tag, message.bytes);
            self.bytes_in += bytes.len() as u64;
            if tag > Tag::MORE {
                self.parts.entry(from).or_default().append(&mut bytes);
                continue;
            }
            if let Some(mut parts) = self.parts.remove(&from) {
                parts.append(&mut bytes);
                bytes = parts;
            }
            let tag = Tag::from_raw(tag)
                .ok_or_else(|| Error::Mpi(format!("rank {from} sent a message with the unknown tag {tag}")))?;
            if tag == Tag::Signal {
                if let [signal, host @ ..] = bytes.as_slice() {
                    self.interrupted(*signal, from, String::from_utf8_lossy(host).into_owned())?;
                }
                continue;
            }
            return Ok(Some(Message { from, tag, bytes }));
        }
        Ok(None)
    }

    /// Aborts all ranks immediately, for a job that cannot be ended cleanly.
    pub(crate) fn abort(&self, status: i32) -> ! {
        if let Some(mpi) = &self.mpi {
            launcher::await_output();
            mpi.abort(status);
        }
        std::process::exit(status)
    }

    /// Leaves the job, together with all other ranks. Later calls do nothing.
    pub(crate) fn leave(&mut self) {
        self.alarm.leave();
        while self.is_sending() {
            // MPI reads a message's bytes until the message is received, so the other side receives everything before
            // it leaves the job.
            let _ = self.try_receive();
            std::thread::sleep(POLL);
        }
        if let Some(mpi) = &self.mpi
            && self.size > 1
            && launcher::needs_rest()
        {
            mpi.await_all();
            std::thread::sleep(REST);
        }
        self.mpi = None;
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        self.leave();
    }
}
