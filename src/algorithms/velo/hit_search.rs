//! What the passes of the [tracking](super::tracking) look for, and which hits are in line with others.

use super::geometry::{MODULE_Z, MODULES};
use super::hit_index::{Hit, HitIndex, HitLanes, LANES, pseudo_angle_of};
use super::search_pass::SearchPass;
use super::track_candidate::{reach, variance};
use std::ops::Range;
use wide::f32x8;

/// No sensor is farther from the beam, mm.
const EDGE: f32 = 55.0;

/// All sensors of a module are beyond lines so far from the beam, mm: an L is left of its side and around the beam.
const SIDE: f32 = 5.08;
const CORNER: f32 = -4.95;

/// The middle of each module.
const Z: [f32; MODULES] = {
    let mut z = [0.0; MODULES];
    let mut module = 0;
    while module < MODULES {
        z[module] = MODULE_Z[module] as f32;
        module += 1;
    }
    z
};

/// Where a line through two hits goes.
#[derive(Clone, Copy, Default)]
pub(super) struct Direction {
    b: Hit,
    /// b − a
    step: [f32; 2],
    slopes: [f32; 2],
    /// 1 / (b.z − a.z)
    inverse: f32,
    /// What a scattering angle at b is to be multiplied by at a distance of 1.
    lever: f32,
    /// What the window grows by with the distance from b, and what it is there.
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
            // Planes are a little before and behind the middle of a module.
            margin: 0.6 * (tx.abs() + ty.abs()),
        }
    }

    /// Where it crosses a module, and how far from there hits can be.
    #[inline]
    pub(super) fn at(&self, module: usize) -> SearchRegion {
        let dz = Z[module] - self.b.z;
        SearchRegion {
            x: self.b.x + self.slopes[0] * dz,
            y: self.b.y + self.slopes[1] * dz,
            reach: reach(dz * self.inverse) + self.growth * dz.abs() + self.margin,
        }
    }

    /// Which hits are in line, scattered at most by this angle, and how far off they are, squared: for several hits what
    /// `Kink` is for one.
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

    /// Whether the line passes the beam at most so far away, mm.
    #[inline]
    pub(super) fn passes_within(&self, distance: f32) -> bool {
        let [tx, ty] = self.slopes;
        let cross = self.b.x * ty - self.b.y * tx;
        cross * cross < distance * distance * (tx * tx + ty * ty)
    }
}

/// Where hits are looked for in a module: about a point, within reach of it.
#[derive(Clone, Copy)]
pub(super) struct SearchRegion {
    x: f32,
    y: f32,
    reach: f32,
}

/// Whether there can be a hit of a module: a quick look at the outline of its sensors.
#[inline]
pub(super) fn may_have_hits(module: usize, SearchRegion { x, y, reach }: SearchRegion) -> bool {
    const SCALE: f32 = std::f32::consts::FRAC_1_SQRT_2;
    let scale = if module.is_multiple_of(2) { SCALE } else { -SCALE };
    let (u, v) = ((x + y) * scale - reach, (x - y) * scale - reach);
    // All at once: which of these decides cannot be foretold.
    (u < SIDE) & ((u < CORNER) | (v < CORNER)) & (x * x + y * y < EDGE * EDGE)
}

/// Hits of a module among which are all that are there.
#[inline]
pub(super) fn window(index: &HitIndex, module: usize, SearchRegion { x, y, reach }: SearchRegion) -> Range<usize> {
    // The angle's gradient is at most this.
    let gradient = 1.0 / (x.abs() + y.abs()).max(1e-3);
    index.near(module, pseudo_angle_of(x, y, gradient), 1.3 * reach * gradient)
}

/// The nearest hit of a module that is in line with two others.
#[inline]
pub(super) fn nearest(index: &HitIndex, pass: &SearchPass, line: &Direction, module: usize) -> Option<u32> {
    let place = line.at(module);
    if !may_have_hits(module, place) {
        return None;
    }
    let range = window(index, module, place);
    let (mut least, mut nearest) = (f32::MAX, None);
    for start in range.clone().step_by(LANES) {
        let (are_within, squares) = line.are_within(&index.block(start), pass.kink);
        let squares = squares.to_array();
        for lane in lanes(are_within, range.end - start) {
            if squares[lane] < least {
                (least, nearest) = (squares[lane], Some((start + lane) as u32));
            }
        }
    }
    nearest
}

/// Those of the first so many lanes for which something is so, as bits.
#[inline]
pub(super) fn mask(are_so: f32x8, number: usize) -> u32 {
    are_so.to_bitmask() & ((1 << number.min(LANES)) - 1)
}

/// The same, one by one.
#[inline]
pub(super) fn lanes(are_so: f32x8, number: usize) -> impl Iterator<Item = usize> {
    bits(mask(are_so, number))
}

/// Which bits are set.
#[inline]
pub(super) fn bits(mut mask: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = mask.trailing_zeros() as usize;
        mask &= mask.wrapping_sub(1);
        (bit < u32::BITS as usize).then_some(bit)
    })
}
