//! What a zygote's children do: workers process batches, the keeper adds up.

use super::link::Link;
use super::messages::{KeeperAnswer, KeeperOrder, WorkerAnswer, WorkerOrder};
use super::shelf::Place;
use crate::Task;
use crate::farm::message::HookFailure;
use crate::worker::processor::Processor;
use std::io;
use std::time::{Duration, Instant};

/// A worker's whole life: it ends when nobody is there to tell it anything. Replies that `put` has no place for are sent.
pub(super) fn work<T: Task>(mut processor: Processor<T>, mut link: Link, put: impl Fn(&[u8]) -> Option<Place>) {
    match obey(&mut processor, &mut link, put) {
        Ok(()) => {}
        Err(Trouble::Hook(failure)) => {
            let _ = link.send(&WorkerAnswer::Failed(failure), &[]);
        }
        Err(Trouble::Link) => {}
    }
}

enum Trouble {
    Hook(HookFailure),
    /// Nobody listens any more.
    Link,
}

impl From<HookFailure> for Trouble {
    fn from(failure: HookFailure) -> Self {
        Self::Hook(failure)
    }
}

impl From<io::Error> for Trouble {
    fn from(_: io::Error) -> Self {
        Self::Link
    }
}

fn obey<T: Task>(
    processor: &mut Processor<T>,
    link: &mut Link,
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
pub(super) fn keep<T: Task>(mut processor: Processor<T>, mut link: Link) {
    match add_up(&mut processor, &mut link) {
        Ok(()) => {}
        Err(Trouble::Hook(failure)) => {
            let _ = link.send(&KeeperAnswer::Failed(failure), &[]);
        }
        Err(Trouble::Link) => {}
    }
}

fn add_up<T: Task>(processor: &mut Processor<T>, link: &mut Link) -> Result<(), Trouble> {
    while let Some((order, body)) = link.receive()? {
        match order {
            KeeperOrder::Add { last } => {
                let start = Instant::now();
                let mut first = Some((body.into_vec(), last));
                processor.absorb(|| match first.take() {
                    Some(piece) => Ok(piece),
                    None => match link.receive()? {
                        Some((KeeperOrder::Add { last }, body)) => Ok((body.into_vec(), last)),
                        _ => Err(io::ErrorKind::UnexpectedEof.into()),
                    },
                })?;
                link.send(&KeeperAnswer::Added(start.elapsed()), &[])?;
            }
            KeeperOrder::Emit { always } => {
                let last = processor.emit(always, |piece| link.send(&KeeperAnswer::Piece, &piece))?;
                link.send(&KeeperAnswer::LastPiece, &last)?;
            }
        }
    }
    Ok(())
}
