//! A pool of threads that compress chunks.

use crate::io::filter::Packer;
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use std::thread::{Builder, JoinHandle};

/// The threads that pack chunks.
pub(super) struct PackPool {
    jobs: Option<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

struct Job {
    chunk: Vec<u8>,
    size: usize,
    packed: Sender<Vec<u8>>,
}

/// A chunk that is packed or waiting to be packed.
pub(super) enum Ticket {
    Packed(Vec<u8>),
    Promised(Receiver<Vec<u8>>),
}

impl Ticket {
    /// Waits for the packed chunk. Returns `None` if the thread has died.
    pub(super) fn redeem(self) -> Option<Vec<u8>> {
        match self {
            Ticket::Packed(bytes) => Some(bytes),
            Ticket::Promised(promise) => promise.recv().ok(),
        }
    }
}

impl PackPool {
    /// Starts `threads` threads, but at least one. If `level` is 0, chunks are left uncompressed, and no threads are
    /// started.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub(super) fn new(level: u8, threads: usize) -> std::io::Result<Self> {
        if level == 0 {
            return Ok(Self {
                jobs: None,
                threads: Vec::new(),
            });
        }
        let (jobs, queue) = unbounded::<Job>();
        let start = |_| {
            let queue = queue.clone();
            Builder::new().name("packer".into()).spawn(move || {
                crate::host::affinity::use_all_processors();
                let mut packer = Packer::new(level);
                for Job { chunk, size, packed } in queue {
                    // Sending fails if the file was abandoned; the chunk is then no longer needed.
                    let _ = packed.send(packer.pack(chunk, size));
                }
            })
        };
        let threads = (0..threads.max(1)).map(start).collect::<std::io::Result<_>>()?;
        Ok(Self {
            jobs: Some(jobs),
            threads,
        })
    }

    /// Queues a chunk whose elements are `size` bytes long.
    pub(super) fn pack(&self, chunk: Vec<u8>, size: usize) -> Ticket {
        let Some(jobs) = &self.jobs else {
            return Ticket::Packed(chunk);
        };
        let (packed, promise) = bounded(1);
        let _ = jobs.send(Job { chunk, size, packed });
        Ticket::Promised(promise)
    }

    pub(super) fn threads(&self) -> usize {
        self.threads.len()
    }
}

impl Drop for PackPool {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
