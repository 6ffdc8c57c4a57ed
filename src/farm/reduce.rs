//! Sums the outputs of all ranks along a binary tree, piece by piece.
//!
//! A rank asks its children for their outputs in turn and hands the pieces to its worker, which decodes them as they
//! arrive. Therefore, no rank ever holds more than its own output, another output that is being decoded, and a few
//! pieces.

use super::backoff::Backoff;
use super::protocol::{Failure, Order, pack};
use super::transport::{Message, Tag, Transport};
use super::worker::{Worker, WorkerReport};
use crate::error::Error;
use std::collections::VecDeque;
use std::time::Duration;

/// The maximum number of pieces in a queue.
const PIECES: usize = 4;

/// Returns the ranks whose outputs `rank` adds to its own.
fn children(rank: usize, size: usize) -> impl Iterator<Item = usize> {
    (0..usize::BITS - 1)
        .map(|bit| 1 << bit)
        .take_while(move |step| rank & step == 0 && rank + step < size)
        .map(move |step| rank + step)
}

/// Returns the rank that adds `rank`'s output to its own.
fn parent(rank: usize) -> usize {
    rank & rank.wrapping_sub(1)
}

/// The outcome of a rank's part in the summation.
pub(crate) enum Reduced {
    /// The sum is complete or was sent to the parent.
    Complete,
    /// This rank cannot continue.
    Failed(Failure),
    /// The job was stopped.
    Stopped,
}

/// What a control message means for the summation.
pub(crate) enum Control {
    /// The parent asks for this rank's output.
    Asked,
    /// The message does not concern the summation.
    Continue,
    /// The job was stopped.
    Stop,
}

/// Adds the children's outputs to that of this rank's worker. An agent then sends the sum to its parent, once the
/// parent asks for it. `asked` states whether the parent has already asked for the sum. `control` interprets messages
/// that are not pieces.
pub(crate) fn reduce(
    transport: &mut Transport,
    worker: &mut dyn Worker,
    mut asked: bool,
    mut control: impl FnMut(Message) -> Result<Control, Error>,
) -> Result<Reduced, Error> {
    let (rank, size) = (transport.rank(), transport.size());
    let mut waiting_for: VecDeque<usize> = children(rank, size).collect();
    let mut pieces: VecDeque<(Vec<u8>, bool)> = VecDeque::new();
    let mut absorbing = false;
    let mut emitting = false;
    let mut emitted = false;
    let mut backoff = Backoff::default();
    loop {
        let mut busy = false;
        if !absorbing {
            if let Some(&child) = waiting_for.front() {
                transport.send(child, Tag::Control, pack(&Order::Emit, &[])?);
                worker.absorb();
                (absorbing, busy) = (true, true);
            } else if rank == 0 {
                return Ok(Reduced::Complete);
            } else if asked && !emitting {
                worker.emit(false);
                (emitting, busy) = (true, true);
            }
        }
        while let Some((piece, last)) = pieces.pop_front() {
            if let Err(piece) = worker.give(piece, last) {
                pieces.push_front((piece, last));
                break;
            }
            busy = true;
        }
        // While this queue is full, further pieces remain with their senders.
        while pieces.len() < PIECES
            && let Some(message) = transport.try_receive()?
        {
            busy = true;
            match message.tag {
                Tag::Piece | Tag::LastPiece => pieces.push_back((message.bytes, message.tag == Tag::LastPiece)),
                Tag::Control => match control(message)? {
                    Control::Asked => asked = true,
                    Control::Continue => {}
                    Control::Stop => return Ok(Reduced::Stopped),
                },
                Tag::Signal => {}
            }
        }
        let sending = transport.is_sending();
        if emitted && !sending {
            return Ok(Reduced::Complete);
        }
        let wait = if busy || emitted || transport.sends_pending() >= PIECES {
            Duration::ZERO
        } else {
            // A child may take a long time to become ready, and waiting for it must not keep a core busy.
            backoff.wait(sending)
        };
        let report = if transport.sends_pending() < PIECES {
            worker.poll(wait)
        } else {
            None
        };
        match report {
            None if !busy && wait.is_zero() => backoff.pause(true),
            None => {}
            Some(report) => {
                busy = true;
                match report {
                    // The worker may have become ready too late to receive any items.
                    WorkerReport::Ready => {}
                    WorkerReport::Absorbed => {
                        waiting_for.pop_front();
                        absorbing = false;
                    }
                    WorkerReport::Piece(piece) => transport.send(parent(rank), Tag::Piece, piece),
                    WorkerReport::LastPiece(piece) => {
                        transport.send(parent(rank), Tag::LastPiece, piece);
                        emitted = true;
                    }
                    WorkerReport::Failed(failure) => return Ok(Reduced::Failed(failure)),
                    WorkerReport::Done(..) | WorkerReport::Died(_) => {
                        return Ok(Reduced::Failed(Failure::bug("a batch was done after the last one")));
                    }
                }
            }
        }
        if busy {
            backoff.reset();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_reaches_every_rank_once() {
        for size in 1..200 {
            let mut reached = vec![0; size];
            for rank in 0..size {
                for child in children(rank, size) {
                    assert_eq!(parent(child), rank);
                    reached[child] += 1;
                }
            }
            assert_eq!(reached[0], 0);
            assert!(reached[1..].iter().all(|&times| times == 1));
        }
    }
}
