//! The side of every rank but rank 0: passes batches to its worker, and what the worker says to rank 0.

use super::backoff::Backoff;
use super::protocol::{HookFailure, Message, Order, Pass, Payload, RankUsage, Report, pack, unpack};
use super::reduce::{Control, Reduced, reduce};
use super::transport::{Tag, Transport};
use crate::error::Error;
use crate::farm::worker::{Worker, WorkerReport};
use crate::job::memory::MemoryUse;
use std::time::{Duration, Instant};

/// How an agent's part in a pass ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// All items are done, and the sum is made.
    Finished,
    /// The program ends, here too: rank 0 has stopped the job, or left without processing anything.
    Goodbye,
}

/// Serves one call of `process`; `spawn` makes the worker.
pub(crate) fn serve(
    transport: &mut Transport,
    spawn: impl FnOnce(Payload, Pass) -> Result<Box<dyn Worker>, HookFailure>,
) -> Result<Ended, Error> {
    let mut asked = false;
    let (pass, task) = loop {
        match await_order(transport)? {
            (Order::Start(pass), task) => break (pass, task),
            // From the rank above, which may have heard of the pass, and of its end, before this rank did: only what
            // one rank sends stays in order.
            (Order::Emit, _) => asked = true,
            (Order::Stop, _) => return stop(transport),
            (Order::Goodbye, _) => return Ok(Ended::Goodbye),
            (order, _) => return Err(out_of_turn(&order)),
        }
    };
    transport.take_traffic();
    let mut worker = match spawn(task, pass) {
        Ok(worker) => worker,
        Err(failure) => return fail(transport, failure),
    };
    let mut idle = Backoff::default();
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
        let wait = if busy {
            Duration::ZERO
        } else {
            idle.wait(transport.is_sending())
        };
        if let Some(report) = worker.poll(wait) {
            busy = true;
            match report {
                WorkerReport::Ready => say(transport, &Report::Ready { slots: worker.slots() }, &[])?,
                WorkerReport::Done(done, replies) => say(transport, &Report::Done(done), &replies)?,
                WorkerReport::Died(death) => say(transport, &Report::Died(death), &[])?,
                WorkerReport::Failed(failure) => return fail(transport, failure),
                WorkerReport::Absorbed | WorkerReport::Piece(_) | WorkerReport::LastPiece(..) => {
                    return Err(Error::Mpi(
                        "the worker speaks of outputs while items are left: a fault in gaudi-mpi, please report it"
                            .into(),
                    ));
                }
            }
        }
        if busy {
            idle.reset();
        }
    }
}

/// What this rank and its worker use now.
pub(crate) fn memory_in_use(worker: &dyn Worker) -> MemoryUse {
    let mut processes = worker.processes();
    processes.push(std::process::id() as i32);
    MemoryUse::of(&processes, worker.slots())
}

/// Joins in the sum over all ranks.
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
            say(
                transport,
                &Report::Finished(RankUsage {
                    waiting,
                    memory,
                    bytes_in,
                    bytes_out,
                }),
                &[],
            )?;
            Ok(Ended::Finished)
        }
        Reduced::Failed(failure) => fail(transport, failure),
        Reduced::Stopped => stop(transport),
    }
}

/// Tells rank 0 that something failed here, and waits to be stopped.
pub(crate) fn fail(transport: &mut Transport, failure: HookFailure) -> Result<Ended, Error> {
    say(transport, &Report::Failed(failure), &[])?;
    loop {
        // What was on its way when the hook failed does not matter any more.
        match await_order(transport)?.0 {
            Order::Stop => return stop(transport),
            Order::Goodbye => return Ok(Ended::Goodbye),
            _ => {}
        }
    }
}

/// After `Stop`: lets everything arrive that is on its way, so that no other rank waits for it, says so, and waits for
/// the end.
pub(crate) fn stop(transport: &mut Transport) -> Result<Ended, Error> {
    let mut idle = Backoff::default();
    while transport.is_sending() {
        if transport.try_receive()?.is_none() {
            idle.pause(true);
        }
    }
    say(transport, &Report::Stopped, &[])?;
    loop {
        match transport.try_receive()? {
            Some(message) if message.tag == Tag::Control => {
                if let (Order::Goodbye, _) = order(message)? {
                    return Ok(Ended::Goodbye);
                }
            }
            Some(_) => {}
            None => idle.pause(false),
        }
    }
}

/// RankUsage for the end of the program; tells rank 0 if it has other plans.
pub(crate) fn await_goodbye(transport: &mut Transport) -> Result<(), Error> {
    loop {
        match await_order(transport)?.0 {
            Order::Goodbye => return Ok(()),
            Order::Stop => return stop(transport).map(|_| ()),
            Order::Start(_) => say(transport, &Report::Left, &[])?,
            _ => {}
        }
    }
}

/// The next order, whenever it comes.
pub(crate) fn await_order(transport: &mut Transport) -> Result<(Order, Payload), Error> {
    let mut idle = Backoff::default();
    loop {
        match transport.try_receive()? {
            Some(message) if message.tag == Tag::Control => return order(message),
            Some(_) => {}
            None => {
                let in_transfer = transport.is_sending();
                idle.pause(in_transfer);
            }
        }
    }
}

/// Tells rank 0.
pub(crate) fn say(transport: &mut Transport, report: &Report, body: &[u8]) -> Result<(), Error> {
    transport.send(0, Tag::Control, pack(report, body)?);
    Ok(())
}

fn order(message: Message) -> Result<(Order, Payload), Error> {
    unpack(message.bytes)
}

fn out_of_turn(order: &Order) -> Error {
    Error::Mpi(format!(
        "an order came out of turn ({order:?}): a fault in gaudi-mpi, please report it"
    ))
}

/// Asks all agents to stop, lets everything arrive that is on its way, and sends them home. False if some did not
/// answer in time.
pub(crate) fn stop_all(transport: &mut Transport, patience: Duration) -> Result<bool, Error> {
    for rank in 1..transport.size() {
        transport.send(rank, Tag::Control, pack(&Order::Stop, &[])?);
    }
    let mut stopped = vec![false; transport.size()];
    stopped[0] = true;
    let start = Instant::now();
    let mut idle = Backoff::default();
    while stopped.contains(&false) {
        match transport.try_receive()? {
            Some(message) if message.tag == Tag::Control => {
                if let (Report::Stopped, _) = unpack::<Report>(message.bytes)? {
                    stopped[message.from] = true;
                }
                idle.reset();
            }
            Some(_) => idle.reset(),
            None if start.elapsed() > patience => return Ok(false),
            None => idle.pause(true),
        }
    }
    say_goodbye(transport)?;
    Ok(true)
}

/// Sends all agents home.
pub(crate) fn say_goodbye(transport: &mut Transport) -> Result<(), Error> {
    for rank in 1..transport.size() {
        transport.send(rank, Tag::Control, pack(&Order::Goodbye, &[])?);
    }
    Ok(())
}
