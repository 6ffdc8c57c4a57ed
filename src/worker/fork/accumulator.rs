//! The keeper of a rank, as the rank sees it: the process that adds up what the workers make.

use super::channel::RankChannel;
use super::error::WorkerError;
use super::messages::{AccumulatorAnswer, AccumulatorOrder};
use crate::farm::worker::WorkerReport;
use std::collections::VecDeque;
use std::time::Duration;

#[derive(Default)]
pub(super) struct Accumulator {
    peer: Option<RankChannel>,
    pid: Option<i32>,
    /// Orders from before it was there.
    early: Vec<(AccumulatorOrder, Vec<u8>)>,
    /// What its next answers are about.
    adding: VecDeque<Adding>,
    /// How long it takes to add a worker's output: the latest count most.
    time: Duration,
}

/// What an output is that it adds.
enum Adding {
    OfWorker,
    OfRank,
}

/// Bytes of outputs that may wait before workers have to.
const BACKLOG: usize = 64 << 20;
/// Bytes of other ranks' outputs that may.
const PIECES: usize = 4 << 20;

impl Accumulator {
    /// It is there.
    pub(super) fn take(&mut self, pid: i32, peer: RankChannel) -> Result<(), WorkerError> {
        self.pid = Some(pid);
        self.peer = Some(peer);
        std::mem::take(&mut self.early)
            .into_iter()
            .try_for_each(|(order, body)| self.order(order, body))
    }

    pub(super) fn peer(&self) -> Option<&RankChannel> {
        self.peer.as_ref()
    }

    pub(super) fn process_number(&self) -> Option<i32> {
        self.pid
    }

    /// Too much waits for it.
    pub(super) fn is_congested(&self) -> bool {
        self.waiting() > BACKLOG
    }

    /// How long it takes to add a worker's output.
    pub(super) fn time(&self) -> Duration {
        self.time
    }

    fn waiting(&self) -> usize {
        let early: usize = self.early.iter().map(|(_, body)| body.len()).sum();
        early + self.peer.as_ref().map_or(0, RankChannel::waiting)
    }

    fn order(&mut self, order: AccumulatorOrder, body: Vec<u8>) -> Result<(), WorkerError> {
        match &mut self.peer {
            Some(peer) => peer.send(&order, body)?,
            None => self.early.push((order, body)),
        }
        Ok(())
    }

    /// Has it add a worker's output.
    pub(super) fn add(&mut self, output: Vec<u8>) -> Result<(), WorkerError> {
        self.adding.push_back(Adding::OfWorker);
        self.order(AccumulatorOrder::Add { last: true }, output)
    }

    /// Has it add a piece of another rank's output; given back if it has to wait.
    pub(super) fn give(&mut self, piece: Vec<u8>, last: bool) -> Result<Result<(), Vec<u8>>, WorkerError> {
        if self.waiting() > PIECES {
            return Ok(Err(piece));
        }
        if last {
            self.adding.push_back(Adding::OfRank);
        }
        self.order(AccumulatorOrder::Add { last }, piece).map(Ok)
    }

    /// Asks for the sum.
    pub(super) fn emit(&mut self, always: bool) -> Result<(), WorkerError> {
        self.order(AccumulatorOrder::Emit { always }, Vec::new())
    }

    /// Hears what it says.
    pub(super) fn hear(&mut self, reports: &mut VecDeque<WorkerReport>) -> Result<(), WorkerError> {
        let Some(peer) = &mut self.peer else { return Ok(()) };
        peer.flush();
        let Some((answer, body)) = peer.receive()? else {
            return match peer.is_closed() {
                true => Err(WorkerError::hook(
                    "adding up outputs",
                    "the process that does it has died, and what it held is lost",
                )),
                false => Ok(()),
            };
        };
        match answer {
            AccumulatorAnswer::Added(time) => match self.adding.pop_front() {
                Some(Adding::OfWorker) => self.time = (self.time * 7 + time * 3) / 10,
                Some(Adding::OfRank) => reports.push_back(WorkerReport::Absorbed),
                None => return Err(WorkerError::confused("an output was added that nobody had sent")),
            },
            AccumulatorAnswer::Piece => reports.push_back(WorkerReport::Piece(body.into_vec())),
            AccumulatorAnswer::LastPiece => reports.push_back(WorkerReport::LastPiece(body.into_vec())),
            AccumulatorAnswer::Failed(failure) => return Err(WorkerError::Hook(failure)),
        }
        Ok(())
    }

    /// Says that nothing more will come.
    pub(super) fn close(&mut self) {
        self.peer = None;
    }
}
