//! The search for tracks in an event's hits.
//!
//! The search proceeds from the downstream end of the detector to the upstream end. Tracks are seeded by triplets of
//! hits and extended upstream module by module, as in D. H. Cámpora Pérez, N. Neufeld, A. Riscos Núñez, "Search by
//! triplet", J. Comput. Sci. 54, 101422, 2021. Here, a likelihood ratio decides which candidates are tracks, in three
//! passes:
//!
//! 1. Tracks with at least four hits that point to the beam and scatter little. The best candidate starting from each
//!    hit becomes a track immediately, and its hits are removed.
//! 2. All other tracks. All candidates in the event compete: in order of score, each becomes a track if none of its
//!    hits are on a better track.
//! 3. Short tracks that share their most upstream hit with another track, which happens if two particles hit the same
//!    pixel.

use super::geometry::MODULES;
use super::hit_index::HitIndex;
use super::hit_search::{Direction, nearest};
use super::search_pass::{OTHERS, SHARING, STRAIGHT, SearchPass};
use super::track_candidate::{TrackCandidate, TrackOrigins};
use super::triplets::Triplets;

/// The number of consecutive modules without a hit after which a track ends.
const MOST_MISSED: usize = 4;

/// Finds tracks, reusing the same buffers from event to event.
///
/// ```
/// use gaudi_mpi::algorithms::velo::geometry::MODULE_Z;
/// use gaudi_mpi::algorithms::velo::tracking::Tracker;
///
/// let modules = [28u8, 26, 24, 22, 20];
/// let z = modules.map(|module| MODULE_Z[usize::from(module)]);
/// let (x, y) = (z.map(|z| -0.1 * z), z.map(|z| 0.02 * z)); // a line through the origin
/// let mut tracker = Tracker::default();
/// tracker.find(&x, &y, &z, &modules);
/// let tracks: Vec<&[u32]> = tracker.tracks().collect();
/// assert_eq!(tracks, [[0, 1, 2, 3, 4]]);
/// ```
#[derive(Default)]
pub struct Tracker {
    all: HitIndex,
    /// The hits that are not on any track at the start of a pass.
    left: HitIndex,
    /// Whether each hit is on a track, indexed by the hit's row in the event.
    used: Vec<bool>,
    origins: TrackOrigins,
    triplets: Triplets,
    found: Vec<Competitor>,
    /// The hits of all candidates in `found`.
    arena: Vec<u32>,
    /// The hits of all tracks. The hits of track `i` end before index `ends[i]`.
    hits: Vec<u32>,
    ends: Vec<usize>,
}

/// A candidate that competes in the second pass.
#[derive(Clone, Copy)]
struct Competitor {
    score: f32,
    start: u32,
    number: u32,
}

impl Tracker {
    /// Finds tracks, given the positions (mm) and modules (0 to 51) of the hits.
    ///
    /// The result depends only on the arguments, including the order of the hits.
    ///
    /// # Panics
    /// If a module is above 51, or the slices have different lengths.
    pub fn find(&mut self, x: &[f64], y: &[f64], z: &[f64], module: &[u8]) {
        assert!(x.len() == y.len() && y.len() == z.len() && z.len() == module.len());
        self.hits.clear();
        self.ends.clear();
        self.origins.clear();
        self.used.clear();
        self.used.resize(x.len(), false);
        let (mut all, mut left) = (std::mem::take(&mut self.all), std::mem::take(&mut self.left));
        all.fill(x, y, z, module);
        left.clone_from(&all);
        self.find_straight(&mut left);
        left.fill_unused(&all, &self.used);
        self.find_others(&left);
        left.fill_unused(&all, &self.used);
        self.find_sharing(&all, &left);
        (self.all, self.left) = (all, left);
    }

    /// Returns the tracks, each given as the row numbers of its hits, in descending order of z.
    pub fn tracks(&self) -> impl ExactSizeIterator<Item = &[u32]> {
        (0..self.ends.len()).map(|track| {
            let start = if track == 0 { 0 } else { self.ends[track - 1] };
            &self.hits[start..self.ends[track]]
        })
    }

    /// Runs the first pass.
    fn find_straight(&mut self, index: &mut HitIndex) {
        let pass = &STRAIGHT;
        let (mut candidate, mut best) = (TrackCandidate::new(), Vec::new());
        let mut triplets = std::mem::take(&mut self.triplets);
        for module in (2..MODULES).rev() {
            let found = triplets.find(index, index, pass, module);
            for of_first in found.chunk_by(|one, other| one[0] == other[0]) {
                let mut best_score = f32::MAX;
                for &[first, second, third] in of_first {
                    // These hits may already be on another track that starts in the same module.
                    if index.is_removed(second) || index.is_removed(third) {
                        continue;
                    }
                    candidate.begin(first, second);
                    candidate.add(third, index);
                    follow(index, pass, &mut candidate);
                    let partial = candidate.choose_end();
                    if candidate.hits().len() < pass.hits || partial > pass.score || partial > best_score {
                        continue;
                    }
                    let limit = best_score.min(pass.score);
                    let score = candidate.score(index, &self.origins, limit);
                    if score < limit {
                        best_score = score;
                        best.clear();
                        best.extend_from_slice(candidate.hits());
                    }
                }
                if best_score < f32::MAX {
                    self.accept(index, &best);
                    self.origins.add(&best, index);
                    best.iter().for_each(|hit| index.remove(*hit));
                }
            }
        }
        self.triplets = triplets;
    }

    /// Runs the second pass.
    fn find_others(&mut self, index: &HitIndex) {
        let pass = &OTHERS;
        let (mut found, mut arena) = (std::mem::take(&mut self.found), std::mem::take(&mut self.arena));
        found.clear();
        arena.clear();
        let mut candidate = TrackCandidate::new();
        for module in (2..MODULES).rev() {
            for &[first, second, third] in self.triplets.find(index, index, pass, module) {
                candidate.begin(first, second);
                candidate.add(third, index);
                // Each additional hit improves the score by about 10, so a triplet whose score exceeds this limit is
                // treated as noise.
                if candidate.partial() > pass.score + 6.0 {
                    continue;
                }
                follow(index, pass, &mut candidate);
                candidate.choose_end();
                let score = candidate.score(index, &self.origins, pass.score);
                if score < pass.score {
                    found.push(Competitor {
                        score,
                        start: arena.len() as u32,
                        number: candidate.hits().len() as u32,
                    });
                    arena.extend_from_slice(candidate.hits());
                }
            }
        }
        // A candidate that loses its last hits to a better candidate competes again with its remaining hits.
        while !found.is_empty() {
            found.sort_unstable_by(|a, b| a.score.total_cmp(&b.score).then(a.start.cmp(&b.start)));
            let mut again = 0;
            for place in 0..found.len() {
                let Competitor { start, number, .. } = found[place];
                let hits = &arena[start as usize..(start + number) as usize];
                let free = hits
                    .iter()
                    .take_while(|hit| !self.used[index.row[**hit as usize] as usize]);
                let free = free.count();
                if free == hits.len() {
                    self.accept(index, hits);
                } else if free >= pass.hits {
                    let rest = TrackCandidate::of(&hits[..free], index);
                    let score = rest.score(index, &self.origins, pass.score);
                    if score < pass.score {
                        let number = free as u32;
                        found[again] = Competitor { score, start, number };
                        again += 1;
                    }
                }
            }
            found.truncate(again);
        }
        (self.found, self.arena) = (found, arena);
    }

    /// Runs the third pass, in which the third hit is already on another track.
    fn find_sharing(&mut self, all: &HitIndex, left: &HitIndex) {
        let pass = &SHARING;
        if left.hits.is_empty() {
            return;
        }
        let mut of_row = vec![0; all.row.len()];
        for (place, row) in (0u32..).zip(&all.row) {
            of_row[*row as usize] = place;
        }
        let in_all = |hit: u32| of_row[left.row[hit as usize] as usize];
        let mut candidate = TrackCandidate::new();
        let mut found: Vec<(f32, [u32; 3])> = Vec::new();
        for module in (2..MODULES).rev() {
            for &[first, second, third] in self.triplets.find(left, all, pass, module) {
                if !self.used[all.row[third as usize] as usize] {
                    continue;
                }
                let hits = [in_all(first), in_all(second), third];
                candidate.begin(hits[0], hits[1]);
                candidate.add(third, all);
                let score = candidate.score(all, &self.origins, pass.score);
                if score < pass.score {
                    found.push((score, hits));
                }
            }
        }
        found.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for (_, hits) in found {
            if hits[..2].iter().all(|hit| !self.used[all.row[*hit as usize] as usize]) {
                self.accept(all, &hits);
            }
        }
    }

    /// Makes a track from these hits.
    fn accept(&mut self, index: &HitIndex, hits: &[u32]) {
        for hit in hits {
            let row = index.row[*hit as usize];
            self.used[row as usize] = true;
            self.hits.push(row);
        }
        self.ends.push(self.hits.len());
    }
}

/// Adds the nearest hit in each module upstream, until too many consecutive modules have no such hit.
#[inline]
fn follow(index: &HitIndex, pass: &SearchPass, candidate: &mut TrackCandidate) {
    let hits = candidate.hits();
    let mut module = usize::from(index.module[hits[hits.len() - 1] as usize]);
    let mut missed = 0;
    let mut line = Direction::new(candidate.last_two(index), pass);
    while module > 0 && missed < MOST_MISSED && !candidate.is_full() {
        module -= 1;
        match nearest(index, pass, &line, module) {
            Some(hit) => {
                candidate.add(hit, index);
                line = Direction::new(candidate.last_two(index), pass);
                missed = 0;
            }
            None => missed += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::geometry::MODULE_Z;
    use super::super::hit_index::Hit;
    use super::super::track_candidate::Line;
    use super::*;

    /// Returns the hits of straight lines with these slopes. All lines start on the beam, 100 mm upstream of the
    /// origin.
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
    fn straight_lines_are_found_complete() {
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
    fn a_line_has_the_right_slopes() {
        let hit = |x, y, z| Hit { x, y, z, angle: 0.0 };
        let line = Line::through(hit(2.0, 4.0, 20.0), hit(1.0, 2.0, 10.0));
        assert_eq!(line.slopes, [0.1, 0.2]);
        assert!(line.distance < 1e-6 && line.z.abs() < 1e-5);
    }
}
