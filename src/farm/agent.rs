//! The farm's side on every rank except rank 0: passes batches to the rank's worker and the worker's reports to rank 0.

use super::backoff::Backoff;
use super::protocol::{Failure, Order, Pass, Payload, RankUsage, Report, pack, unpack};
use super::reduce::{Control, Reduced, reduce};
use super::transport::{Message, Tag, Transport};
use super::worker::{Worker, WorkerReport};
use crate::error::Error;
use crate::job::memory::MemoryUse;
use std::time::{Duration, Instant};

/// The outcome of an agent's part in a pass.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// All items are settled and their outputs are summed.
    Finished,
    /// The program must also exit on this rank, because rank 0 stopped the job or left the job without starting another
    /// pass.
    Goodbye,
}

/// Takes part in one call of `process`. `start` creates the worker.
pub(crate) fn serve(
    transport: &mut Transport,
    start: impl FnOnce(Payload, Pass) -> Result<Box<dyn Worker>, Failure>,
) -> Result<Ended, Error> {
    let mut asked = false;
    let (pass, task) = loop {
        match await_order(transport)? {
            (Order::Start(pass), task) => break (pass, task),
            // The parent in the tree sent this order and may have seen the start and end of the pass before this rank
            // did, because only messages from the same rank arrive in order.
            (Order::Emit, _) => asked = true,
            (Order::Stop, _) => return stop(transport),
            (Order::Goodbye, _) => return Ok(Ended::Goodbye),
            (order, _) => return Err(out_of_turn(&order)),
        }
    };
    transport.take_traffic();
    let mut worker = match start(task, pass) {
        Ok(worker) => worker,
        Err(failure) => return fail(transport, failure),
    };
    let mut backoff = Backoff::default();
    loop {
        let mut busy = false;
        while let Some(message) = transport.try_receive()? {
            busy = true;
            match order(message)? {
                (Order::Batch(batch), items) => worker.submit(batch, items),
                (Order::Emit, _) => asked = true,
                (Order::Reduce { memory }, _) => {
                    let memory = memory.then(|| memory_in_use(&*worker));
                    return sum(transport, worker, asked, memory);
                }
                (Order::Stop, _) => return stop(transport),
                (order, _) => return Err(out_of_turn(&order)),
            }
        }
        let wait = match busy {
            true => Duration::ZERO,
            false => backoff.wait(transport.is_sending()),
        };
        if let Some(report) = worker.poll(wait) {
            busy = true;
            match report {
                WorkerReport::Ready => report_to_root(transport, &Report::Ready { slots: worker.slots() }, &[])?,
                WorkerReport::Done(done, replies) => report_to_root(transport, &Report::Done(done), &replies)?,
                WorkerReport::Died(death) => report_to_root(transport, &Report::Died(death), &[])?,
                WorkerReport::Failed(failure) => return fail(transport, failure),
                WorkerReport::Absorbed | WorkerReport::Piece(_) | WorkerReport::LastPiece(..) => {
                    return fail(transport, Failure::bug("the worker sends outputs while items are left"));
                }
            }
        }
        if busy {
            backoff.reset();
        }
    }
}

/// Measures the memory that this rank and its worker use.
pub(crate) fn memory_in_use(worker: &dyn Worker) -> MemoryUse {
    let mut processes = worker.processes();
    processes.push(std::process::id() as i32);
    MemoryUse::of(&processes, worker.slots())
}

/// Takes part in summing the outputs of all ranks.
fn sum(
    transport: &mut Transport,
    mut worker: Box<dyn Worker>,
    asked: bool,
    memory: Option<MemoryUse>,
) -> Result<Ended, Error> {
    let reduced = reduce(transport, &mut *worker, asked, |message| {
        Ok(match order(message)?.0 {
            Order::Emit => Control::Asked,
            Order::Stop => Control::Stop,
            order => return Err(out_of_turn(&order)),
        })
    })?;
    match reduced {
        Reduced::Complete => {
            let (bytes_in, bytes_out) = transport.take_traffic();
            let waiting = worker.finish();
            let usage = RankUsage {
                waiting,
                memory,
                bytes_in,
                bytes_out,
            };
            report_to_root(transport, &Report::Finished(usage), &[])?;
            Ok(Ended::Finished)
        }
        Reduced::Failed(failure) => fail(transport, failure),
        Reduced::Stopped => stop(transport),
    }
}

/// Reports to rank 0 that this rank cannot continue, and waits to be stopped.
pub(crate) fn fail(transport: &mut Transport, failure: Failure) -> Result<Ended, Error> {
    report_to_root(transport, &Report::Failed(failure), &[])?;
    loop {
        // Orders that were already in transit when the failure happened no longer matter.
        match await_order(transport)?.0 {
            Order::Stop => return stop(transport),
            Order::Goodbye => return Ok(Ended::Goodbye),
            _ => {}
        }
    }
}

/// After `Stop`: receives incoming messages until all of this rank's own messages are sent, so that no two ranks wait
/// for each other, then reports `Stopped` and waits for `Goodbye`.
pub(crate) fn stop(transport: &mut Transport) -> Result<Ended, Error> {
    let mut backoff = Backoff::default();
    while transport.is_sending() {
        if transport.try_receive()?.is_none() {
            backoff.pause(true);
        }
    }
    report_to_root(transport, &Report::Stopped, &[])?;
    loop {
        match transport.try_receive()? {
            Some(message) if message.tag == Tag::Control => {
                if let (Order::Goodbye, _) = order(message)? {
                    return Ok(Ended::Goodbye);
                }
            }
            Some(_) => {}
            None => backoff.pause(false),
        }
    }
}

/// Waits for `Goodbye` from rank 0. If rank 0 starts another pass instead, reports that this rank's program did not
/// make the corresponding call of `process`.
pub(crate) fn await_goodbye(transport: &mut Transport) -> Result<(), Error> {
    loop {
        match await_order(transport)?.0 {
            Order::Goodbye => return Ok(()),
            Order::Stop => return stop(transport).map(|_| ()),
            Order::Start(_) => report_to_root(transport, &Report::Left, &[])?,
            _ => {}
        }
    }
}

/// Waits for the next order, ignoring all messages that are not orders.
pub(crate) fn await_order(transport: &mut Transport) -> Result<(Order, Payload), Error> {
    let mut backoff = Backoff::default();
    loop {
        match transport.try_receive()? {
            Some(message) if message.tag == Tag::Control => return order(message),
            Some(_) => {}
            None => {
                let in_transfer = transport.is_sending();
                backoff.pause(in_transfer);
            }
        }
    }
}

pub(crate) fn report_to_root(transport: &mut Transport, report: &Report, payload: &[u8]) -> Result<(), Error> {
    transport.send(0, Tag::Control, pack(report, payload)?);
    Ok(())
}

fn order(message: Message) -> Result<(Order, Payload), Error> {
    unpack(message.bytes)
}

fn out_of_turn(order: &Order) -> Error {
    Error::Mpi(format!(
        "an order came out of turn ({order:?}): a bug in gaudi-mpi, please report it"
    ))
}

/// On rank 0: stops all agents, receives all messages still in transit, and sends `Goodbye`. Returns false if some
/// agents do not answer in time.
pub(crate) fn stop_all(transport: &mut Transport, patience: Duration) -> Result<bool, Error> {
    for rank in 1..transport.size() {
        transport.send(rank, Tag::Control, pack(&Order::Stop, &[])?);
    }
    let mut stopped = vec![false; transport.size()];
    stopped[0] = true;
    let start = Instant::now();
    let mut backoff = Backoff::default();
    while stopped.contains(&false) {
        match transport.try_receive()? {
            Some(message) if message.tag == Tag::Control => {
                if let (Report::Stopped, _) = unpack::<Report>(message.bytes)? {
                    stopped[message.from] = true;
                }
                backoff.reset();
            }
            Some(_) => backoff.reset(),
            None if start.elapsed() > patience => return Ok(false),
            None => backoff.pause(true),
        }
    }
    say_goodbye(transport)?;
    Ok(true)
}

/// On rank 0: tells all agents that the program is ending.
pub(crate) fn say_goodbye(transport: &mut Transport) -> Result<(), Error> {
    for rank in 1..transport.size() {
        transport.send(rank, Tag::Control, pack(&Order::Goodbye, &[])?);
    }
    Ok(())
}
