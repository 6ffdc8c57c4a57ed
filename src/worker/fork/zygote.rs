//! The zygote: initialises the task, forks children, and waits for them to exit.

use super::channel::{ChildChannel, send_socket};
use super::child::{accumulate, work};
use super::current_items::CurrentItems;
use super::messages::{ZygoteOrder, ZygoteReport};
use super::process::{ends_within, kill_and_wait, limit_memory, name, spawn, wait};
use super::reply_buffers::ReplyBuffers;
use crate::farm::protocol::{Batch, Failure, Pass, Payload};
use crate::host::environment::Environment;
use crate::job::options::ForkAfter;
use crate::job::task::Task;
use crate::worker::inline::STACK;
use crate::worker::processor::Processor;
use nix::unistd::Pid;
use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::thread::Builder;
use std::time::Duration;

/// A rank's zygote, as seen from its own process.
pub(crate) struct Zygote {
    /// `None` in the zygote's children, where the channels are closed.
    channels: Option<ZygoteChannels>,
    settings: ChildSettings,
    rank: usize,
    size: usize,
}

/// The zygote's ends of the connections to its rank.
pub(super) struct ZygoteChannels {
    pub(super) orders: ChildChannel,
    /// Carries the children's sockets to the rank.
    pub(super) sockets: OwnedFd,
}

/// Settings for the zygote's future children.
#[derive(Clone, Copy)]
pub(super) struct ChildSettings {
    pub(super) current_items: CurrentItems,
    pub(super) reply_buffers: ReplyBuffers,
    /// The maximum number of workers. The accumulator's number is the one after the last worker's.
    pub(super) workers: usize,
    /// The number of bytes that each child may use in addition to shared memory.
    pub(super) memory: Option<u64>,
}

impl Zygote {
    /// Waits until the rank has joined the job. Returns `None` if the rank has exited.
    pub(super) fn new(mut channels: ZygoteChannels, settings: ChildSettings) -> io::Result<Option<Self>> {
        let Some((order, _)) = channels.orders.receive()? else {
            return Ok(None);
        };
        let ZygoteOrder::Join {
            rank,
            size,
            environment,
        } = order
        else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        environment.as_ref().map_or(Ok(()), Environment::apply)?;
        Ok(Some(Self {
            channels: Some(channels),
            settings,
            rank,
            size,
        }))
    }

    /// Returns the rank that the zygote belongs to.
    pub(crate) fn rank(&self) -> usize {
        self.rank
    }

    /// Returns the number of ranks.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Takes part in one call of `process`. Returns false if the rank has exited.
    pub(crate) fn serve<T: Task>(&mut self) -> io::Result<bool> {
        let Some(channels) = &mut self.channels else {
            return Ok(false);
        };
        let Some((ZygoteOrder::Start { pass, fork_after }, task)) = channels.orders.receive()? else {
            return Ok(false);
        };
        // Children run on the stack of the thread that forks them, so this stack is as large as a worker thread's.
        std::thread::scope(|scope| {
            let mut children = Children {
                channels: &mut self.channels,
                settings: self.settings,
                pids: HashMap::new(),
            };
            let thread = Builder::new()
                .name("zygote".into())
                .stack_size(STACK)
                .spawn_scoped(scope, move || children.serve::<T>(&task, pass, fork_after))?;
            let panicked = |_| Err(io::Error::other("the zygote panicked"));
            thread.join().unwrap_or_else(panicked)
        })
    }
}

/// How long a child may take to exit after its channel was closed.
const PATIENCE: Duration = Duration::from_secs(2);

/// The children forked during one call of `process`.
struct Children<'a> {
    channels: &'a mut Option<ZygoteChannels>,
    settings: ChildSettings,
    pids: HashMap<usize, Pid>,
}

impl Children<'_> {
    fn report(&mut self, report: &ZygoteReport) -> io::Result<()> {
        match self.channels {
            Some(channels) => channels.orders.send(report, &[]),
            None => Ok(()),
        }
    }

    fn receive(&mut self) -> io::Result<Option<(ZygoteOrder, Payload)>> {
        match self.channels {
            Some(channels) => channels.orders.receive(),
            None => Ok(None),
        }
    }

    fn serve<T: Task>(&mut self, task: &[u8], pass: Pass, fork_after: ForkAfter) -> io::Result<bool> {
        let mut processor = match prepare::<T>(task, pass, fork_after) {
            Ok(processor) => {
                self.report(&ZygoteReport::Ready)?;
                Some(processor)
            }
            Err(failure) => {
                self.report(&ZygoteReport::Failed(failure))?;
                None
            }
        };
        while let Some((order, payload)) = self.receive()? {
            match (order, &mut processor) {
                (ZygoteOrder::Fork { child }, Some(_)) => self.fork(child, &mut processor)?,
                (ZygoteOrder::WarmUp(batch), Some(processor)) => {
                    let report = match warm_up(processor, batch, &payload) {
                        Ok(()) => ZygoteReport::WarmedUp,
                        Err(failure) => ZygoteReport::Failed(failure),
                    };
                    self.report(&report)?;
                }
                (ZygoteOrder::End, _) => {
                    // The children's channels are closed, so they exit on their own.
                    for pid in std::mem::take(&mut self.pids).into_values() {
                        wait(pid)?;
                    }
                    drop(processor);
                    self.report(&ZygoteReport::Ended)?;
                    return Ok(true);
                }
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
        for pid in std::mem::take(&mut self.pids).into_values() {
            kill_and_wait(pid)?;
        }
        Ok(false)
    }

    fn fork<T: Task>(&mut self, child: usize, processor: &mut Option<Processor<T>>) -> io::Result<()> {
        if let Some(pid) = self.pids.remove(&child) {
            // A worker that has finished exits on its own.
            let ended = match ends_within(pid, PATIENCE) {
                true => wait(pid)?,
                false => kill_and_wait(pid)?,
            };
            self.report(&ZygoteReport::Gone { child, ended })?;
        }
        let (rank_end, child_end) = UnixStream::pair()?;
        let (mut rank_end, mut child_end) = (Some(rank_end), Some(child_end));
        let ChildSettings {
            current_items,
            reply_buffers,
            workers,
            memory,
        } = self.settings;
        let pid = spawn(|| {
            // A socket left open here would hide the death of the process at its other end.
            (*self.channels, rank_end) = (None, None);
            if let (Some(mut processor), Some(socket)) = (processor.take(), child_end.take()) {
                if child == workers {
                    name(c"gaudi:accum");
                    return accumulate(processor, ChildChannel::new(socket));
                }
                name(c"gaudi:worker");
                if let Some(more) = memory
                    && let Err(error) = limit_memory(more)
                {
                    log::warn!("the memory of a worker cannot be limited: {error}");
                }
                processor.publish_current_item(current_items.of(child));
                work(processor, ChildChannel::new(socket), |replies| {
                    reply_buffers.put(child, replies)
                });
            }
        })?;
        drop(child_end);
        self.pids.insert(child, pid);
        if let (Some(channels), Some(rank_end)) = (&*self.channels, &rank_end) {
            send_socket(&channels.sockets, rank_end)?;
        }
        self.report(&ZygoteReport::Forked {
            child,
            pid: pid.as_raw(),
        })
    }
}

fn prepare<T: Task>(task: &[u8], pass: Pass, fork_after: ForkAfter) -> Result<Processor<T>, Failure> {
    let mut processor = Processor::new(task, pass)?;
    if fork_after != ForkAfter::None {
        processor.initialize()?;
    }
    Ok(processor)
}

/// Processes an item and drops its output, because a worker has already produced the output that counts.
fn warm_up<T: Task>(processor: &mut Processor<T>, batch: Batch, item: &[u8]) -> Result<(), Failure> {
    processor.process(batch, item)?;
    processor.take_output()?;
    Ok(())
}
