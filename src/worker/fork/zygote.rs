//! The zygote: initialises the task, forks children of it, and sees them off.

use super::channel::{ChildChannel, hand_over};
use super::child::{keep, work};
use super::current_items::CurrentItems;
use super::messages::{ZygoteOrder, ZygoteReport};
use super::process::{ends_within, limit_memory, name, see_off, spawn, wait};
use super::reply_buffers::ReplyBuffers;
use crate::farm::protocol::{Batch, HookFailure, Pass, Payload};
use crate::host::environment;
use crate::job::options::ForkAfter;
use crate::job::task::Task;
use crate::worker::inline::STACK;
use crate::worker::processor::Processor;
use nix::unistd::Pid;
use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread::Builder;
use std::time::Duration;

/// A rank's zygote, as it sees itself.
pub(crate) struct Zygote {
    ends: Option<ZygoteEnds>,
    settings: ChildSettings,
    rank: usize,
    size: usize,
}

/// Its ends of the connections to its rank.
pub(super) struct ZygoteEnds {
    pub(super) link: ChildChannel,
    /// By which it hands over its children's sockets.
    pub(super) sockets: OwnedFd,
}

/// What it knows of its children to be.
#[derive(Clone, Copy)]
pub(super) struct ChildSettings {
    pub(super) roster: CurrentItems,
    pub(super) shelf: ReplyBuffers,
    /// How many workers there are at most; the keeper's number comes after theirs.
    pub(super) workers: usize,
    /// Bytes that each of them may take, apart from what it shares.
    pub(super) memory: Option<u64>,
}

impl Zygote {
    /// RankUsage to be told who it belongs to. None if nobody is left to tell.
    pub(super) fn new(mut ends: ZygoteEnds, settings: ChildSettings) -> io::Result<Option<Self>> {
        let Some((order, _)) = ends.link.receive()? else {
            return Ok(None);
        };
        let ZygoteOrder::Belong {
            rank,
            size,
            variables,
            directory,
        } = order
        else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        environment::take_over(&variables, directory.as_deref().unwrap_or(Path::new(".")))?;
        Ok(Some(Self {
            ends: Some(ends),
            settings,
            rank,
            size,
        }))
    }

    /// The rank it belongs to.
    pub(crate) fn rank(&self) -> usize {
        self.rank
    }

    /// The number of ranks.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Serves one call of `process`. False if there will be no other: the rank has ended.
    pub(crate) fn serve<T: Task>(&mut self) -> io::Result<bool> {
        let Some(ends) = &mut self.ends else { return Ok(false) };
        let Some((ZygoteOrder::Start { pass, fork_after }, task)) = ends.link.receive()? else {
            return Ok(false);
        };
        // As much stack as a worker that is a thread has: children go on with that of the thread that forked them.
        std::thread::scope(|scope| {
            let mut brood = Children {
                ends: &mut self.ends,
                settings: self.settings,
                children: HashMap::new(),
            };
            let thread = Builder::new()
                .name("zygote".into())
                .stack_size(STACK)
                .spawn_scoped(scope, move || brood.serve::<T>(&task, pass, fork_after))?;
            let panicked = |_| Err(io::Error::other("the zygote panicked"));
            thread.join().unwrap_or_else(panicked)
        })
    }
}

/// How long a child may take to end by itself whose socket is closed.
const PATIENCE: Duration = Duration::from_secs(2);

/// The children of one call of `process`.
struct Children<'a> {
    ends: &'a mut Option<ZygoteEnds>,
    settings: ChildSettings,
    children: HashMap<usize, Pid>,
}

impl Children<'_> {
    fn say(&mut self, report: &ZygoteReport) -> io::Result<()> {
        match self.ends {
            Some(ends) => ends.link.send(report, &[]),
            None => Ok(()),
        }
    }

    fn hear(&mut self) -> io::Result<Option<(ZygoteOrder, Payload)>> {
        match self.ends {
            Some(ends) => ends.link.receive(),
            None => Ok(None),
        }
    }

    fn serve<T: Task>(&mut self, task: &[u8], pass: Pass, fork_after: ForkAfter) -> io::Result<bool> {
        let mut processor = match prepare::<T>(task, pass, fork_after) {
            Ok(processor) => {
                self.say(&ZygoteReport::Ready)?;
                Some(processor)
            }
            Err(failure) => {
                self.say(&ZygoteReport::Failed(failure))?;
                None
            }
        };
        while let Some((order, body)) = self.hear()? {
            match (order, &mut processor) {
                (ZygoteOrder::Fork { child }, Some(_)) => self.fork(child, &mut processor)?,
                (ZygoteOrder::WarmUp(batch), Some(processor)) => {
                    let report = match warm_up(processor, batch, &body) {
                        Ok(()) => ZygoteReport::Warm,
                        Err(failure) => ZygoteReport::Failed(failure),
                    };
                    self.say(&report)?;
                }
                (ZygoteOrder::End, _) => {
                    // Their sockets have been closed: they end by themselves.
                    for pid in std::mem::take(&mut self.children).into_values() {
                        wait(pid)?;
                    }
                    drop(processor);
                    self.say(&ZygoteReport::Ended)?;
                    return Ok(true);
                }
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
        for pid in std::mem::take(&mut self.children).into_values() {
            see_off(pid)?;
        }
        Ok(false)
    }

    fn fork<T: Task>(&mut self, child: usize, processor: &mut Option<Processor<T>>) -> io::Result<()> {
        if let Some(pid) = self.children.remove(&child) {
            // One that has done all there was to do ends by itself.
            let ended = match ends_within(pid, PATIENCE) {
                true => wait(pid)?,
                false => see_off(pid)?,
            };
            self.say(&ZygoteReport::Gone { child, ended })?;
        }
        let (rank_end, child_end) = UnixStream::pair()?;
        let (mut rank_end, mut child_end) = (Some(rank_end), Some(child_end));
        let ChildSettings {
            roster,
            shelf,
            workers,
            memory,
        } = self.settings;
        let pid = spawn(|| {
            // Whoever keeps a socket open hides the death of the process at its end.
            (*self.ends, rank_end) = (None, None);
            if let (Some(mut processor), Some(socket)) = (processor.take(), child_end.take()) {
                if child == workers {
                    name(c"gaudi:keeper");
                    return keep(processor, ChildChannel::new(socket));
                }
                name(c"gaudi:worker");
                if let Some(more) = memory
                    && let Err(error) = limit_memory(more)
                {
                    log::warn!("the memory of a worker could not be limited: {error}");
                }
                processor.watch(roster.place(child));
                work(processor, ChildChannel::new(socket), |replies| {
                    shelf.put(child, replies)
                });
            }
        })?;
        drop(child_end);
        self.children.insert(child, pid);
        if let (Some(ends), Some(rank_end)) = (&*self.ends, &rank_end) {
            hand_over(&ends.sockets, rank_end)?;
        }
        self.say(&ZygoteReport::Forked {
            child,
            pid: pid.as_raw(),
        })
    }
}

fn prepare<T: Task>(task: &[u8], pass: Pass, fork_after: ForkAfter) -> Result<Processor<T>, HookFailure> {
    let mut processor = Processor::new(task, pass)?;
    if fork_after != ForkAfter::None {
        processor.initialize()?;
    }
    Ok(processor)
}

/// Processes an item; its output is dropped, as a worker has made the one that counts.
fn warm_up<T: Task>(processor: &mut Processor<T>, batch: Batch, item: &[u8]) -> Result<(), HookFailure> {
    processor.process(batch, item)?;
    processor.take_output()?;
    Ok(())
}
