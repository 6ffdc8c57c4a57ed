//! Finds tracks in the hits of an event.
//!
//! Triplets of hits are looked for from the downstream end of the detector to the upstream one, and followed upstream
//! from module to module (as in D. H. Cámpora Pérez, N. Neufeld, A. Riscos Núñez, "Search by triplet", J. Comput. Sci.
//! 54, 101422, 2021). Here that is done in three passes, and what is taken for a track is decided by the likelihood
//! of candidates:
//!
//! 1. Tracks of four hits and more that point to the beam and are hardly scattered. The best one that begins with a hit
//!    is a track at once, and its hits are out of the way.
//! 2. All others. The candidates of the whole event compete: from the best one down, each is a track whose hits are not
//!    on a better one.
//! 3. Short tracks whose most upstream hit is on another track, too: two particles in one pixel.

use super::candidate::{Candidate, Kink, Origins, reach};
use super::geometry::{MODULE_Z, MODULES};
use super::hit_index::{Hit, HitIndex, apart, pseudo_angle};

/// What a pass looks for.
struct Pass {
    /// How far the first two hits are apart in angle about the beam, in units of which the full circle has 4.
    window: f32,
    /// How many modules upstream of the first hit the second one is.
    steps: &'static [usize],
    /// The same where the hits are not in neighbouring modules of the same side, and how far from the beam the line
    /// through them passes then.
    other_window: f32,
    other_distance: f32,
    /// How many modules upstream of the second hit the third one is, at most.
    third: usize,
    /// How far from the beam the line through them passes, at most, mm.
    distance: f32,
    /// The largest scattering, rad.
    kink: f32,
    /// The fewest hits.
    hits: usize,
    /// The highest score.
    score: f32,
}

const STRAIGHT: Pass = Pass {
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

const OTHERS: Pass = Pass {
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

const SHARING: Pass = Pass {
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

/// So many modules in a row may be without a hit of a track.
const MOST_MISSED: usize = 4;

/// The steepest tracks: the tangent of the angle to the beam, squared.
const STEEPEST: f32 = 1.2;

/// No sensor is farther from the beam, mm.
const EDGE: f32 = 55.0;

/// All sensors of a module are beyond lines so far from the beam, mm: an L is left of its side and around the beam.
const SIDE: f32 = 5.08;
const CORNER: f32 = -4.95;

/// Finds tracks, and keeps the memory it takes from event to event.
#[derive(Default)]
pub struct Tracker {
    all: HitIndex,
    /// Those that are left after the first pass.
    left: HitIndex,
    /// By row in the event: on a track.
    used: Vec<bool>,
    origins: Origins,
    found: Vec<Found>,
    /// The hits of all candidates in `found`.
    arena: Vec<u32>,
    /// The hits of all tracks, and where each track ends.
    hits: Vec<u32>,
    ends: Vec<usize>,
}

/// A candidate that takes part in the competition.
#[derive(Clone, Copy)]
struct Found {
    score: f32,
    start: u32,
    number: u32,
}

impl Tracker {
    /// Finds the tracks in hits at x, y, z (mm) in these modules (0 to 51).
    ///
    /// What is found depends on nothing but these numbers and their order.
    ///
    /// # Panics
    /// If there are more than 51 in `module`, or the lists are of different lengths.
    pub fn find(&mut self, x: &[f64], y: &[f64], z: &[f64], module: &[u8]) {
        assert!(x.len() == y.len() && y.len() == z.len() && z.len() == module.len());
        self.hits.clear();
        self.ends.clear();
        self.origins.clear();
        self.used.clear();
        self.used.resize(x.len(), false);
        let (mut all, mut left) = (std::mem::take(&mut self.all), std::mem::take(&mut self.left));
        all.fill(x, y, z, module);
        self.find_straight(&all);
        left.fill_unused(&all, &self.used);
        self.find_others(&left);
        self.find_sharing(&all, &left);
        (self.all, self.left) = (all, left);
    }

    /// The tracks: the rows of their hits, from the largest z down.
    pub fn tracks(&self) -> impl ExactSizeIterator<Item = &[u32]> {
        (0..self.ends.len()).map(|track| {
            let start = if track == 0 { 0 } else { self.ends[track - 1] };
            &self.hits[start..self.ends[track]]
        })
    }

    fn find_straight(&mut self, index: &HitIndex) {
        let pass = &STRAIGHT;
        let (mut candidate, mut best) = (Candidate::new(), Vec::new());
        for module in (2..MODULES).rev() {
            for first in index.of_module(module) {
                if self.used[index.row[first] as usize] {
                    continue;
                }
                let mut best_score = f32::MAX;
                seeds(index, pass, first as u32, |second, a, b| {
                    if self.used[index.row[second as usize] as usize] {
                        return;
                    }
                    self.third(index, pass, (second, a, b), |third| {
                        candidate.begin(first as u32, second);
                        candidate.add(third, index);
                        self.follow(index, pass, &mut candidate);
                        let partial = candidate.choose_end();
                        if candidate.hits().len() < pass.hits || partial > pass.score || partial > best_score {
                            return;
                        }
                        let limit = best_score.min(pass.score);
                        let score = candidate.score(index, &self.origins, limit);
                        if score < limit {
                            best_score = score;
                            best.clear();
                            best.extend_from_slice(candidate.hits());
                        }
                    });
                });
                if best_score < f32::MAX {
                    self.accept(index, &best);
                    self.origins.add(&best, index);
                }
            }
        }
    }

    fn find_others(&mut self, index: &HitIndex) {
        let pass = &OTHERS;
        let (mut found, mut arena) = (std::mem::take(&mut self.found), std::mem::take(&mut self.arena));
        found.clear();
        arena.clear();
        let mut candidate = Candidate::new();
        for module in (2..MODULES).rev() {
            for first in index.of_module(module) {
                seeds(index, pass, first as u32, |second, a, b| {
                    self.third(index, pass, (second, a, b), |third| {
                        candidate.begin(first as u32, second);
                        candidate.add(third, index);
                        // Hits that follow bring about 10 each; what begins worse than this is noise.
                        if candidate.partial() > pass.score + 6.0 {
                            return;
                        }
                        self.follow(index, pass, &mut candidate);
                        candidate.choose_end();
                        let score = candidate.score(index, &self.origins, pass.score);
                        if score < pass.score {
                            found.push(Found {
                                score,
                                start: arena.len() as u32,
                                number: candidate.hits().len() as u32,
                            });
                            arena.extend_from_slice(candidate.hits());
                        }
                    });
                });
            }
        }
        // What is left of a candidate when its last hits have gone to a better one competes again.
        while !found.is_empty() {
            found.sort_unstable_by(|a, b| a.score.total_cmp(&b.score).then(a.start.cmp(&b.start)));
            let mut again = 0;
            for place in 0..found.len() {
                let Found { start, number, .. } = found[place];
                let hits = &arena[start as usize..(start + number) as usize];
                let free = hits
                    .iter()
                    .take_while(|hit| !self.used[index.row[**hit as usize] as usize]);
                let free = free.count();
                if free == hits.len() {
                    self.accept(index, hits);
                } else if free >= pass.hits {
                    let rest = Candidate::of(&hits[..free], index);
                    let score = rest.score(index, &self.origins, pass.score);
                    if score < pass.score {
                        let number = free as u32;
                        found[again] = Found { score, start, number };
                        again += 1;
                    }
                }
            }
            found.truncate(again);
        }
        (self.found, self.arena) = (found, arena);
    }

    /// The third hit is on another track.
    fn find_sharing(&mut self, all: &HitIndex, left: &HitIndex) {
        let pass = &SHARING;
        let unused = left.row.iter().any(|row| !self.used[*row as usize]);
        if !unused {
            return;
        }
        let mut candidate = Candidate::new();
        let mut found: Vec<(f32, [u32; 3])> = Vec::new();
        for module in (2..MODULES).rev() {
            for first in all.of_module(module) {
                if self.used[all.row[first] as usize] {
                    continue;
                }
                seeds(all, pass, first as u32, |second, a, b| {
                    if self.used[all.row[second as usize] as usize] {
                        return;
                    }
                    let below = usize::from(all.module[second as usize]);
                    let line = Direction::new((a, b), pass);
                    for module in (below.saturating_sub(pass.third)..below).rev() {
                        each_within(all, pass, &line, module, |third, _| {
                            if !self.used[all.row[third as usize] as usize] {
                                return;
                            }
                            candidate.begin(first as u32, second);
                            candidate.add(third, all);
                            let score = candidate.score(all, &self.origins, pass.score);
                            if score < pass.score {
                                found.push((score, [first as u32, second, third]));
                            }
                        });
                    }
                });
            }
        }
        found.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for (_, hits) in found {
            if hits[..2].iter().all(|hit| !self.used[all.row[*hit as usize] as usize]) {
                self.accept(all, &hits);
            }
        }
    }

    /// Hits that are not used and go on from a pair: those of the first modules upstream that have any, where the next
    /// module may be the other side.
    #[inline]
    fn third(&self, index: &HitIndex, pass: &Pass, (second, a, b): (u32, Hit, Hit), mut with: impl FnMut(u32)) {
        let below = usize::from(index.module[second as usize]);
        let line = Direction::new((a, b), pass);
        let modules = match line.passes_within(pass.other_distance) {
            true => below.saturating_sub(pass.third)..below,
            // Of the many pairs that do not point to the beam, those with a hit in the next module of the side.
            false => below.saturating_sub(2)..below.saturating_sub(1),
        };
        for module in modules.rev() {
            each_within(index, pass, &line, module, |third, _| {
                if !self.used[index.row[third as usize] as usize] {
                    with(third);
                }
            });
        }
    }

    /// Adds the nearest hit in each module upstream, until too many have none.
    #[inline]
    fn follow(&self, index: &HitIndex, pass: &Pass, candidate: &mut Candidate) {
        let hits = candidate.hits();
        let mut module = usize::from(index.module[hits[hits.len() - 1] as usize]);
        let mut missed = 0;
        let mut line = Direction::new(candidate.last_two(index), pass);
        while module > 0 && missed < MOST_MISSED && !candidate.is_full() {
            module -= 1;
            let mut best: Option<(f32, u32)> = None;
            each_within(index, pass, &line, module, |hit, kink| {
                let nearer = best.is_none_or(|(square, _)| kink.square < square);
                if nearer && !self.used[index.row[hit as usize] as usize] {
                    best = Some((kink.square, hit));
                }
            });
            match best {
                Some((_, hit)) => {
                    candidate.add(hit, index);
                    line = Direction::new(candidate.last_two(index), pass);
                    missed = 0;
                }
                None => missed += 1,
            }
        }
    }

    fn accept(&mut self, index: &HitIndex, hits: &[u32]) {
        for hit in hits {
            let row = index.row[*hit as usize];
            self.used[row as usize] = true;
            self.hits.push(row);
        }
        self.ends.push(self.hits.len());
    }
}

/// The pairs that begin with a hit: the second hit, and both.
#[inline]
fn seeds(index: &HitIndex, pass: &Pass, first: u32, mut with: impl FnMut(u32, Hit, Hit)) {
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
struct Direction {
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
    fn new((a, b): (Hit, Hit), pass: &Pass) -> Self {
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
    fn passes_within(&self, distance: f32) -> bool {
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
fn each_within(index: &HitIndex, pass: &Pass, line: &Direction, module: usize, mut with: impl FnMut(u32, Kink)) {
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

#[cfg(test)]
mod tests {
    use super::super::candidate::Line;
    use super::*;

    /// The hits of straight lines with these slopes from 100 mm upstream of the origin.
    fn lines(slopes: &[[f64; 2]]) -> [Vec<f64>; 3] {
        let mut hits = [const { Vec::new() }; 3];
        for module in (16..30).step_by(2) {
            for [tx, ty] in slopes {
                let z = MODULE_Z[module];
                hits[0].push(tx * (z + 100.0));
                hits[1].push(ty * (z + 100.0));
                hits[2].push(z);
            }
        }
        hits
    }

    #[test]
    fn straight_lines_are_found_whole() {
        let slopes = [[-0.12, 0.01], [-0.1, 0.08], [-0.07, -0.12]];
        let [x, y, z] = lines(&slopes);
        let module: Vec<u8> = (16..30).step_by(2).flat_map(|module| [module as u8; 3]).collect();
        let mut tracker = Tracker::default();
        for _ in 0..2 {
            tracker.find(&x, &y, &z, &module);
            let mut found: Vec<Vec<u32>> = tracker.tracks().map(<[u32]>::to_vec).collect();
            found.sort();
            let line = |first: u32| (0..7).rev().map(|place| first + 3 * place).collect::<Vec<u32>>();
            assert_eq!(found, [line(0), line(1), line(2)]);
        }
    }

    #[test]
    fn an_event_without_hits_has_no_tracks() {
        let mut tracker = Tracker::default();
        tracker.find(&[], &[], &[], &[]);
        assert_eq!(tracker.tracks().len(), 0);
    }

    #[test]
    fn a_line_has_its_slopes() {
        let hit = |x, y, z| Hit { x, y, z, angle: 0.0 };
        let line = Line::through(hit(2.0, 4.0, 20.0), hit(1.0, 2.0, 10.0));
        assert_eq!(line.slopes, [0.1, 0.2]);
        assert!(line.distance < 1e-6 && line.z.abs() < 1e-5);
    }
}
