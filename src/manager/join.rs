//! How a job's ranks join: each rank takes over rank 0's environment and starts sending heartbeats.

use super::Root;
use super::member::Member;
use crate::error::Error;
use crate::farm::agent::{self, Ended};
use crate::farm::backoff::Backoff;
use crate::farm::heartbeat::{Listener, send_heartbeats};
use crate::farm::protocol::{Order, Report, pack, unpack};
use crate::farm::transport::Tag;
use crate::host::environment::Environment;
use crate::host::hostname::hostname;
use crate::job::options::Options;
use std::io;

impl Root {
    /// Waits until all ranks have joined.
    pub(super) fn gather_ranks(&mut self, options: &Options) -> Result<(), Error> {
        let transport = &mut self.member.transport;
        let size = transport.size();
        let wanted = size > 1 && !options.lost_after.is_zero();
        let listener = wanted.then(|| or_warn(Listener::open(options.lost_after))).flatten();
        let environment = match options.no_clone_env {
            true => None,
            false => Some(Environment::capture().map_err(|error| {
                Error::Job(format!(
                    "cannot tell rank 0's working directory: {error}. Was it deleted? Start the job in another folder, or \
                     use --no-clone-env"
                ))
            })?),
        };
        let directory = environment.as_ref().map(|environment| environment.directory.clone());
        let join = Order::Join {
            environment,
            heartbeat: listener.as_ref().map(|listener| listener.rendezvous().clone()),
        };
        for rank in 1..size {
            transport.send(rank, Tag::Control, pack(&join, &[])?);
        }
        self.hosts = vec![hostname(); size];
        let mut missing = size - 1;
        let mut backoff = Backoff::default();
        let mut failed = Ok(());
        while missing > 0 {
            let Some(message) = transport.try_receive()? else {
                backoff.pause(transport.is_sending());
                continue;
            };
            missing -= 1;
            let rank = message.from;
            match unpack(message.bytes)?.0 {
                Report::Present { host } => self.hosts[rank] = host,
                Report::NoDirectory { host, message } => {
                    let directory = directory.clone().unwrap_or_default();
                    failed = failed.and(Err(Error::Directory {
                        rank,
                        host,
                        directory,
                        message,
                    }));
                }
                other => {
                    return Err(Error::Mpi(format!(
                        "rank {rank} began with {other:?}: do all ranks run the same program?"
                    )));
                }
            }
        }
        transport.set_hosts(&self.hosts);
        if let Some(listener) = listener {
            self.member.heartbeat = or_warn(listener.start(self.hosts.clone(), transport.alarm()));
        }
        failed?;
        self.member.join_zygote(None)
    }
}

impl Member {
    /// Joins rank 0's job. Returns `Some` if the job ended before it began.
    pub(super) fn join_root(&mut self) -> Result<Option<Ended>, Error> {
        let transport = &mut self.transport;
        let (environment, heartbeat) = match agent::await_order(transport)?.0 {
            Order::Join { environment, heartbeat } => (environment, heartbeat),
            Order::Stop => return agent::stop(transport).map(Some),
            Order::Goodbye => return Ok(Some(Ended::Goodbye)),
            _ => (None, None),
        };
        let applied = environment.as_ref().map_or(Ok(()), Environment::apply);
        // Heartbeats start only after the variables are set: setting variables is not safe in a process with several
        // threads.
        self.heartbeat =
            heartbeat.and_then(|rendezvous| or_warn(send_heartbeats(self.transport.rank(), hostname(), rendezvous)));
        let host = hostname();
        let report = match applied {
            Ok(()) => {
                self.join_zygote(environment)?;
                Report::Present { host }
            }
            Err(error) => Report::NoDirectory {
                host,
                message: error.to_string(),
            },
        };
        agent::report_to_root(&mut self.transport, &report, &[])?;
        Ok(None)
    }
}

/// Turns an error into a warning, because a job can do without heartbeats.
fn or_warn<T>(result: io::Result<T>) -> Option<T> {
    result
        .inspect_err(|error| log::warn!("there are no heartbeats between ranks: {error}"))
        .ok()
}
