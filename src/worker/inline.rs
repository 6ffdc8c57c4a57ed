//! The default worker: a thread of the rank.

use super::processor::Processor;
use crate::farm::protocol::{Batch, Failure, Pass, Payload};
use crate::farm::worker::{Worker, WorkerReport};
use crate::job::task::Task;
use crossbeam_channel::{Receiver, Sender, TryRecvError, TrySendError, bounded, unbounded};
use std::io;
use std::thread::{Builder, JoinHandle, Thread};
use std::time::{Duration, Instant};

/// An order for the worker.
enum Command {
    Process(Batch, Payload),
    Absorb,
    Emit { always: bool },
}

/// A thread that processes batches.
pub(crate) struct InlineWorker {
    commands: Sender<Command>,
    pieces: Sender<(Vec<u8>, bool)>,
    reports: Receiver<WorkerReport>,
    thread: JoinHandle<Duration>,
    ended: bool,
}

/// Stack size in bytes. User code may need at least as much stack as on a main thread. The stack is only reserved: it
/// takes up memory as it is used.
pub(super) const STACK: usize = 64 << 20;
/// The maximum number of reports or pieces in a queue.
const WAITING: usize = 4;

impl InlineWorker {
    /// Starts the thread with its copy of the task.
    pub(crate) fn spawn<T: Task>(task: Payload, pass: Pass) -> Result<Self, Failure> {
        let (commands, orders) = unbounded();
        let (pieces, incoming) = bounded(WAITING);
        let (reporter, reports) = bounded(WAITING);
        let channels = WorkerChannels {
            commands: orders,
            pieces: incoming,
            reports: reporter,
            listener: std::thread::current(),
        };
        let thread = Builder::new()
            .name("worker".into())
            .stack_size(STACK)
            .spawn(move || work::<T>(&task, pass, &channels))
            .map_err(|error| Failure::rank(format!("the worker's thread cannot be started: {error}")))?;
        Ok(Self {
            commands,
            pieces,
            reports,
            thread,
            ended: false,
        })
    }

    fn command(&self, command: Command) {
        // If the worker has ended, its last report gives the reason.
        let _ = self.commands.send(command);
    }
}

impl Worker for InlineWorker {
    fn slots(&self) -> usize {
        1
    }

    fn processes(&self) -> Vec<i32> {
        Vec::new()
    }

    fn submit(&mut self, batch: Batch, items: Payload) {
        self.command(Command::Process(batch, items));
    }

    fn absorb(&mut self) {
        self.command(Command::Absorb);
    }

    fn give(&mut self, piece: Vec<u8>, last: bool) -> Result<(), Vec<u8>> {
        match self.pieces.try_send((piece, last)) {
            Err(TrySendError::Full((piece, _))) => Err(piece),
            // If the worker has ended, its last report gives the reason.
            Ok(()) | Err(TrySendError::Disconnected(_)) => Ok(()),
        }
    }

    fn emit(&mut self, always: bool) {
        self.command(Command::Emit { always });
    }

    fn poll(&mut self, wait: Duration) -> Option<WorkerReport> {
        let mut report = self.reports.try_recv();
        if matches!(report, Err(TryRecvError::Empty)) && !wait.is_zero() {
            // The worker wakes this thread. Waiting on the channel would spin first, which costs too much CPU time with
            // many idle ranks.
            std::thread::park_timeout(wait);
            report = self.reports.try_recv();
        }
        match report {
            Ok(report) => Some(report),
            Err(TryRecvError::Disconnected) if !std::mem::replace(&mut self.ended, true) => {
                Some(WorkerReport::Failed(Failure::bug("the worker's thread has ended")))
            }
            Err(_) => None,
        }
    }

    fn finish(self: Box<Self>) -> Duration {
        drop((self.commands, self.reports));
        self.thread.join().unwrap_or_default()
    }
}

/// The worker's end of its channels.
struct WorkerChannels {
    commands: Receiver<Command>,
    pieces: Receiver<(Vec<u8>, bool)>,
    reports: Sender<WorkerReport>,
    /// The thread that receives the reports. It may be asleep and need to be woken.
    listener: Thread,
}

impl WorkerChannels {
    fn report(&self, report: WorkerReport) -> io::Result<()> {
        let sent = self.reports.send(report);
        self.listener.unpark();
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// The worker thread's code. Returns how long it waited for items.
fn work<T: Task>(task: &[u8], pass: Pass, channels: &WorkerChannels) -> Duration {
    let mut waiting = Duration::ZERO;
    if let Err(failure) = follow_orders::<T>(task, pass, channels, &mut waiting) {
        // The report is lost if the rank has given up on the worker.
        let _ = channels.report(WorkerReport::Failed(failure));
    }
    waiting
}

/// Follows orders until the rank drops the channel.
fn follow_orders<T: Task>(
    task: &[u8],
    pass: Pass,
    channels: &WorkerChannels,
    waiting: &mut Duration,
) -> Result<(), Failure> {
    let mut processor = Processor::<T>::new(task, pass)?;
    processor.initialize()?;
    let mut reported = channels.report(WorkerReport::Ready);
    let mut since = Instant::now();
    while reported.is_ok()
        && let Ok(command) = channels.commands.recv()
    {
        reported = match command {
            Command::Process(batch, items) => {
                *waiting += since.elapsed();
                let (done, replies) = processor.process(batch, &items)?;
                let reported = channels.report(WorkerReport::Done(done, replies.into()));
                since = Instant::now();
                reported
            }
            Command::Absorb => {
                processor.finalize()?;
                processor.absorb(|| channels.pieces.recv().map_err(|_| io::ErrorKind::UnexpectedEof.into()))?;
                channels.report(WorkerReport::Absorbed)
            }
            Command::Emit { always } => {
                processor.finalize()?;
                let last = processor.emit(always, |piece| channels.report(WorkerReport::Piece(piece)))?;
                channels.report(WorkerReport::LastPiece(last))
            }
        };
    }
    Ok(())
}
