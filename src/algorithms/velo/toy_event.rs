//! A generator of toy events in the VELO.
//!
//! Particles come from a few primary vertices, or from secondary decays and interactions. They move along straight
//! lines, scatter in each module, and leave hits in the sensors they cross, with the resolution of a pixel. Some hits
//! are lost, and some noise hits are added. With the default settings, the numbers of hits and particles are close to
//! those in simulated LHCb events.

use super::fit::scattering;
use super::geometry::{MODULE_Z, MODULES, PIXEL, SENSORS, from_module, to_module};
use crate::algorithms::property_range::check_range;
use crate::numbers::random::Random;
use crate::numbers::random::rand_distr::{Distribution, Poisson};
use serde::{Deserialize, Serialize};

/// The settings for toy events.
///
/// When deserialised, missing fields take their default values; an unknown field is an error.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ToyConfig {
    /// The mean number of primary vertices in addition to the first. Default: 5.
    pub vertices: f64,
    /// The mean number of charged particles per primary vertex. Default: 50.
    pub particles: f64,
    /// The probability that a particle comes from a secondary decay or interaction. Default: 0.08.
    pub displaced: f64,
    /// The mean transverse momentum of particles in MeV. Default: 480.
    pub transverse_momentum: f64,
    /// The probability that a particle leaves a hit in a sensor that it crosses. Default: 0.99.
    pub efficiency: f64,
    /// The fraction of noise hits among all hits. Default: 0.1.
    pub noise: f64,
    /// The thickness of a module, in radiation lengths. Default: 0.012.
    pub material: f64,
}

impl Default for ToyConfig {
    fn default() -> Self {
        Self {
            vertices: 5.0,
            particles: 50.0,
            displaced: 0.08,
            transverse_momentum: 480.0,
            efficiency: 0.99,
            noise: 0.1,
            material: 0.012,
        }
    }
}

/// A true particle.
#[derive(Clone, Debug)]
pub struct ToyParticle {
    /// The PDG identifier.
    pub pid: i32,
    /// The charge, −1 or 1.
    pub charge: f64,
    /// The momentum in MeV.
    pub p: f64,
    /// The transverse momentum in MeV.
    pub pt: f64,
    /// The pseudorapidity.
    pub eta: f64,
    /// The azimuth in rad.
    pub phi: f64,
    /// Whether the particle has hits in at least three modules.
    pub has_velo: bool,
    /// Whether the particle would traverse a spectrometer: `has_velo` is true, 2 < η < 5 and p > 2 GeV.
    pub is_long: bool,
    /// Whether the particle comes from a secondary decay or interaction.
    pub displaced: bool,
}

/// A toy event.
#[derive(Clone, Debug, Default)]
pub struct ToyEvent {
    /// The positions of primary vertices, in mm.
    pub vertices: Vec<[f64; 3]>,
    /// The particles with at least one hit.
    pub particles: Vec<ToyParticle>,
    /// The positions (mm) and modules of hits, in module order.
    pub hits: Vec<([f64; 3], u8)>,
    /// Pairs of row numbers, each of which links a particle to one of its hits.
    pub links: Vec<(u32, u32)>,
}

/// The position, module and particle of a hit; `None` for noise.
type ToyHit = ([f64; 3], u8, Option<u32>);

impl ToyConfig {
    /// Checks that the settings are in range.
    ///
    /// # Errors
    /// If a setting is out of range. The error message names the first such setting.
    pub fn check(&self) -> Result<(), String> {
        check_range("vertices", self.vertices, [0.0, 100.0], "")?;
        check_range("particles", self.particles, [0.001, 1000.0], "")?;
        check_range("displaced", self.displaced, [0.0, 1.0], "")?;
        check_range("transverse_momentum", self.transverse_momentum, [1.0, 1e6], " MeV")?;
        check_range("efficiency", self.efficiency, [0.0, 1.0], "")?;
        check_range("noise", self.noise, [0.0, 0.9], "")?;
        check_range("material", self.material, [0.0, 0.5], " radiation lengths")
    }

    /// Generates an event.
    ///
    /// ```
    /// use gaudi_mpi::algorithms::velo::toy_event::ToyConfig;
    /// use gaudi_mpi::numbers::random::Random;
    ///
    /// let event = ToyConfig::default().generate(&mut Random::new(1, 0));
    /// let (particle, hit) = event.links[0];
    /// assert!((particle as usize) < event.particles.len() && (hit as usize) < event.hits.len());
    /// ```
    pub fn generate(&self, random: &mut Random) -> ToyEvent {
        let draw = |mean: f64, random: &mut Random| match Poisson::new(mean) {
            Ok(poisson) => poisson.sample(random) as usize,
            Err(_) => 0,
        };
        let mut event = ToyEvent::default();
        let mut made: Vec<ToyHit> = Vec::new();
        for _ in 0..1 + draw(self.vertices, random) {
            let vertex = [
                random.gaussian(0.0, 0.04),
                random.gaussian(0.0, 0.04),
                random.gaussian(0.0, 50.0),
            ];
            event.vertices.push(vertex);
            for _ in 0..draw(self.particles, random) {
                self.particle(&mut event, &mut made, vertex, random);
            }
        }
        let noise = made.len() as f64 * self.noise / (1.0 - self.noise);
        for _ in 0..draw(noise, random) {
            made.push(noise_hit(random));
        }
        // The order of hits within a module must not reveal which particles made them.
        made.sort_by(|a, b| a.1.cmp(&b.1).then(a.0[0].total_cmp(&b.0[0])));
        for (row, (position, module, particle)) in made.into_iter().enumerate() {
            event.hits.push((position, module));
            if let Some(particle) = particle {
                event.links.push((particle, row as u32));
            }
        }
        event.links.sort_unstable();
        event
    }

    fn particle(&self, event: &mut ToyEvent, made: &mut Vec<ToyHit>, vertex: [f64; 3], random: &mut Random) {
        let [cos, sin] = random.transverse_direction();
        let pt = 60.0 + random.exponential(self.transverse_momentum - 60.0_f64.min(0.5 * self.transverse_momentum));
        let forward = random.uniform(0.0, 1.0) < 0.58;
        let eta = if forward {
            random.uniform(0.9, 5.5)
        } else {
            random.uniform(-4.7, -0.9)
        };
        let displaced = random.uniform(0.0, 1.0) < self.displaced;
        let charge = if random.uniform(0.0, 1.0) < 0.5 { -1.0 } else { 1.0 };
        let p = pt * eta.cosh();
        let direction = if eta < 0.0 { -1.0 } else { 1.0 };
        let mut slope = [cos / eta.sinh(), sin / eta.sinh()];
        let mut position = vertex;
        if displaced {
            // The parent first flies some distance and then emits the particle at a small angle to the parent's
            // direction.
            let way = direction * random.exponential(40.0);
            position = [
                position[0] + slope[0] * way,
                position[1] + slope[1] * way,
                position[2] + way,
            ];
            slope = slope.map(|t| t + random.gaussian(0.0, 0.08));
        }
        let number = event.particles.len() as u32;
        let before = made.len();
        let mut modules = 0;
        for step in 0..MODULES {
            let module = if direction > 0.0 { step } else { MODULES - 1 - step };
            if (MODULE_Z[module] - position[2]) * direction <= 1.0 {
                continue;
            }
            let mut crossed = false;
            let mut seen = false;
            let mut planes = SENSORS;
            if direction < 0.0 {
                planes.reverse();
            }
            for sensor in planes {
                let z = MODULE_Z[module] + sensor.z;
                let dz = z - position[2];
                let [x, y] = [position[0] + slope[0] * dz, position[1] + slope[1] * dz];
                let (u, v) = to_module(module, x, y);
                if !sensor.contains(u, v, 0.0) {
                    continue;
                }
                crossed = true;
                if random.uniform(0.0, 1.0) < self.efficiency {
                    seen = true;
                    let (x, y) = from_module(module, pixel(u, random), pixel(v, random));
                    made.push(([x, y, z], module as u8, Some(number)));
                }
            }
            modules += u32::from(seen);
            if crossed {
                let dz = MODULE_Z[module] - position[2];
                position = [
                    position[0] + slope[0] * dz,
                    position[1] + slope[1] * dz,
                    MODULE_Z[module],
                ];
                let t2 = slope[0] * slope[0] + slope[1] * slope[1];
                // One scattering angle in fifty is drawn from the non-Gaussian tail.
                let tail = if random.uniform(0.0, 1.0) < 0.02 { 4.0 } else { 1.0 };
                let angle = tail * scattering(self.material * (1.0 + t2).sqrt()) / p * (1.0 + t2).sqrt();
                slope = slope.map(|t| random.gaussian(t, angle * (1.0 + t * t).sqrt()));
            }
        }
        if made.len() > before {
            event.particles.push(ToyParticle {
                pid: 211 * charge as i32,
                charge,
                p,
                pt,
                eta,
                phi: sin.atan2(cos),
                has_velo: modules >= 3,
                is_long: modules >= 3 && (2.0..5.0).contains(&eta) && p > 2000.0,
                displaced,
            });
        }
    }
}

/// Returns the measured coordinate: the centre of a pixel, or the boundary between two pixels that share the charge.
fn pixel(x: f64, random: &mut Random) -> f64 {
    let pitch = if random.uniform(0.0, 1.0) < 0.3 {
        0.5 * PIXEL
    } else {
        PIXEL
    };
    (x / pitch).round() * pitch
}

/// Draws a noise hit, with a logarithmically uniform distance from the beam.
fn noise_hit(random: &mut Random) -> ToyHit {
    loop {
        let radius = 5.2 * random.uniform(0.0, 2.2).exp();
        let [cos, sin] = random.transverse_direction();
        let module = (random.uniform(0.0, MODULES as f64) as usize).min(MODULES - 1);
        let (u, v) = to_module(module, radius * cos, radius * sin);
        if let Some(sensor) = SENSORS.iter().find(|sensor| sensor.contains(u, v, 0.0)) {
            let (x, y) = from_module(module, pixel(u, random), pixel(v, random));
            return ([x, y, MODULE_Z[module] + sensor.z], module as u8, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_resemble_the_simulation() {
        let (events, config) = (50, ToyConfig::default());
        let (mut hits, mut linked, mut particles) = (0, 0, 0);
        for number in 0..events {
            let event = config.generate(&mut Random::new(1, number));
            hits += event.hits.len();
            linked += event.links.len();
            particles += event.particles.len();
            assert!(event.hits.is_sorted_by_key(|hit| hit.1));
        }
        let mean = hits as f64 / events as f64;
        assert!((1500.0..2800.0).contains(&mean), "{mean} hits");
        let noise = 1.0 - linked as f64 / hits as f64;
        assert!((0.08..0.12).contains(&noise), "{noise} noise");
        let each = linked as f64 / particles as f64;
        assert!((4.0..9.0).contains(&each), "{each} hits a particle");
    }

    #[test]
    fn an_event_depends_on_its_number_only() {
        let make = || ToyConfig::default().generate(&mut Random::new(1, 17));
        assert_eq!(make().hits, make().hits);
        assert_eq!(make().links, make().links);
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let config = ToyConfig {
            noise: 1.5,
            ..ToyConfig::default()
        };
        assert_eq!(
            config.check().unwrap_err(),
            "noise = 1.5 is out of range: it must be from 0 to 0.9"
        );
    }
}
