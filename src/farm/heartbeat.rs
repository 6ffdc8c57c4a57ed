//! Heartbeats: each rank tells rank 0 about once a second that it is there, and rank 0 answers. So a rank that is frozen, and a
//! host that is cut off, are noticed, which MPI leaves to others: a message that nobody takes just never arrives.
//!
//! They are UDP packets between threads of their own, since the thread that speaks MPI may be in the user's code for
//! long. Time is counted in beats: a machine that was asleep does not find the others silent when it wakes up. Where the
//! packets do not get through, nothing is concluded from their absence.

use super::alarm::Alarm;
use crate::Error;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn6, bind, setsockopt, socket, sockopt};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::os::fd::AsRawFd;
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
pub(crate) struct Heart {
    _stop: Sender<()>,
}

fn spawn(run: impl FnOnce(Receiver<()>) + Send + 'static) -> io::Result<Heart> {
    let (stop, stopped) = bounded(0);
    std::thread::Builder::new()
        .name("heartbeat".into())
        .spawn(move || run(stopped))?;
    Ok(Heart { _stop: stop })
}

/// Rank 0's ear, before the others know of it.
pub(crate) struct Ear {
    socket: UdpSocket,
    meeting: Meeting,
}

impl Ear {
    pub(crate) fn open(lost_after: Duration) -> io::Result<Self> {
        let socket = for_both().or_else(|_| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)))?;
        let local = socket.local_addr()?;
        let mut word = [0; 16];
        File::open("/dev/urandom")?.read_exact(&mut word)?;
        let meeting = Meeting {
            addresses: addresses(local.is_ipv6(), local.port()),
            word,
            lost_after,
        };
        Ok(Self { socket, meeting })
    }

    pub(crate) fn meeting(&self) -> &Meeting {
        &self.meeting
    }

    /// Listens to ranks on these hosts, and says by `alarm` when one is silent for too long.
    pub(crate) fn listen(self, hosts: Vec<String>, alarm: Arc<Alarm>) -> io::Result<Heart> {
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
                    alarm.withdraw();
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

/// A socket for IPv6 and IPv4, whatever this host takes IPv6 for when it is not told.
fn for_both() -> io::Result<UdpSocket> {
    let flags = SockFlag::SOCK_CLOEXEC;
    let socket = socket(AddressFamily::Inet6, SockType::Datagram, flags, None)?;
    setsockopt(&socket, sockopt::Ipv6V6Only, &false)?;
    bind(
        socket.as_raw_fd(),
        &SockaddrIn6::from(SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, 0, 0, 0)),
    )?;
    Ok(socket.into())
}

fn lost_error(rank: usize, host: &str, after: Duration) -> Error {
    Error::Lost {
        rank,
        host: host.into(),
        seconds: after.as_secs_f64(),
    }
}

/// A rank's heart: beats, and ends the process when rank 0 does not answer any more.
pub(crate) fn beat(rank: usize, host: String, meeting: Meeting) -> io::Result<Heart> {
    let sockets: Vec<UdpSocket> = meeting
        .addresses
        .iter()
        .filter_map(|&address| connect(address).ok())
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

fn connect(address: SocketAddr) -> io::Result<UdpSocket> {
    let any: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect(address)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Ends this process, whatever its main thread is at; its forked workers go with it. Says why, if anybody listens: standard
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

/// This host's addresses, those of other kinds of networks first.
fn addresses(with_v6: bool, port: u16) -> Vec<SocketAddr> {
    let interfaces = getifaddrs().into_iter().flatten();
    let up = interfaces.filter(|interface| interface.flags.contains(InterfaceFlags::IFF_UP));
    let mut addresses: Vec<IpAddr> = up
        .filter_map(|interface| {
            let address = interface.address?;
            let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
            v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
        })
        .filter(|address| match address {
            IpAddr::V4(_) => true,
            // An address that is good on one link only would have to name it.
            IpAddr::V6(v6) => with_v6 && !v6.is_unicast_link_local(),
        })
        .collect();
    addresses.sort_by_key(|address| (address.is_loopback(), address.is_ipv6()));
    addresses.dedup();
    addresses
        .into_iter()
        .map(|address| SocketAddr::new(address, port))
        .collect()
}

/// How long somebody has said nothing.
#[derive(Debug, Clone, Default)]
struct Silence {
    lasted: Duration,
    heard: bool,
}

impl Silence {
    fn lasts(&mut self, more: Duration) {
        self.lasted += more;
    }

    fn is_broken(&mut self) {
        self.heard = true;
        self.lasted = Duration::ZERO;
    }

    /// Somebody who was never heard may be out of reach by design.
    fn is_longer_than(&self, limit: Duration) -> bool {
        self.heard && self.lasted > limit
    }
}

/// Counts time in beats.
struct Clock {
    beat: Duration,
    latest: Instant,
}

impl Clock {
    fn new(beat: Duration) -> Self {
        Self {
            beat,
            latest: Instant::now(),
        }
    }

    /// How much time counts, if a beat is over. What is longer than two beats is time in which this machine slept.
    fn tick(&mut self) -> Option<Duration> {
        let elapsed = self.latest.elapsed();
        if elapsed < self.beat * 9 / 10 {
            return None;
        }
        self.latest = Instant::now();
        Some(elapsed.min(2 * self.beat))
    }
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

    #[test]
    fn only_who_was_heard_can_fall_silent() {
        let mut silence = Silence::default();
        silence.lasts(100 * BEAT);
        assert!(!silence.is_longer_than(BEAT));
        silence.is_broken();
        assert!(!silence.is_longer_than(BEAT));
        silence.lasts(2 * BEAT);
        assert!(silence.is_longer_than(BEAT));
    }
}
