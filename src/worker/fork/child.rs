//! The work of a zygote's children: workers process batches, and the accumulator adds up their outputs.

use super::channel::ChildChannel;
use super::messages::{AccumulatorAnswer, AccumulatorOrder, WorkerAnswer, WorkerOrder};
use super::reply_buffers::BufferedReplies;
use crate::farm::protocol::Failure;
use crate::job::task::Task;
use crate::worker::processor::Processor;
use std::io;
use std::time::{Duration, Instant};

/// Runs a worker until its channel is closed. `put` places replies in shared memory, or returns `None` if they have to
/// be sent over the channel.
pub(super) fn work<T: Task>(
    mut processor: Processor<T>,
    mut channel: ChildChannel,
    put: impl Fn(&[u8]) -> Option<BufferedReplies>,
) {
    match process_batches(&mut processor, &mut channel, put) {
        Err(ChildError::Failure(failure)) => {
            let _ = channel.send(&WorkerAnswer::Failed(failure), &[]);
        }
        Ok(()) | Err(ChildError::Channel) => {}
    }
}

enum ChildError {
    Failure(Failure),
    /// The rank has closed the channel.
    Channel,
}

impl From<Failure> for ChildError {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<io::Error> for ChildError {
    fn from(_: io::Error) -> Self {
        Self::Channel
    }
}

fn process_batches<T: Task>(
    processor: &mut Processor<T>,
    channel: &mut ChildChannel,
    put: impl Fn(&[u8]) -> Option<BufferedReplies>,
) -> Result<(), ChildError> {
    processor.initialize()?;
    channel.send(&WorkerAnswer::Ready, &[])?;
    let mut waiting = Duration::ZERO;
    let mut since = Instant::now();
    while let Some((order, items)) = channel.receive()? {
        match order {
            WorkerOrder::Process(batch) => {
                waiting += since.elapsed();
                let (mut done, replies) = processor.process(batch, &items)?;
                let start = Instant::now();
                let output = processor.take_output()?;
                channel.send(&WorkerAnswer::Output, &output)?;
                let sending = start.elapsed();
                done.busy += sending;
                done.merging += sending;
                let buffered = put(&replies);
                let sent = if buffered.is_some() { &[] } else { replies.as_slice() };
                channel.send(&WorkerAnswer::Done(done, buffered), sent)?;
                since = Instant::now();
            }
            WorkerOrder::Finalize => {
                processor.finalize()?;
                channel.send(&WorkerAnswer::Finalized(waiting), &[])?;
            }
        }
    }
    Ok(())
}

/// Runs an accumulator until its channel is closed.
pub(super) fn accumulate<T: Task>(mut processor: Processor<T>, mut channel: ChildChannel) {
    match add_outputs(&mut processor, &mut channel) {
        Err(ChildError::Failure(failure)) => {
            let _ = channel.send(&AccumulatorAnswer::Failed(failure), &[]);
        }
        Ok(()) | Err(ChildError::Channel) => {}
    }
}

fn add_outputs<T: Task>(processor: &mut Processor<T>, channel: &mut ChildChannel) -> Result<(), ChildError> {
    while let Some((order, payload)) = channel.receive()? {
        match order {
            AccumulatorOrder::Add { last } => {
                let start = Instant::now();
                let mut first = Some((payload.into_vec(), last));
                processor.absorb(|| match first.take() {
                    Some(piece) => Ok(piece),
                    None => match channel.receive()? {
                        Some((AccumulatorOrder::Add { last }, payload)) => Ok((payload.into_vec(), last)),
                        _ => Err(io::ErrorKind::UnexpectedEof.into()),
                    },
                })?;
                channel.send(&AccumulatorAnswer::Added(start.elapsed()), &[])?;
            }
            AccumulatorOrder::Emit { always } => {
                let last = processor.emit(always, |piece| channel.send(&AccumulatorAnswer::Piece, &piece))?;
                channel.send(&AccumulatorAnswer::LastPiece, &last)?;
            }
        }
    }
    Ok(())
}
