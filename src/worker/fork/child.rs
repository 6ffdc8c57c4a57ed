//! What a zygote's children do: workers process batches, the keeper adds up.

use super::channel::ChildChannel;
use super::messages::{AccumulatorAnswer, AccumulatorOrder, WorkerAnswer, WorkerOrder};
use super::reply_buffers::Place;
use crate::farm::protocol::HookFailure;
use crate::job::task::Task;
use crate::worker::processor::Processor;
use std::io;
use std::time::{Duration, Instant};

/// A worker's whole life: it ends when nobody is there to tell it anything. Replies that `put` has no place for are sent.
pub(super) fn work<T: Task>(mut processor: Processor<T>, mut link: ChildChannel, put: impl Fn(&[u8]) -> Option<Place>) {
    match obey(&mut processor, &mut link, put) {
        Ok(()) => {}
        Err(Trouble::Hook(failure)) => {
            let _ = link.send(&WorkerAnswer::Failed(failure), &[]);
        }
        Err(Trouble::ChildChannel) => {}
    }
}

enum Trouble {
    Hook(HookFailure),
    /// Nobody listens any more.
    ChildChannel,
}

impl From<HookFailure> for Trouble {
    fn from(failure: HookFailure) -> Self {
        Self::Hook(failure)
    }
}

impl From<io::Error> for Trouble {
    fn from(_: io::Error) -> Self {
        Self::ChildChannel
    }
}

fn obey<T: Task>(
    processor: &mut Processor<T>,
    link: &mut ChildChannel,
    put: impl Fn(&[u8]) -> Option<Place>,
) -> Result<(), Trouble> {
    processor.initialize()?;
    link.send(&WorkerAnswer::Ready, &[])?;
    let mut waiting = Duration::ZERO;
    let mut since = Instant::now();
    while let Some((order, items)) = link.receive()? {
        match order {
            WorkerOrder::Process(batch) => {
                waiting += since.elapsed();
                let (mut done, replies) = processor.process(batch, &items)?;
                let start = Instant::now();
                let output = processor.take_output()?;
                link.send(&WorkerAnswer::Output, &output)?;
                let sending = start.elapsed();
                done.busy += sending;
                done.merging += sending;
                let place = put(&replies);
                let sent = if place.is_some() { &[] } else { replies.as_slice() };
                link.send(&WorkerAnswer::Done(done, place), sent)?;
                since = Instant::now();
            }
            WorkerOrder::Finalize => {
                processor.finalize()?;
                link.send(&WorkerAnswer::Finalized(waiting), &[])?;
            }
        }
    }
    Ok(())
}

/// A keeper's whole life.
pub(super) fn keep<T: Task>(mut processor: Processor<T>, mut link: ChildChannel) {
    match add_up(&mut processor, &mut link) {
        Ok(()) => {}
        Err(Trouble::Hook(failure)) => {
            let _ = link.send(&AccumulatorAnswer::Failed(failure), &[]);
        }
        Err(Trouble::ChildChannel) => {}
    }
}

fn add_up<T: Task>(processor: &mut Processor<T>, link: &mut ChildChannel) -> Result<(), Trouble> {
    while let Some((order, body)) = link.receive()? {
        match order {
            AccumulatorOrder::Add { last } => {
                let start = Instant::now();
                let mut first = Some((body.into_vec(), last));
                processor.absorb(|| match first.take() {
                    Some(piece) => Ok(piece),
                    None => match link.receive()? {
                        Some((AccumulatorOrder::Add { last }, body)) => Ok((body.into_vec(), last)),
                        _ => Err(io::ErrorKind::UnexpectedEof.into()),
                    },
                })?;
                link.send(&AccumulatorAnswer::Added(start.elapsed()), &[])?;
            }
            AccumulatorOrder::Emit { always } => {
                let last = processor.emit(always, |piece| link.send(&AccumulatorAnswer::Piece, &piece))?;
                link.send(&AccumulatorAnswer::LastPiece, &last)?;
            }
        }
    }
    Ok(())
}
