//! Heartbeats on rank 0: answers the other ranks' packets, and raises the alarm when a rank falls silent.

use super::silence::{BeatClock, Silence};
use super::{HeartbeatThread, PACKET, Rendezvous, die, udp};
use crate::error::Error;
use crate::farm::alarm::Alarm;
use crossbeam_channel::Receiver;
use std::fs::File;
use std::io::{self, Read};
use std::net::UdpSocket;
use std::sync::Arc;
use std::time::Duration;

/// A warning is logged if a rank has not sent a single heartbeat by this time.
const WARN_AFTER: Duration = Duration::from_secs(30);
/// How long the main thread may take to end the job.
const PATIENCE: Duration = Duration::from_secs(10);

/// Rank 0's socket, before the other ranks know about it.
pub(crate) struct Listener {
    socket: UdpSocket,
    rendezvous: Rendezvous,
}

impl Listener {
    pub(crate) fn open(lost_after: Duration) -> io::Result<Self> {
        let socket = udp::listen()?;
        let local = socket.local_addr()?;
        let mut secret = [0; 16];
        File::open("/dev/urandom")?.read_exact(&mut secret)?;
        let rendezvous = Rendezvous {
            addresses: udp::addresses(local.is_ipv6(), local.port()),
            secret,
            lost_after,
        };
        Ok(Self { socket, rendezvous })
    }

    pub(crate) fn rendezvous(&self) -> &Rendezvous {
        &self.rendezvous
    }

    /// Starts a thread that answers the ranks on these hosts and raises the alarm when a rank is silent for too long.
    pub(crate) fn start(self, hosts: Vec<String>, alarm: Arc<Alarm>) -> io::Result<HeartbeatThread> {
        self.socket.set_read_timeout(Some(self.rendezvous.beat() / 4))?;
        HeartbeatThread::spawn(move |stopped| self.run(&hosts, &alarm, &stopped))
    }

    fn run(self, hosts: &[String], alarm: &Alarm, stopped: &Receiver<()>) {
        let mut ranks: Vec<Silence> = vec![Silence::default(); hosts.len()];
        let mut clock = BeatClock::new(self.rendezvous.beat());
        let mut lost: Option<usize> = None;
        let mut warned = false;
        while stopped.try_recv().is_err_and(|error| error.is_empty()) {
            self.answer(&mut ranks);
            let Some(beat) = clock.tick() else { continue };
            for rank in &mut ranks[1..] {
                rank.add(beat);
            }
            let limit = self.rendezvous.lost_after;
            match lost {
                None => {
                    lost = (1..hosts.len()).find(|&rank| ranks[rank].is_longer_than(limit));
                    if let Some(rank) = lost {
                        alarm.raise(lost_error(rank, &hosts[rank], limit));
                    }
                }
                // The rank came back before the main thread noticed its silence.
                Some(rank) if !ranks[rank].is_longer_than(limit) => {
                    alarm.withdraw_lost();
                    lost = None;
                }
                // The main thread should end the job cleanly, but cannot do so while an MPI call does not return.
                Some(rank) if alarm.leaving_for() > PATIENCE => {
                    die(&format!("Error: {}", lost_error(rank, &hosts[rank], limit)))
                }
                Some(_) => {}
            }
            let never = |rank: &Silence| !rank.heard && rank.lasted > WARN_AFTER;
            if !warned && let Some(rank) = (1..hosts.len()).find(|&rank| never(&ranks[rank])) {
                warned = true;
                log::warn!(
                    "no heartbeat of rank {rank} ({}) has arrived within {WARN_AFTER:?}: if the network blocks UDP, only \
                     the launcher notices a host that is cut off (--lost-after 0 turns heartbeats off)",
                    hosts[rank]
                );
            }
        }
    }

    /// Answers a heartbeat, if one arrives soon.
    fn answer(&self, ranks: &mut [Silence]) {
        let mut packet = [0; PACKET + 1];
        let Ok((length, from)) = self.socket.recv_from(&mut packet) else {
            return;
        };
        let known = self.rendezvous.rank(&packet[..length]);
        if let Some(rank) = known.and_then(|rank| ranks.get_mut(rank)) {
            rank.end();
            // A rank that gets no answer will notice that itself.
            let _ = self.socket.send_to(&packet[..length], from);
        }
    }
}

fn lost_error(rank: usize, host: &str, after: Duration) -> Error {
    Error::Lost {
        rank,
        host: host.into(),
        seconds: after.as_secs_f64(),
    }
}
