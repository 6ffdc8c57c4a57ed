//! Rank 0's part in a call of `process`.

use super::Root;
use super::item_stream::{self, ItemStream};
use crate::error::Error;
use crate::farm::agent;
use crate::farm::backoff::Backoff;
use crate::farm::coordinator::{Coordinator, Results};
use crate::farm::protocol::{Failure, Order, Pass, RankUsage, Report, pack, unpack};
use crate::farm::reduce::{Control, Reduced, reduce};
use crate::farm::transport::{Message, Tag};
use crate::farm::worker::Worker;
use crate::host::signals;
use crate::job::guard::guard;
use crate::job::options::Options;
use crate::job::progress::Progress;
use crate::job::statistics::Statistics;
use crate::job::task::Task;
use crate::wire;
use crate::worker::collect;
use std::cell::Cell;
use std::time::Instant;

impl Root {
    /// Runs a pass, from `initialize_local` to `finalize`. Returns the statistics passed to `finalize`. If the pass
    /// fails, `results` holds the results known so far.
    pub(super) fn run<T: Task>(
        &mut self,
        task: &mut T,
        items: impl Iterator<Item = T::Item>,
        pass: Pass,
        options: &Options,
        results: &mut Results,
    ) -> Result<Statistics, Error> {
        let host = self.hosts[0].clone();
        let hook = |hook: &'static str| {
            let host = &host;
            move |message| Failure::hook(hook, message).on(0, host)
        };
        guard(|| task.initialize_local()).map_err(hook("initialize_local"))?;
        let bytes = guard(|| Ok(wire::encode(task)?)).map_err(hook("sending the task"))?;
        let recording = signals::record();
        self.member.transport.take_traffic();
        let start = Instant::now();
        for rank in 1..self.member.transport.size() {
            let order = pack(&Order::Start(pass), &bytes)?;
            self.member.transport.send(rank, Tag::Control, order);
        }
        let worker = self.member.start_worker::<T>(options, bytes.into(), pass);
        let mut worker = worker.map_err(|failure| failure.on(0, &host))?;
        {
            let progress = Progress::new(options, item_stream::expected(&items));
            let mut feed = ItemStream::new(task, items, progress);
            let transport = &mut self.member.transport;
            let mut coordinator = Coordinator::new(options, &self.hosts, transport, &mut *worker, &mut feed);
            let ended = coordinator.run();
            *results = coordinator.into_results();
            ended?;
        }
        let output = self.reduce::<T>(worker, options.memory, results)?;
        drop(recording);
        // A signal may have arrived just before recording ended.
        self.member.transport.check()?;
        let statistics = Statistics::new(results.ranks.clone(), start.elapsed(), self.created.elapsed());
        guard(|| task.finalize(output, &statistics)).map_err(hook("finalize"))?;
        Ok(statistics)
    }

    /// Sums the outputs of all ranks, and completes the statistics.
    fn reduce<T: Task>(
        &mut self,
        mut worker: Box<dyn Worker>,
        memory: bool,
        results: &mut Results,
    ) -> Result<T::Output, Error> {
        let (transport, hosts) = (&mut self.member.transport, &self.hosts);
        let size = transport.size();
        for rank in 1..size {
            transport.send(rank, Tag::Control, pack(&Order::Reduce { memory }, &[])?);
        }
        let memory = memory.then(|| agent::memory_in_use(&*worker));
        let mut usage = vec![RankUsage::default(); size];
        let finished = Cell::new(1);
        let mut control = |message: Message| {
            let rank = message.from;
            match unpack(message.bytes)?.0 {
                Report::Finished(of_rank) => {
                    usage[rank] = of_rank;
                    finished.set(finished.get() + 1);
                }
                Report::Failed(failure) => return Err(failure.on(rank, &hosts[rank])),
                Report::Left => {
                    return Err(Error::Left {
                        rank,
                        host: hosts[rank].clone(),
                    });
                }
                // This report comes from a worker that became ready too late to receive any items.
                Report::Ready { .. } => {}
                _ => return Err(Failure::bug("its report is out of turn").on(rank, &hosts[rank])),
            }
            Ok(Control::Continue)
        };
        if let Reduced::Failed(failure) = reduce(transport, &mut *worker, false, &mut control)? {
            return Err(failure.on(0, &hosts[0]));
        }
        let mut ended = None;
        let output = collect::<T>(&mut *worker, || match transport.check() {
            Ok(()) => true,
            Err(error) => {
                ended = Some(error);
                false
            }
        });
        if let Some(error) = ended {
            return Err(error);
        }
        let output = output.map_err(|failure| failure.on(0, &hosts[0]))?;
        let mut backoff = Backoff::default();
        while finished.get() < size {
            match transport.try_receive()? {
                Some(message) => {
                    control(message)?;
                }
                None => backoff.pause(transport.is_sending()),
            }
        }
        let (bytes_in, bytes_out) = transport.take_traffic();
        usage[0] = RankUsage {
            waiting: worker.finish(),
            memory,
            bytes_in,
            bytes_out,
        };
        for (statistics, usage) in results.ranks.iter_mut().zip(usage) {
            (statistics.waiting, statistics.memory) = (usage.waiting, usage.memory);
            (statistics.bytes_in, statistics.bytes_out) = (usage.bytes_in, usage.bytes_out);
        }
        Ok(output)
    }
}
