//! Rank 0's part in a call of `process`.

use super::{WorkManager, start_worker};
use crate::error::Error;
use crate::farm::agent;
use crate::farm::backoff::Backoff;
use crate::farm::coordinator::{Coordinator, ItemFeed, Results, hook_error};
use crate::farm::protocol::{Batch, HookFailure, Message, Order, Pass, RankUsage, Report, pack, unpack};
use crate::farm::reduce::{Control, Reduced, reduce};
use crate::farm::transport::Tag;
use crate::farm::worker::Worker;
use crate::host::signals;
use crate::job::guard::guard;
use crate::job::progress::Progress;
use crate::job::statistics::Statistics;
use crate::job::task::Task;
use crate::wire;
use crate::worker::collect;
use std::cell::Cell;
use std::time::Instant;

impl WorkManager {
    /// Rank 0's part of a job; the statistics that `finalize` was given. What is known of a job that fails is left in
    /// `results`.
    pub(super) fn lead<T: Task>(
        &mut self,
        task: &mut T,
        items: impl IntoIterator<Item = T::Item>,
        pass: Pass,
        results: &mut Results,
    ) -> Result<Statistics, Error> {
        let host = self.hosts[0].clone();
        let here = |failure| hook_error(0, &host, failure);
        guard(|| task.initialize_local()).map_err(|message| here(HookFailure::new("initialize_local", message)))?;
        let bytes =
            guard(|| Ok(wire::encode(task)?)).map_err(|message| here(HookFailure::new("sending the task", message)))?;
        let items: Vec<T::Item> = items.into_iter().collect();
        let attention = signals::attend();
        self.transport.take_traffic();
        let start = Instant::now();
        for rank in 1..self.size() {
            self.transport
                .send(rank, Tag::Control, pack(&Order::Start(pass), &bytes)?);
        }
        let mut worker = start_worker::<T>(&self.helper, &self.options, bytes.into(), pass).map_err(here)?;
        {
            let progress = Progress::new(&self.options, items.len() as u64);
            let mut parent = TypedFeed {
                task,
                items: &items,
                progress,
            };
            let mut coordinator = Coordinator::new(
                &self.options,
                &self.hosts,
                &mut self.transport,
                &mut *worker,
                &mut parent,
            );
            let ended = coordinator.run();
            *results = coordinator.into_results();
            ended?;
        }
        let output = self.reduce::<T>(worker, results)?;
        drop(attention);
        // One that came just before.
        self.transport.check()?;
        let statistics = Statistics::new(results.ranks.clone(), start.elapsed(), self.created.elapsed());
        guard(|| task.finalize(output, &statistics)).map_err(|message| here(HookFailure::new("finalize", message)))?;
        Ok(statistics)
    }

    /// The sum of all ranks' outputs; completes the statistics.
    fn reduce<T: Task>(&mut self, mut worker: Box<dyn Worker>, results: &mut Results) -> Result<T::Output, Error> {
        for rank in 1..self.transport.size() {
            let memory = self.options.memory;
            self.transport
                .send(rank, Tag::Control, pack(&Order::Reduce { memory }, &[])?);
        }
        let memory = self.options.memory.then(|| agent::memory_in_use(&*worker));
        let mut waits = vec![RankUsage::default(); self.transport.size()];
        let finished = Cell::new(1);
        let hosts = &self.hosts;
        let mut control = |message: Message| {
            match unpack(message.bytes)?.0 {
                Report::Finished(wait) => {
                    waits[message.from] = wait;
                    finished.set(finished.get() + 1);
                }
                Report::Failed(failure) => return Err(hook_error(message.from, &hosts[message.from], failure)),
                Report::Left => {
                    return Err(Error::Left {
                        rank: message.from,
                        host: hosts[message.from].clone(),
                    });
                }
                // A worker that was ready too late for any item.
                Report::Ready { .. } => {}
                report => {
                    return Err(Error::Mpi(format!(
                        "rank {} reports out of turn: {report:?}; a fault in gaudi-mpi",
                        message.from
                    )));
                }
            }
            Ok(Control::Continue)
        };
        if let Reduced::Failed(failure) = reduce(&mut self.transport, &mut *worker, false, &mut control)? {
            return Err(hook_error(0, &hosts[0], failure));
        }
        let mut ended = None;
        let output = collect::<T>(&mut *worker, || match self.transport.check() {
            Ok(()) => true,
            Err(error) => {
                ended = Some(error);
                false
            }
        });
        if let Some(error) = ended {
            return Err(error);
        }
        let output = output.map_err(|failure| hook_error(0, &hosts[0], failure))?;
        let mut idle = Backoff::default();
        while finished.get() < self.transport.size() {
            match self.transport.try_receive()? {
                Some(message) => {
                    control(message)?;
                }
                None => idle.pause(self.transport.is_sending()),
            }
        }
        let (bytes_in, bytes_out) = self.transport.take_traffic();
        waits[0] = RankUsage {
            waiting: worker.finish(),
            memory,
            bytes_in,
            bytes_out,
        };
        for (statistics, wait) in results.ranks.iter_mut().zip(waits) {
            (statistics.waiting, statistics.memory) = (wait.waiting, wait.memory);
            (statistics.bytes_in, statistics.bytes_out) = (wait.bytes_in, wait.bytes_out);
        }
        Ok(output)
    }
}

/// A task and its items, as the coordinator sees them.
struct TypedFeed<'a, T: Task> {
    task: &'a mut T,
    items: &'a [T::Item],
    progress: Progress,
}

impl<T: Task> ItemFeed for TypedFeed<'_, T> {
    fn total(&self) -> u64 {
        self.items.len() as u64
    }

    fn encode(&self, batch: Batch) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        for number in batch.items() {
            wire::encode_onto(&self.items[number as usize], &mut bytes)?;
        }
        Ok(bytes)
    }

    fn deliver(&mut self, batch: &mut Batch, replies: &mut &[u8], until: Instant) -> Result<(), HookFailure> {
        guard(|| {
            // Looking at the clock takes longer than handing over an empty reply.
            while batch.count > 0 && (!batch.count.is_multiple_of(16) || Instant::now() < until) {
                let reply = wire::decode_front(replies)?;
                self.task.local_process(&self.items[batch.first as usize], reply)?;
                batch.first += 1;
                batch.count -= 1;
            }
            Ok(())
        })
        .map_err(|message| {
            HookFailure::new(
                "local_process",
                format!("{message} (item {}{})", batch.first, self.describe(batch.first)),
            )
        })
    }

    fn describe(&self, item: u64) -> String {
        const LONGEST: usize = 80;
        let text = serde_json::to_string(&self.items[item as usize]).unwrap_or_default();
        let mut short: String = text.chars().take(LONGEST).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        if short.is_empty() { short } else { format!(" ({short})") }
    }

    fn progress(&mut self, settled: u64) {
        self.progress.update(settled);
    }
}
