//! Heartbeats: each rank tells rank 0 about once a second that it is there, and rank 0 answers. So a rank that is frozen, and a
//! host that is cut off, are noticed, which MPI leaves to others: a message that nobody takes just never arrives.
//!
//! They are UDP packets between threads of their own, since the thread that speaks MPI may be in the user's code for
//! long. Time is counted in beats: a machine that was asleep does not find the others silent when it wakes up. Where the
//! packets do not get through, nothing is concluded from their absence.

mod silence;
mod udp;

use crate::error::Error;
use crate::farm::alarm::Alarm;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use silence::{Clock, Silence};
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often a heart beats; faster when little time is given.
const BEAT: Duration = Duration::from_secs(1);
const BEATS_BEFORE_LOST: u32 = 10;
/// Packets that did not come for so long are told of.
const WONDER: Duration = Duration::from_secs(30);
/// How long the main thread may take to end the job.
const PATIENCE: Duration = Duration::from_secs(10);
/// A word that only the ranks of this job know, and the rank's number.
const PACKET: usize = 20;

/// Where rank 0 listens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Meeting {
    addresses: Vec<SocketAddr>,
    word: [u8; 16],
    lost_after: Duration,
}

impl Meeting {
    fn beat(&self) -> Duration {
        BEAT.min(self.lost_after / BEATS_BEFORE_LOST).max(BEAT / 50)
    }

    fn packet(&self, rank: usize) -> [u8; PACKET] {
        let mut packet = [0; PACKET];
        packet[..16].copy_from_slice(&self.word);
        packet[16..].copy_from_slice(&(rank as u32).to_le_bytes());
        packet
    }

    /// Whose packet it is.
    fn rank(&self, packet: &[u8]) -> Option<usize> {
        let (word, rank) = packet.split_at_checked(16)?;
        let rank = u32::from_le_bytes(rank.try_into().ok()?);
        (word == self.word).then_some(rank as usize)
    }
}

/// A thread that listens, or beats, until this is dropped. Nobody waits for it: it ends a little later.
pub(crate) struct HeartbeatThread {
    _stop: Sender<()>,
}

fn spawn(run: impl FnOnce(Receiver<()>) + Send + 'static) -> io::Result<HeartbeatThread> {
    let (stop, stopped) = bounded(0);
    std::thread::Builder::new()
        .name("heartbeat".into())
        .spawn(move || run(stopped))?;
    Ok(HeartbeatThread { _stop: stop })
}

/// Rank 0's ear, before the others know of it.
pub(crate) struct Listener {
    socket: UdpSocket,
    meeting: Meeting,
}

impl Listener {
    pub(crate) fn open(lost_after: Duration) -> io::Result<Self> {
        let socket = udp::listen()?;
        let local = socket.local_addr()?;
        let mut word = [0; 16];
        File::open("/dev/urandom")?.read_exact(&mut word)?;
        let meeting = Meeting {
            addresses: udp::addresses(local.is_ipv6(), local.port()),
            word,
            lost_after,
        };
        Ok(Self { socket, meeting })
    }

    pub(crate) fn meeting(&self) -> &Meeting {
        &self.meeting
    }

    /// Listens to ranks on these hosts, and says by `alarm` when one is silent for too long.
    pub(crate) fn listen(self, hosts: Vec<String>, alarm: Arc<Alarm>) -> io::Result<HeartbeatThread> {
        self.socket.set_read_timeout(Some(self.meeting.beat() / 4))?;
        spawn(move |stopped| self.attend(&hosts, &alarm, &stopped))
    }

    fn attend(self, hosts: &[String], alarm: &Alarm, stopped: &Receiver<()>) {
        let mut patients: Vec<Silence> = vec![Silence::default(); hosts.len()];
        let mut clock = Clock::new(self.meeting.beat());
        let mut lost: Option<usize> = None;
        let mut wondered = false;
        while stopped.try_recv().is_err_and(|error| error.is_empty()) {
            self.hear(&mut patients);
            let Some(beat) = clock.tick() else { continue };
            for patient in &mut patients[1..] {
                patient.lasts(beat);
            }
            let limit = self.meeting.lost_after;
            match lost {
                None => {
                    lost = (1..hosts.len()).find(|&rank| patients[rank].is_longer_than(limit));
                    if let Some(rank) = lost {
                        alarm.raise(lost_error(rank, &hosts[rank], limit));
                    }
                }
                // Back before the main thread had time to hear of it.
                Some(rank) if !patients[rank].is_longer_than(limit) => {
                    alarm.withdraw_lost();
                    lost = None;
                }
                // Only the main thread can end the job in order; but not out of a call of MPI that does not return.
                Some(rank) if alarm.leaving_for() > PATIENCE => {
                    die(&format!("Error: {}", lost_error(rank, &hosts[rank], limit)))
                }
                Some(_) => {}
            }
            let never = |patient: &Silence| !patient.heard && patient.lasted > WONDER;
            if !wondered && let Some(rank) = (1..hosts.len()).find(|&rank| never(&patients[rank])) {
                wondered = true;
                log::warn!(
                    "no heartbeat of rank {rank} ({}) has come within {WONDER:?}: if the network lets no UDP pass, a host that \
                     is cut off is noticed by nobody but the launcher (--lost-after 0 does without heartbeats)",
                    hosts[rank]
                );
            }
        }
    }

    /// Answers all that have come; waits a little if there are none.
    fn hear(&self, patients: &mut [Silence]) {
        let mut packet = [0; PACKET + 1];
        let Ok((length, from)) = self.socket.recv_from(&mut packet) else {
            return;
        };
        let known = self.meeting.rank(&packet[..length]);
        if let Some(patient) = known.and_then(|rank| patients.get_mut(rank)) {
            patient.is_broken();
            // An answer that cannot be sent is missed by the one who waits for it.
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

/// A rank's heart: beats, and ends the process when rank 0 does not answer any more.
pub(crate) fn beat(rank: usize, host: String, meeting: Meeting) -> io::Result<HeartbeatThread> {
    let sockets: Vec<UdpSocket> = meeting
        .addresses
        .iter()
        .filter_map(|&address| udp::connect(address).ok())
        .collect();
    spawn(move |stopped| {
        let packet = meeting.packet(rank);
        let mut silence = Silence::default();
        let beat = meeting.beat();
        let mut clock = Clock::new(beat);
        // The one by which rank 0 has answered last.
        let mut good = None;
        loop {
            let tries_all = good.is_none() || silence.lasted > 3 * beat;
            for (index, socket) in sockets.iter().enumerate() {
                if tries_all || good == Some(index) {
                    // Nobody there, or no way: told by the missing answer.
                    let _ = socket.send(&packet);
                }
            }
            match stopped.recv_timeout(beat) {
                Err(RecvTimeoutError::Timeout) => {}
                _ => return,
            }
            for (index, socket) in sockets.iter().enumerate() {
                let mut answer = [0; PACKET + 1];
                for _ in 0..10 {
                    match socket.recv(&mut answer) {
                        Ok(length) if answer[..length] == packet => {
                            silence.is_broken();
                            good = Some(index);
                        }
                        Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                        // An error of an earlier packet, which waited to be taken.
                        _ => {}
                    }
                }
            }
            silence.lasts(clock.tick().unwrap_or_default());
            if silence.is_longer_than(meeting.lost_after) {
                die(&format!(
                    "Error: rank 0 has not been heard of on {host} for {} s: its process is frozen, or its host or the network \
                     is down. Rank {rank} ends",
                    meeting.lost_after.as_secs_f64()
                ));
            }
        }
    })
}

/// ZygoteEnds this process, whatever its main thread is at; its forked workers go with it. Says why, if anybody listens: standard
/// error may be a pipe to a launcher that is gone, or frozen.
fn die(why: &str) -> ! {
    let line = format!("{why}\n");
    let said = std::thread::Builder::new().spawn(move || std::io::stderr().write_all(line.as_bytes()));
    let start = Instant::now();
    while said.as_ref().is_ok_and(|said| !said.is_finished()) && start.elapsed() < BEAT {
        std::thread::sleep(BEAT / 100);
    }
    let _ = kill(Pid::this(), Signal::SIGKILL);
    std::process::abort()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meeting() -> Meeting {
        Meeting {
            addresses: vec![],
            word: [7; 16],
            lost_after: BEAT,
        }
    }

    #[test]
    fn packets_of_others_are_nobodys() {
        let meeting = meeting();
        let packet = meeting.packet(300);
        assert_eq!(meeting.rank(&packet), Some(300));
        assert_eq!(meeting.rank(&packet[..19]), None);
        assert_eq!(meeting.rank(&[]), None);
        assert_eq!(meeting.rank(&[packet.as_slice(), &[0]].concat()), None);
        let mut other = packet;
        other[3] ^= 1;
        assert_eq!(meeting.rank(&other), None);
    }
}
