//! The positions of the sensors: 52 modules along the beam, each with four silicon sensors.
//!
//! Lengths are in mm. The beam is along z. Even modules are at negative x, odd modules at positive x; both extend
//! slightly beyond x = 0, so some tracks cross both sides. The sensors are rectangles perpendicular to the beam,
//! rotated by 45° about the beam. Two are in front and two are 1.16 mm behind, and together they form an L around the
//! beam. The layout is that of the pixel detector of LHCb's first upgrade (LHCb-TDR-013).
//!
//! ```
//! use gaudi_mpi::algorithms::velo::geometry::crosses;
//!
//! assert!(crosses(0, [-12.0, 0.0], [0.0, 0.0], 0.0)); // even modules are at negative x
//! assert!(!crosses(0, [12.0, 0.0], [0.0, 0.0], 0.0));
//! ```

use wide::f32x4;

/// The number of modules.
pub const MODULES: usize = 52;

/// The z coordinate of each module's centre, in mm.
pub const MODULE_Z: [f64; MODULES] = [
    -287.5, -275.0, -262.5, -250.0, -237.5, -225.0, -212.5, -200.0, -137.5, -125.0, -62.5, -50.0, -37.5, -25.0, -12.5,
    0.0, 12.5, 25.0, 37.5, 50.0, 62.5, 75.0, 87.5, 100.0, 112.5, 125.0, 137.5, 150.0, 162.5, 175.0, 187.5, 200.0,
    212.5, 225.0, 237.5, 250.0, 262.5, 275.0, 312.5, 325.0, 387.5, 400.0, 487.5, 500.0, 587.5, 600.0, 637.5, 650.0,
    687.5, 700.0, 737.5, 750.0,
];

/// The distance in z between a module's centre and its sensor planes, in mm.
pub const PLANE_OFFSET: f64 = 0.581;

/// The side length of a square pixel in mm.
pub const PIXEL: f64 = 0.055;

/// A sensor in its module's coordinate frame: u = (x + y) / √2 and v = (x − y) / √2 for an even module, rotated by 180°
/// for an odd module.
#[derive(Clone, Copy, Debug)]
pub struct Sensor {
    /// The lower and upper edges in u, in mm.
    pub u: [f64; 2],
    /// The lower and upper edges in v, in mm.
    pub v: [f64; 2],
    /// The z coordinate relative to the module's centre, in mm.
    pub z: f64,
}

/// A module's four sensors.
pub const SENSORS: [Sensor; 4] = [
    Sensor {
        u: [-19.155, -5.125],
        v: [-4.99, 37.445],
        z: -PLANE_OFFSET,
    },
    Sensor {
        u: [-37.445, 5.075],
        v: [-33.125, -19.11],
        z: -PLANE_OFFSET,
    },
    Sensor {
        u: [-33.125, -19.095],
        v: [-4.07, 38.42],
        z: PLANE_OFFSET,
    },
    Sensor {
        u: [-37.445, 5.075],
        v: [-19.155, -5.125],
        z: PLANE_OFFSET,
    },
];

impl Sensor {
    /// Returns whether a point (mm) is on the sensor, at least `margin` inside the edges; a negative margin extends the
    /// sensor.
    #[inline]
    pub fn contains(&self, u: f64, v: f64, margin: f64) -> bool {
        u > self.u[0] + margin && u < self.u[1] - margin && v > self.v[0] + margin && v < self.v[1] - margin
    }
}

/// Converts a point (x, y) to the coordinates (u, v) in a module's frame. All values are in mm.
#[inline]
pub fn to_module(module: usize, x: f64, y: f64) -> (f64, f64) {
    let scale = if module.is_multiple_of(2) {
        std::f64::consts::FRAC_1_SQRT_2
    } else {
        -std::f64::consts::FRAC_1_SQRT_2
    };
    ((x + y) * scale, (x - y) * scale)
}

/// Converts the coordinates (u, v) in a module's frame to a point (x, y). All values are in mm. The transformation is
/// its own inverse.
#[inline]
pub fn from_module(module: usize, u: f64, v: f64) -> (f64, f64) {
    to_module(module, u, v)
}

/// Returns whether a straight line crosses a sensor of a module, at least `margin` (mm) inside the edges. The line
/// passes through (x, y) at the z of the module's centre, with slopes (tx, ty).
#[inline]
pub fn crosses(module: usize, [x, y]: [f32; 2], [tx, ty]: [f32; 2], margin: f32) -> bool {
    const SCALE: f32 = std::f32::consts::FRAC_1_SQRT_2;
    let scale = if module.is_multiple_of(2) { SCALE } else { -SCALE };
    // This computes u and v as `to_module` does, but for all four sensors simultaneously.
    let u = (x + y) * scale + (tx + ty) * scale * SENSOR_LANES.z;
    let v = (x - y) * scale + (tx - ty) * scale * SENSOR_LANES.z;
    let is_on = u.simd_gt(SENSOR_LANES.u[0] + margin)
        & u.simd_lt(SENSOR_LANES.u[1] - margin)
        & v.simd_gt(SENSOR_LANES.v[0] + margin)
        & v.simd_lt(SENSOR_LANES.v[1] - margin);
    is_on.any()
}

/// A module's sensors, stored as one vector per coordinate.
struct SensorLanes {
    u: [f32x4; 2],
    v: [f32x4; 2],
    z: f32x4,
}

const SENSOR_LANES: SensorLanes = {
    let [mut u, mut v, mut z] = [[[0.0; 4]; 2], [[0.0; 4]; 2], [[0.0; 4]; 2]];
    let mut sensor = 0;
    while sensor < SENSORS.len() {
        let mut edge = 0;
        while edge < 2 {
            u[edge][sensor] = SENSORS[sensor].u[edge] as f32;
            v[edge][sensor] = SENSORS[sensor].v[edge] as f32;
            z[edge][sensor] = SENSORS[sensor].z as f32;
            edge += 1;
        }
        sensor += 1;
    }
    SensorLanes {
        u: [f32x4::new(u[0]), f32x4::new(u[1])],
        v: [f32x4::new(v[0]), f32x4::new(v[1])],
        z: f32x4::new(z[0]),
    }
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_module_inverts_to_module() {
        for module in [0, 1, 50, 51] {
            let (u, v) = to_module(module, 7.0, -3.0);
            let (x, y) = from_module(module, u, v);
            assert!((x - 7.0).abs() < 1e-12 && (y + 3.0).abs() < 1e-12);
        }
    }

    #[test]
    fn sensors_are_on_their_side_and_off_the_beam() {
        for module in 0..MODULES {
            assert!(!crosses(module, [0.0, 0.0], [0.0, 0.0], 0.0));
            let left = crosses(module, [-12.0, 0.0], [0.0, 0.0], 0.0);
            assert_eq!(left, module % 2 == 0);
            assert_ne!(left, crosses(module, [12.0, 0.0], [0.0, 0.0], 0.0));
        }
    }

    #[test]
    fn modules_are_in_order() {
        assert!(MODULE_Z.windows(2).all(|pair| pair[1] - pair[0] >= 12.5));
    }
}
