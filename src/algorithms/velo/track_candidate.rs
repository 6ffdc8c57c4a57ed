//! Track candidates, scored by a likelihood ratio that compares two hypotheses: the hits are from a track, or they are
//! in line by chance.
//!
//! The score is −2 ln of the likelihood ratio. For a true track, the distance of each hit from the straight line
//! through the previous two hits is Gaussian, because of the resolution and multiple scattering. For hits in line by
//! chance, the expected density is the density of all hits at the same distance from the beam. The momentum is unknown,
//! so several scattering angles are tried. A track should also have a hit in each sensor that it crosses, so each
//! missing hit adds to the score.

use super::geometry::{MODULE_Z, crosses};
use super::hit_index::{Hit, HitIndex};
use std::ops::{Add, Mul};

/// The hit resolution in each direction, in mm. Because of charge sharing, the resolution is slightly better than
/// expected from the pixel size of 55 µm alone.
const RESOLUTION: f32 = 0.0145;

/// The scattering angles to try, in rad per module, each with the price that it adds to the score. The angles
/// correspond to momenta of about 3, 1, 0.4, 0.15 and 0.06 GeV.
const SCATTERING: [(f32, f32); 5] = [(0.0004, 2.0), (0.0012, 0.5), (0.003, 2.0), (0.008, 4.0), (0.02, 8.0)];

/// The maximum number of hits on a candidate, which exceeds the number of planes that a track can cross.
const MOST: usize = 60;

/// The amounts that hits, missing hits and origins add to the score.
mod price {
    /// A hit.
    pub const HIT: f32 = 4.0;
    /// A sensor without a hit beyond the outer end of the track. The total for such sensors is limited to `STOPPED`
    /// because the particle may have stopped.
    pub const OUTER: f32 = 9.0;
    pub const STOPPED: f32 = 12.0;
    /// A sensor without a hit between the first and the last hit.
    pub const MIDDLE: f32 = 9.0;
    /// A sensor without a hit between the beam and the first hit, for tracks that point to the beam.
    pub const INNER: f32 = 6.0;
    /// Like `INNER`, but for displaced tracks, which may start further out.
    pub const INNER_DISPLACED: f32 = 1.0;
    /// A track that does not point to the beam. Such tracks are rarer than tracks that do.
    pub const DISPLACED: f32 = 7.0;
    /// A short track that starts near the origins of other tracks (`WITH_OTHERS`) or does not (`ALONE`).
    pub const WITH_OTHERS: f32 = -4.0;
    pub const ALONE: f32 = 4.0;
}

/// The maximum distance from the beam, in mm, for a track that counts as pointing to the beam.
const PROMPT: f32 = 0.5;

/// The minimum number of hits on a track that does not count as short.
const LONG: usize = 5;

/// Hits in line, in descending order of z, with a score for the first two hits, for the first three, and so on.
pub(super) struct TrackCandidate {
    hits: [u32; MOST],
    number: usize,
    /// The score so far for each scattering angle.
    sums: [f32; SCATTERING.len()],
    /// The score of the first `i + 1` hits, not counting missing hits.
    partial: [f32; MOST],
}

impl TrackCandidate {
    pub(super) fn new() -> Self {
        Self {
            hits: [0; MOST],
            number: 0,
            sums: [0.0; SCATTERING.len()],
            partial: [0.0; MOST],
        }
    }

    /// Restarts the candidate with two hits.
    #[inline]
    pub(super) fn begin(&mut self, first: u32, second: u32) {
        self.hits[0] = first;
        self.hits[1] = second;
        self.number = 2;
        self.sums = SCATTERING.map(|(_, cost)| cost);
    }

    /// Returns a candidate with these hits. At least two are required.
    pub(super) fn of(hits: &[u32], index: &HitIndex) -> Self {
        let mut made = Self::new();
        made.begin(hits[0], hits[1]);
        hits[2..].iter().for_each(|hit| made.add(*hit, index));
        made
    }

    pub(super) fn hits(&self) -> &[u32] {
        &self.hits[..self.number]
    }

    pub(super) fn is_full(&self) -> bool {
        self.number == MOST
    }

    /// Returns two hits that define the direction at the last hit. If the last two hits are too close together because
    /// they are on opposite sides, the one before them is used.
    #[inline]
    pub(super) fn last_two(&self, index: &HitIndex) -> (Hit, Hit) {
        let hit = |place: usize| index.hits[self.hits[place] as usize];
        let last = hit(self.number - 1);
        let before = hit(self.number - 2);
        if before.z - last.z < 20.0 && self.number > 2 {
            return (hit(self.number - 3), last);
        }
        (before, last)
    }

    /// Adds a hit.
    #[inline]
    pub(super) fn add(&mut self, hit: u32, index: &HitIndex) {
        let (a, b) = self.last_two(index);
        let c = index.hits[hit as usize];
        let kink = Kink::new(a, b, c);
        let module = usize::from(index.module[hit as usize]);
        // Hits are distributed uniformly in ln r and fill half of the plane, so the density is the number of hits in
        // the module times 1 / (π r² ln(45/5.5)).
        let density = index.number_in(module) / (6.5 * (c.x * c.x + c.y * c.y));
        let chance = std::f32::consts::TAU * density;
        let lever = kink.lever * kink.lever;
        let mut best = f32::MAX;
        for (sum, (angle, _)) in self.sums.iter_mut().zip(SCATTERING) {
            let variance = kink.variance + angle * angle * lever;
            *sum += kink.square / variance + 2.0 * ln(variance * chance) + price::HIT;
            best = best.min(*sum);
        }
        self.hits[self.number] = hit;
        self.partial[self.number] = best;
        self.number += 1;
    }

    /// Drops the last hits if they worsen the score, and returns the score, not counting missing hits.
    pub(super) fn choose_end(&mut self) -> f32 {
        let (mut end, mut score) = (3, self.partial[2]);
        for number in 4..=self.number {
            if self.partial[number - 1] < score {
                (end, score) = (number, self.partial[number - 1]);
            }
        }
        self.number = end;
        score
    }

    /// Returns the score, not counting missing hits.
    pub(super) fn partial(&self) -> f32 {
        self.partial[self.number - 1]
    }

    /// Returns the score, including missing hits and the origin. If the returned score is above `limit`, it may leave
    /// out missing hits.
    pub(super) fn score(&self, index: &HitIndex, origins: &TrackOrigins, limit: f32) -> f32 {
        let hits = self.hits();
        let hit = |place: usize| index.hits[hits[place] as usize];
        let line = Line::through(hit(0), hit(hits.len() - 1));
        let prompt = line.distance < PROMPT;
        let origin = match (prompt, hits.len() < LONG) {
            (false, _) => price::DISPLACED,
            (true, false) => 0.0,
            (true, true) if origins.others_near(line.z, line.slope) => price::WITH_OTHERS,
            (true, true) => price::ALONE,
        };
        let score = self.partial() + origin;
        if score > limit {
            return score;
        }
        let inner = if prompt { price::INNER } else { price::INNER_DISPLACED };
        score + self.missing(index, &line, inner)
    }

    /// Returns the contribution of missing hits to the score.
    fn missing(&self, index: &HitIndex, line: &Line, price_of_inner: f32) -> f32 {
        let hits = self.hits();
        let hit = |place: usize| index.hits[hits[place] as usize];
        let (first, last) = (hit(0), hit(hits.len() - 1));
        let between = |one: Hit, other: Hit| match one.z - other.z < 20.0 {
            true => line.slopes,
            false => Line::through(one, other).slopes,
        };
        let top = between(first, hit(1));
        let bottom = between(hit(hits.len() - 2), last);
        let module = |place: usize| usize::from(index.module[hits[place] as usize]);
        let (highest, lowest) = (module(0), module(hits.len() - 1));
        let forward = line.z < 0.5 * (first.z + last.z);

        let (mut inner, mut outer, mut middle) = (0.0, 0.0, 0.0);
        for (module, z) in MODULE_Z.into_iter().enumerate().skip(highest + 1).take(4) {
            if !forward && z as f32 > line.z || outer >= 2.0 {
                break;
            }
            let missed = misses(module, first, top);
            *(if forward { &mut outer } else { &mut inner }) += missed;
        }
        for module in (lowest.saturating_sub(4)..lowest).rev() {
            if forward && (MODULE_Z[module] as f32) < line.z || outer >= 2.0 && !forward {
                break;
            }
            let missed = misses(module, last, bottom);
            *(if forward { &mut inner } else { &mut outer }) += missed;
        }
        let mut next = 1;
        for between in (lowest + 1..highest).rev() {
            if module(next) == between {
                next += 1;
            } else {
                middle += misses(between, first, line.slopes);
            }
        }

        (price::OUTER * outer).min(price::STOPPED) + price::MIDDLE * middle + price_of_inner * inner
    }
}

/// Returns 1 if a track crosses one of a module's sensors well inside the sensor's edges, and 0 otherwise.
#[inline]
fn misses(module: usize, from: Hit, [tx, ty]: [f32; 2]) -> f32 {
    let dz = MODULE_Z[module] as f32 - from.z;
    let (x, y) = (from.x + tx * dz, from.y + ty * dz);
    // The margin covers the uncertainty of the extrapolation.
    let margin = 0.2 + 0.005 * dz.abs();
    if x * x + y * y > 50.0 * 50.0 || x * x + y * y < 25.0 {
        return 0.0;
    }
    let crosses = crosses(module, [x, y], [tx, ty], margin);
    f32::from(u8::from(crosses))
}

/// The distance between a hit c and the line through hits a and b.
struct Kink {
    /// The squared distance in mm².
    square: f32,
    /// The variance of each coordinate due to the hit resolution, in mm².
    variance: f32,
    /// The deviation at c, in mm, caused by a scattering angle of 1 rad at b.
    lever: f32,
}

impl Kink {
    #[inline]
    fn new(a: Hit, b: Hit, c: Hit) -> Self {
        let inverse = 1.0 / (b.z - a.z);
        let (ex, ey) = (b.x - a.x, b.y - a.y);
        let ratio = (c.z - b.z) * inverse;
        let dx = c.x - b.x - ex * ratio;
        let dy = c.y - b.y - ey * ratio;
        let slope2 = (ex * ex + ey * ey) * inverse * inverse;
        Self {
            square: dx * dx + dy * dy,
            variance: variance(ratio),
            lever: (c.z - b.z) * (1.0 + slope2),
        }
    }
}

/// Returns the variance of c − b − (b − a) · ratio due to the hit resolution, in mm².
#[inline]
pub(super) fn variance<T: Copy + Add<Output = T> + Mul<Output = T> + From<f32>>(ratio: T) -> T {
    let one = T::from(1.0);
    T::from(RESOLUTION * RESOLUTION) * (one + (one + ratio) * (one + ratio) + ratio * ratio)
}

/// Returns an upper bound, in mm, on a hit's deviation due to the resolution. It is computed without a square root;
/// `ratio` is the same as in [`variance`].
#[inline]
pub(super) fn reach(ratio: f32) -> f32 {
    4.0 * RESOLUTION * (1.5 + 1.5 * ratio.abs())
}

/// A straight line, and the point on it closest to the beam.
pub(super) struct Line {
    pub slopes: [f32; 2],
    /// √(tx² + ty²)
    pub slope: f32,
    /// The z coordinate of the point closest to the beam, in mm.
    pub z: f32,
    /// The distance from the beam at this point in mm.
    pub distance: f32,
}

impl Line {
    #[inline]
    pub(super) fn through(a: Hit, b: Hit) -> Self {
        let inverse = 1.0 / (a.z - b.z);
        let (tx, ty) = ((a.x - b.x) * inverse, (a.y - b.y) * inverse);
        let slope2 = (tx * tx + ty * ty).max(1e-12);
        let slope = slope2.sqrt();
        Self {
            slopes: [tx, ty],
            slope,
            z: a.z - (a.x * tx + a.y * ty) / slope2,
            distance: (a.x * ty - a.y * tx).abs() / slope,
        }
    }
}

/// The origins along the beam of the tracks found so far, in ascending order.
#[derive(Default)]
pub(super) struct TrackOrigins {
    z: Vec<f32>,
}

impl TrackOrigins {
    pub(super) fn clear(&mut self) {
        self.z.clear();
    }

    /// Adds a track if it has enough hits and points to the beam.
    pub(super) fn add(&mut self, hits: &[u32], index: &HitIndex) {
        let line = Line::through(index.hits[hits[0] as usize], index.hits[hits[hits.len() - 1] as usize]);
        if hits.len() > 3 && line.distance < 0.3 {
            let place = self.z.partition_point(|other| *other < line.z);
            self.z.insert(place, line.z);
        }
    }

    /// Returns whether at least two tracks start near z, within the precision of a short track with this slope.
    fn others_near(&self, z: f32, slope: f32) -> bool {
        let apart = (0.3 / slope).clamp(0.7, 5.0);
        let first = self.z.partition_point(|other| *other < z - apart);
        self.z.get(first + 1).is_some_and(|other| *other < z + apart)
    }
}

/// Returns the natural logarithm of a positive normal number, accurate to 10⁻⁴. The computation is fast and gives the
/// same result on every platform.
#[inline]
fn ln(x: f32) -> f32 {
    let bits = x.to_bits();
    let exponent = (bits >> 23) as i32 - 127;
    let mantissa = f32::from_bits(bits & 0x007f_ffff | 0x3f80_0000);
    // With s = (m − 1) / (m + 1), ln m = 2 (s + s³/3 + s⁵/5 + …).
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let s2 = s * s;
    exponent as f32 * std::f32::consts::LN_2 + 2.0 * s * (1.0 + s2 * (1.0 / 3.0 + s2 * (0.2 + s2 * (1.0 / 7.0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_precise_to_1e_4() {
        for power in -60..60 {
            let x = 1.37f32.powi(power);
            assert!((ln(x) - x.ln()).abs() < 1e-4, "{x}");
        }
    }

    #[test]
    fn a_straight_line_scores_better_than_a_bent_one() {
        let mut index = HitIndex::default();
        let z = [250.581, 225.581, 200.581, 175.581];
        let x: Vec<f64> = z.iter().map(|z| 0.1 * z).collect();
        let mut bent = x.clone();
        bent[3] += 0.4;
        let score = |index: &mut HitIndex, x: &[f64]| {
            index.fill(x, &[0.5; 4], &z, &[35, 33, 31, 29]);
            let order: Vec<u32> = (0..4)
                .map(|row| index.row.iter().position(|other| *other == row).unwrap() as u32)
                .collect();
            TrackCandidate::of(&order, index).partial()
        };
        assert!(score(&mut index, &x) < score(&mut index, &bent) - 5.0);
    }
}
