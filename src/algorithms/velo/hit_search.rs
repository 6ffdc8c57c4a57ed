//! The search for hits in line with two given hits.

use super::geometry::{MODULE_Z, MODULES};
use super::hit_index::{Hit, HitIndex, HitLanes, LANES, pseudo_angle_of};
use super::search_pass::SearchPass;
use super::track_candidate::{reach, variance};
use std::ops::Range;
use wide::f32x8;

/// The maximum distance of a sensor from the beam, in mm.
const EDGE: f32 = 55.0;

/// The limits, in mm, of the L formed by the sensors: `SIDE` is the upper limit on both u and v, and `CORNER` is the
/// upper limit on the smaller of the two.
const SIDE: f32 = 5.08;
const CORNER: f32 = -4.95;

/// The z coordinate of each module's centre, in mm.
const Z: [f32; MODULES] = {
    let mut z = [0.0; MODULES];
    let mut module = 0;
    while module < MODULES {
        z[module] = MODULE_Z[module] as f32;
        module += 1;
    }
    z
};

/// The line through two hits a and b, extrapolated from b.
#[derive(Clone, Copy, Default)]
pub(super) struct Direction {
    b: Hit,
    /// b − a
    step: [f32; 2],
    slopes: [f32; 2],
    /// 1 / (b.z − a.z)
    inverse: f32,
    /// The deviation, at a distance of 1 mm, caused by a scattering angle of 1 rad at b.
    lever: f32,
    /// The rate at which the search window grows with the distance from b, and the constant part of the window size.
    growth: f32,
    margin: f32,
}

impl Direction {
    #[inline]
    pub(super) fn new((a, b): (Hit, Hit), pass: &SearchPass) -> Self {
        let inverse = 1.0 / (b.z - a.z);
        let step = [b.x - a.x, b.y - a.y];
        let [tx, ty] = step.map(|step| step * inverse);
        Self {
            b,
            step,
            slopes: [tx, ty],
            inverse,
            lever: 1.0 + (step[0] * step[0] + step[1] * step[1]) * inverse * inverse,
            growth: pass.kink * (1.0 + tx * tx + ty * ty),
            // The sensor planes are in front of and behind a module's centre.
            margin: 0.6 * (tx.abs() + ty.abs()),
        }
    }

    /// Returns the region of a module in which hits may be in line.
    #[inline]
    pub(super) fn at(&self, module: usize) -> SearchRegion {
        let dz = Z[module] - self.b.z;
        SearchRegion {
            x: self.b.x + self.slopes[0] * dz,
            y: self.b.y + self.slopes[1] * dz,
            reach: reach(dz * self.inverse) + self.growth * dz.abs() + self.margin,
        }
    }

    /// Returns a mask of the hits that are in line within a given scattering angle, and the squared distances of all
    /// hits from the line. The computation is the same as in `Kink`, but for several hits simultaneously.
    #[inline]
    pub(super) fn are_within(&self, c: &HitLanes, angle: f32) -> (f32x8, f32x8) {
        let dz = c.z - self.b.z;
        let ratio = dz * self.inverse;
        let dx = c.x - self.b.x - self.step[0] * ratio;
        let dy = c.y - self.b.y - self.step[1] * ratio;
        let square = dx * dx + dy * dy;
        let lever = dz * self.lever;
        let reach = 4.0 * 4.0 * variance(ratio) + angle * angle * lever * lever;
        (square.simd_lt(reach), square)
    }

    /// Returns whether the line passes within `distance` (mm) of the beam.
    #[inline]
    pub(super) fn passes_within(&self, distance: f32) -> bool {
        let [tx, ty] = self.slopes;
        let cross = self.b.x * ty - self.b.y * tx;
        cross * cross < distance * distance * (tx * tx + ty * ty)
    }
}

/// The circular region of a module to search.
#[derive(Clone, Copy)]
pub(super) struct SearchRegion {
    x: f32,
    y: f32,
    reach: f32,
}

/// Returns whether a region can contain hits, given the outline of the sensors.
#[inline]
pub(super) fn may_have_hits(module: usize, SearchRegion { x, y, reach }: SearchRegion) -> bool {
    const SCALE: f32 = std::f32::consts::FRAC_1_SQRT_2;
    let scale = if module.is_multiple_of(2) { SCALE } else { -SCALE };
    let (u, v) = ((x + y) * scale - reach, (x - y) * scale - reach);
    // Short-circuit operators are avoided because branches here would be unpredictable.
    (u < SIDE) & ((u < CORNER) | (v < CORNER)) & (x * x + y * y < EDGE * EDGE)
}

/// Returns an index range of a module's hits that includes every hit in the region.
#[inline]
pub(super) fn window(index: &HitIndex, module: usize, SearchRegion { x, y, reach }: SearchRegion) -> Range<usize> {
    // An upper bound on the gradient of the pseudo-angle.
    let gradient = 1.0 / (x.abs() + y.abs()).max(1e-3);
    index.near(module, pseudo_angle_of(x, y, gradient), 1.3 * reach * gradient)
}

/// Returns the hit in a module that is nearest to the line, if any hit is in line.
#[inline]
pub(super) fn nearest(index: &HitIndex, pass: &SearchPass, line: &Direction, module: usize) -> Option<u32> {
    let place = line.at(module);
    if !may_have_hits(module, place) {
        return None;
    }
    let range = window(index, module, place);
    let (mut least, mut nearest) = (f32::MAX, None);
    for start in range.clone().step_by(LANES) {
        let (are_within, squares) = line.are_within(&index.lanes(start), pass.kink);
        let squares = squares.to_array();
        for lane in lanes(are_within, range.end - start) {
            if squares[lane] < least {
                (least, nearest) = (squares[lane], Some((start + lane) as u32));
            }
        }
    }
    nearest
}

/// Returns the bits for the first `number` lanes of a mask.
#[inline]
pub(super) fn mask(lanes_set: f32x8, number: usize) -> u32 {
    lanes_set.to_bitmask() & ((1 << number.min(LANES)) - 1)
}

/// Returns the lanes that are set among the first `number` lanes.
#[inline]
pub(super) fn lanes(lanes_set: f32x8, number: usize) -> impl Iterator<Item = usize> {
    bits(mask(lanes_set, number))
}

/// Returns the positions of the set bits.
#[inline]
pub(super) fn bits(mut mask: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = mask.trailing_zeros() as usize;
        mask &= mask.wrapping_sub(1);
        (bit < u32::BITS as usize).then_some(bit)
    })
}
