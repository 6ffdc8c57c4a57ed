//! Rank 0's side of the farm: hands out items, collects results, and delivers replies in item order.

mod failures;

use self::failures::Failures;
use super::backoff::Backoff;
use super::item_feed::ItemFeed;
use super::protocol::{Batch, Done, Failure, Order, Payload, Report, pack, unpack};
use super::reorder::{Reorder, Run};
use super::schedule::Schedule;
use super::transport::{Tag, Transport};
use super::worker::{Worker, WorkerReport};
use crate::error::Error;
use crate::job::options::Options;
use crate::job::statistics::RankStatistics;
use crate::job::summary::SkippedItem;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The coordinator's view of a rank's worker.
#[derive(Debug, Default)]
struct Member {
    /// The number of batches that the worker processes at a time; 0 before it is ready.
    slots: usize,
    at_work: VecDeque<Batch>,
}

/// A run of replies that is being delivered to the user.
struct Release {
    items: Batch,
    replies: Payload,
    /// The number of reply bytes already delivered to the user.
    delivered: usize,
}

/// Manages all items of a pass until each has been processed or skipped.
pub(crate) struct Coordinator<'a> {
    options: &'a Options,
    hosts: &'a [String],
    transport: &'a mut Transport,
    worker: &'a mut dyn Worker,
    feed: &'a mut dyn ItemFeed,
    members: Vec<Member>,
    schedule: Schedule,
    reorder: Reorder,
    release: Option<Release>,
    failures: Failures,
    settled: u64,
    ranks: Vec<RankStatistics>,
}

/// The results known when all items are settled, or when the job fails.
#[derive(Default)]
pub(crate) struct Results {
    pub skipped: Vec<SkippedItem>,
    pub ranks: Vec<RankStatistics>,
}

/// How long `local_process` may keep the coordinator from its other duties.
const RELEASE_TIME: Duration = Duration::from_millis(5);
/// The maximum number of messages handled in a row before the coordinator turns to its other duties.
const MESSAGES_A_TURN: usize = 64;

impl<'a> Coordinator<'a> {
    pub(crate) fn new(
        options: &'a Options,
        hosts: &'a [String],
        transport: &'a mut Transport,
        worker: &'a mut dyn Worker,
        feed: &'a mut dyn ItemFeed,
    ) -> Self {
        let size = transport.size();
        let (expected, item_size) = (feed.expected(), feed.item_size());
        let schedule = Schedule::new(
            options.schedule,
            options.batch,
            expected,
            item_size,
            size,
            options.window,
        );
        let ranks = hosts
            .iter()
            .enumerate()
            .map(|(rank, host)| RankStatistics {
                rank,
                host: host.clone(),
                ..Default::default()
            })
            .collect();
        Self {
            options,
            hosts,
            transport,
            worker,
            feed,
            members: (0..size).map(|_| Member::default()).collect(),
            schedule,
            reorder: Reorder::default(),
            release: None,
            failures: Failures::default(),
            settled: 0,
            ranks,
        }
    }

    /// Runs until all items are settled: processed or skipped.
    pub(crate) fn run(&mut self) -> Result<(), Error> {
        let mut backoff = Backoff::default();
        // Without items, there is no need to wait for workers.
        let supply = self.feed.pull(1).map_err(|failure| self.failed(0, failure))?;
        self.schedule.note_supply(supply);
        while !self.is_complete() {
            let mut busy = false;
            while let Some(report) = self.worker.poll(Duration::ZERO) {
                self.take_worker_report(report)?;
                busy = true;
            }
            for _ in 0..MESSAGES_A_TURN {
                let Some(message) = self.transport.try_receive()? else {
                    break;
                };
                let (report, payload) = unpack(message.bytes)?;
                self.take_agent_report(message.from, report, payload)?;
                busy = true;
            }
            busy |= self.release()?;
            busy |= self.hand_out()?;
            self.feed.progress(self.settled);
            if busy {
                backoff.reset();
            } else {
                let wait = backoff.wait(self.transport.is_sending());
                if let Some(report) = self.worker.poll(wait) {
                    self.take_worker_report(report)?;
                    backoff.reset();
                }
            }
        }
        Ok(())
    }

    /// Returns whether all items are settled and all replies delivered.
    fn is_complete(&self) -> bool {
        self.schedule
            .total()
            .is_some_and(|total| self.settled == total && self.release.is_none() && self.reorder.next() == total)
    }

    /// Returns the results known so far.
    pub(crate) fn into_results(self) -> Results {
        let mut skipped = self.failures.skipped;
        skipped.sort_by_key(|skipped| skipped.item);
        Results {
            skipped,
            ranks: self.ranks,
        }
    }

    fn take_worker_report(&mut self, report: WorkerReport) -> Result<(), Error> {
        match report {
            WorkerReport::Ready => self.ready(0, self.worker.slots()),
            WorkerReport::Done(done, replies) => self.done(0, done, replies)?,
            WorkerReport::Died(death) => self.worker_died(0, death)?,
            WorkerReport::Failed(failure) => return Err(self.failed(0, failure)),
            WorkerReport::Absorbed | WorkerReport::Piece(_) | WorkerReport::LastPiece(..) => {
                return Err(self.failed(0, Failure::bug("the worker sends outputs while items are left")));
            }
        }
        Ok(())
    }

    fn take_agent_report(&mut self, rank: usize, report: Report, payload: Payload) -> Result<(), Error> {
        match report {
            Report::Ready { slots } => self.ready(rank, slots),
            Report::Done(done) => self.done(rank, done, payload)?,
            Report::Died(death) => self.worker_died(rank, death)?,
            Report::Failed(failure) => return Err(self.failed(rank, failure)),
            Report::Left => {
                return Err(Error::Left {
                    rank,
                    host: self.hosts[rank].clone(),
                });
            }
            Report::Present { .. } | Report::NoDirectory { .. } | Report::Finished(_) | Report::Stopped => {
                return Err(self.failed(rank, Failure::bug("its report is out of turn")));
            }
        }
        Ok(())
    }

    fn failed(&self, rank: usize, failure: Failure) -> Error {
        failure.on(rank, &self.hosts[rank])
    }

    fn ready(&mut self, rank: usize, slots: usize) {
        self.members[rank].slots = slots;
        // Members that are not ready yet are assumed to have as many slots as the other members have on average.
        let known = self.members.iter().filter(|member| member.slots > 0);
        let (ready, slots) = known.fold((0, 0), |(ready, slots), member| (ready + 1, slots + member.slots));
        self.schedule.set_slots(slots * self.members.len() / ready.max(1));
    }

    /// Removes a batch from a member's list.
    fn take_back(&mut self, rank: usize, batch: Batch) -> Result<(), Error> {
        let at_work = &mut self.members[rank].at_work;
        match at_work.iter().position(|other| *other == batch) {
            Some(index) => drop(at_work.remove(index)),
            None => return Err(self.failed(rank, Failure::bug("it returned a batch that it had not been given"))),
        }
        Ok(())
    }

    fn done(&mut self, rank: usize, done: Done, replies: Payload) -> Result<(), Error> {
        self.take_back(rank, done.batch)?;
        log::trace!(
            "items {:?} are back from rank {rank} after {:?}",
            done.batch.items(),
            done.busy
        );
        self.schedule.learn(&done, replies.len() as u64);
        let statistics = &mut self.ranks[rank];
        statistics.batches += 1;
        statistics.busy += done.busy;
        statistics.failures += done.failed.len() as u64;
        statistics.items += done.good.iter().map(|(run, _)| run.count).sum::<u64>();
        if let [(run, _)] = done.good[..] {
            self.settle(run, replies);
        } else {
            let mut rest: &[u8] = &replies;
            for (run, length) in done.good {
                let (of_run, after) = rest.split_at(length as usize);
                rest = after;
                self.settle(run, Payload::from(of_run.to_vec()));
            }
        }
        for (item, message) in done.failed {
            self.item_failed(rank, item, message)?;
        }
        Ok(())
    }

    fn settle(&mut self, items: Batch, replies: Payload) {
        self.settled += items.count;
        self.reorder.insert(Run {
            items,
            replies: Some(replies),
        });
    }

    /// Delivers to the user the replies that come next in item order. Returns whether there were any such replies.
    fn release(&mut self) -> Result<bool, Error> {
        let until = Instant::now() + RELEASE_TIME;
        let mut any = false;
        loop {
            if let Some(release) = &mut self.release {
                let mut replies = &release.replies[release.delivered..];
                let result = self.feed.deliver(&mut release.items, &mut replies, until);
                release.delivered = release.replies.len() - replies.len();
                let rest = release.items.count;
                result.map_err(|failure| self.failed(0, failure))?;
                any = true;
                if rest > 0 {
                    return Ok(any);
                }
                self.release = None;
                if Instant::now() >= until {
                    return Ok(any);
                }
            }
            match self.reorder.pop() {
                Some(Run {
                    items,
                    replies: Some(replies),
                }) => {
                    self.release = Some(Release {
                        items,
                        replies,
                        delivered: 0,
                    })
                }
                Some(Run { items, replies: None }) => self.feed.skip(items),
                None => return Ok(any),
            }
        }
    }

    /// Assigns a batch to every member that can accept another batch. Returns whether anything was handed out, or items
    /// were taken from the iterator.
    fn hand_out(&mut self) -> Result<bool, Error> {
        let (mut any, before) = (false, self.schedule.supply());
        // Idle members are served first, then members with one batch, and so on.
        for level in 0..=self.options.prefetch {
            for rank in 0..self.members.len() {
                let slots = self.members[rank].slots;
                while (level * slots..(level + 1) * slots).contains(&self.members[rank].at_work.len()) {
                    // The last items go to whichever member is free first, instead of queueing behind a busy member's
                    // work.
                    let few = (self.members.len() * slots) as u64;
                    if level > 0 && self.schedule.end_is_in_sight() && self.schedule.fresh() <= few {
                        break;
                    }
                    let only = self.only();
                    let next = self.schedule.next(rank, only, |wanted| self.feed.pull(wanted));
                    let Some(batch) = next.map_err(|failure| self.failed(0, failure))? else {
                        break;
                    };
                    self.submit(rank, batch)?;
                    any = true;
                }
            }
            if self.schedule.is_drained() {
                break;
            }
        }
        Ok(any || self.schedule.supply() != before)
    }

    /// If the window is full, returns the next item in order, which is then the only item that may be handed out.
    fn only(&self) -> Option<u64> {
        let at_work = self
            .members
            .iter()
            .flat_map(|member| &member.at_work)
            .map(|batch| batch.count)
            .sum();
        let releasing = self
            .release
            .as_ref()
            .map_or(0, |release| (release.replies.len() - release.delivered) as u64);
        let replies = self.reorder.bytes() + releasing + self.schedule.expected_reply(at_work);
        let waiting = self.feed.held().saturating_sub(at_work + self.schedule.dealt_ahead());
        let items = waiting * self.feed.item_size() + self.schedule.expected_items(waiting);
        (replies + items >= self.options.window).then(|| self.reorder.next())
    }

    fn submit(&mut self, rank: usize, batch: Batch) -> Result<(), Error> {
        log::trace!("items {:?} go to rank {rank}", batch.items());
        let items = self.feed.encode(batch)?;
        self.schedule.learn_item_size(&batch, items.len() as u64);
        if rank == 0 {
            self.worker.submit(batch, items.into());
        } else {
            self.transport
                .send(rank, Tag::Control, pack(&Order::Batch(batch), &items)?);
        }
        self.members[rank].at_work.push_back(batch);
        Ok(())
    }
}
