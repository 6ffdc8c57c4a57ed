//! How the ranks of a job come together: each takes over rank 0's environment.

use super::WorkManager;
use crate::error::Error;
use crate::farm::agent;
use crate::farm::backoff::Backoff;
use crate::farm::coordinator::Results;
use crate::farm::heartbeat::{self, Listener};
use crate::farm::protocol::{Order, Report, pack, unpack};
use crate::farm::transport::Tag;
use crate::host::environment::{self, host};
use std::io;
use std::path::PathBuf;

impl WorkManager {
    pub(super) fn gather_ranks(&mut self) -> Result<(), Error> {
        let ear = self.ear();
        let heartbeat = ear.as_ref().map(|ear| ear.meeting().clone());
        let order = if self.options.no_clone_env {
            Order::Environment {
                variables: Vec::new(),
                directory: None,
                heartbeat,
            }
        } else {
            match environment::directory() {
                Ok(directory) => Order::Environment {
                    variables: environment::variables(),
                    directory: Some(directory),
                    heartbeat,
                },
                Err(source) => {
                    let error = Error::File {
                        action: "find the path of",
                        path: ".".into(),
                        source,
                    };
                    return Err(self.fail(error, Results::default()));
                }
            }
        };
        for rank in 1..self.size() {
            self.transport.send(rank, Tag::Control, pack(&order, &[])?);
        }
        self.hosts = vec![host(); self.size()];
        let mut missing = self.size() - 1;
        let mut idle = Backoff::default();
        let mut failed = None;
        while missing > 0 {
            let Some(message) = self.transport.try_receive()? else {
                idle.pause(self.transport.is_sending());
                continue;
            };
            missing -= 1;
            match unpack(message.bytes)?.0 {
                Report::Present { host } => self.hosts[message.from] = host,
                Report::NoDirectory { host, message: why } => failed = failed.or(Some((message.from, host, why))),
                other => {
                    return Err(Error::Mpi(format!(
                        "rank {} began with {other:?}: do all ranks run the same program?",
                        message.from
                    )));
                }
            }
        }
        self.transport.know_hosts(&self.hosts);
        if let Some(ear) = ear {
            self.heart = heard(ear.listen(self.hosts.clone(), self.transport.alarm()));
        }
        match (failed, order) {
            (
                Some((rank, host, message)),
                Order::Environment {
                    directory: Some(directory),
                    ..
                },
            ) => Err(self.fail(
                Error::Directory {
                    rank,
                    host,
                    directory,
                    message,
                },
                Results::default(),
            )),
            _ => Ok(()),
        }
    }

    /// What hears the other ranks, unless it is not wanted.
    fn ear(&self) -> Option<Listener> {
        let wanted = self.size() > 1 && !self.options.lost_after.is_zero();
        wanted.then(|| heard(Listener::open(self.options.lost_after))).flatten()
    }

    /// Tells what forks this rank's workers what the rank's environment has become.
    pub(super) fn tell_helper(
        &self,
        variables: Vec<(String, String)>,
        directory: Option<PathBuf>,
    ) -> Result<(), Error> {
        match &self.helper {
            Some(helper) => helper
                .borrow_mut()
                .belong(self.rank(), self.size(), variables, directory),
            None => Ok(()),
        }
    }

    pub(super) fn take_over_environment(&mut self) -> Result<(), Error> {
        let (mut variables_taken, mut directory_taken) = (Vec::new(), None);
        let taken = match agent::await_order(&mut self.transport)?.0 {
            Order::Environment {
                variables,
                directory,
                heartbeat,
            } => {
                let taken = directory
                    .as_ref()
                    .map_or(Ok(()), |directory| environment::take_over(&variables, directory));
                (variables_taken, directory_taken) = (variables, directory);
                // After the variables: setting them is not for a process with threads.
                self.heart = heartbeat.and_then(|meeting| heard(heartbeat::beat(self.rank(), host(), meeting)));
                taken
            }
            Order::Stop => {
                agent::stop(&mut self.transport)?;
                self.leave()
            }
            Order::Goodbye => self.leave(),
            _ => Ok(()),
        };
        let report = match taken {
            Ok(()) => {
                self.tell_helper(variables_taken, directory_taken)?;
                Report::Present { host: host() }
            }
            Err(error) => Report::NoDirectory {
                host: host(),
                message: error.to_string(),
            },
        };
        agent::say(&mut self.transport, &report, &[])
    }
}

/// A job can do without heartbeats.
fn heard<T>(made: io::Result<T>) -> Option<T> {
    made.inspect_err(|error| log::warn!("there are no heartbeats between ranks: {error}"))
        .ok()
}
