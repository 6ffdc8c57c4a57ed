//! `ToyVelo`: creates toy events in the VELO.

use super::table_paths::{HITS, LINKS, PARTICLES};
use super::toy_event::ToyConfig;
use crate::app::prelude::*;

/// Creates [toy events](super::toy_event), in the same tables that `scripts/velo_to_hdf5.py` writes for simulated
/// events.
///
/// ```toml
/// [input]
/// events = 1000
///
/// [[algorithm]]
/// type = "ToyVelo"
/// vertices = 5.0                     # in addition to the first; all properties have defaults
/// ```
///
/// An event depends only on the job's seed, the event's number and the algorithm's name. It has these tables:
///
/// - `Raw/Velo/Hits`: `x`, `y`, `z` \[mm\] and the `module` number, from 0 to 51.
/// - `MC/Particles`: `key`, `pid`, `p`, `pt` \[MeV\], `eta`, `phi`, `charge`, and the flags `is_long`, `is_down`,
///   `has_velo`, `has_ut`, `has_scifi`, `from_beauty`, `from_charm`, `from_strange`.
/// - `MC/Links`: references to a `particle` and one of its hits, `hit`.
#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ToyVelo {
    /// The settings of the event generator.
    pub config: ToyConfig,
    #[serde(skip)]
    columns: Columns,
}

#[derive(Default)]
struct Columns {
    position: [ColumnHandle<f64>; 3],
    module: ColumnHandle<u8>,
    key: ColumnHandle<i32>,
    pid: ColumnHandle<i32>,
    numbers: [ColumnHandle<f64>; 5],
    flags: [ColumnHandle<bool>; 8],
    particle: ColumnHandle<i32>,
    hit: ColumnHandle<i32>,
}

impl Algorithm for ToyVelo {
    fn initialize(&mut self, setup: &mut Setup) -> Result<()> {
        self.config.check()?;
        let hits = setup.create_table(HITS, Rows::Many)?;
        for (column, name) in self.columns.position.iter_mut().zip(["x", "y", "z"]) {
            *column = setup.create(hits, ColumnType::new::<f64>(name).unit("mm"))?;
        }
        self.columns.module = setup.create(hits, ColumnType::new::<u8>("module"))?;
        let particles = setup.create_table(PARTICLES, Rows::Many)?;
        self.columns.key = setup.create(particles, ColumnType::new::<i32>("key"))?;
        self.columns.pid = setup.create(particles, ColumnType::new::<i32>("pid"))?;
        let numbers = [("p", "MeV"), ("pt", "MeV"), ("eta", ""), ("phi", "rad"), ("charge", "")];
        for (column, (name, unit)) in self.columns.numbers.iter_mut().zip(numbers) {
            *column = setup.create(particles, ColumnType::new::<f64>(name).unit(unit))?;
        }
        let flags = [
            "is_long",
            "is_down",
            "has_velo",
            "has_ut",
            "has_scifi",
            "from_beauty",
            "from_charm",
            "from_strange",
        ];
        for (column, name) in self.columns.flags.iter_mut().zip(flags) {
            *column = setup.create(particles, ColumnType::new::<bool>(name))?;
        }
        let links = setup.create_table(LINKS, Rows::Many)?;
        self.columns.particle = setup.create(links, ColumnType::reference("particle", PARTICLES))?;
        self.columns.hit = setup.create(links, ColumnType::reference("hit", HITS))?;
        Ok(())
    }

    fn execute(&mut self, event: &mut Event) -> Result<bool> {
        let made = self.config.generate(&mut event.random());
        let columns = &self.columns;
        for (position, module) in made.hits {
            for (column, value) in columns.position.into_iter().zip(position) {
                event.push(column, value);
            }
            event.push(columns.module, module);
        }
        for (key, particle) in made.particles.iter().enumerate() {
            event.push(columns.key, key as i32);
            event.push(columns.pid, particle.pid);
            let numbers = [particle.p, particle.pt, particle.eta, particle.phi, particle.charge];
            for (column, value) in columns.numbers.into_iter().zip(numbers) {
                event.push(column, value);
            }
            let long = particle.is_long;
            let flags = [
                long,
                false,
                particle.has_velo,
                long,
                long,
                false,
                false,
                particle.displaced,
            ];
            for (column, value) in columns.flags.into_iter().zip(flags) {
                event.push(column, value);
            }
        }
        for (particle, hit) in made.links {
            event.push(columns.particle, particle as i32);
            event.push(columns.hit, hit as i32);
        }
        Ok(true)
    }
}
