//! Memory that a rank shares with its workers, by which they hand it replies: a megabyte goes several times faster this
//! way than through a socket, which copies it twice more and makes room for it piece by piece.
//!
//! A worker puts replies into a compartment of its own that is free, and then says so in a message. The rank takes them
//! out. What a worker had put there when it died, and not told of, is as if it had never been.

use super::shared_memory::zeros;
use serde::{Deserialize, Serialize};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

/// How many compartments each worker has.
const COMPARTMENTS: usize = 2;
/// Bytes of a compartment: what batches are made for, and a little more.
const SIZE: usize = (1 << 20) + (1 << 17);
/// Fewer bytes are sent as quickly.
const LEAST: usize = 16 << 10;

/// Where replies are.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Place {
    compartment: usize,
    length: usize,
}

/// The compartments of all workers of a rank.
#[derive(Clone, Copy)]
pub(super) struct ReplyBuffers {
    workers: &'static [Worker],
}

#[repr(C, align(4096))]
struct Worker {
    full: [AtomicBool; COMPARTMENTS],
    bytes: [Bytes; COMPARTMENTS],
}

#[repr(C, align(4096))]
struct Bytes(std::cell::UnsafeCell<[u8; SIZE]>);

// SAFETY: who may touch the bytes of a compartment is settled by its flag: the worker while it is not full, the rank
// while it is.
unsafe impl Sync for Bytes {}

impl ReplyBuffers {
    /// For so many workers of processes that are forked from now on. Memory is taken only for what is used.
    pub(super) fn new(workers: usize) -> io::Result<Self> {
        // SAFETY: flags of zero are those of empty compartments, whose bytes may be any; and see `Bytes`.
        let workers = unsafe { zeros(workers)? };
        Ok(Self { workers })
    }

    /// In a worker: puts replies there, if that is worth while and there is room.
    pub(super) fn put(&self, worker: usize, replies: &[u8]) -> Option<Place> {
        if !(LEAST..=SIZE).contains(&replies.len()) {
            return None;
        }
        let Worker { full, bytes } = &self.workers[worker];
        let compartment = full.iter().position(|full| !full.load(Ordering::Acquire))?;
        // SAFETY: the compartment is not full, so that only its worker touches it; the length has been checked.
        unsafe {
            let start = bytes[compartment].0.get().cast::<u8>();
            std::ptr::copy_nonoverlapping(replies.as_ptr(), start, replies.len());
        }
        full[compartment].store(true, Ordering::Release);
        Some(Place {
            compartment,
            length: replies.len(),
        })
    }

    /// In the rank: takes the replies from where they are said to be. None if there are none.
    pub(super) fn take(&self, worker: usize, Place { compartment, length }: Place) -> Option<Vec<u8>> {
        let Worker { full, bytes } = self.workers.get(worker)?;
        if length > SIZE || !full.get(compartment)?.load(Ordering::Acquire) {
            return None;
        }
        let mut replies = Vec::with_capacity(length);
        // SAFETY: the compartment is full, so that its worker does not touch it; the vector has room for its bytes, and
        // gets all of them.
        unsafe {
            let start = bytes[compartment].0.get().cast::<u8>();
            std::ptr::copy_nonoverlapping(start, replies.as_mut_ptr(), length);
            replies.set_len(length);
        }
        full[compartment].store(false, Ordering::Release);
        Some(replies)
    }

    /// In the rank: forgets what a worker had put there, which has died.
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
        let shelf = ReplyBuffers::new(3).unwrap();
        let replies = |start: u8, length: usize| -> Vec<u8> { (0..length).map(|at| start ^ at as u8).collect() };
        assert!(shelf.put(1, &replies(0, LEAST - 1)).is_none());
        assert!(shelf.put(1, &replies(0, SIZE + 1)).is_none());
        let (first, second) = (replies(1, LEAST), replies(2, SIZE));
        let places = [&first, &second].map(|replies| shelf.put(1, replies).unwrap());
        assert!(shelf.put(1, &first).is_none(), "there is no third compartment");
        assert!(shelf.put(2, &first).is_some(), "but another worker has its own");
        assert_eq!(shelf.take(1, places[1]), Some(second));
        assert_eq!(shelf.take(1, places[1]), None);
        assert_eq!(shelf.take(0, places[0]), None);
        shelf.clear(1);
        assert_eq!(shelf.take(1, places[0]), None);
    }
}
