//! Runs a worker's copy of the task. Unlike the farm, this code knows the types of items, replies and outputs.

use super::pieces::{PieceReader, PieceWriter};
use crate::farm::protocol::{Batch, Done, Failure, Pass};
use crate::job::context::{Current, set_current};
use crate::job::guard::guard;
use crate::job::task::Task;
use crate::numbers::merge::Merge;
use crate::wire;
use std::cell::Cell;
use std::io::{self, BufReader};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

type Gathered<T> = <<T as Task>::Output as Merge>::Gathered;

/// A task and its output so far.
pub(super) struct Processor<T: Task> {
    task: T,
    pass: Pass,
    gathered: Option<Gathered<T>>,
    merging: Duration,
    initialized: bool,
    finalized: bool,
    /// Where the processor publishes its current item: the item's number plus one, or 0 between items.
    current_item: Option<&'static AtomicU64>,
    /// The last batch's reply size in bytes, as an estimate for the next batch.
    reply_bytes: usize,
}

/// A failed item: its position in the run, and its error.
struct ItemFailure {
    index: usize,
    message: String,
}

/// The result of a run of items.
enum Attempt<O> {
    Good(O, Vec<u8>),
    Failed(ItemFailure),
}

fn hook_failure(hook: &str) -> impl FnOnce(String) -> Failure {
    move |message| Failure::hook(hook, message)
}

impl<T: Task> Processor<T> {
    /// Decodes the task.
    pub(super) fn new(task: &[u8], pass: Pass) -> Result<Self, Failure> {
        Ok(Self {
            task: guard(|| Ok(wire::decode(task)?)).map_err(hook_failure("receiving the task"))?,
            pass,
            gathered: None,
            merging: Duration::ZERO,
            initialized: false,
            finalized: false,
            current_item: None,
            reply_bytes: 0,
        })
    }

    /// Runs `initialize_remote`, unless it has already been run.
    pub(super) fn initialize(&mut self) -> Result<(), Failure> {
        if std::mem::replace(&mut self.initialized, true) {
            return Ok(());
        }
        guard(|| self.task.initialize_remote()).map_err(hook_failure("initialize_remote"))
    }

    /// From now on, publishes the current item at `place`: the item's number plus one, or 0 between items.
    pub(super) fn publish_current_item(&mut self, place: &'static AtomicU64) {
        self.current_item = Some(place);
    }

    /// Processes a batch. Returns its result, with the replies of the items that succeeded.
    pub(super) fn process(&mut self, batch: Batch, items: &[u8]) -> Result<(Done, Vec<u8>), Failure> {
        let start = Instant::now();
        self.merging = Duration::ZERO;
        let items = decode_items::<T::Item>(batch, items)?;
        let (mut good, mut failed, mut replies) = (Vec::new(), Vec::new(), Vec::new());
        // A stack of runs still to be processed, the first on top. A run that fails is cut into three parts: the items
        // before the bad item are processed again, the bad item is left out, and the items after it follow.
        let length = if T::Output::ITEMWISE { 1 } else { items.len().max(1) };
        let starts = (0..items.len()).step_by(length).rev();
        let mut runs: Vec<Range<usize>> = starts.map(|start| start..start + length).collect();
        while let Some(run) = runs.pop() {
            if run.is_empty() {
                continue;
            }
            let numbers = Batch {
                first: batch.first + run.start as u64,
                count: run.len() as u64,
            };
            match self.attempt(&items[run.clone()], batch.first + run.start as u64)? {
                Attempt::Good(output, reply) => {
                    self.join(output, numbers)?;
                    let length = reply.len() as u64;
                    if replies.is_empty() {
                        replies = reply
                    } else {
                        replies.extend_from_slice(&reply)
                    }
                    extend(&mut good, numbers, length);
                }
                Attempt::Failed(ItemFailure { index, message }) => {
                    let bad = run.start + index;
                    failed.push((batch.first + bad as u64, message));
                    runs.push(bad + 1..run.end);
                    runs.push(run.start..bad);
                }
            }
        }
        Ok((
            Done {
                batch,
                good,
                failed,
                busy: start.elapsed(),
                merging: self.merging,
                accumulating: Duration::ZERO,
            },
            replies,
        ))
    }

    /// Processes consecutive items into one new output.
    fn attempt(&mut self, items: &[T::Item], first: u64) -> Result<Attempt<T::Output>, Failure> {
        let start = Instant::now();
        let mut output = guard(|| Ok(self.task.new_output())).map_err(hook_failure("new_output"))?;
        self.merging += start.elapsed();
        let index = Cell::new(0);
        let reply_bytes = self.reply_bytes;
        let Pass { number: pass, seed } = self.pass;
        let outcome = guard(|| {
            let mut replies = Vec::with_capacity(reply_bytes);
            for (place, item) in items.iter().enumerate() {
                index.set(place);
                if let Some(current) = self.current_item {
                    current.store(first + place as u64 + 1, Ordering::Relaxed);
                }
                set_current(Some(Current {
                    seed,
                    pass,
                    item: first + place as u64,
                }));
                let reply = self.task.process(item, &mut output)?;
                wire::encode_onto(&reply, &mut replies)?;
            }
            Ok(replies)
        });
        set_current(None);
        if let Some(current) = self.current_item {
            current.store(0, Ordering::Relaxed);
        }
        Ok(match outcome {
            Ok(replies) => {
                self.reply_bytes = replies.len();
                Attempt::Good(output, replies)
            }
            Err(message) => Attempt::Failed(ItemFailure {
                index: index.get(),
                message,
            }),
        })
    }

    fn join(&mut self, output: T::Output, numbers: Batch) -> Result<(), Failure> {
        let start = Instant::now();
        guard(|| {
            let output = output.gather(numbers.items());
            match &mut self.gathered {
                Some(gathered) => T::Output::join(gathered, output),
                None => self.gathered = Some(output),
            }
            Ok(())
        })
        .map_err(hook_failure("merging outputs"))?;
        self.merging += start.elapsed();
        Ok(())
    }

    /// Encodes and removes the output of the batches processed since the last call.
    pub(super) fn take_output(&mut self) -> Result<Vec<u8>, Failure> {
        let gathered = self.gathered.take();
        guard(|| Ok(wire::encode(&gathered)?)).map_err(hook_failure("sending the output"))
    }

    /// Runs `finalize_remote`, unless it has already been run.
    pub(super) fn finalize(&mut self) -> Result<(), Failure> {
        if std::mem::replace(&mut self.finalized, true) {
            return Ok(());
        }
        guard(|| self.task.finalize_remote()).map_err(hook_failure("finalize_remote"))
    }

    /// Adds another output, which arrives in pieces.
    pub(super) fn absorb(&mut self, next: impl FnMut() -> io::Result<(Vec<u8>, bool)>) -> Result<(), Failure> {
        guard(|| {
            let other: Option<Gathered<T>> = wire::read(&mut BufReader::new(PieceReader::new(next)))?;
            match (&mut self.gathered, other) {
                (Some(gathered), Some(other)) => T::Output::join(gathered, other),
                (gathered @ None, other) => *gathered = other,
                (Some(_), None) => {}
            }
            Ok(())
        })
        .map_err(hook_failure("merging outputs"))
    }

    /// Passes the output on in pieces and returns the last piece. With `always`, produces an output even if there were
    /// no items.
    pub(super) fn emit(
        &mut self,
        always: bool,
        pass_on: impl FnMut(Vec<u8>) -> io::Result<()>,
    ) -> Result<Vec<u8>, Failure> {
        let empty = if always && self.gathered.is_none() {
            self.initialize()?;
            Some(guard(|| Ok(self.task.new_output())).map_err(hook_failure("new_output"))?)
        } else {
            None
        };
        guard(|| {
            let gathered = self.gathered.take().or_else(|| empty.map(|empty| empty.gather(0..0)));
            let mut writer = PieceWriter::new(pass_on);
            wire::write(&gathered, &mut writer)?;
            Ok(writer.finish())
        })
        .map_err(hook_failure("sending the output"))
    }
}

/// Decodes an output that arrives in pieces.
pub(super) fn collect<T: Task>(next: impl FnMut() -> io::Result<(Vec<u8>, bool)>) -> Result<T::Output, Failure> {
    guard(|| {
        let gathered: Option<Gathered<T>> = wire::read(&mut BufReader::new(PieceReader::new(next)))?;
        let gathered = gathered.ok_or("the sum of all outputs is missing: a bug in gaudi-mpi, please report it")?;
        Ok(T::Output::finish(gathered))
    })
    .map_err(hook_failure("finishing the output"))
}

fn decode_items<I: serde::de::DeserializeOwned>(batch: Batch, mut bytes: &[u8]) -> Result<Vec<I>, Failure> {
    guard(|| {
        let items: Result<_, _> = (0..batch.count).map(|_| wire::decode_front(&mut bytes)).collect();
        Ok(items?)
    })
    .map_err(hook_failure("receiving items"))
}

/// Appends a run of good items, joining it with the last run if the two are adjacent.
fn extend(good: &mut Vec<(Batch, u64)>, run: Batch, length: u64) {
    match good.last_mut() {
        Some((last, bytes)) if last.first + last.count == run.first => {
            last.count += run.count;
            *bytes += length;
        }
        _ => good.push((run, length)),
    }
}
