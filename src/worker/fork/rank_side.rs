//! A rank's zygote, as the rank sees it, from before MPI is initialised to the end.

use super::channel::{ChildChannel, RankChannel, handing_over, take_over};
use super::current_items::CurrentItems;
use super::messages::{ZygoteOrder, ZygoteReport};
use super::process::{How, ends_within, fork_bound, name, open_many_files, see_off, wait};
use super::reply_buffers::ReplyBuffers;
use super::zygote::{ChildSettings, Zygote, ZygoteEnds};
use crate::error::Error;
use crate::farm::protocol::Payload;
use crate::host::affinity;
use crate::job::options::Options;
use nix::unistd::{Pid, dup2_stdin};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// A rank's zygote.
pub(crate) struct ZygoteHandle {
    pid: Pid,
    peer: RankChannel,
    sockets: OwnedFd,
    pub(super) roster: CurrentItems,
    pub(super) shelf: ReplyBuffers,
    /// It has been waited for.
    gone: bool,
}

/// How long a zygote may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(5);

/// Which of the two a process has become.
pub(crate) enum Side {
    Rank(ZygoteHandle),
    Zygote(Zygote),
}

impl ZygoteHandle {
    /// Forks this rank's zygote; comes back in both processes.
    pub(crate) fn fork(options: &Options) -> Result<Side, Error> {
        Self::try_fork(options).map_err(|error| {
            Error::Fork(format!(
                "cannot fork: {error}. Without --workers the job needs no such process"
            ))
        })
    }

    fn try_fork(options: &Options) -> io::Result<Side> {
        open_many_files();
        let settings = ChildSettings {
            roster: CurrentItems::new(options.workers)?,
            shelf: ReplyBuffers::new(options.workers)?,
            workers: options.workers,
            memory: options.worker_memory,
        };
        let (rank_end, zygote_end) = UnixStream::pair()?;
        let (sockets_in, sockets_out) = handing_over()?;
        // Asked here, as the zygote's parent is not the launcher.
        let processors = affinity::for_workers(options.workers);
        match fork_bound()? {
            Some(pid) => Ok(Side::Rank(Self {
                pid,
                peer: RankChannel::new(rank_end)?,
                sockets: sockets_in,
                roster: settings.roster,
                shelf: settings.shelf,
                gone: false,
            })),
            None => {
                drop((rank_end, sockets_in));
                name(c"gaudi:zygote");
                // What the user types, or pipes in, is for the rank.
                if let Ok(nothing) = File::open("/dev/null") {
                    let _ = dup2_stdin(nothing);
                }
                if let Some(processors) = processors {
                    affinity::take(&processors);
                }
                let ends = ZygoteEnds {
                    link: ChildChannel::new(zygote_end),
                    sockets: sockets_out,
                };
                match Zygote::new(ends, settings) {
                    Ok(Some(zygote)) => Ok(Side::Zygote(zygote)),
                    // The rank has ended before it has begun, and has said why.
                    Ok(None) => std::process::exit(0),
                    Err(error) => {
                        eprintln!("Error: the process that forks the workers could not begin: {error}");
                        std::process::exit(1)
                    }
                }
            }
        }
    }

    /// Tells it who it belongs to, and what this rank has taken over of rank 0's environment.
    pub(crate) fn belong(
        &mut self,
        rank: usize,
        size: usize,
        variables: Vec<(String, String)>,
        directory: Option<PathBuf>,
    ) -> Result<(), Error> {
        let order = ZygoteOrder::Belong {
            rank,
            size,
            variables,
            directory,
        };
        self.order(&order, Vec::new())
            .map_err(|error| Error::Fork(error.to_string()))
    }

    pub(super) fn process_number(&self) -> i32 {
        self.pid.as_raw()
    }

    pub(super) fn peer(&self) -> &RankChannel {
        &self.peer
    }

    pub(super) fn order(&mut self, order: &ZygoteOrder, body: Vec<u8>) -> io::Result<()> {
        self.peer.send(order, body)
    }

    pub(super) fn flush(&mut self) {
        self.peer.flush();
    }

    pub(super) fn hear(&mut self) -> io::Result<Option<(ZygoteReport, Payload)>> {
        self.peer.receive()
    }

    /// The socket of a child that it has told of.
    pub(super) fn socket(&self) -> io::Result<UnixStream> {
        take_over(&self.sockets)
    }

    /// What has become of it, as the end of a sentence; ends it if it has not ended.
    pub(super) fn end(&mut self) -> String {
        if std::mem::replace(&mut self.gone, true) {
            return "has ended".into();
        }
        // It may be about to end: what it ends with by itself says more than that it has been killed.
        let ended = if ends_within(self.pid, Duration::from_millis(200)) {
            wait(self.pid)
        } else {
            see_off(self.pid)
        };
        match ended {
            Ok(ended) if ended.how == How::Status(0) => {
                "has left the job: every process has to make the same calls, so look for a call that depends on the rank"
                    .into()
            }
            Ok(ended) => ended.to_string(),
            Err(error) => format!("has ended, and nobody knows how: {error}"),
        }
    }

    /// ZygoteEnds it, and all its children with it, at once.
    pub(super) fn kill(&mut self) {
        if !std::mem::replace(&mut self.gone, true) {
            let _ = see_off(self.pid);
        }
    }
}

impl Drop for ZygoteHandle {
    fn drop(&mut self) {
        if self.gone {
            return;
        }
        // A zygote that is not needed any more sees the end of its connection, and ends.
        self.peer.close();
        if ends_within(self.pid, PATIENCE) {
            let _ = wait(self.pid);
        } else {
            let _ = see_off(self.pid);
        }
    }
}
