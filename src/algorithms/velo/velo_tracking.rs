//! `VeloTracking`: finds tracks.

use super::geometry::MODULES;
use super::table_paths::{hits, tracks};
use super::tracking::Tracker;
use crate::app::prelude::*;

/// Finds tracks in an event's hits.
///
/// ```toml
/// [[algorithm]]
/// type = "VeloTracking"
/// hits = "Raw/Velo/Hits"             # x, y, z [mm], module; these are the defaults
/// output = "Rec/Track/Velo"
/// ```
///
/// The track table contains the number of `hits` on each track. A second table, `Rec/Track/VeloHits`, links each
/// `track` to its hits, with one row per `hit`, in descending order of z.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VeloTracking {
    /// The table of hits.
    #[serde(default = "hits")]
    pub hits: String,
    /// The path of the new track table.
    #[serde(default = "tracks")]
    pub output: String,
    #[serde(skip)]
    columns: Columns,
    #[serde(skip)]
    tracker: Tracker,
}

#[derive(Default)]
struct Columns {
    position: [ColumnHandle<f64>; 3],
    module: ColumnHandle<u8>,
    number: ColumnHandle<u32>,
    track: ColumnHandle<i32>,
    hit: ColumnHandle<i32>,
}

impl Default for VeloTracking {
    fn default() -> Self {
        Self {
            hits: hits(),
            output: tracks(),
            columns: Columns::default(),
            tracker: Tracker::default(),
        }
    }
}

impl Algorithm for VeloTracking {
    fn initialize(&mut self, setup: &mut Setup) -> Result<()> {
        let mut read = |name: &str| setup.read(&format!("{}/{name}", self.hits));
        let position = [read("x")?, read("y")?, read("z")?];
        let module = setup.read(&format!("{}/module", self.hits))?;
        let made = setup.create_table(&self.output, Rows::Many)?;
        let number = setup.create(made, ColumnType::new::<u32>("hits"))?;
        let links = setup.create_table(&format!("{}Hits", self.output), Rows::Many)?;
        self.columns = Columns {
            position,
            module,
            number,
            track: setup.create(links, ColumnType::reference("track", &self.output))?,
            hit: setup.create(links, ColumnType::reference("hit", &self.hits))?,
        };
        Ok(())
    }

    fn execute(&mut self, event: &mut Event) -> Result<bool> {
        let [x, y, z] = self.columns.position.map(|column| event.get(column));
        let module = event.get(self.columns.module);
        if let Some(row) = module.iter().position(|module| usize::from(*module) >= MODULES) {
            let found = module[row];
            return Err(format!(
                "hit {row} of {} is in module {found}, but modules are numbered 0 to {}",
                self.hits,
                MODULES - 1
            )
            .into());
        }
        if let Some(row) = (0..x.len()).find(|&row| !(x[row].is_finite() && y[row].is_finite() && z[row].is_finite())) {
            return Err(format!(
                "hit {row} of {} is at ({}, {}, {}): positions must be finite",
                self.hits, x[row], y[row], z[row]
            )
            .into());
        }
        self.tracker.find(x, y, z, module);
        for (track, hits) in self.tracker.tracks().enumerate() {
            event.push(self.columns.number, hits.len() as u32);
            for &hit in hits {
                event.push(self.columns.track, track as i32);
                event.push(self.columns.hit, hit as i32);
            }
        }
        Ok(true)
    }
}
