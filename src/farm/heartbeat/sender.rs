//! Heartbeats on every rank except rank 0: sends heartbeats, and ends the process when rank 0 does not answer.

use super::silence::{BeatClock, Silence};
use super::{HeartbeatThread, PACKET, Rendezvous, die, udp};
use crossbeam_channel::RecvTimeoutError;
use std::io::{self, ErrorKind};
use std::net::UdpSocket;

/// Starts a thread that sends this rank's heartbeats and ends the process when rank 0 has been silent for too long.
pub(crate) fn send_heartbeats(rank: usize, host: String, rendezvous: Rendezvous) -> io::Result<HeartbeatThread> {
    let sockets: Vec<UdpSocket> = rendezvous
        .addresses
        .iter()
        .filter_map(|&address| udp::connect(address).ok())
        .collect();
    HeartbeatThread::spawn(move |stopped| {
        let packet = rendezvous.packet(rank);
        let mut silence = Silence::default();
        let beat = rendezvous.beat();
        let mut clock = BeatClock::new(beat);
        // The socket on which rank 0 answered last.
        let mut answered = None;
        loop {
            let send_to_all = answered.is_none() || silence.lasted > 3 * beat;
            for (index, socket) in sockets.iter().enumerate() {
                if send_to_all || answered == Some(index) {
                    // A packet that cannot be sent will show up as a missing answer.
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
                            silence.end();
                            answered = Some(index);
                        }
                        Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                        // This is either a delayed error caused by an earlier packet, or a packet from an unrelated
                        // sender.
                        _ => {}
                    }
                }
            }
            silence.add(clock.tick().unwrap_or_default());
            if silence.is_longer_than(rendezvous.lost_after) {
                die(&format!(
                    "Error: rank 0 has not been heard of on {host} for {} s: its process is frozen, or its host or the network \
                     is down. Rank {rank} ends",
                    rendezvous.lost_after.as_secs_f64()
                ));
            }
        }
    })
}
