//! The default worker: a thread of its rank.

use super::processor::Processor;
use crate::farm::protocol::{Batch, HookFailure, Pass, Payload};
use crate::farm::worker::{Worker, WorkerReport};
use crate::job::task::Task;
use crossbeam_channel::{Receiver, Sender, TryRecvError, TrySendError, bounded, unbounded};
use std::io;
use std::thread::{Builder, JoinHandle, Thread};
use std::time::{Duration, Instant};

/// What a worker is asked to do.
enum Command {
    Process(Batch, Payload),
    Absorb,
    Emit { always: bool },
}

/// A thread that processes the batches it is given.
pub(crate) struct InlineWorker {
    commands: Sender<Command>,
    pieces: Sender<(Vec<u8>, bool)>,
    reports: Receiver<WorkerReport>,
    thread: JoinHandle<Duration>,
    ended: bool,
}

/// User code may need as much stack as it would have on a main thread, and more: it is only reserved, not used.
pub(super) const STACK: usize = 64 << 20;
/// How many reports or pieces may wait to be taken.
const WAITING: usize = 4;

impl InlineWorker {
    /// Starts a worker with its copy of the task.
    pub(crate) fn spawn<T: Task>(task: Payload, pass: Pass) -> Result<Self, HookFailure> {
        let (commands, orders) = unbounded();
        let (pieces, incoming) = bounded(WAITING);
        let (reporter, reports) = bounded(WAITING);
        let line = Line {
            commands: orders,
            pieces: incoming,
            reports: reporter,
            listener: std::thread::current(),
        };
        let thread = Builder::new()
            .name("worker".into())
            .stack_size(STACK)
            .spawn(move || work::<T>(&task, pass, &line))
            .map_err(|error| HookFailure::new("starting the worker's thread", error))?;
        Ok(Self {
            commands,
            pieces,
            reports,
            thread,
            ended: false,
        })
    }

    fn command(&self, command: Command) {
        // A worker that has ended says why in its last report.
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
            // A worker that has ended says why in its last report.
            Ok(()) | Err(TrySendError::Disconnected(_)) => Ok(()),
        }
    }

    fn emit(&mut self, always: bool) {
        self.command(Command::Emit { always });
    }

    fn poll(&mut self, wait: Duration) -> Option<WorkerReport> {
        let mut report = self.reports.try_recv();
        if matches!(report, Err(TryRecvError::Empty)) && !wait.is_zero() {
            // The worker wakes this thread. The channel's own waiting would spin first, which many idle ranks cannot
            // afford.
            std::thread::park_timeout(wait);
            report = self.reports.try_recv();
        }
        match report {
            Ok(report) => Some(report),
            Err(TryRecvError::Disconnected) if !std::mem::replace(&mut self.ended, true) => Some(WorkerReport::Failed(
                HookFailure::new("the worker's thread", "it ended without a word"),
            )),
            Err(_) => None,
        }
    }

    fn finish(self: Box<Self>) -> Duration {
        drop((self.commands, self.reports));
        self.thread.join().unwrap_or_default()
    }
}

/// The worker's end of its channels.
struct Line {
    commands: Receiver<Command>,
    pieces: Receiver<(Vec<u8>, bool)>,
    reports: Sender<WorkerReport>,
    /// The thread that takes the reports, which may be asleep.
    listener: Thread,
}

impl Line {
    fn say(&self, report: WorkerReport) -> io::Result<()> {
        let said = self.reports.send(report);
        self.listener.unpark();
        said.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// The worker's thread; how long it waited for items.
fn work<T: Task>(task: &[u8], pass: Pass, line: &Line) -> Duration {
    let mut waiting = Duration::ZERO;
    if let Err(failure) = obey::<T>(task, pass, line, &mut waiting) {
        // If nobody listens any more, the rank has its reasons.
        let _ = line.say(WorkerReport::Failed(failure));
    }
    waiting
}

/// Does as it is told until nobody is there to tell it.
fn obey<T: Task>(task: &[u8], pass: Pass, line: &Line, waiting: &mut Duration) -> Result<(), HookFailure> {
    let mut processor = Processor::<T>::new(task, pass)?;
    processor.initialize()?;
    let mut heard = line.say(WorkerReport::Ready);
    let mut since = Instant::now();
    while heard.is_ok()
        && let Ok(command) = line.commands.recv()
    {
        heard = match command {
            Command::Process(batch, items) => {
                *waiting += since.elapsed();
                let (done, replies) = processor.process(batch, &items)?;
                let heard = line.say(WorkerReport::Done(done, replies.into()));
                since = Instant::now();
                heard
            }
            Command::Absorb => {
                processor.finalize()?;
                processor.absorb(|| line.pieces.recv().map_err(|_| io::ErrorKind::UnexpectedEof.into()))?;
                line.say(WorkerReport::Absorbed)
            }
            Command::Emit { always } => {
                processor.finalize()?;
                let last = processor.emit(always, |piece| line.say(WorkerReport::Piece(piece)))?;
                line.say(WorkerReport::LastPiece(last))
            }
        };
    }
    Ok(())
}
