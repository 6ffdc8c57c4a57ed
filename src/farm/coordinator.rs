//! Rank 0's side of the farm: hands out items, takes results back, releases replies in order.

use super::backoff::Backoff;
use super::protocol::{Batch, Death, Done, HookFailure, Order, Payload, Report, pack, unpack};
use super::reorder::{Reorder, Run};
use super::schedule::Schedule;
use super::transport::{Tag, Transport};
use crate::error::Error;
use crate::farm::worker::{Worker, WorkerReport};
use crate::job::options::{OnError, Options};
use crate::job::statistics::RankStatistics;
use crate::job::summary::SkippedItem;
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// What the coordinator has to know of items and replies, whose types it does not know.
pub(crate) trait ItemFeed {
    /// How many items there are.
    fn total(&self) -> u64;
    /// The items of a batch as bytes.
    fn encode(&self, batch: Batch) -> Result<Vec<u8>, Error>;
    /// Hands the replies of some items to the user, in order, and moves `batch` and `replies` past them. Stops when
    /// `until` has come, too.
    fn deliver(&mut self, batch: &mut Batch, replies: &mut &[u8], until: Instant) -> Result<(), HookFailure>;
    /// A few words that tell the user which item this is.
    fn describe(&self, item: u64) -> String;
    /// So many items are settled.
    fn progress(&mut self, settled: u64);
}

/// One rank's worker, seen from here.
#[derive(Debug, Default)]
struct Member {
    /// How many batches it does at a time: none before it is ready.
    slots: usize,
    at_work: VecDeque<Batch>,
}

/// A run of replies that is being handed to the user.
struct Release {
    items: Batch,
    replies: Payload,
    given: usize,
}

pub(crate) struct Coordinator<'a> {
    options: &'a Options,
    hosts: &'a [String],
    transport: &'a mut Transport,
    worker: &'a mut dyn Worker,
    parent: &'a mut dyn ItemFeed,
    members: Vec<Member>,
    schedule: Schedule,
    reorder: Reorder,
    release: Option<Release>,
    attempts: HashMap<u64, u32>,
    /// How often workers died that had got a batch beginning with this item, but were at none.
    deaths_between: HashMap<u64, u32>,
    settled: u64,
    skipped: Vec<SkippedItem>,
    ranks: Vec<RankStatistics>,
}

/// What is known when all items are settled, or when the job fails.
#[derive(Default)]
pub(crate) struct Results {
    pub skipped: Vec<SkippedItem>,
    pub ranks: Vec<RankStatistics>,
}

/// How long `local_process` may keep the coordinator from its other duties.
const RELEASE_TIME: Duration = Duration::from_millis(5);
/// How many messages are taken before something else gets its turn.
const MESSAGES_A_TURN: usize = 64;

impl<'a> Coordinator<'a> {
    pub(crate) fn new(
        options: &'a Options,
        hosts: &'a [String],
        transport: &'a mut Transport,
        worker: &'a mut dyn Worker,
        parent: &'a mut dyn ItemFeed,
    ) -> Self {
        let size = transport.size();
        let schedule = Schedule::new(options.schedule, options.batch, parent.total(), size, options.window);
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
            parent,
            members: (0..size).map(|_| Member::default()).collect(),
            schedule,
            reorder: Reorder::default(),
            release: None,
            attempts: HashMap::new(),
            deaths_between: HashMap::new(),
            settled: 0,
            skipped: Vec::new(),
            ranks,
        }
    }

    /// Sees all items through.
    pub(crate) fn run(&mut self) -> Result<(), Error> {
        let mut idle = Backoff::default();
        let total = self.parent.total();
        while self.settled < total || self.release.is_some() || self.reorder.next() < total {
            let mut busy = false;
            while let Some(report) = self.worker.poll(Duration::ZERO) {
                self.hear_worker(report)?;
                busy = true;
            }
            for _ in 0..MESSAGES_A_TURN {
                let Some(message) = self.transport.try_receive()? else {
                    break;
                };
                let (report, body) = unpack(message.bytes)?;
                self.hear_agent(message.from, report, body)?;
                busy = true;
            }
            busy |= self.release()?;
            busy |= self.hand_out()?;
            self.parent.progress(self.settled);
            if busy {
                idle.reset();
            } else {
                let wait = idle.wait(self.transport.is_sending());
                if let Some(report) = self.worker.poll(wait) {
                    self.hear_worker(report)?;
                    idle.reset();
                }
            }
        }
        Ok(())
    }

    /// What is known now.
    pub(crate) fn into_results(mut self) -> Results {
        self.skipped.sort_by_key(|skipped| skipped.item);
        Results {
            skipped: self.skipped,
            ranks: self.ranks,
        }
    }

    fn hear_worker(&mut self, report: WorkerReport) -> Result<(), Error> {
        match report {
            WorkerReport::Ready => self.ready(0, self.worker.slots()),
            WorkerReport::Done(done, body) => self.done(0, done, body)?,
            WorkerReport::Died(death) => self.died(0, death)?,
            WorkerReport::Failed(failure) => return Err(self.hook_failed(0, failure)),
            WorkerReport::Absorbed | WorkerReport::Piece(_) | WorkerReport::LastPiece(..) => {
                return Err(self.confused(0, "the local worker speaks of outputs while items are left"));
            }
        }
        Ok(())
    }

    fn hear_agent(&mut self, rank: usize, report: Report, body: Payload) -> Result<(), Error> {
        match report {
            Report::Ready { slots } => self.ready(rank, slots),
            Report::Done(done) => self.done(rank, done, body)?,
            Report::Died(death) => self.died(rank, death)?,
            Report::Failed(failure) => return Err(self.hook_failed(rank, failure)),
            Report::Left => {
                return Err(Error::Left {
                    rank,
                    host: self.hosts[rank].clone(),
                });
            }
            Report::Present { .. } | Report::NoDirectory { .. } | Report::Finished(_) | Report::Stopped => {
                return Err(self.confused(rank, "an agent reports out of turn"));
            }
        }
        Ok(())
    }

    fn hook_failed(&self, rank: usize, failure: HookFailure) -> Error {
        hook_error(rank, &self.hosts[rank], failure)
    }

    fn confused(&self, rank: usize, what: &str) -> Error {
        Error::Mpi(format!(
            "{what} (rank {rank}, {}): a fault in gaudi-mpi, please report it",
            self.hosts[rank]
        ))
    }

    fn ready(&mut self, rank: usize, slots: usize) {
        self.members[rank].slots = slots;
        // Those that are not ready yet will be like the others.
        let known = self.members.iter().filter(|member| member.slots > 0);
        let (ready, slots) = known.fold((0, 0), |(ready, slots), member| (ready + 1, slots + member.slots));
        self.schedule.set_slots(slots * self.members.len() / ready.max(1));
    }

    /// A batch has come back.
    fn returned(&mut self, rank: usize, batch: Batch) -> Result<(), Error> {
        let at_work = &mut self.members[rank].at_work;
        match at_work.iter().position(|other| *other == batch) {
            Some(index) => drop(at_work.remove(index)),
            None => return Err(self.confused(rank, "a batch came back that had not been handed out")),
        }
        Ok(())
    }

    fn died(&mut self, rank: usize, death: Death) -> Result<(), Error> {
        // Who interrupts a job from a terminal does so to its workers, too: there is no need to tell.
        self.transport.check()?;
        let Death { batch, item, cause } = death;
        self.returned(rank, batch)?;
        self.ranks[rank].deaths += 1;
        // One that died between two items may have done so of anything; but not again and again.
        const SPARED: u32 = 3;
        let deaths = self.deaths_between.entry(batch.first).or_default();
        *deaths += u32::from(item.is_none());
        if batch.count == 1 && (item.is_some() || *deaths > SPARED) {
            self.ranks[rank].failures += 1;
            return self.item_failed(rank, batch.first, format!("the worker {cause}"));
        }
        // Who has done it is not known yet: the suspect is tried alone, the others without it.
        let suspect = item.filter(|item| batch.items().contains(item));
        log::warn!(
            "a worker on rank {rank} ({}) {cause}, {}: items {} to {} are tried again",
            self.hosts[rank],
            suspect.map_or_else(|| "between two items".into(), |item| format!("in item {item}")),
            batch.first,
            batch.items().end - 1
        );
        let end = batch.items().end;
        let cuts = match suspect {
            Some(item) => [batch.first, item, item + 1, end],
            None => [batch.first, batch.first, batch.first + batch.count / 2, end],
        };
        for cut in cuts.windows(2).filter(|cut| cut[0] < cut[1]) {
            self.schedule.again(Batch {
                first: cut[0],
                count: cut[1] - cut[0],
            });
        }
        Ok(())
    }

    fn done(&mut self, rank: usize, done: Done, body: Payload) -> Result<(), Error> {
        self.returned(rank, done.batch)?;
        log::trace!(
            "items {:?} come back from rank {rank} after {:?}",
            done.batch.items(),
            done.busy
        );
        self.schedule.learn(&done, body.len() as u64);
        let statistics = &mut self.ranks[rank];
        statistics.batches += 1;
        statistics.busy += done.busy;
        statistics.failures += done.failed.len() as u64;
        statistics.items += done.good.iter().map(|(run, _)| run.count).sum::<u64>();
        if let [(run, _)] = done.good[..] {
            self.settled += run.count;
            self.reorder.insert(Run {
                items: run,
                replies: Some(body),
            });
        } else {
            let mut rest: &[u8] = &body;
            for (run, length) in done.good {
                let (replies, after) = rest.split_at(length as usize);
                rest = after;
                self.settled += run.count;
                self.reorder.insert(Run {
                    items: run,
                    replies: Some(Payload::from(replies.to_vec())),
                });
            }
        }
        for (item, message) in done.failed {
            self.item_failed(rank, item, message)?;
        }
        Ok(())
    }

    fn item_failed(&mut self, rank: usize, item: u64, message: String) -> Result<(), Error> {
        let attempts = self.attempts.entry(item).or_default();
        *attempts += 1;
        let attempts = *attempts;
        let host = self.hosts[rank].clone();
        let description = self.parent.describe(item);
        if attempts <= self.options.retries {
            log::warn!(
                "item {item}{description} failed on rank {rank} ({host}), at attempt {attempts}, and is tried again: {message}"
            );
            self.schedule.retry(item, rank);
            return Ok(());
        }
        match self.options.on_error {
            OnError::Abort => Err(Error::Item {
                item,
                description,
                rank,
                host,
                attempts,
                message,
            }),
            OnError::Skip => {
                // Why stands in the list at the end.
                log::warn!(
                    "item {item}{description} failed on rank {rank} ({host}), at attempt {attempts}, and is skipped"
                );
                self.skipped.push(SkippedItem {
                    item,
                    description: description.trim().into(),
                    rank,
                    host,
                    attempts,
                    message,
                });
                self.settled += 1;
                self.reorder.insert(Run {
                    items: Batch { first: item, count: 1 },
                    replies: None,
                });
                Ok(())
            }
        }
    }

    /// Hands replies to the user whose turn has come; whether there were any.
    fn release(&mut self) -> Result<bool, Error> {
        let until = Instant::now() + RELEASE_TIME;
        let mut any = false;
        loop {
            if let Some(release) = &mut self.release {
                let mut replies = &release.replies[release.given..];
                let delivered = self.parent.deliver(&mut release.items, &mut replies, until);
                release.given = release.replies.len() - replies.len();
                let rest = release.items.count;
                delivered.map_err(|failure| self.hook_failed(0, failure))?;
                any = true;
                if rest > 0 {
                    return Ok(any);
                }
                self.release = None;
            }
            match self.reorder.pop() {
                Some(Run {
                    items,
                    replies: Some(replies),
                }) => {
                    self.release = Some(Release {
                        items,
                        replies,
                        given: 0,
                    })
                }
                Some(Run { replies: None, .. }) => {}
                None => return Ok(any),
            }
        }
    }

    /// Gives work to all who can take some; whether anything was handed out.
    fn hand_out(&mut self) -> Result<bool, Error> {
        let mut any = false;
        // Those with nothing to do come first, then those with one batch, and so on.
        for level in 0..=self.options.prefetch {
            for rank in 0..self.members.len() {
                let slots = self.members[rank].slots;
                while (level * slots..(level + 1) * slots).contains(&self.members[rank].at_work.len()) {
                    // The last items go to whoever is free first, not behind somebody's other work.
                    if level > 0 && self.schedule.fresh() <= (self.members.len() * slots) as u64 {
                        break;
                    }
                    let Some(batch) = self.schedule.next(rank, self.only()) else {
                        break;
                    };
                    self.submit(rank, batch)?;
                    any = true;
                }
            }
            if self.schedule.fresh() == 0 && !self.schedule.has_retries() {
                break;
            }
        }
        Ok(any)
    }

    /// When the window is full: the item that everybody waits for, which alone may be handed out.
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
            .map_or(0, |release| (release.replies.len() - release.given) as u64);
        let held = self.reorder.bytes() + releasing + self.schedule.expected_reply(at_work);
        (held >= self.options.window).then(|| self.reorder.next())
    }

    fn submit(&mut self, rank: usize, batch: Batch) -> Result<(), Error> {
        log::trace!("items {:?} go to rank {rank}", batch.items());
        let items = self.parent.encode(batch)?;
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

/// A hook's failure as the job's error.
pub(crate) fn hook_error(rank: usize, host: &str, failure: HookFailure) -> Error {
    Error::Hook {
        hook: failure.hook,
        rank,
        host: host.into(),
        message: failure.message,
    }
}
