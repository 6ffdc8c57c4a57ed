//! The rank's view of its zygote, from before MPI is initialised until the end of the job.

use super::channel::{ChildChannel, RankChannel, receive_socket, socket_connection};
use super::current_items::CurrentItems;
use super::messages::{ZygoteOrder, ZygoteReport};
use super::process::{How, ends_within, fork_bound, kill_and_wait, name, open_many_files, wait};
use super::reply_buffers::ReplyBuffers;
use super::zygote::{ChildSettings, Zygote, ZygoteChannels};
use crate::error::Error;
use crate::farm::protocol::Payload;
use crate::host::affinity;
use crate::host::environment::Environment;
use crate::job::options::Options;
use nix::unistd::{Pid, dup2_stdin};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// A rank's zygote.
pub(crate) struct ZygoteHandle {
    pid: Pid,
    channel: RankChannel,
    sockets: OwnedFd,
    pub(super) current_items: CurrentItems,
    pub(super) reply_buffers: ReplyBuffers,
    /// Whether the zygote has exited and its exit status has been collected.
    reaped: bool,
}

/// How long a zygote may take to exit on its own.
const PATIENCE: Duration = Duration::from_secs(5);

/// The process in which [`ZygoteHandle::fork`] returned.
pub(crate) enum Forked {
    Rank(ZygoteHandle),
    /// `None` if the rank ended before the job began.
    Zygote(io::Result<Option<Zygote>>),
}

impl ZygoteHandle {
    /// Forks this rank's zygote; returns in both processes.
    ///
    /// # Errors
    /// If the process cannot be created.
    pub(crate) fn fork(options: &Options) -> Result<Forked, Error> {
        Self::try_fork(options).map_err(|error| {
            Error::Fork(format!(
                "cannot fork: {error}. Without --workers the job needs no such process"
            ))
        })
    }

    fn try_fork(options: &Options) -> io::Result<Forked> {
        open_many_files();
        let settings = ChildSettings {
            current_items: CurrentItems::new(options.workers)?,
            reply_buffers: ReplyBuffers::new(options.workers)?,
            workers: options.workers,
            memory: options.worker_memory,
        };
        let (rank_end, zygote_end) = UnixStream::pair()?;
        let (sockets_in, sockets_out) = socket_connection()?;
        // The rank determines the processors, because the zygote's parent is not the launcher.
        let processors = affinity::for_workers(options.workers);
        if let Some(pid) = fork_bound()? {
            return Ok(Forked::Rank(Self {
                pid,
                channel: RankChannel::new(rank_end)?,
                sockets: sockets_in,
                current_items: settings.current_items,
                reply_buffers: settings.reply_buffers,
                reaped: false,
            }));
        }
        drop((rank_end, sockets_in));
        name(c"gaudi:zygote");
        // Only the rank may read from standard input.
        if let Ok(nothing) = File::open("/dev/null") {
            let _ = dup2_stdin(nothing);
        }
        if let Some(processors) = processors {
            affinity::bind(&processors);
        }
        let channels = ZygoteChannels {
            orders: ChildChannel::new(zygote_end),
            sockets: sockets_out,
        };
        Ok(Forked::Zygote(Zygote::new(channels, settings)))
    }

    /// Tells the zygote which rank it belongs to, and which parts of rank 0's environment this rank has taken over.
    pub(crate) fn join(&mut self, rank: usize, size: usize, environment: Option<Environment>) -> Result<(), Error> {
        let order = ZygoteOrder::Join {
            rank,
            size,
            environment,
        };
        self.order(&order, Vec::new())
            .map_err(|error| Error::Fork(format!("the process that forks the workers cannot be reached: {error}")))
    }

    pub(super) fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    pub(super) fn channel(&self) -> &RankChannel {
        &self.channel
    }

    pub(super) fn order(&mut self, order: &ZygoteOrder, payload: Vec<u8>) -> io::Result<()> {
        self.channel.send(order, payload)
    }

    pub(super) fn flush(&mut self) {
        self.channel.flush();
    }

    pub(super) fn receive(&mut self) -> io::Result<Option<(ZygoteReport, Payload)>> {
        self.channel.receive()
    }

    /// Receives the socket of a child reported by the zygote.
    pub(super) fn receive_socket(&self) -> io::Result<UnixStream> {
        receive_socket(&self.sockets)
    }

    /// Waits briefly for the zygote to exit, then kills it if necessary. Returns how the zygote ended, phrased as the
    /// end of a sentence.
    pub(super) fn end(&mut self) -> String {
        if std::mem::replace(&mut self.reaped, true) {
            return "has ended".into();
        }
        // The zygote's own exit status is more informative than that of a killed process, so the zygote is given some
        // time to exit on its own.
        let ended = if ends_within(self.pid, Duration::from_millis(200)) {
            wait(self.pid)
        } else {
            kill_and_wait(self.pid)
        };
        match ended {
            Ok(ended) if ended.how == How::Status(0) => {
                "has left the job: every process has to make the same calls, so look for a call that depends on the rank"
                    .into()
            }
            Ok(ended) => ended.to_string(),
            Err(error) => format!("has ended, and its status is unknown: {error}"),
        }
    }

    /// Kills the zygote and, with it, all its children.
    pub(super) fn kill(&mut self) {
        if !std::mem::replace(&mut self.reaped, true) {
            let _ = kill_and_wait(self.pid);
        }
    }
}

impl Drop for ZygoteHandle {
    fn drop(&mut self) {
        if self.reaped {
            return;
        }
        // The zygote exits when its channel is closed.
        self.channel.close();
        if ends_within(self.pid, PATIENCE) {
            let _ = wait(self.pid);
        } else {
            let _ = kill_and_wait(self.pid);
        }
    }
}
