//! The tables made by `ToyDecays`.

use crate::algorithms::particles::{B_S, KAON, MUON, PION, Particle};
use crate::algorithms::toy_decay_generator::MeasuredTrack;
use crate::app::prelude::*;

/// The columns of all tables.
pub(super) struct Tables {
    run_number: ColumnHandle<u32>,
    event_number: ColumnHandle<u64>,
    gps_time: ColumnHandle<f64>,
    vertex: [ColumnHandle<f64>; 3],
    vertex_tracks: ColumnHandle<u32>,
    best: TrackColumns,
    /// Muons, kaons and pions.
    particles: [ParticleColumns; 3],
    truth: TruthColumns,
}

#[derive(Clone, Copy)]
struct TrackColumns {
    momentum: [ColumnHandle<f64>; 3],
    charge: ColumnHandle<i32>,
    chi2: ColumnHandle<f64>,
    vertex: ColumnHandle<i32>,
    ip: ColumnHandle<f64>,
}

struct ParticleColumns {
    /// The positively charged particle.
    positive: Particle,
    momentum: [ColumnHandle<f64>; 3],
    e: ColumnHandle<f64>,
    pid: ColumnHandle<i32>,
    track: ColumnHandle<i32>,
    prob_nn: ColumnHandle<f64>,
}

struct TruthColumns {
    pid: ColumnHandle<i32>,
    end: [ColumnHandle<f64>; 3],
    time: ColumnHandle<f64>,
    vertex: ColumnHandle<i32>,
    tracks: [ColumnHandle<i32>; 4],
}

/// A track to be written, whose row is not known yet.
#[derive(Clone, Copy)]
pub(super) struct ReconstructedTrack {
    /// The position in the order of generation.
    pub number: usize,
    pub measured: MeasuredTrack,
    /// The transverse momentum in MeV.
    pub pt: f64,
    pub vertex: i32,
    /// The impact parameter in mm.
    pub ip: f64,
    pub chi2: f64,
    /// The probabilities that the track is a muon, kaon or pion; `None` for a particle that it is not identified as.
    pub prob_nn: [Option<f64>; 3],
}

const VERTICES: &str = "Rec/Vertex/Primary";
const TRACKS: &str = "Rec/Track/Best";

fn three(setup: &mut Setup, table: TableHandle, names: [&str; 3], unit: &str) -> Result<[ColumnHandle<f64>; 3]> {
    let [a, b, c] = names.map(|name| setup.create(table, ColumnType::new::<f64>(name).unit(unit)));
    Ok([a?, b?, c?])
}

fn push_three(event: &mut Event, columns: [ColumnHandle<f64>; 3], values: [f64; 3]) {
    for (column, value) in columns.into_iter().zip(values) {
        event.push(column, value);
    }
}

impl Tables {
    pub(super) fn create(setup: &mut Setup) -> Result<Self> {
        let header = setup.create_table("Rec/Header", Rows::One)?;
        let vertices = setup.create_table(VERTICES, Rows::Many)?;
        let best = setup.create_table(TRACKS, Rows::Many)?;
        let truth = setup.create_table("Gen/Decays", Rows::Many)?;
        let track = |setup: &mut Setup, name: &str| setup.create(truth, ColumnType::reference(name, TRACKS));
        Ok(Self {
            run_number: setup.create(header, ColumnType::new::<u32>("run_number"))?,
            event_number: setup.create(header, ColumnType::new::<u64>("event_number"))?,
            gps_time: setup.create(header, ColumnType::new::<f64>("gps_time").unit("s"))?,
            vertex: three(setup, vertices, ["x", "y", "z"], "mm")?,
            vertex_tracks: setup.create(vertices, ColumnType::new::<u32>("tracks"))?,
            best: TrackColumns {
                momentum: three(setup, best, ["px", "py", "pz"], "MeV")?,
                charge: setup.create(best, ColumnType::new::<i32>("charge"))?,
                chi2: setup.create(best, ColumnType::new::<f64>("chi2"))?,
                vertex: setup.create(best, ColumnType::reference("vertex", VERTICES))?,
                ip: setup.create(best, ColumnType::new::<f64>("ip").unit("mm"))?,
            },
            particles: [
                ParticleColumns::create(setup, "Phys/Muons", MUON.antiparticle())?,
                ParticleColumns::create(setup, "Phys/Kaons", KAON)?,
                ParticleColumns::create(setup, "Phys/Pions", PION)?,
            ],
            truth: TruthColumns {
                pid: setup.create(truth, ColumnType::new::<i32>("pid"))?,
                end: three(setup, truth, ["x", "y", "z"], "mm")?,
                time: setup.create(truth, ColumnType::new::<f64>("time").unit("ns"))?,
                vertex: setup.create(truth, ColumnType::reference("vertex", VERTICES))?,
                tracks: [
                    track(setup, "mu_plus")?,
                    track(setup, "mu_minus")?,
                    track(setup, "k_plus")?,
                    track(setup, "k_minus")?,
                ],
            },
        })
    }

    /// Writes the header, with `time` in seconds.
    pub(super) fn header(&self, event: &mut Event, run: u32, time: f64) {
        let number = event.number();
        event.push(self.run_number, run);
        event.push(self.event_number, number);
        event.push(self.gps_time, time);
    }

    /// Writes the position (mm) of a primary vertex.
    pub(super) fn vertex(&self, event: &mut Event, position: [f64; 3]) {
        push_three(event, self.vertex, position);
    }

    /// Writes the number of tracks of the next primary vertex.
    pub(super) fn vertex_tracks(&self, event: &mut Event, tracks: u32) {
        event.push(self.vertex_tracks, tracks);
    }

    /// Writes a track, and a row for each particle that it is identified as.
    pub(super) fn track(&self, event: &mut Event, track: &ReconstructedTrack, row: i32) {
        let TrackColumns {
            momentum,
            charge,
            chi2,
            vertex,
            ip,
        } = self.best;
        let measured = &track.measured;
        push_three(event, momentum, [measured.px, measured.py, measured.pz]);
        event.push(charge, measured.charge);
        event.push(chi2, track.chi2);
        event.push(vertex, track.vertex);
        event.push(ip, track.ip);
        for (particles, prob_nn) in self.particles.iter().zip(track.prob_nn) {
            if let Some(prob_nn) = prob_nn {
                particles.push(event, track, row, prob_nn);
            }
        }
    }

    /// Writes a true decay: its position (mm), proper time (ns) and track rows.
    pub(super) fn truth(&self, event: &mut Event, end: [f64; 3], time: f64, tracks: &[i32]) {
        event.push(self.truth.pid, B_S.pdg_id);
        push_three(event, self.truth.end, end);
        event.push(self.truth.time, time);
        event.push(self.truth.vertex, 0);
        for (column, track) in self.truth.tracks.into_iter().zip(tracks) {
            event.push(column, *track);
        }
    }
}

impl ParticleColumns {
    fn create(setup: &mut Setup, path: &str, positive: Particle) -> Result<Self> {
        let table = setup.create_table(path, Rows::Many)?;
        Ok(Self {
            positive,
            momentum: three(setup, table, ["px", "py", "pz"], "MeV")?,
            e: setup.create(table, ColumnType::new::<f64>("e").unit("MeV"))?,
            pid: setup.create(table, ColumnType::new::<i32>("pid"))?,
            track: setup.create(table, ColumnType::reference("track", TRACKS))?,
            prob_nn: setup.create(table, ColumnType::new::<f64>("prob_nn"))?,
        })
    }

    fn push(&self, event: &mut Event, track: &ReconstructedTrack, row: i32, prob_nn: f64) {
        let momentum = track.measured.with_mass(self.positive.mass);
        push_three(event, self.momentum, [momentum.px, momentum.py, momentum.pz]);
        event.push(self.e, momentum.e);
        event.push(self.pid, self.positive.pdg_id * track.measured.charge);
        event.push(self.track, row);
        event.push(self.prob_nn, prob_nn);
    }
}
