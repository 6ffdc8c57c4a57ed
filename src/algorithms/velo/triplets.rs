//! The search for triplets of hits in line, which are the seeds for the [tracking](super::tracking).
//!
//! Only a few of the many pairs and windows lead to a triplet, so branches that select them would be unpredictable.
//! Instead, each step runs for all hits in a module and writes every result to a list without branching. Results that
//! are not needed are overwritten.

use super::geometry::MODULES;
use super::hit_index::{Hit, HitIndex, LANES};
use super::hit_search::{Direction, bits, mask, may_have_hits, window};
use super::search_pass::SearchPass;
use std::cmp::Reverse;
use std::ops::Range;
use wide::f32x8;

/// The maximum squared slope dr/dz of a track.
const STEEPEST: f32 = 1.2;

/// Three hits, in descending order of z.
pub(super) type Triplet = [u32; 3];

/// The triplets that start in a module, and buffers for the search.
#[derive(Default)]
pub(super) struct Triplets {
    /// For each first hit, groups of possible second hits.
    seconds: List<LaneMatches>,
    pairs: Vec<Pair>,
    /// The pairs whose third hit may be in any module within reach.
    everywhere: List<u32>,
    /// Pairs, each with a module to search for the third hit.
    places: List<(u32, u32)>,
    /// Pairs, each with the start and end of a range of hits to search for the third hit.
    windows: List<(u32, u32, u32)>,
    /// For each pair, groups of third hits.
    thirds: List<LaneMatches>,
    triplets: Vec<Triplet>,
}

/// A first hit or a pair, with a mask of the hits among [`LANES`] consecutive hits that can come next.
#[derive(Clone, Copy, Default)]
struct LaneMatches {
    from: u32,
    start: u32,
    mask: u32,
}

struct Pair {
    hits: [u32; 2],
    line: Direction,
}

/// A list with a branch-free conditional push.
#[derive(Default)]
struct List<T> {
    items: Vec<T>,
    number: usize,
}

impl<T: Clone + Default> List<T> {
    fn clear(&mut self) {
        self.number = 0;
    }

    /// Writes an item, but keeps it only if `really` is true.
    #[inline]
    fn add(&mut self, item: T, really: bool) {
        if self.number == self.items.len() {
            self.grow();
        }
        self.items[self.number] = item;
        self.number += usize::from(really);
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        self.items.resize(2 * self.number + 64, T::default());
    }

    fn sort_by_key<K: Ord>(&mut self, key: impl Fn(&T) -> K) {
        self.items[..self.number].sort_unstable_by_key(key);
    }

    fn all(&self) -> &[T] {
        &self.items[..self.number]
    }
}

impl Triplets {
    /// Finds the triplets whose first hit is in a given module, sorted by the first hit, then by the order of the
    /// pass's steps. The third hit is taken from the index `of_thirds`.
    pub(super) fn find(
        &mut self,
        index: &HitIndex,
        of_thirds: &HitIndex,
        pass: &SearchPass,
        module: usize,
    ) -> &[Triplet] {
        self.find_seconds(index, pass, module);
        self.make_pairs(index, pass);
        self.find_places(index, pass);
        self.find_windows(of_thirds);
        self.find_thirds(of_thirds, pass);
        self.triplets.clear();
        for block in self.thirds.all() {
            let [first, second] = self.pairs[block.from as usize].hits;
            for lane in bits(block.mask) {
                self.triplets.push([first, second, block.start + lane as u32]);
            }
        }
        &self.triplets
    }

    // The steps are not inlined because each one needs all registers.

    #[inline(never)]
    fn find_seconds(&mut self, index: &HitIndex, pass: &SearchPass, module: usize) {
        self.seconds.clear();
        for first in index.of_module(module) {
            if index.is_removed(first as u32) {
                continue;
            }
            let a = index.hits[first];
            let bins = [pass.window, pass.other_window].map(|window| index.bins_near(a.angle, window));
            for &step in pass.steps {
                // There must be another module upstream for the third hit.
                if step >= module {
                    continue;
                }
                let (which, window, distance) = match step {
                    2 => (0, pass.window, pass.distance),
                    _ => (1, pass.other_window, pass.other_distance),
                };
                let Range { mut start, end } = index.in_bins(module - step, bins[which]);
                // One iteration is usually enough.
                loop {
                    let are_seconds = are_seconds(index, a, start, window, distance);
                    let block = LaneMatches {
                        from: first as u32,
                        start: start as u32,
                        mask: mask(are_seconds, end.saturating_sub(start)),
                    };
                    self.seconds.add(block, block.mask != 0);
                    start += LANES;
                    if start >= end {
                        break;
                    }
                }
            }
        }
    }

    #[inline(never)]
    fn make_pairs(&mut self, index: &HitIndex, pass: &SearchPass) {
        self.pairs.clear();
        for block in self.seconds.all() {
            let a = index.hits[block.from as usize];
            for lane in bits(block.mask) {
                let second = block.start + lane as u32;
                let line = Direction::new((a, index.hits[second as usize]), pass);
                let hits = [block.from, second];
                self.pairs.push(Pair { hits, line });
            }
        }
    }

    #[inline(never)]
    fn find_places(&mut self, index: &HitIndex, pass: &SearchPass) {
        self.places.clear();
        self.everywhere.clear();
        let mut add = |number: u32, Pair { hits, line }: &Pair, step: usize| {
            let below = usize::from(index.module[hits[1] as usize]);
            let module = below.wrapping_sub(step) % MODULES;
            let may_have_hits = (below >= step) & may_have_hits(module, line.at(module));
            self.places.add((number, module as u32), may_have_hits);
        };
        for (number, pair) in (0..).zip(&self.pairs) {
            add(number, pair, 2);
            // Many pairs do not point to the beam. If the pass sets `third_is_next`, only the next module is searched
            // for these pairs.
            let everywhere = !pass.third_is_next | pair.line.passes_within(pass.other_distance);
            self.everywhere.add(number, everywhere);
        }
        for &number in self.everywhere.all() {
            for step in (1..=pass.third).filter(|step| *step != 2) {
                add(number, &self.pairs[number as usize], step);
            }
        }
    }

    #[inline(never)]
    fn find_windows(&mut self, of_thirds: &HitIndex) {
        self.windows.clear();
        for &(pair, module) in self.places.all() {
            let module = module as usize;
            let place = self.pairs[pair as usize].line.at(module);
            let Range { start, end } = window(of_thirds, module, place);
            self.windows.add((pair, start as u32, end as u32), start < end);
        }
    }

    #[inline(never)]
    fn find_thirds(&mut self, of_thirds: &HitIndex, pass: &SearchPass) {
        self.thirds.clear();
        for &(from, mut start, end) in self.windows.all() {
            let line = &self.pairs[from as usize].line;
            while start < end {
                let (are_within, _) = line.are_within(&of_thirds.lanes(start as usize), pass.kink);
                let mask = mask(are_within, (end - start) as usize);
                self.thirds.add(LaneMatches { from, start, mask }, mask != 0);
                start += LANES as u32;
            }
        }
        self.thirds.sort_by_key(|block| (block.from, Reverse(block.start)));
    }
}

/// Returns a mask of the hits that form a pair with hit a: they are close in angle, and the line through both hits is
/// not too steep and passes close to the beam.
#[inline]
fn are_seconds(index: &HitIndex, a: Hit, start: usize, reach: f32, distance: f32) -> f32x8 {
    let b = index.lanes(start);
    let (ex, ey, ez) = (a.x - b.x, a.y - b.y, a.z - b.z);
    let square = ex * ex + ey * ey;
    let cross = a.x * ey - a.y * ex;
    let difference = (a.angle - index.angles(start)).abs();
    // Angles wrap around at 4.
    let apart = difference.fast_min(4.0 - difference);
    apart.simd_lt(f32x8::splat(reach))
        & square.simd_lt(STEEPEST * ez * ez)
        & (cross * cross).simd_lt(distance * distance * square)
}

#[cfg(test)]
mod tests {
    use super::super::geometry::MODULE_Z;
    use super::super::search_pass::STRAIGHT;
    use super::*;

    #[test]
    fn triplets_are_in_line_and_without_removed_hits() {
        // The test has more lines from the origin than fit in one vector, and a hit that is not on any of them.
        let slopes: Vec<f64> = (0..20).map(|line| -0.12 - 0.004 * f64::from(line)).collect();
        let modules = [24u8, 22, 20];
        let [mut x, mut y, mut z] = [vec![], vec![], vec![]];
        let mut module = vec![];
        for of in modules {
            for slope in &slopes {
                let at = MODULE_Z[usize::from(of)];
                x.push(slope * at);
                y.push(0.02 * at);
                z.push(at);
                module.push(of);
            }
        }
        x.push(-12.0);
        y.push(4.0);
        z.push(MODULE_Z[20]);
        module.push(20);
        let mut index = HitIndex::default();
        index.fill(&x, &y, &z, &module);
        let mut triplets = Triplets::default();
        let rows = |index: &HitIndex, found: &[Triplet]| {
            let mut rows: Vec<_> = found
                .iter()
                .map(|hits| hits.map(|hit| index.row[hit as usize]))
                .collect();
            rows.retain(|[first, second, third]| second - first == 20 && third - second == 20);
            rows.sort();
            rows
        };
        let all: Vec<[u32; 3]> = (0..20).map(|line| [line, line + 20, line + 40]).collect();
        let found = triplets.find(&index, &index, &STRAIGHT, 24);
        assert!(found.chunk_by(|one, other| one[0] == other[0]).count() <= 20);
        assert!(found.iter().flatten().all(|hit| index.row[*hit as usize] != 60));
        assert_eq!(rows(&index, found), all);
        let gone = index.row.iter().position(|row| *row == 25).unwrap();
        index.remove(gone as u32);
        let found = triplets.find(&index, &index, &STRAIGHT, 24);
        let left: Vec<[u32; 3]> = all.into_iter().filter(|rows| rows[1] != 25).collect();
        assert_eq!(rows(&index, found), left);
        assert!(triplets.find(&index, &index, &STRAIGHT, 22).is_empty());
    }

    #[test]
    fn bits_are_the_positions_set() {
        assert_eq!(bits(0b1001_0010).collect::<Vec<_>>(), [1, 4, 7]);
        assert_eq!(bits(0).count(), 0);
    }
}
