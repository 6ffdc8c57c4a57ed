//! The rank's view of its accumulator, the process that adds up the workers' outputs.

use super::channel::RankChannel;
use super::error::WorkersError;
use super::messages::{AccumulatorAnswer, AccumulatorOrder};
use crate::farm::protocol::Failure;
use crate::farm::worker::WorkerReport;
use std::collections::VecDeque;
use std::time::Duration;

#[derive(Default)]
pub(super) struct Accumulator {
    channel: Option<RankChannel>,
    pid: Option<i32>,
    /// Orders issued before the process existed.
    early: Vec<(AccumulatorOrder, Vec<u8>)>,
    /// The outputs that the accumulator has not yet acknowledged.
    adding: VecDeque<OutputOf>,
    /// How long it takes to add a worker's output: a running average that gives the latest value the greatest weight.
    time: Duration,
}

/// The source of an output that is being added.
enum OutputOf {
    Worker,
    OtherRank,
}

/// How many bytes of the workers' outputs may queue up before the workers have to wait.
const BACKLOG: usize = 64 << 20;
/// How many bytes of other ranks' outputs may queue up.
const PIECES: usize = 4 << 20;

impl Accumulator {
    /// Connects to the process, which now exists.
    pub(super) fn started(&mut self, pid: i32, channel: RankChannel) -> Result<(), WorkersError> {
        self.pid = Some(pid);
        self.channel = Some(channel);
        std::mem::take(&mut self.early)
            .into_iter()
            .try_for_each(|(order, payload)| self.order(order, payload))
    }

    pub(super) fn channel(&self) -> Option<&RankChannel> {
        self.channel.as_ref()
    }

    pub(super) fn pid(&self) -> Option<i32> {
        self.pid
    }

    /// Returns whether too many outputs are waiting to be added.
    pub(super) fn is_congested(&self) -> bool {
        self.pending() > BACKLOG
    }

    /// Returns how long it takes to add a worker's output.
    pub(super) fn time(&self) -> Duration {
        self.time
    }

    fn pending(&self) -> usize {
        let early: usize = self.early.iter().map(|(_, payload)| payload.len()).sum();
        early + self.channel.as_ref().map_or(0, RankChannel::pending)
    }

    fn order(&mut self, order: AccumulatorOrder, payload: Vec<u8>) -> Result<(), WorkersError> {
        match &mut self.channel {
            Some(channel) => channel.send(&order, payload)?,
            None => self.early.push((order, payload)),
        }
        Ok(())
    }

    /// Adds a worker's output.
    pub(super) fn add(&mut self, output: Vec<u8>) -> Result<(), WorkersError> {
        self.adding.push_back(OutputOf::Worker);
        self.order(AccumulatorOrder::Add { last: true }, output)
    }

    /// Adds a piece of another rank's output. Returns the piece if there is currently no room for it.
    pub(super) fn give(&mut self, piece: Vec<u8>, last: bool) -> Result<Result<(), Vec<u8>>, WorkersError> {
        if self.pending() > PIECES {
            return Ok(Err(piece));
        }
        if last {
            self.adding.push_back(OutputOf::OtherRank);
        }
        self.order(AccumulatorOrder::Add { last }, piece).map(Ok)
    }

    /// Asks for the sum.
    pub(super) fn emit(&mut self, always: bool) -> Result<(), WorkersError> {
        self.order(AccumulatorOrder::Emit { always }, Vec::new())
    }

    /// Takes the accumulator's next answer, if there is one.
    pub(super) fn receive(&mut self, reports: &mut VecDeque<WorkerReport>) -> Result<(), WorkersError> {
        let Some(channel) = &mut self.channel else {
            return Ok(());
        };
        channel.flush();
        let Some((answer, payload)) = channel.receive()? else {
            return match channel.is_closed() {
                true => Err(Failure::hook(
                    "adding up outputs",
                    "the process that does it has died, and the outputs that it held are lost",
                )
                .into()),
                false => Ok(()),
            };
        };
        match answer {
            AccumulatorAnswer::Added(time) => match self.adding.pop_front() {
                Some(OutputOf::Worker) => self.time = (self.time * 7 + time * 3) / 10,
                Some(OutputOf::OtherRank) => reports.push_back(WorkerReport::Absorbed),
                None => return Err(Failure::bug("an output was added that nobody had sent").into()),
            },
            AccumulatorAnswer::Piece => reports.push_back(WorkerReport::Piece(payload.into_vec())),
            AccumulatorAnswer::LastPiece => reports.push_back(WorkerReport::LastPiece(payload.into_vec())),
            AccumulatorAnswer::Failed(failure) => return Err(failure.into()),
        }
        Ok(())
    }

    /// Closes the accumulator's channel, which makes the process exit.
    pub(super) fn close(&mut self) {
        self.channel = None;
    }
}
