//! The parts common to every rank: its connections, and the process that forks its workers.

use crate::error::Error;
use crate::farm::agent::{self, Ended};
use crate::farm::heartbeat::HeartbeatThread;
use crate::farm::protocol::{Failure, Pass, Payload};
use crate::farm::transport::Transport;
use crate::farm::worker::Worker;
use crate::host::environment::Environment;
use crate::host::signals;
use crate::job::options::Options;
use crate::job::task::Task;
use crate::worker::{ForkedWorkers, InlineWorker, ZygoteHandle};
use std::cell::RefCell;
use std::rc::Rc;

/// A rank of the job. Fields are dropped in declaration order: heartbeats continue until this rank has shut down MPI,
/// because other ranks may be waiting for it until then.
pub(super) struct Member {
    /// Forks this rank's workers, if workers are separate processes.
    zygote: Option<Rc<RefCell<ZygoteHandle>>>,
    pub(super) transport: Transport,
    pub(super) heartbeat: Option<HeartbeatThread>,
}

impl Member {
    pub(super) fn new(zygote: Option<ZygoteHandle>, transport: Transport) -> Self {
        Self {
            zygote: zygote.map(|zygote| Rc::new(RefCell::new(zygote))),
            transport,
            heartbeat: None,
        }
    }

    /// Tells the zygote which rank it belongs to, and which parts of rank 0's environment this rank has taken over.
    pub(super) fn join_zygote(&self, environment: Option<Environment>) -> Result<(), Error> {
        let (rank, size) = (self.transport.rank(), self.transport.size());
        match &self.zygote {
            Some(zygote) => zygote.borrow_mut().join(rank, size, environment),
            None => Ok(()),
        }
    }

    /// Takes part in a call of `process`, on any rank but rank 0.
    pub(super) fn serve<T: Task>(&mut self, options: &Options) -> Result<Ended, Error> {
        let zygote = &self.zygote;
        let transport = &mut self.transport;
        let _recording = signals::record();
        let start = |task, pass| start_worker::<T>(zygote, options, task, pass);
        agent::serve(transport, start).or_else(|error| {
            // Rank 0 is waiting for this rank, which must not leave silently.
            agent::fail(transport, Failure::rank(error))
        })
    }

    /// Starts this rank's worker.
    pub(super) fn start_worker<T: Task>(
        &self,
        options: &Options,
        task: Payload,
        pass: Pass,
    ) -> Result<Box<dyn Worker>, Failure> {
        start_worker::<T>(&self.zygote, options, task, pass)
    }
}

fn start_worker<T: Task>(
    zygote: &Option<Rc<RefCell<ZygoteHandle>>>,
    options: &Options,
    task: Payload,
    pass: Pass,
) -> Result<Box<dyn Worker>, Failure> {
    Ok(match zygote {
        Some(zygote) => Box::new(ForkedWorkers::start(zygote, task.into_vec(), pass, options)?),
        None => Box::new(InlineWorker::spawn::<T>(task, pass)?),
    })
}
