//! `ToyDecays`: makes events like those that a reconstruction writes, with toy decays in them.

mod tables;
#[cfg(test)]
mod tests;

use super::four_momentum::FourMomentum;
use super::particles::{B_S, KAON, MUON};
use super::toy_decay_generator::{Configuration, MeasuredTrack, ToyDecay, ToyDecayGenerator};
use crate::app::prelude::*;
use rand_distr::{Distribution, Poisson};
use tables::{ReconstructedTrack, Tables};

/// Makes events with tracks, vertices and identified particles: toy B_s⁰ → J/ψ(→ μ⁺μ⁻) φ(→ K⁺K⁻) decays among
/// background, as the [generator](super::toy_decay_generator) draws them, and pions.
///
/// ```toml
/// [[algorithm]]
/// type = "ToyDecays"
/// run = 4711
/// decays = { signal_fraction = 0.1 }
/// pions = 20.0
/// ```
///
/// An event is a function of the job's seed, its number and the algorithm's name. It has these tables:
///
/// - `Rec/Header`, one row: `run_number`, `event_number`, and `gps_time` \[s\], which is later for later events.
/// - `Rec/Vertex/Primary`: `x`, `y`, `z` \[mm\], and the number of its `tracks`. There is one at least; a decay comes
///   from the first.
/// - `Rec/Track/Best`, from the largest transverse momentum down: `px`, `py`, `pz` \[MeV\], `charge`, `chi2` per degree
///   of freedom, the `vertex` that it comes from or whose particle it comes from, and its impact parameter `ip` \[mm\]
///   there, which shows that a B_s⁰ has flown before it decayed.
/// - `Phys/Muons`, `Phys/Kaons`, `Phys/Pions`: `px`, `py`, `pz`, `e` \[MeV\], `pid`, the `track`, and `prob_nn`, from 0
///   to 1: how sure it is that it is what it is taken for. A track may be taken for two particles.
/// - `Gen/Decays`, the truth, a row for each true B_s⁰: `pid`; `x`, `y`, `z` \[mm\], where it decayed; `time` \[ns\],
///   how long it lived in its rest frame; the `vertex` that it comes from, and the tracks `mu_plus`, `mu_minus`,
///   `k_plus`, `k_minus`.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ToyDecays {
    /// The number of the run. Default: 1.
    pub run: u32,
    /// When event 0 was, s after the beginning of GPS time. Default: 1 450 000 000, in December 2025.
    pub gps_start: f64,
    /// Events per second. Default: 1000.
    pub rate: f64,
    /// What decays are like. Each event has one; `signal_fraction` is the probability that it is a true B_s⁰, and
    /// background otherwise.
    pub decays: Configuration,
    /// Mean number of further background decays. Default: 0.5.
    pub background: f64,
    /// Mean number of pions. Default: 15.
    pub pions: f64,
    /// Mean transverse momentum of pions, exponentially distributed, MeV. Default: 600.
    pub pion_pt: f64,
    /// The fraction of pions that are taken for kaons, too. Default: 0.05.
    pub misidentified: f64,
    /// Mean number of primary vertices beside the one that is always there. Default: 1.5.
    pub vertices: f64,
    /// How far primary vertices spread along x, y and z (standard deviations of a Gaussian), mm. Default: 0.04, 0.04
    /// and 50.
    pub beam_spot: [f64; 3],
    /// Mean lifetime of a B_s⁰, ns. Default: 0.001520.
    pub lifetime: f64,
    /// Resolution of impact parameters, each coordinate: a constant, mm, and one over the transverse momentum, mm MeV.
    /// Default: 0.015 and 29, about what LHCb measured (Int. J. Mod. Phys. A 30, 1530022, 2015).
    pub ip_resolution: [f64; 2],
    #[serde(skip)]
    bound: Option<Box<Bound>>,
}

impl Default for ToyDecays {
    fn default() -> Self {
        Self {
            run: 1,
            gps_start: 1.45e9,
            rate: 1000.0,
            decays: Configuration::default(),
            background: 0.5,
            pions: 15.0,
            pion_pt: 600.0,
            misidentified: 0.05,
            vertices: 1.5,
            beam_spot: [0.04, 0.04, 50.0],
            lifetime: 0.001_520,
            ip_resolution: [0.015, 29.0],
            bound: None,
        }
    }
}

/// The speed of light, mm/ns (CODATA 2022).
const C: f64 = 299.792_458;

/// The generators, the tables, and memory for the tracks of an event.
struct Bound {
    decays: ToyDecayGenerator,
    background: ToyDecayGenerator,
    further: Option<Poisson<f64>>,
    pions: Option<Poisson<f64>>,
    vertices: Option<Poisson<f64>>,
    tables: Tables,
    tracks: Vec<ReconstructedTrack>,
    /// Where each track is in its table, in the order in which they were made.
    places: Vec<i32>,
    per_vertex: Vec<u32>,
}

const MUONS: usize = 0;
const KAONS: usize = 1;

impl Algorithm for ToyDecays {
    fn initialize(&mut self, setup: &mut Setup) -> Result<()> {
        self.check()?;
        let background = Configuration {
            signal_fraction: 0.0,
            ..self.decays.clone()
        };
        self.bound = Some(Box::new(Bound {
            decays: ToyDecayGenerator::new(self.decays.clone())?,
            background: ToyDecayGenerator::new(background)?,
            further: number("background", self.background)?,
            pions: number("pions", self.pions)?,
            vertices: number("vertices", self.vertices)?,
            tables: Tables::create(setup)?,
            tracks: Vec::new(),
            places: Vec::new(),
            per_vertex: Vec::new(),
        }));
        Ok(())
    }

    fn execute(&mut self, event: &mut Event) -> Result<bool> {
        let Some(mut bound) = self.bound.take() else {
            return Ok(true);
        };
        self.make(&mut bound, event);
        self.bound = Some(bound);
        Ok(true)
    }
}

impl ToyDecays {
    fn check(&self) -> Result<()> {
        let require = |good: bool, what: &str, value: f64, allowed: &str| match good {
            true => Ok(()),
            false => Err(format!("{what} = {value} cannot be: it has to be {allowed}")),
        };
        // Times that are closer together than this are the same in double precision.
        let good = self.rate > 0.0 && self.rate <= 1e6;
        require(good, "rate", self.rate, "above 0 and at most 1000000 events a second")?;
        let good = (0.0..=4e9).contains(&self.gps_start);
        require(good, "gps_start", self.gps_start, "from 0 to 4000000000 s")?;
        let good = (0.0..=1.0).contains(&self.misidentified);
        require(good, "misidentified", self.misidentified, "between 0 and 1")?;
        let good = self.pion_pt > 0.0 && self.pion_pt <= 1e6;
        require(good, "pion_pt", self.pion_pt, "above 0 and at most 1000000 MeV")?;
        let good = (0.0..=1e3).contains(&self.lifetime);
        require(good, "lifetime", self.lifetime, "from 0 to 1000 ns")?;
        for spread in self.beam_spot {
            require((0.0..=1e4).contains(&spread), "beam_spot", spread, "from 0 to 10000 mm")?;
        }
        for resolution in self.ip_resolution {
            let good = (0.0..=1e6).contains(&resolution);
            require(good, "ip_resolution", resolution, "from 0 to 1000000")?;
        }
        Ok(())
    }

    /// Makes an event.
    fn make(&self, bound: &mut Bound, event: &mut Event) {
        let mut random = event.random();
        let number = event.number();
        let tables = &bound.tables;
        tables.header(event, self.run, self.gps_start + number as f64 / self.rate);

        let vertices = 1 + draw(bound.vertices, &mut random);
        bound.per_vertex.clear();
        bound.per_vertex.resize(vertices, 0);
        let mut first = [0.0; 3];
        for vertex in 0..vertices {
            let position = self.beam_spot.map(|spread| random.gaussian(0.0, spread));
            tables.vertex(event, position);
            if vertex == 0 {
                first = position;
            }
        }

        bound.tracks.clear();
        let decay = bound.decays.generate(&mut random);
        let flight = decay.signal.then(|| self.fly(&decay, &mut random));
        let path = flight.map_or([0.0; 3], |(path, _)| path);
        self.add_decay(&mut bound.tracks, &decay, 0, path, &mut random);
        for _ in 0..draw(bound.further, &mut random) {
            let decay = bound.background.generate(&mut random);
            let vertex = one_of(vertices, &mut random);
            self.add_decay(&mut bound.tracks, &decay, vertex, [0.0; 3], &mut random);
        }
        for _ in 0..draw(bound.pions, &mut random) {
            let vertex = one_of(vertices, &mut random);
            self.add_pion(&mut bound.tracks, vertex, &mut random);
        }

        // As a reconstruction would have them: nothing in the order tells where they come from.
        bound.tracks.sort_by(|one, other| other.pt.total_cmp(&one.pt));
        bound.places.clear();
        bound.places.resize(bound.tracks.len(), -1);
        for (place, track) in bound.tracks.iter().enumerate() {
            bound.places[track.number] = place as i32;
            bound.per_vertex[track.vertex as usize] += 1;
            tables.track(event, track, place as i32);
        }
        bound
            .per_vertex
            .iter()
            .for_each(|tracks| tables.vertex_tracks(event, *tracks));
        if let Some((path, time)) = flight {
            let end = [0, 1, 2].map(|axis| first[axis] + path[axis]);
            // The first decay's tracks were made first: μ⁺, μ⁻, K⁺, K⁻.
            tables.truth(event, end, time, &bound.places[..4]);
        }
    }

    /// How far a B_s⁰ flies before it decays, mm, and how long that takes in its rest frame, ns: p/m · ct.
    fn fly(&self, decay: &ToyDecay, random: &mut Random) -> ([f64; 3], f64) {
        let time = random.exponential(self.lifetime);
        let muons = decay.muons.iter().map(|track| track.with_mass(MUON.mass));
        let kaons = decay.kaons.iter().map(|track| track.with_mass(KAON.mass));
        let momentum: FourMomentum = muons.chain(kaons).sum();
        let scale = C * time / B_S.mass;
        ([momentum.px * scale, momentum.py * scale, momentum.pz * scale], time)
    }

    /// Adds the tracks of a decay that is `path` away from its vertex, mm.
    fn add_decay(
        &self,
        tracks: &mut Vec<ReconstructedTrack>,
        decay: &ToyDecay,
        vertex: i32,
        path: [f64; 3],
        random: &mut Random,
    ) {
        for (pair, kind) in [(&decay.muons, MUONS), (&decay.kaons, KAONS)] {
            for measured in pair {
                let mut prob_nn = [None; 3];
                prob_nn[kind] = Some(sure(random));
                self.add(tracks, *measured, vertex, path, prob_nn, random);
            }
        }
    }

    fn add_pion(&self, tracks: &mut Vec<ReconstructedTrack>, vertex: i32, random: &mut Random) {
        let pt = random.exponential(self.pion_pt);
        let [low, high] = self.decays.eta;
        let eta = random.uniform(low, high);
        let [x, y] = random.transverse_direction();
        let charge = if random.uniform(0.0, 1.0) < 0.5 { -1 } else { 1 };
        let measured = MeasuredTrack {
            px: pt * x,
            py: pt * y,
            pz: pt * eta.sinh(),
            charge,
        };
        let mut prob_nn = [None, None, Some(sure(random))];
        if random.uniform(0.0, 1.0) < self.misidentified {
            prob_nn[KAONS] = Some(1.0 - sure(random));
        }
        self.add(tracks, measured, vertex, [0.0; 3], prob_nn, random);
    }

    /// Adds a track that begins `path` away from its vertex, mm.
    fn add(
        &self,
        tracks: &mut Vec<ReconstructedTrack>,
        measured: MeasuredTrack,
        vertex: i32,
        path: [f64; 3],
        prob_nn: [Option<f64>; 3],
        random: &mut Random,
    ) {
        let MeasuredTrack { px, py, pz, .. } = measured;
        let pt = (px * px + py * py).sqrt();
        let p2 = px * px + py * py + pz * pz;
        // What of the path is across the track, and where the vertex and the track are measured to be.
        let along = (path[0] * px + path[1] * py + path[2] * pz) / p2;
        let [constant, slope] = self.ip_resolution;
        let sigma = constant + slope / pt;
        let across = [path[0] - along * px, path[1] - along * py, path[2] - along * pz];
        let x = across[0] + random.gaussian(0.0, sigma);
        let y = across[1] + random.gaussian(0.0, sigma);
        let ip = (x * x + y * y + across[2] * across[2]).sqrt();
        // χ² of ten degrees of freedom.
        let chi2 = (0..5).map(|_| random.exponential(2.0)).sum::<f64>() / 10.0;
        let number = tracks.len();
        tracks.push(ReconstructedTrack {
            number,
            measured,
            pt,
            vertex,
            ip,
            chi2,
            prob_nn,
        });
    }
}

/// A number near 1: the largest of four.
fn sure(random: &mut Random) -> f64 {
    (0..4).fold(0.0, |largest: f64, _| largest.max(random.uniform(0.0, 1.0)))
}

fn one_of(number: usize, random: &mut Random) -> i32 {
    ((random.uniform(0.0, number as f64)) as usize).min(number - 1) as i32
}

/// A distribution of numbers with this mean; none if it is 0.
fn number(property: &str, mean: f64) -> Result<Option<Poisson<f64>>> {
    if !(0.0..=10_000.0).contains(&mean) {
        return Err(format!("{property} = {mean} cannot be: it has to be from 0 to 10000").into());
    }
    match mean {
        0.0 => Ok(None),
        mean => Ok(Some(Poisson::new(mean)?)),
    }
}

fn draw(number: Option<Poisson<f64>>, random: &mut Random) -> usize {
    number.map_or(0, |number| number.sample(random) as usize)
}
