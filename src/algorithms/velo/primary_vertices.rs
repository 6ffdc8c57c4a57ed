//! `PrimaryVertices`: finds primary vertices.

use super::fit::State;
use super::table_paths::tracks;
use super::vertices::{Cuts, find};
use crate::app::prelude::*;

/// Finds primary vertices from fitted tracks.
///
/// ```toml
/// [[algorithm]]
/// type = "PrimaryVertices"
/// tracks = "Rec/Track/Velo"          # these are the defaults
/// output = "Rec/Vertex/Primary"
/// minimum = 5                        # the smallest number of tracks of a vertex
/// chi2 = 16                          # the largest χ² of a track with its vertex
/// distance = 1                       # the largest distance of a track from the beam, mm
/// ```
///
/// The vertex table contains the position `x`, `y`, `z` \[mm\], the covariance `cov_xx`, `cov_xy`, `cov_xz`, `cov_yy`,
/// `cov_yz`, `cov_zz` \[mm²\], `chi2`, `ndof`, and the number of `tracks`. A second table, `Rec/Vertex/PrimaryTracks`,
/// links each `vertex` to its tracks, with one row per `track`.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PrimaryVertices {
    /// The table of tracks.
    pub tracks: String,
    /// The path of the new vertex table.
    pub output: String,
    /// The minimum number of tracks in a vertex.
    pub minimum: usize,
    /// The maximum χ² of a track with respect to its vertex.
    pub chi2: f64,
    /// The maximum distance of a track from the beam, in mm.
    pub distance: f64,
    #[serde(skip)]
    columns: Columns,
}

#[derive(Default)]
struct Columns {
    state: [ColumnHandle<f64>; 11],
    values: [ColumnHandle<f64>; 10],
    ndof: ColumnHandle<u32>,
    number: ColumnHandle<u32>,
    vertex: ColumnHandle<i32>,
    track: ColumnHandle<i32>,
}

impl Default for PrimaryVertices {
    fn default() -> Self {
        Self {
            tracks: tracks(),
            output: "Rec/Vertex/Primary".into(),
            minimum: 5,
            chi2: 16.0,
            distance: 1.0,
            columns: Columns::default(),
        }
    }
}

const STATE: [&str; 11] = [
    "x", "y", "z", "tx", "ty", "cov_xx", "cov_xtx", "cov_txtx", "cov_yy", "cov_yty", "cov_tyty",
];
const VERTEX: [(&str, &str); 10] = [
    ("x", "mm"),
    ("y", "mm"),
    ("z", "mm"),
    ("cov_xx", "mm^2"),
    ("cov_xy", "mm^2"),
    ("cov_xz", "mm^2"),
    ("cov_yy", "mm^2"),
    ("cov_yz", "mm^2"),
    ("cov_zz", "mm^2"),
    ("chi2", ""),
];

impl Algorithm for PrimaryVertices {
    fn initialize(&mut self, setup: &mut Setup) -> Result<()> {
        if self.minimum < 2 {
            return Err(format!(
                "minimum = {} is out of range: a vertex needs at least 2 tracks",
                self.minimum
            )
            .into());
        }
        for (name, value) in [("chi2", self.chi2), ("distance", self.distance)] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(format!("{name} = {value} is out of range: it must be finite and above 0").into());
            }
        }
        for (column, name) in self.columns.state.iter_mut().zip(STATE) {
            *column = setup.read(&format!("{}/{name}", self.tracks))?;
        }
        let made = setup.create_table(&self.output, Rows::Many)?;
        for (column, (name, unit)) in self.columns.values.iter_mut().zip(VERTEX) {
            *column = setup.create(made, ColumnType::new::<f64>(name).unit(unit))?;
        }
        self.columns.ndof = setup.create(made, ColumnType::new::<u32>("ndof"))?;
        self.columns.number = setup.create(made, ColumnType::new::<u32>("tracks"))?;
        let links = setup.create_table(&format!("{}Tracks", self.output), Rows::Many)?;
        self.columns.vertex = setup.create(links, ColumnType::reference("vertex", &self.output))?;
        self.columns.track = setup.create(links, ColumnType::reference("track", &self.tracks))?;
        Ok(())
    }

    fn execute(&mut self, event: &mut Event) -> Result<bool> {
        let [x, y, z, tx, ty, xx, xt, xtt, yy, yt, ytt] = self.columns.state.map(|column| event.get(column));
        let state = |track: usize| State {
            z: z[track],
            position: [x[track], y[track]],
            slope: [tx[track], ty[track]],
            covariance: [[xx[track], xt[track], xtt[track]], [yy[track], yt[track], ytt[track]]],
            ..State::default()
        };
        let states: Vec<State> = (0..x.len()).map(state).collect();
        let cuts = Cuts {
            tracks: self.minimum,
            chi2: self.chi2,
            distance: self.distance,
        };
        for (number, vertex) in find(&states, &cuts).into_iter().enumerate() {
            let values = vertex
                .position
                .into_iter()
                .chain(vertex.covariance)
                .chain([vertex.chi2]);
            for (column, value) in self.columns.values.into_iter().zip(values) {
                event.push(column, value);
            }
            event.push(self.columns.ndof, vertex.ndof);
            event.push(self.columns.number, vertex.tracks.len() as u32);
            for track in vertex.tracks {
                event.push(self.columns.vertex, number as i32);
                event.push(self.columns.track, track as i32);
            }
        }
        Ok(true)
    }
}
