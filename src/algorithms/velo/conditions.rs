//! The modules' material and the magnetic field.
//!
//! Both are stored as maps on grids, which take about 360 MB by default. A process computes the maps only once. All
//! algorithms with the same settings share the maps, and so do the workers forked from the process.

use super::geometry::{MODULE_Z, MODULES, SENSORS, to_module};
use crate::algorithms::property_range::check_range;
use crate::error::Result;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};

/// The settings of the maps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConditionsConfig {
    /// The grid spacing of the field map in each direction, in mm. Default: 5, at which the map takes 320 MB.
    pub field_step: f64,
    /// The radial grid spacing of the material map, in mm. Default: 0.25, at which the map takes 39 MB.
    pub material_step: f64,
    /// The scale factor for the field: 1 for field up, −1 for field down, 0 for no field. Default: 1.
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
    /// Checks that the settings are in range.
    ///
    /// # Errors
    /// If a setting is out of range.
    pub fn check(&self) -> Result<()> {
        check_range("conditions.field_step", self.field_step, [2.5, 250.0], " mm")?;
        check_range("conditions.material_step", self.material_step, [0.1, 10.0], " mm")?;
        Ok(check_range("conditions.polarity", self.polarity, [-1.0, 1.0], "")?)
    }
}

/// The material and the magnetic field.
pub struct Conditions {
    /// The thickness of the modules, in radiation lengths.
    pub material: MaterialMap,
    /// The magnetic field.
    pub field: FieldMap,
}

/// All conditions computed so far in this process.
static MADE: Mutex<Vec<(ConditionsConfig, Arc<Conditions>)>> = Mutex::new(Vec::new());

impl Conditions {
    /// Returns the conditions for these settings. The first call in a process computes them, which takes about a
    /// second. Threads that call this function at the same time get the same conditions.
    ///
    /// ```
    /// use gaudi_mpi::algorithms::velo::conditions::{Conditions, ConditionsConfig};
    ///
    /// let config = ConditionsConfig { field_step: 50.0, ..Default::default() };
    /// config.check()?;
    /// let conditions = Conditions::load(&config);
    /// let thickness = conditions.material.thickness(0, -12.0, 0.0);
    /// assert!(thickness > 0.005 && thickness < 0.02);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
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

/// The thickness of the modules, in radiation lengths, on a grid of module, azimuth and distance from the beam.
pub struct MaterialMap {
    step: f64,
    radii: usize,
    thickness: Vec<f32>,
}

/// The maximum distance between the beam and any material, in mm.
const MOST_RADIUS: f64 = 56.0;
const ANGLES: usize = 720;

/// The radiation length of silicon in mm (Particle Data Group).
const SILICON: f64 = 93.7;
/// The combined silicon thickness, in mm, of a 200 µm sensor and its 200 µm chip.
const SENSOR_AND_CHIP: f64 = 0.4;
/// The thickness, in mm, of the silicon plate that carries the sensors and contains the cooling channels.
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

    /// Returns a module's thickness along z at (x, y) (mm), in radiation lengths; 0 outside the module.
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

/// The magnetic field of a dipole in T, on a grid in x, y and z, with linear interpolation.
///
/// In the plane y = 0, `By = B₀ exp(−(z − z₀)²/2w² − x²/2a²)`, with B₀ = 1.1 T, z₀ = 5.2 m, w = 1.4 m and a = 2.5 m,
/// similar to LHCb's field. Outside this plane, the field follows from Maxwell's equations to second order in y.
pub struct FieldMap {
    step: f64,
    nodes: [usize; 3],
    values: Vec<[f32; 3]>,
}

/// The limits of the map in x, y and z, in mm. Along z, the map ends at the next tracking station.
const LOW: [f64; 3] = [-500.0, -500.0, -500.0];
const HIGH: [f64; 3] = [500.0, 500.0, 2800.0];
const B0: f64 = 1.1;
const CENTRE: f64 = 5200.0;
const LENGTH: f64 = 1400.0;
const WIDTH: f64 = 2500.0;

/// The z coordinate at which the field map ends, in mm.
pub const FIELD_END: f64 = HIGH[2];

impl FieldMap {
    fn compute(step: f64, polarity: f64) -> Self {
        let nodes = [0, 1, 2].map(|axis| ((HIGH[axis] - LOW[axis]) / step).ceil() as usize + 1);
        // Returns exp(−t²/2) and its first and second derivatives.
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

    /// Returns the field, in T, at a point (mm); 0 outside the map.
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

    /// Returns the change in the slope dx/dz between z and the end of the map for a particle of charge +1, multiplied
    /// by the particle's momentum, in MeV. The particle starts at (x, y, z) (mm) with slopes (tx, ty). The field is
    /// integrated along the straight line, which is correct to first order in 1/p.
    pub fn kick(&self, [x, y, z]: [f64; 3], [tx, ty]: [f64; 2]) -> f64 {
        /// The speed of light in MeV / (T mm).
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

    /// Returns the size in memory, in bytes.
    pub fn bytes(&self) -> usize {
        std::mem::size_of_val(self.values.as_slice())
    }
}

/// Returns the module whose centre is nearest to z (mm).
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
    fn the_maps_are_computed_once() {
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
    fn the_material_is_at_the_sensors() {
        let material = &Conditions::load(&COARSE).material;
        assert_eq!(material.thickness(0, 0.0, 0.0), 0.0);
        assert_eq!(material.thickness(0, 12.0, 0.0), 0.0);
        let inside = material.thickness(0, -12.0, 0.0);
        assert!((0.005..0.02).contains(&inside), "{inside}");
        assert_eq!(material.thickness(1, 12.0, 0.0), inside);
    }

    #[test]
    fn the_field_obeys_maxwells_equations() {
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
