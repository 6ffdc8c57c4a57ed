//! What a worker does with a task: the place where types are known again.

use super::pieces::{PieceReader, PieceWriter};
use crate::farm::protocol::{Batch, Done, HookFailure, Pass};
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

/// A task and what it has made so far.
pub(super) struct Processor<T: Task> {
    task: T,
    pass: Pass,
    gathered: Option<Gathered<T>>,
    merging: Duration,
    initialized: bool,
    finalized: bool,
    /// Where it says which item it is at: its number plus one, or 0 between items.
    at: Option<&'static AtomicU64>,
    /// Bytes that the replies of the last batch took: those of the next will take as many.
    reply_bytes: usize,
}

/// An item of a batch that failed: its place in the batch, and what it said.
struct ItemFailure {
    index: usize,
    message: String,
}

/// What became of a run of items.
enum Attempt<O> {
    Good(O, Vec<u8>),
    Failed(ItemFailure),
}

fn hook_failure(hook: &str) -> impl FnOnce(String) -> HookFailure {
    move |message| HookFailure::new(hook, message)
}

impl<T: Task> Processor<T> {
    /// Takes the task.
    pub(super) fn new(task: &[u8], pass: Pass) -> Result<Self, HookFailure> {
        Ok(Self {
            task: guard(|| Ok(wire::decode(task)?)).map_err(hook_failure("receiving the task"))?,
            pass,
            gathered: None,
            merging: Duration::ZERO,
            initialized: false,
            finalized: false,
            at: None,
            reply_bytes: 0,
        })
    }

    /// Initialises the task, unless that has been done.
    pub(super) fn initialize(&mut self) -> Result<(), HookFailure> {
        if std::mem::replace(&mut self.initialized, true) {
            return Ok(());
        }
        guard(|| self.task.initialize_remote()).map_err(hook_failure("initialize_remote"))
    }

    /// Says from now on here which item it is at: its number plus one, or 0 between items.
    pub(super) fn watch(&mut self, at: &'static AtomicU64) {
        self.at = Some(at);
    }

    /// Processes a batch: what became of its items, and the replies of those that succeeded.
    pub(super) fn process(&mut self, batch: Batch, items: &[u8]) -> Result<(Done, Vec<u8>), HookFailure> {
        let start = Instant::now();
        self.merging = Duration::ZERO;
        let items = decode_items::<T::Item>(batch, items)?;
        let (mut good, mut failed, mut replies) = (Vec::new(), Vec::new(), Vec::new());
        // Runs of items that are still to be done, the first on top. A run that fails is cut in three: what came before
        // the bad item is done again without it, the bad item is left out, and what comes after follows.
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
                keeping: Duration::ZERO,
            },
            replies,
        ))
    }

    /// Processes consecutive items into one fresh output.
    fn attempt(&mut self, items: &[T::Item], first: u64) -> Result<Attempt<T::Output>, HookFailure> {
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
                if let Some(at) = self.at {
                    at.store(first + place as u64 + 1, Ordering::Relaxed);
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
        if let Some(at) = self.at {
            at.store(0, Ordering::Relaxed);
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

    fn join(&mut self, output: T::Output, numbers: Batch) -> Result<(), HookFailure> {
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

    /// The output of the batches since this was last called, as bytes.
    pub(super) fn take_output(&mut self) -> Result<Vec<u8>, HookFailure> {
        let gathered = self.gathered.take();
        guard(|| Ok(wire::encode(&gathered)?)).map_err(hook_failure("sending the output"))
    }

    /// There are no more items.
    pub(super) fn finalize(&mut self) -> Result<(), HookFailure> {
        if std::mem::replace(&mut self.finalized, true) {
            return Ok(());
        }
        guard(|| self.task.finalize_remote()).map_err(hook_failure("finalize_remote"))
    }

    /// Adds another output, which comes in pieces.
    pub(super) fn absorb(&mut self, next: impl FnMut() -> io::Result<(Vec<u8>, bool)>) -> Result<(), HookFailure> {
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

    /// Passes the output on in pieces, and returns the last one. With `always`, there is an output even if there were
    /// no items.
    pub(super) fn emit(
        &mut self,
        always: bool,
        pass_on: impl FnMut(Vec<u8>) -> io::Result<()>,
    ) -> Result<Vec<u8>, HookFailure> {
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

/// The output whose pieces these are.
pub(super) fn collect<T: Task>(next: impl FnMut() -> io::Result<(Vec<u8>, bool)>) -> Result<T::Output, HookFailure> {
    guard(|| {
        let gathered: Option<Gathered<T>> = wire::read(&mut BufReader::new(PieceReader::new(next)))?;
        let gathered = gathered.ok_or("the sum of all outputs is missing: a fault in gaudi-mpi, please report it")?;
        Ok(T::Output::finish(gathered))
    })
    .map_err(hook_failure("finishing the output"))
}

fn decode_items<I: serde::de::DeserializeOwned>(batch: Batch, mut bytes: &[u8]) -> Result<Vec<I>, HookFailure> {
    guard(|| {
        let items: Result<_, _> = (0..batch.count).map(|_| wire::decode_front(&mut bytes)).collect();
        Ok(items?)
    })
    .map_err(hook_failure("receiving items"))
}

/// Adds a run of good items, together with the one before if they are neighbours.
fn extend(good: &mut Vec<(Batch, u64)>, run: Batch, length: u64) {
    match good.last_mut() {
        Some((last, bytes)) if last.first + last.count == run.first => {
            last.count += run.count;
            *bytes += length;
        }
        _ => good.push((run, length)),
    }
}
