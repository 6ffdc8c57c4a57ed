//! Heartbeats: each rank sends rank 0 a packet about once a second, and rank 0 answers. This detects frozen ranks and
//! hosts that are cut off. MPI does not detect them: a message that nobody receives simply remains in transit.
//!
//! Heartbeats are UDP packets between dedicated threads, because the thread that calls MPI may run user code for a long
//! time. Time is counted in beats, so that a machine that was asleep does not consider the others silent when it wakes
//! up. Between hosts where no packet ever gets through, missing packets are ignored.

mod listener;
mod sender;
mod silence;
mod udp;

pub(crate) use listener::Listener;
pub(crate) use sender::send_heartbeats;

use crate::host::launcher;
use crossbeam_channel::{Receiver, Sender, bounded};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// The usual time between two heartbeats.
const BEAT: Duration = Duration::from_secs(1);
/// The minimum number of heartbeats that a rank sends in the time after which a silent rank counts as lost.
const BEATS_BEFORE_LOST: u32 = 10;
/// Packet size in bytes: the job's secret and the rank's number.
const PACKET: usize = 20;

/// Where rank 0 listens, and how to recognise this job's heartbeats.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Rendezvous {
    addresses: Vec<SocketAddr>,
    /// A secret known only to this job's ranks.
    secret: [u8; 16],
    lost_after: Duration,
}

impl Rendezvous {
    /// Returns the time between two heartbeats: shorter than usual if the timeout for lost ranks is short.
    fn beat(&self) -> Duration {
        BEAT.min(self.lost_after / BEATS_BEFORE_LOST).max(BEAT / 50)
    }

    fn packet(&self, rank: usize) -> [u8; PACKET] {
        let mut packet = [0; PACKET];
        packet[..16].copy_from_slice(&self.secret);
        packet[16..].copy_from_slice(&(rank as u32).to_le_bytes());
        packet
    }

    /// Returns the rank that sent a packet; `None` if the packet does not belong to this job.
    fn rank(&self, packet: &[u8]) -> Option<usize> {
        let (secret, rank) = packet.split_at_checked(16)?;
        let rank = u32::from_le_bytes(rank.try_into().ok()?);
        (secret == self.secret).then_some(rank as usize)
    }
}

/// A thread that sends or answers heartbeats until this handle is dropped. Dropping it does not wait for the thread.
pub(crate) struct HeartbeatThread {
    _stop: Sender<()>,
}

impl HeartbeatThread {
    fn spawn(run: impl FnOnce(Receiver<()>) + Send + 'static) -> io::Result<Self> {
        let (stop, stopped) = bounded(0);
        std::thread::Builder::new()
            .name("heartbeat".into())
            .spawn(move || run(stopped))?;
        Ok(Self { _stop: stop })
    }
}

/// Ends this process with a message, whatever its main thread is doing. Its forked workers end with it.
fn die(message: &str) -> ! {
    let line = format!("{message}\n");
    // Standard error may be a pipe to a launcher that is gone or frozen: writing to it may block forever.
    let writer = std::thread::Builder::new().spawn(move || std::io::stderr().write_all(line.as_bytes()));
    let start = Instant::now();
    while writer.as_ref().is_ok_and(|writer| !writer.is_finished()) && start.elapsed() < BEAT {
        std::thread::sleep(BEAT / 100);
    }
    launcher::await_output();
    let _ = kill(Pid::this(), Signal::SIGKILL);
    std::process::abort()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_of_other_jobs_are_ignored() {
        let rendezvous = Rendezvous {
            addresses: vec![],
            secret: [7; 16],
            lost_after: BEAT,
        };
        let packet = rendezvous.packet(300);
        assert_eq!(rendezvous.rank(&packet), Some(300));
        assert_eq!(rendezvous.rank(&packet[..19]), None);
        assert_eq!(rendezvous.rank(&[]), None);
        assert_eq!(rendezvous.rank(&[packet.as_slice(), &[0]].concat()), None);
        let mut other = packet;
        other[3] ^= 1;
        assert_eq!(rendezvous.rank(&other), None);
    }
}
