//! Messages over a pair of Unix sockets: an eight-byte length, then a message encoded by
//! [`pack`](crate::farm::protocol::pack).
//!
//! The rank's ends never block: bytes that cannot be written yet are queued. The children's ends block.

use crate::farm::protocol::{Payload, unpack};
use crate::wire;
use nix::cmsg_space;
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, recvmsg, sendmsg, socketpair,
};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

const LENGTH: usize = size_of::<u64>();

/// Encodes a message's length and header.
fn front<H: Serialize>(header: &H, payload: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; LENGTH];
    wire::encode_onto(header, &mut bytes).map_err(io::Error::other)?;
    let length = (bytes.len() - LENGTH + payload) as u64;
    bytes[..LENGTH].copy_from_slice(&length.to_le_bytes());
    Ok(bytes)
}

/// A child's end of a channel.
pub(super) struct ChildChannel {
    stream: UnixStream,
}

impl ChildChannel {
    pub(super) fn new(stream: UnixStream) -> Self {
        Self { stream }
    }

    pub(super) fn send<H: Serialize>(&mut self, header: &H, payload: &[u8]) -> io::Result<()> {
        self.stream.write_all(&front(header, payload.len())?)?;
        self.stream.write_all(payload)
    }

    /// Waits for the next message. Returns `None` if the other end is closed.
    pub(super) fn receive<H: DeserializeOwned>(&mut self) -> io::Result<Option<(H, Payload)>> {
        let mut length = [0; LENGTH];
        match self.stream.read_exact(&mut length) {
            Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => {
                return Ok(None);
            }
            other => other?,
        }
        let length = u64::from_le_bytes(length);
        let mut bytes = Vec::with_capacity(length as usize);
        if (&self.stream).take(length).read_to_end(&mut bytes)? < length as usize {
            return Ok(None);
        }
        unpack(bytes).map(Some).map_err(io::Error::other)
    }
}

/// The rank's end of a channel.
pub(super) struct RankChannel {
    stream: UnixStream,
    /// Buffers still to be written.
    outgoing: VecDeque<Vec<u8>>,
    /// Number of bytes already written from the first buffer.
    written: usize,
    /// Number of bytes not yet written.
    pending: usize,
    incoming: Incoming,
    /// Whether the other end is closed.
    closed: bool,
}

enum Incoming {
    Length([u8; LENGTH], usize),
    Message(Vec<u8>, usize),
}

impl Incoming {
    const NOTHING: Self = Incoming::Length([0; LENGTH], 0);
}

impl RankChannel {
    pub(super) fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            outgoing: VecDeque::new(),
            written: 0,
            pending: 0,
            incoming: Incoming::NOTHING,
            closed: false,
        })
    }

    /// Returns whether the other end is closed.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Closes this end: nothing more is sent or received.
    pub(super) fn close(&mut self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
        self.closed = true;
    }

    /// Returns the number of bytes not yet written.
    pub(super) fn pending(&self) -> usize {
        self.pending
    }

    /// Queues a message, and writes as much as possible.
    pub(super) fn send<H: Serialize>(&mut self, header: &H, payload: Vec<u8>) -> io::Result<()> {
        let front = front(header, payload.len())?;
        for bytes in [front, payload] {
            if !bytes.is_empty() {
                self.pending += bytes.len();
                self.outgoing.push_back(bytes);
            }
        }
        self.flush();
        Ok(())
    }

    /// Writes as much as possible without blocking.
    pub(super) fn flush(&mut self) {
        while let Some(bytes) = self.outgoing.front()
            && !self.closed
        {
            match self.stream.write(&bytes[self.written..]) {
                Ok(length) => {
                    self.written += length;
                    self.pending -= length;
                    if self.written == bytes.len() {
                        self.outgoing.pop_front();
                        self.written = 0;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Messages that the other end sent before it closed can still be read.
                Err(_) => {
                    self.outgoing.clear();
                    (self.written, self.pending) = (0, 0);
                    return;
                }
            }
        }
    }

    /// Returns the next message, if it has arrived completely.
    pub(super) fn receive<H: DeserializeOwned>(&mut self) -> io::Result<Option<(H, Payload)>> {
        while !self.closed {
            let read = match &mut self.incoming {
                Incoming::Length(bytes, filled) => self.stream.read(&mut bytes[*filled..]),
                Incoming::Message(bytes, filled) => self.stream.read(&mut bytes[*filled..]),
            };
            let length = match read {
                Ok(0) => {
                    self.closed = true;
                    break;
                }
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => {
                    self.closed = true;
                    break;
                }
            };
            match &mut self.incoming {
                Incoming::Length(bytes, filled) => {
                    *filled += length;
                    if *filled == LENGTH {
                        let length = u64::from_le_bytes(*bytes) as usize;
                        let mut bytes = Vec::new();
                        if bytes.try_reserve_exact(length).is_err() {
                            // The length is garbled, so the rest of the stream cannot be decoded.
                            self.closed = true;
                            break;
                        }
                        bytes.resize(length, 0);
                        self.incoming = Incoming::Message(bytes, 0);
                    }
                }
                Incoming::Message(bytes, filled) => {
                    *filled += length;
                    if *filled == bytes.len() {
                        let bytes = std::mem::take(bytes);
                        self.incoming = Incoming::NOTHING;
                        return unpack(bytes).map(Some).map_err(io::Error::other);
                    }
                }
            }
        }
        Ok(None)
    }
}

impl AsFd for RankChannel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// Opens a connection over which one process sends sockets to another.
pub(super) fn socket_connection() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(
        AddressFamily::Unix,
        SockType::SeqPacket,
        None,
        SockFlag::SOCK_CLOEXEC,
    )?)
}

/// Sends a socket.
pub(super) fn send_socket(connection: &OwnedFd, socket: &UnixStream) -> io::Result<()> {
    let sockets = [socket.as_raw_fd()];
    sendmsg::<()>(
        connection.as_raw_fd(),
        &[IoSlice::new(&[0])],
        &[ControlMessage::ScmRights(&sockets)],
        MsgFlags::empty(),
        None,
    )?;
    Ok(())
}

/// Receives a socket sent by [`send_socket`].
pub(super) fn receive_socket(connection: &OwnedFd) -> io::Result<UnixStream> {
    let mut byte = [0];
    let mut parts = [IoSliceMut::new(&mut byte)];
    let mut space = cmsg_space!([std::os::fd::RawFd; 1]);
    let flags = MsgFlags::MSG_CMSG_CLOEXEC | MsgFlags::MSG_DONTWAIT;
    let message = recvmsg::<()>(connection.as_raw_fd(), &mut parts, Some(&mut space), flags)?;
    let too_many = |_| io::Error::other("this process may not open that many files: see ulimit -n");
    for control in message.cmsgs().map_err(too_many)? {
        if let ControlMessageOwned::ScmRights(sockets) = control
            && let [socket] = sockets[..]
        {
            // SAFETY: the system has just created this descriptor for this process, and nothing else owns it.
            return Ok(UnixStream::from(unsafe { OwnedFd::from_raw_fd(socket) }));
        }
    }
    Err(ErrorKind::InvalidData.into())
}
