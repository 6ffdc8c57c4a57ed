//! What is known of the detector beside its geometry: the material of each module, and the magnetic field.
//!
//! Both are maps on grids, some 360 MB, computed once in a process: algorithms with the same properties share them, and
//! so do children of a process that has them.

use super::geometry::{MODULE_Z, MODULES, SENSORS, to_module};
use crate::error::Result;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};

/// How fine the maps are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConditionsConfig {
    /// The distance of the nodes of the field map in each direction, mm. Default: 5, which takes 320 MB.
    pub field_step: f64,
    /// The distance of the nodes of the material map from the beam outwards, mm. Default: 0.25, which takes 39 MB.
    pub material_step: f64,
    /// The field's direction: 1 is up, −1 down, 0 no field. Default: 1.
    pub polarity: f64,
}

impl Default for ConditionsConfig {
    fn default() -> Self {
        Self {
            field_step: 5.0,
            material_step: 0.25,
            polarity: 1.0,
        }
    }
}

impl ConditionsConfig {
    /// Whether maps can be made so.
    ///
    /// # Errors
    /// If a property is out of its range.
    pub fn check(&self) -> Result<()> {
        let good = |value: f64, low: f64, high: f64| (low..=high).contains(&value);
        if !good(self.field_step, 2.5, 250.0) {
            return Err(format!(
                "conditions.field_step = {} mm cannot be: it has to be from 2.5 to 250",
                self.field_step
            )
            .into());
        }
        if !good(self.material_step, 0.1, 10.0) {
            return Err(format!(
                "conditions.material_step = {} mm cannot be: it has to be from 0.1 to 10",
                self.material_step
            )
            .into());
        }
        if !good(self.polarity, -1.0, 1.0) {
            return Err(format!(
                "conditions.polarity = {} cannot be: it has to be from -1 to 1",
                self.polarity
            )
            .into());
        }
        Ok(())
    }
}

/// The material and the magnetic field.
pub struct Conditions {
    /// Which part of a radiation length each module has.
    pub material: MaterialMap,
    /// The magnetic field.
    pub field: FieldMap,
}

/// All that this process has made.
static MADE: Mutex<Vec<(ConditionsConfig, Arc<Conditions>)>> = Mutex::new(Vec::new());

impl Conditions {
    /// The conditions with these properties: made at the first call in a process, which takes about a second, and shared
    /// from then on. Two threads that ask at the same time get the same ones.
    pub fn load(config: &ConditionsConfig) -> Arc<Self> {
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, conditions)) = made.iter().find(|(known, _)| known == config) {
            return conditions.clone();
        }
        let conditions = Arc::new(Self {
            material: MaterialMap::compute(config.material_step),
            field: FieldMap::compute(config.field_step, config.polarity),
        });
        made.push((*config, conditions.clone()));
        conditions
    }
}

/// Thickness of the modules in radiation lengths, on a grid of module, angle about the beam, and distance from it.
pub struct MaterialMap {
    step: f64,
    radii: usize,
    thickness: Vec<f32>,
}

/// Material reaches so far from the beam, mm.
const MOST_RADIUS: f64 = 56.0;
const ANGLES: usize = 720;

/// Radiation length of silicon, mm (Particle Data Group).
const SILICON: f64 = 93.7;
/// What a module is made of: sensors of 200 µm and chips of 200 µm behind each, on a plate of 500 µm with channels for the
/// coolant; all silicon. mm.
const SENSOR_AND_CHIP: f64 = 0.4;
const PLATE: f64 = 0.5;

impl MaterialMap {
    fn compute(step: f64) -> Self {
        let radii = (MOST_RADIUS / step) as usize + 1;
        let mut thickness = Vec::with_capacity(MODULES * ANGLES * radii);
        for module in 0..MODULES {
            for angle in 0..ANGLES {
                let angle = (angle as f64 + 0.5) / ANGLES as f64 * std::f64::consts::TAU;
                let (sin, cos) = angle.sin_cos();
                for radius in 0..radii {
                    let radius = (radius as f64 + 0.5) * step;
                    let (u, v) = to_module(module, radius * cos, radius * sin);
                    let sensors = SENSORS.iter().filter(|sensor| sensor.contains(u, v, 0.0)).count();
                    let plate = SENSORS.iter().any(|sensor| sensor.contains(u, v, -1.0));
                    let depth = SENSOR_AND_CHIP * sensors as f64 + if plate { PLATE } else { 0.0 };
                    thickness.push((depth / SILICON) as f32);
                }
            }
        }
        Self { step, radii, thickness }
    }

    /// The thickness of a module at a point, in radiation lengths, along z; 0 where it has nothing.
    pub fn thickness(&self, module: usize, x: f64, y: f64) -> f64 {
        let radius = ((x * x + y * y).sqrt() / self.step) as usize;
        if module >= MODULES || radius >= self.radii {
            return 0.0;
        }
        let turn = y.atan2(x) / std::f64::consts::TAU;
        let angle = ((turn + if turn < 0.0 { 1.0 } else { 0.0 }) * ANGLES as f64) as usize;
        f64::from(self.thickness[(module * ANGLES + angle.min(ANGLES - 1)) * self.radii + radius])
    }
}

/// The magnetic field of a dipole, T, on a grid of x, y and z; between nodes it is interpolated.
///
/// On the plane y = 0 it is `By = B₀ exp(−(z − z₀)²/2w² − x²/2a²)`, with B₀ = 1.1 T, z₀ = 5.2 m, w = 1.4 m and
/// a = 2.5 m, which resembles LHCb's; off that plane it is what Maxwell's equations make of it, to second order in y.
pub struct FieldMap {
    step: f64,
    nodes: [usize; 3],
    values: Vec<[f32; 3]>,
}

/// The map reaches from −500 to 500 mm in x and y, and from −500 to 2800 mm in z: to the next tracking station.
const LOW: [f64; 3] = [-500.0, -500.0, -500.0];
const HIGH: [f64; 3] = [500.0, 500.0, 2800.0];
const B0: f64 = 1.1;
const CENTRE: f64 = 5200.0;
const LENGTH: f64 = 1400.0;
const WIDTH: f64 = 2500.0;

/// Where the field has been passed, mm.
pub const FIELD_END: f64 = HIGH[2];

impl FieldMap {
    fn compute(step: f64, polarity: f64) -> Self {
        let nodes = [0, 1, 2].map(|axis| ((HIGH[axis] - LOW[axis]) / step).ceil() as usize + 1);
        // exp(−t²/2) with its first and second derivative.
        let bell = |node: usize, axis: usize, centre: f64, width: f64| {
            let t = (LOW[axis] + node as f64 * step - centre) / width;
            let value = (-0.5 * t * t).exp();
            [value, -t / width * value, (t * t - 1.0) / (width * width) * value]
        };
        let along_x: Vec<[f64; 3]> = (0..nodes[0]).map(|node| bell(node, 0, 0.0, WIDTH)).collect();
        let along_z: Vec<[f64; 3]> = (0..nodes[2]).map(|node| bell(node, 2, CENTRE, LENGTH)).collect();
        let scale = B0 * polarity;
        let mut values = Vec::with_capacity(nodes.iter().product());
        for z in &along_z {
            for y in 0..nodes[1] {
                let y = LOW[1] + y as f64 * step;
                for x in &along_x {
                    let bend = x[2] * z[0] + x[0] * z[2];
                    values.push([
                        (scale * y * x[1] * z[0]) as f32,
                        (scale * (x[0] * z[0] - 0.5 * y * y * bend)) as f32,
                        (scale * y * x[0] * z[1]) as f32,
                    ]);
                }
            }
        }
        Self { step, nodes, values }
    }

    /// The field at a point (mm), T; none outside the map.
    pub fn at(&self, point: [f64; 3]) -> [f64; 3] {
        let mut first = [0; 3];
        let mut part = [0.0; 3];
        for axis in 0..3 {
            let place = (point[axis] - LOW[axis]) / self.step;
            if !(0.0..(self.nodes[axis] - 1) as f64).contains(&place) {
                return [0.0; 3];
            }
            first[axis] = place as usize;
            part[axis] = place - first[axis] as f64;
        }
        let mut sum = [0.0; 3];
        for corner in 0..8 {
            let upper = [corner & 1, corner >> 1 & 1, corner >> 2];
            let [x, y, z] = [0, 1, 2].map(|axis| first[axis] + upper[axis]);
            let weights = [0, 1, 2].map(|axis| if upper[axis] == 1 { part[axis] } else { 1.0 - part[axis] });
            let weight = weights[0] * weights[1] * weights[2];
            let value = self.values[(z * self.nodes[1] + y) * self.nodes[0] + x];
            (0..3).for_each(|axis| sum[axis] += weight * f64::from(value[axis]));
        }
        sum
    }

    /// How the field changes the slope dx/dz of a particle of positive charge on its way from z (mm) to the end of the
    /// map, times its momentum, MeV: to first order in 1/p, so along the straight line that goes on from x, y (mm) with
    /// the slopes tx, ty.
    pub fn kick(&self, [x, y, z]: [f64; 3], [tx, ty]: [f64; 2]) -> f64 {
        /// Light's speed in MeV / (T mm).
        const C: f64 = 0.299_792_458;
        const STEPS: usize = 32;
        let dz = (FIELD_END - z) / STEPS as f64;
        let integral: f64 = (0..STEPS)
            .map(|step| {
                let way = (step as f64 + 0.5) * dz;
                let [bx, by, bz] = self.at([x + tx * way, y + ty * way, z + way]);
                tx * ty * bx - (1.0 + tx * tx) * by + ty * bz
            })
            .sum();
        C * (1.0 + tx * tx + ty * ty).sqrt() * integral * dz
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        std::mem::size_of_val(self.values.as_slice())
    }
}

/// The module whose middle is nearest.
pub fn module_at(z: f64) -> usize {
    let above = MODULE_Z.partition_point(|middle| *middle < z);
    match above {
        0 => 0,
        MODULES => MODULES - 1,
        _ if z - MODULE_Z[above - 1] < MODULE_Z[above] - z => above - 1,
        _ => above,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COARSE: ConditionsConfig = ConditionsConfig {
        field_step: 100.0,
        material_step: 1.0,
        polarity: 1.0,
    };

    #[test]
    fn the_maps_are_made_once() {
        assert!(Arc::ptr_eq(&Conditions::load(&COARSE), &Conditions::load(&COARSE)));
    }

    #[test]
    fn the_fine_maps_take_300_megabytes() {
        let nodes = |axis: usize| (HIGH[axis] - LOW[axis]) / ConditionsConfig::default().field_step + 1.0;
        assert!(nodes(0) * nodes(1) * nodes(2) * 12.0 > 300e6);
        let field = FieldMap::compute(100.0, 1.0);
        assert_eq!(field.bytes(), 11 * 11 * 34 * 12);
    }

    #[test]
    fn material_is_where_sensors_are() {
        let material = &Conditions::load(&COARSE).material;
        assert_eq!(material.thickness(0, 0.0, 0.0), 0.0);
        assert_eq!(material.thickness(0, 12.0, 0.0), 0.0);
        let inside = material.thickness(0, -12.0, 0.0);
        assert!((0.005..0.02).contains(&inside), "{inside}");
        assert_eq!(material.thickness(1, 12.0, 0.0), inside);
    }

    #[test]
    fn the_field_has_neither_sources_nor_curls() {
        let field = &Conditions::load(&COARSE).field;
        let h = 100.0;
        let at = |x: f64, y: f64, z: f64| field.at([x, y, z]);
        let (x, y, z) = (100.0, 100.0, 2500.0);
        let slope = |axis: usize, component: usize| {
            let step = |sign: f64| {
                let mut point = [x, y, z];
                point[axis] += sign * h;
                at(point[0], point[1], point[2])[component]
            };
            (step(1.0) - step(-1.0)) / (2.0 * h)
        };
        let scale = at(x, y, z)[1].abs() / LENGTH;
        assert!((slope(0, 0) + slope(1, 1) + slope(2, 2)).abs() < 0.02 * scale);
        assert!((slope(1, 2) - slope(2, 1)).abs() < 0.02 * scale);
    }

    #[test]
    fn the_kick_follows_the_polarity() {
        let up = Conditions::load(&COARSE).field.kick([0.0, 0.0, 0.0], [0.01, 0.01]);
        let down = ConditionsConfig {
            polarity: -1.0,
            ..COARSE
        };
        let down = Conditions::load(&down).field.kick([0.0, 0.0, 0.0], [0.01, 0.01]);
        assert!(up < -1.0 && (up + down).abs() < 1e-6, "{up} {down}");
    }

    #[test]
    fn hits_are_in_the_nearest_module() {
        for (module, z) in MODULE_Z.into_iter().enumerate() {
            assert_eq!(module_at(z - 0.58), module);
            assert_eq!(module_at(z + 0.58), module);
        }
    }
}
