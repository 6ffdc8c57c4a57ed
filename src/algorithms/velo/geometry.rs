//! Where the sensors of the VELO are: 52 modules along the beam, each with four silicon sensors.
//!
//! Lengths are in mm. The beam is along z. Modules with even numbers are at negative x, those with odd numbers at
//! positive x; both reach a little beyond x = 0, so that some tracks are seen on both sides. A module's sensors are
//! rectangles at right angles to the beam, turned by 45° about it: two of them in front, two 1.16 mm behind, in the
//! shape of an L around the beam. (The layout is that of the pixel detector of LHCb's first upgrade, LHCb-TDR-013.)

use wide::f32x4;

/// How many modules there are.
pub const MODULES: usize = 52;

/// The middle of each module along the beam, mm.
pub const MODULE_Z: [f64; MODULES] = [
    -287.5, -275.0, -262.5, -250.0, -237.5, -225.0, -212.5, -200.0, -137.5, -125.0, -62.5, -50.0, -37.5, -25.0, -12.5,
    0.0, 12.5, 25.0, 37.5, 50.0, 62.5, 75.0, 87.5, 100.0, 112.5, 125.0, 137.5, 150.0, 162.5, 175.0, 187.5, 200.0,
    212.5, 225.0, 237.5, 250.0, 262.5, 275.0, 312.5, 325.0, 387.5, 400.0, 487.5, 500.0, 587.5, 600.0, 637.5, 650.0,
    687.5, 700.0, 737.5, 750.0,
];

/// How far the planes of sensors are before and behind the middle of their module, mm.
pub const PLANE_OFFSET: f64 = 0.581;

/// The side of a square pixel, mm.
pub const PIXEL: f64 = 0.055;

/// A sensor of a module, in the coordinates u = (x + y) / √2 and v = (x − y) / √2 of an even module; those of an odd
/// module are turned by 180°.
#[derive(Clone, Copy, Debug)]
pub struct Sensor {
    /// Its lower and upper edge along u, mm.
    pub u: [f64; 2],
    /// Its lower and upper edge along v, mm.
    pub v: [f64; 2],
    /// Its place along the beam, from the middle of the module, mm.
    pub z: f64,
}

/// The sensors of a module.
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
    /// Whether a point of its plane, in a module's own coordinates, is on it, at least `margin` from its edges; if the
    /// margin is negative, at most so far off them.
    #[inline]
    pub fn contains(&self, u: f64, v: f64, margin: f64) -> bool {
        u > self.u[0] + margin && u < self.u[1] - margin && v > self.v[0] + margin && v < self.v[1] - margin
    }
}

/// The coordinates u and v of a point, in the frame of a module.
#[inline]
pub fn to_module(module: usize, x: f64, y: f64) -> (f64, f64) {
    let scale = if module.is_multiple_of(2) {
        std::f64::consts::FRAC_1_SQRT_2
    } else {
        -std::f64::consts::FRAC_1_SQRT_2
    };
    ((x + y) * scale, (x - y) * scale)
}

/// The point that has these coordinates u and v in the frame of a module: the transformation is its own inverse.
#[inline]
pub fn from_module(module: usize, u: f64, v: f64) -> (f64, f64) {
    to_module(module, u, v)
}

/// Whether a straight line crosses a sensor of a module, at least `margin` mm from its edges. The line is at (x, y) in
/// the middle of the module, with the slopes tx and ty.
#[inline]
pub fn crosses(module: usize, [x, y]: [f32; 2], [tx, ty]: [f32; 2], margin: f32) -> bool {
    const SCALE: f32 = std::f32::consts::FRAC_1_SQRT_2;
    let scale = if module.is_multiple_of(2) { SCALE } else { -SCALE };
    // The coordinates u and v as in `to_module`, for all sensors at once.
    let u = (x + y) * scale + (tx + ty) * scale * EACH.z;
    let v = (x - y) * scale + (tx - ty) * scale * EACH.z;
    let is_on = u.simd_gt(EACH.u[0] + margin)
        & u.simd_lt(EACH.u[1] - margin)
        & v.simd_gt(EACH.v[0] + margin)
        & v.simd_lt(EACH.v[1] - margin);
    is_on.any()
}

/// The sensors of a module, by what they have.
struct Each {
    u: [f32x4; 2],
    v: [f32x4; 2],
    z: f32x4,
}

const EACH: Each = {
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
    Each {
        u: [f32x4::new(u[0]), f32x4::new(u[1])],
        v: [f32x4::new(v[0]), f32x4::new(v[1])],
        z: f32x4::new(z[0]),
    }
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_where_one_was() {
        for module in [0, 1, 50, 51] {
            let (u, v) = to_module(module, 7.0, -3.0);
            let (x, y) = from_module(module, u, v);
            assert!((x - 7.0).abs() < 1e-12 && (y + 3.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_beam_passes_through_no_sensor_and_each_side_has_its_own() {
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
