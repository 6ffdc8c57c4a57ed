//! Shared memory through which workers hand replies to their rank. For a megabyte of replies, this is several times
//! faster than a socket, which makes two more copies and allocates memory piece by piece.
//!
//! A worker puts replies into one of its free buffers and announces them in a message. The rank then takes them out.
//! Replies that a worker had not announced when it died are discarded.

use super::shared_memory::zeros;
use serde::{Deserialize, Serialize};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

/// The number of buffers per worker.
const BUFFERS: usize = 2;
/// Buffer size in bytes: the reply size that batches aim for, plus some headroom.
const SIZE: usize = (1 << 20) + (1 << 17);
/// Replies with fewer bytes are sent just as fast through the socket.
const LEAST: usize = 16 << 10;

/// The location of replies in shared memory.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct BufferedReplies {
    buffer: usize,
    length: usize,
}

/// The buffers of all workers of a rank.
#[derive(Clone, Copy)]
pub(super) struct ReplyBuffers {
    workers: &'static [Worker],
}

#[repr(C, align(4096))]
struct Worker {
    full: [AtomicBool; BUFFERS],
    bytes: [Bytes; BUFFERS],
}

#[repr(C, align(4096))]
struct Bytes(std::cell::UnsafeCell<[u8; SIZE]>);

// SAFETY: a buffer's flag decides who may use its bytes: the worker while the buffer is not full, the rank while it is
// full.
unsafe impl Sync for Bytes {}

impl ReplyBuffers {
    /// Allocates the workers' buffers, shared with processes forked from now on. Pages take up memory only once they
    /// are used.
    pub(super) fn new(workers: usize) -> io::Result<Self> {
        // SAFETY: zero flags mean empty buffers, whose bytes may have any value; see also `Bytes`.
        let workers = unsafe { zeros(workers)? };
        Ok(Self { workers })
    }

    /// In a worker: puts replies into a buffer, if this is worthwhile and a buffer is free.
    pub(super) fn put(&self, worker: usize, replies: &[u8]) -> Option<BufferedReplies> {
        if !(LEAST..=SIZE).contains(&replies.len()) {
            return None;
        }
        let Worker { full, bytes } = &self.workers[worker];
        let buffer = full.iter().position(|full| !full.load(Ordering::Acquire))?;
        // SAFETY: the buffer is not full, so only its worker uses it. The length has been checked.
        unsafe {
            let start = bytes[buffer].0.get().cast::<u8>();
            std::ptr::copy_nonoverlapping(replies.as_ptr(), start, replies.len());
        }
        full[buffer].store(true, Ordering::Release);
        Some(BufferedReplies {
            buffer,
            length: replies.len(),
        })
    }

    /// In the rank: takes replies out of a buffer. Returns `None` if the buffer holds no replies.
    pub(super) fn take(&self, worker: usize, BufferedReplies { buffer, length }: BufferedReplies) -> Option<Vec<u8>> {
        let Worker { full, bytes } = self.workers.get(worker)?;
        if length > SIZE || !full.get(buffer)?.load(Ordering::Acquire) {
            return None;
        }
        let mut replies = Vec::with_capacity(length);
        // SAFETY: the buffer is full, so its worker does not use it. The vector has room for all of the buffer's bytes,
        // which are all copied.
        unsafe {
            let start = bytes[buffer].0.get().cast::<u8>();
            std::ptr::copy_nonoverlapping(start, replies.as_mut_ptr(), length);
            replies.set_len(length);
        }
        full[buffer].store(false, Ordering::Release);
        Some(replies)
    }

    /// In the rank: discards the replies of a worker that has died.
    pub(super) fn clear(&self, worker: usize) {
        for full in &self.workers[worker].full {
            full.store(false, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_come_out_as_they_went_in() {
        let buffers = ReplyBuffers::new(3).unwrap();
        let replies = |start: u8, length: usize| -> Vec<u8> { (0..length).map(|at| start ^ at as u8).collect() };
        assert!(buffers.put(1, &replies(0, LEAST - 1)).is_none());
        assert!(buffers.put(1, &replies(0, SIZE + 1)).is_none());
        let (first, second) = (replies(1, LEAST), replies(2, SIZE));
        let places = [&first, &second].map(|replies| buffers.put(1, replies).unwrap());
        assert!(buffers.put(1, &first).is_none(), "there is no third buffer");
        assert!(buffers.put(2, &first).is_some(), "but another worker has its own");
        assert_eq!(buffers.take(1, places[1]), Some(second));
        assert_eq!(buffers.take(1, places[1]), None);
        assert_eq!(buffers.take(0, places[0]), None);
        buffers.clear(1);
        assert_eq!(buffers.take(1, places[0]), None);
    }
}
