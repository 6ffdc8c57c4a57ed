//! What the passes of the [tracking](super::tracking) look for, and which hits are in line with others.

use super::candidate::{Kink, reach};
use super::geometry::MODULE_Z;
use super::hit_index::{Hit, HitIndex, apart, pseudo_angle};

/// What a pass looks for.
pub(super) struct Pass {
    /// How far the first two hits are apart in angle about the beam, in units of which the full circle has 4.
    pub window: f32,
    /// How many modules upstream of the first hit the second one is.
    pub steps: &'static [usize],
    /// The same where the hits are not in neighbouring modules of the same side, and how far from the beam the line
    /// through them passes then.
    pub other_window: f32,
    pub other_distance: f32,
    /// How many modules upstream of the second hit the third one is, at most.
    pub third: usize,
    /// How far from the beam the line through them passes, at most, mm.
    pub distance: f32,
    /// The largest scattering, rad.
    pub kink: f32,
    /// The fewest hits.
    pub hits: usize,
    /// The highest score.
    pub score: f32,
}

pub(super) const STRAIGHT: Pass = Pass {
    window: 0.08,
    steps: &[2, 1],
    other_window: 0.08,
    other_distance: 1.0,
    third: 2,
    distance: 1.0,
    kink: 0.005,
    hits: 4,
    score: -6.0,
};

pub(super) const OTHERS: Pass = Pass {
    window: 0.3,
    steps: &[2, 1, 4, 3],
    other_window: 0.09,
    other_distance: 2.0,
    third: 3,
    distance: 50.0,
    kink: 0.024,
    hits: 3,
    score: 10.0,
};

pub(super) const SHARING: Pass = Pass {
    window: 0.1,
    steps: &[2, 1, 4, 3],
    other_window: 0.09,
    other_distance: 2.0,
    third: 3,
    distance: 3.0,
    kink: 0.008,
    hits: 3,
    score: -4.0,
};

/// The steepest tracks: the tangent of the angle to the beam, squared.
const STEEPEST: f32 = 1.2;

/// No sensor is farther from the beam, mm.
const EDGE: f32 = 55.0;

/// All sensors of a module are beyond lines so far from the beam, mm: an L is left of its side and around the beam.
const SIDE: f32 = 5.08;
const CORNER: f32 = -4.95;

/// The pairs that begin with a hit: the second hit, and both.
#[inline]
pub(super) fn seeds(index: &HitIndex, pass: &Pass, first: u32, mut with: impl FnMut(u32, Hit, Hit)) {
    let a = index.hits[first as usize];
    let module = usize::from(index.module[first as usize]);
    for &step in pass.steps {
        let (window, distance) = match step {
            2 => (pass.window, pass.distance),
            _ => (pass.other_window, pass.other_distance),
        };
        // There have to be modules left for a third hit.
        if step >= module {
            continue;
        }
        for second in index.near(module - step, a.angle, window) {
            let b = index.hits[second];
            let (ex, ey, ez) = (a.x - b.x, a.y - b.y, a.z - b.z);
            let square = ex * ex + ey * ey;
            let cross = a.x * ey - a.y * ex;
            if apart(a.angle, b.angle) < window
                && square < STEEPEST * ez * ez
                && cross * cross < distance * distance * square
            {
                with(second as u32, a, b);
            }
        }
    }
}

/// Where a line through two hits goes.
pub(super) struct Direction {
    a: Hit,
    b: Hit,
    slopes: [f32; 2],
    /// 1 / (b.z − a.z)
    inverse: f32,
    /// What the window grows by with the distance from b, and what it is there.
    growth: f32,
    margin: f32,
}

impl Direction {
    #[inline]
    pub(super) fn new((a, b): (Hit, Hit), pass: &Pass) -> Self {
        let inverse = 1.0 / (b.z - a.z);
        let (tx, ty) = ((b.x - a.x) * inverse, (b.y - a.y) * inverse);
        Self {
            a,
            b,
            slopes: [tx, ty],
            inverse,
            growth: pass.kink * (1.0 + tx * tx + ty * ty),
            // Planes are a little before and behind the middle of a module.
            margin: 0.6 * (tx.abs() + ty.abs()),
        }
    }

    /// Whether the line passes the beam at most so far away, mm.
    #[inline]
    pub(super) fn passes_within(&self, distance: f32) -> bool {
        let [tx, ty] = self.slopes;
        let cross = self.b.x * ty - self.b.y * tx;
        cross * cross < distance * distance * (tx * tx + ty * ty)
    }
}

/// Whether a hit of a module can be within reach of a point: a quick look at the outline of its sensors.
#[inline]
fn may_have_hits(module: usize, x: f32, y: f32, reach: f32) -> bool {
    const SCALE: f32 = std::f32::consts::FRAC_1_SQRT_2;
    let scale = if module.is_multiple_of(2) { SCALE } else { -SCALE };
    let (u, v) = ((x + y) * scale - reach, (x - y) * scale - reach);
    u < SIDE && (u < CORNER || v < CORNER) && x * x + y * y < EDGE * EDGE
}

/// The hits of a module that are in line with two others, to within the scattering.
#[inline]
pub(super) fn each_within(
    index: &HitIndex,
    pass: &Pass,
    line: &Direction,
    module: usize,
    mut with: impl FnMut(u32, Kink),
) {
    let dz = MODULE_Z[module] as f32 - line.b.z;
    let (x, y) = (line.b.x + line.slopes[0] * dz, line.b.y + line.slopes[1] * dz);
    let reach = reach(dz * line.inverse) + line.growth * dz.abs() + line.margin;
    if !may_have_hits(module, x, y, reach) {
        return;
    }
    // The angle's gradient is at most this.
    let gradient = 1.0 / (x.abs() + y.abs()).max(1e-3);
    let window = 1.3 * reach * gradient;
    for hit in index.near(module, pseudo_angle(x, y), window) {
        let kink = Kink::new(line.a, line.b, index.hits[hit]);
        if kink.is_within(pass.kink) {
            with(hit as u32, kink);
        }
    }
}
