//! `ToyDecays`: creates toy decay events, with tables like those from a reconstruction.

mod tables;
#[cfg(test)]
mod tests;

use super::four_momentum::FourMomentum;
use super::particles::{B_S, KAON, MUON};
use super::property_range::check_range;
use super::toy_decay_generator::{Configuration, MeasuredTrack, ToyDecay, ToyDecayGenerator};
use crate::app::prelude::*;
use rand_distr::{Distribution, Poisson};
use tables::{ReconstructedTrack, Tables};

/// Creates events with vertices, tracks and identified particles. They contain toy B_s⁰ → J/ψ(→ μ⁺μ⁻) φ(→ K⁺K⁻) decays
/// and background from the [generator](super::toy_decay_generator), and additional pions.
///
/// ```
/// # gaudi_mpi::algorithms::register_all();
/// # let job = gaudi_mpi::app::JobConfig::parse(r#"
/// # input.events = 10
/// [[algorithm]]
/// type = "ToyDecays"
/// run = 4711
/// decays = { signal_fraction = 0.1 }
/// pions = 20.0
/// # "#)?;
/// # gaudi_mpi::app::AppMgr::from_config(job).events(1)?.next()?;
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
///
/// An event depends only on the job's seed, the event's number and the algorithm's name. It has these tables:
///
/// - `Rec/Header`, one row: `run_number`, `event_number`, and `gps_time` \[s\], which rises with the event number.
/// - `Rec/Vertex/Primary`: the position `x`, `y`, `z` \[mm\] and the number of `tracks`. There is at least one row. A
///   B_s⁰ always comes from the first vertex.
/// - `Rec/Track/Best`, in descending order of transverse momentum: `px`, `py`, `pz` \[MeV\], `charge`, `chi2` per
///   degree of freedom, a reference to the primary `vertex`, and the impact parameter `ip` \[mm\] with respect to this
///   vertex. Tracks from a B_s⁰, which flies before it decays, have larger impact parameters.
/// - `Phys/Muons`, `Phys/Kaons`, `Phys/Pions`: `px`, `py`, `pz`, `e` \[MeV\], `pid`, a reference to the `track`, and
///   the probability `prob_nn`, from 0 to 1, that the identification is correct. A track may be identified as two
///   different particles.
/// - `Gen/Decays`, the truth, one row per B_s⁰: `pid`; the decay position `x`, `y`, `z` \[mm\]; the proper decay `time`
///   \[ns\]; and references to the `vertex` and the tracks `mu_plus`, `mu_minus`, `k_plus`, `k_minus`.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ToyDecays {
    /// The run number. Default: 1.
    pub run: u32,
    /// The GPS time of event 0 in seconds. Default: 1 450 000 000, in December 2025.
    pub gps_start: f64,
    /// Events per second. Default: 1000.
    pub rate: f64,
    /// The settings of the generator. Each event contains one decay, which is a B_s⁰ decay with probability
    /// `signal_fraction` and background otherwise.
    pub decays: Configuration,
    /// The mean number of additional background decays per event. Default: 0.5.
    pub background: f64,
    /// The mean number of pions per event. Default: 15.
    pub pions: f64,
    /// The mean transverse momentum of pions in MeV. The distribution is exponential. Default: 600.
    pub pion_pt: f64,
    /// The fraction of pions that are also identified as kaons. Default: 0.05.
    pub misidentified: f64,
    /// The mean number of primary vertices in addition to the first. Default: 1.5.
    pub vertices: f64,
    /// The standard deviations, in mm, of the Gaussian distributions of primary vertex positions in x, y and z.
    /// Default: 0.04, 0.04 and 50.
    pub beam_spot: [f64; 3],
    /// The mean lifetime of a B_s⁰ in ns. Default: 0.001520.
    pub lifetime: f64,
    /// The constants a (mm) and b (mm MeV) in the impact parameter resolution a + b/pT of each coordinate. Default:
    /// 0.015 and 29, close to LHCb's (Int. J. Mod. Phys. A 30, 1530022, 2015).
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

/// The state after `initialize`, and buffers for an event's tracks.
struct Bound {
    decays: ToyDecayGenerator,
    background: ToyDecayGenerator,
    further: Option<Poisson<f64>>,
    pions: Option<Poisson<f64>>,
    vertices: Option<Poisson<f64>>,
    tables: Tables,
    tracks: Vec<ReconstructedTrack>,
    /// The row of each track, in the order of generation.
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
            further: poisson("background", self.background)?,
            pions: poisson("pions", self.pions)?,
            vertices: poisson("vertices", self.vertices)?,
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
        // At higher rates, double precision cannot resolve the GPS times.
        for (property, value, unit) in [
            ("rate", self.rate, "events per second"),
            ("pion_pt", self.pion_pt, "MeV"),
        ] {
            if !(value > 0.0 && value <= 1e6) {
                let allowed = format!("above 0 and at most 1000000 {unit}");
                return Err(format!("{property} = {value} is out of range: it must be {allowed}").into());
            }
        }
        check_range("gps_start", self.gps_start, [0.0, 4e9], " s")?;
        check_range("misidentified", self.misidentified, [0.0, 1.0], "")?;
        check_range("lifetime", self.lifetime, [0.0, 1e3], " ns")?;
        for spread in self.beam_spot {
            check_range("beam_spot", spread, [0.0, 1e4], " mm")?;
        }
        for resolution in self.ip_resolution {
            check_range("ip_resolution", resolution, [0.0, 1e6], "")?;
        }
        Ok(())
    }

    /// Fills an event's tables.
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
            let vertex = pick(vertices, &mut random);
            self.add_decay(&mut bound.tracks, &decay, vertex, [0.0; 3], &mut random);
        }
        for _ in 0..draw(bound.pions, &mut random) {
            let vertex = pick(vertices, &mut random);
            self.add_pion(&mut bound.tracks, vertex, &mut random);
        }

        // The order must not reveal where a track comes from.
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
            // The first tracks generated are the μ⁺, μ⁻, K⁺ and K⁻ from the B_s⁰.
            tables.truth(event, end, time, &bound.places[..4]);
        }
    }

    /// Returns the flight path p/m · ct of a B_s⁰ in mm, and its proper time t in ns.
    fn fly(&self, decay: &ToyDecay, random: &mut Random) -> ([f64; 3], f64) {
        let time = random.exponential(self.lifetime);
        let muons = decay.muons.iter().map(|track| track.with_mass(MUON.mass));
        let kaons = decay.kaons.iter().map(|track| track.with_mass(KAON.mass));
        let momentum: FourMomentum = muons.chain(kaons).sum();
        let scale = C * time / B_S.mass;
        ([momentum.px * scale, momentum.py * scale, momentum.pz * scale], time)
    }

    /// Adds the tracks from a decay, displaced by `path` (mm) from the vertex.
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
                prob_nn[kind] = Some(confidence(random));
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
        let mut prob_nn = [None, None, Some(confidence(random))];
        if random.uniform(0.0, 1.0) < self.misidentified {
            prob_nn[KAONS] = Some(1.0 - confidence(random));
        }
        self.add(tracks, measured, vertex, [0.0; 3], prob_nn, random);
    }

    /// Adds a track that starts at a point displaced by `path` (mm) from the vertex.
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
        // The component of the path transverse to the track, smeared by the resolution.
        let along = (path[0] * px + path[1] * py + path[2] * pz) / p2;
        let [constant, slope] = self.ip_resolution;
        let sigma = constant + slope / pt;
        let across = [path[0] - along * px, path[1] - along * py, path[2] - along * pz];
        let x = across[0] + random.gaussian(0.0, sigma);
        let y = across[1] + random.gaussian(0.0, sigma);
        let ip = (x * x + y * y + across[2] * across[2]).sqrt();
        // The χ² per degree of freedom, for ten degrees of freedom.
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

/// Draws a number that is likely to be near 1: the largest of four uniform random numbers.
fn confidence(random: &mut Random) -> f64 {
    (0..4).fold(0.0, |largest: f64, _| largest.max(random.uniform(0.0, 1.0)))
}

fn pick(number: usize, random: &mut Random) -> i32 {
    ((random.uniform(0.0, number as f64)) as usize).min(number - 1) as i32
}

/// Returns the Poisson distribution with this mean, or `None` if the mean is 0.
fn poisson(property: &str, mean: f64) -> Result<Option<Poisson<f64>>> {
    check_range(property, mean, [0.0, 1e4], "")?;
    match mean {
        0.0 => Ok(None),
        mean => Ok(Some(Poisson::new(mean)?)),
    }
}

fn draw(number: Option<Poisson<f64>>, random: &mut Random) -> usize {
    number.map_or(0, |number| number.sample(random) as usize)
}
