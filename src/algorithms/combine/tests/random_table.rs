//! An algorithm that makes a table of random particles.

use crate::algorithms::particles::Particle;
use crate::app::prelude::*;
use crate::error::Result;

/// Makes a table of random particles.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct RandomTable {
    pub path: String,
    pub pids: Vec<i32>,
    /// The number of tracks to refer to; 0 for no references.
    pub tracks: i32,
    /// The maximum number of rows in an event.
    pub rows: f64,
    pub with_pid: bool,
    pub unit: String,
    #[serde(skip)]
    pub numbers: Vec<ColumnHandle<f64>>,
    #[serde(skip)]
    pub pid: Option<ColumnHandle<i32>>,
    #[serde(skip)]
    pub charge: ColumnHandle<i32>,
    #[serde(skip)]
    pub track: Option<ColumnHandle<i32>>,
}

impl Algorithm for RandomTable {
    fn initialize(&mut self, setup: &mut Setup) -> Result<()> {
        let table = setup.create_table(&self.path, Rows::Many)?;
        for name in ["px", "py", "pz", "e"] {
            let kind = ColumnType::new::<f64>(name).unit(&self.unit);
            self.numbers.push(setup.create(table, kind)?);
        }
        self.charge = setup.create(table, ColumnType::new::<i32>("charge"))?;
        if self.with_pid {
            self.pid = Some(setup.create(table, ColumnType::new::<i32>("pid"))?);
        }
        if self.tracks > 0 {
            self.track = Some(setup.create(table, ColumnType::reference("track", "Rec/Track/Best"))?);
        }
        Ok(())
    }

    fn execute(&mut self, event: &mut Event) -> Result<bool> {
        let mut random = event.random();
        for _ in 0..random.uniform(0.0, self.rows + 1.0) as usize {
            let pid = self.pids[random.uniform(0.0, self.pids.len() as f64) as usize];
            let particle = Particle::with_pdg_id(pid)?;
            let momentum = [500.0, 500.0, 20_000.0].map(|sigma| random.gaussian(0.0, sigma));
            let [px, py, pz] = momentum;
            let e = (px * px + py * py + pz * pz + particle.mass * particle.mass).sqrt();
            for (column, value) in self.numbers.iter().zip([px, py, pz, e]) {
                event.push(*column, value);
            }
            event.push(self.charge, particle.charge);
            if let Some(column) = self.pid {
                event.push(column, pid);
            }
            if let Some(column) = self.track {
                // −1 means "no track".
                event.push(column, random.uniform(-1.0, f64::from(self.tracks)).floor() as i32);
            }
        }
        Ok(true)
    }
}
