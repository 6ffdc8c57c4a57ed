//! `VeloFit`: fits tracks.

use super::conditions::{Conditions, ConditionsConfig, module_at};
use super::fit::{Measurement, State, fit, scattering};
use super::table_paths::{hits, tracks};
use crate::app::prelude::*;
use std::sync::Arc;

/// Fits a straight line to the hits of each track, with multiple scattering in the modules.
///
/// ```toml
/// [[algorithm]]
/// type = "VeloFit"
/// tracks = "Rec/Track/Velo"          # these are the defaults
/// hits = "Raw/Velo/Hits"
/// conditions = { field_step = 5, material_step = 0.25, polarity = 1 }
/// ```
///
/// The algorithm adds these columns to the track table:
///
/// - the point closest to the beam, `x`, `y`, `z` \[mm\], and the slopes `tx`, `ty` there;
/// - the covariance `cov_xx`, `cov_yy` \[mm²\], `cov_xtx`, `cov_yty` \[mm\], `cov_txtx`, `cov_tyty`; the x and y
///   projections are independent;
/// - `chi2` and its degrees of freedom `ndof`;
/// - `backward`, which is true for a track that moves towards smaller z;
/// - `kick` \[MeV\], the change in tx caused by the magnetic field up to z = 2800 mm for charge +1, multiplied by the
///   momentum; 0 for backward tracks.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VeloFit {
    /// The table of tracks.
    #[serde(default = "tracks")]
    pub tracks: String,
    /// The table of hits.
    #[serde(default = "hits")]
    pub hits: String,
    /// The settings for the material and field maps.
    #[serde(default)]
    pub conditions: ConditionsConfig,
    #[serde(skip)]
    columns: Columns,
    #[serde(skip)]
    loaded: Option<Arc<Conditions>>,
    #[serde(skip)]
    states: Vec<(State, f64)>,
}

#[derive(Default)]
struct Columns {
    position: [ColumnHandle<f64>; 3],
    number: ColumnHandle<u32>,
    hit: ColumnHandle<i32>,
    state: [ColumnHandle<f64>; 11],
    chi2: ColumnHandle<f64>,
    ndof: ColumnHandle<u32>,
    backward: ColumnHandle<bool>,
    kick: ColumnHandle<f64>,
}

/// The columns for a state, and their units.
const STATE: [(&str, &str); 11] = [
    ("x", "mm"),
    ("y", "mm"),
    ("z", "mm"),
    ("tx", ""),
    ("ty", ""),
    ("cov_xx", "mm^2"),
    ("cov_xtx", "mm"),
    ("cov_txtx", ""),
    ("cov_yy", "mm^2"),
    ("cov_yty", "mm"),
    ("cov_tyty", ""),
];

impl Default for VeloFit {
    fn default() -> Self {
        Self {
            tracks: tracks(),
            hits: hits(),
            conditions: ConditionsConfig::default(),
            columns: Columns::default(),
            loaded: None,
            states: Vec::new(),
        }
    }
}

impl Algorithm for VeloFit {
    fn initialize(&mut self, setup: &mut Setup) -> Result<()> {
        self.conditions.check()?;
        let mut read = |name: &str| setup.read(&format!("{}/{name}", self.hits));
        self.columns.position = [read("x")?, read("y")?, read("z")?];
        self.columns.number = setup.read(&format!("{}/hits", self.tracks))?;
        self.columns.hit = setup.read(&format!("{}Hits/hit", self.tracks))?;
        let table = setup.read_table(&self.tracks)?;
        for (column, (name, unit)) in self.columns.state.iter_mut().zip(STATE) {
            *column = setup.create(table, ColumnType::new::<f64>(name).unit(unit))?;
        }
        self.columns.chi2 = setup.create(table, ColumnType::new::<f64>("chi2"))?;
        self.columns.ndof = setup.create(table, ColumnType::new::<u32>("ndof"))?;
        self.columns.backward = setup.create(table, ColumnType::new::<bool>("backward"))?;
        self.columns.kick = setup.create(table, ColumnType::new::<f64>("kick").unit("MeV"))?;
        Ok(())
    }

    fn start(&mut self) -> Result<()> {
        self.loaded = Some(Conditions::load(&self.conditions));
        Ok(())
    }

    fn execute(&mut self, event: &mut Event) -> Result<bool> {
        let Some(conditions) = &self.loaded else {
            return Err("the conditions are not loaded: call start before the first event".into());
        };
        let [x, y, z] = self.columns.position.map(|column| event.get(column));
        let mut rest = event.get(self.columns.hit);
        self.states.clear();
        let mut measurements = Vec::new();
        for (track, &number) in event.get(self.columns.number).iter().enumerate() {
            let Some((own, others)) = rest.split_at_checked(number as usize) else {
                return Err(format!(
                    "{}Hits has fewer rows than the tracks have hits: use the tables of one VeloTracking",
                    self.tracks
                )
                .into());
            };
            rest = others;
            measurements.clear();
            for &hit in own {
                let Some((hit, &z)) = usize::try_from(hit).ok().and_then(|hit| Some((hit, z.get(hit)?))) else {
                    return Err(format!(
                        "track {track} refers to hit {hit}, which does not exist in {}",
                        self.hits
                    )
                    .into());
                };
                let thickness = conditions.material.thickness(module_at(z), x[hit], y[hit]);
                measurements.push(Measurement {
                    position: [x[hit], y[hit]],
                    z,
                    scattering: scattering(thickness),
                });
            }
            let Some(state) = fit(&measurements) else {
                return Err(format!("track {track} cannot be fitted: its {number} hits have the same z").into());
            };
            let kick = match state.backward {
                true => 0.0,
                false => conditions
                    .field
                    .kick([state.position[0], state.position[1], state.z], state.slope),
            };
            self.states.push((state, kick));
        }
        for (state, kick) in &self.states {
            let ([x, y], [tx, ty]) = (state.position, state.slope);
            let [[xx, xt, xtt], [yy, yt, ytt]] = state.covariance;
            let values = [x, y, state.z, tx, ty, xx, xt, xtt, yy, yt, ytt];
            for (column, value) in self.columns.state.into_iter().zip(values) {
                event.push(column, value);
            }
            event.push(self.columns.chi2, state.chi2);
            event.push(self.columns.ndof, state.ndof);
            event.push(self.columns.backward, state.backward);
            event.push(self.columns.kick, *kick);
        }
        Ok(true)
    }
}
