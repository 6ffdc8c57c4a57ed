//! Hits of an event, in the order in which pattern recognition asks for them: by module, then by angle about the beam.

use super::geometry::MODULES;
use std::ops::Range;
use wide::f32x8;

/// A hit, mm. Single precision is a thousandth of the resolution here.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hit {
    pub x: f32,
    pub y: f32,
    pub z: f32,
    pub angle: f32,
}

/// Bins of the angle in a module. There is about one hit in each.
const BINS: usize = 64;

/// How many hits are looked at at once: about as many as there are in a window, or more.
pub(super) const LANES: usize = 8;

/// Hits by module and bin of the angle; within a bin in the order of the event.
#[derive(Default)]
pub(super) struct HitIndex {
    pub hits: Vec<Hit>,
    pub module: Vec<u8>,
    /// Where a hit is in the event.
    pub row: Vec<u32>,
    /// The hits once more, a list for each number, so that the processor compares several at once. [`LANES`] more
    /// follow that are nowhere.
    lists: [Vec<f32>; 4],
    /// Where bins begin.
    bins: Vec<u32>,
    /// How many hits the event has in each module.
    numbers: Vec<f32>,
    /// The hits in the order of the event, and their bins, while they are sorted.
    unsorted: Vec<(Hit, u16)>,
    /// Where hits go that are taken from another index.
    before: Vec<u32>,
}

/// Some hits that follow each other.
pub(super) struct HitLanes {
    pub x: f32x8,
    pub y: f32x8,
    pub z: f32x8,
}

/// A stand-in for the angle about the beam, from 0 to 4, that takes one division; it wraps around.
#[inline]
pub(super) fn pseudo_angle(x: f32, y: f32) -> f32 {
    let sine = y / (x.abs() + y.abs()).max(1e-6);
    if x >= 0.0 { 1.0 + sine } else { 3.0 - sine }
}

/// The same to a rounding error, where 1 / (|x| + |y|) is known.
#[inline]
pub(super) fn pseudo_angle_of(x: f32, y: f32, inverse: f32) -> f32 {
    let sine = y * inverse;
    if x >= 0.0 { 1.0 + sine } else { 3.0 - sine }
}

impl HitIndex {
    /// Takes the hits of an event. Sorts by counting, without a comparison.
    pub(super) fn fill(&mut self, x: &[f64], y: &[f64], z: &[f64], module: &[u8]) {
        let number = x.len();
        self.resize(number);
        self.bins.clear();
        self.bins.resize(MODULES * BINS + 2, 0);
        self.unsorted.clear();
        for (((&x, &y), &z), &module) in x.iter().zip(y).zip(z).zip(module) {
            let (x, y, z) = (x as f32, y as f32, z as f32);
            let angle = pseudo_angle(x, y);
            let bin = usize::from(module) * BINS + to_bin(angle * SCALE).min(BINS - 1);
            self.bins[bin + 2] += 1;
            self.unsorted.push((Hit { x, y, z, angle }, bin as u16));
        }
        let mut sum = 0;
        for bin in &mut self.bins {
            sum += *bin;
            *bin = sum;
        }
        for ((row, (hit, bin)), module) in (0..).zip(&self.unsorted).zip(module) {
            let place = &mut self.bins[usize::from(*bin) + 1];
            let index = *place as usize;
            *place += 1;
            self.hits[index] = *hit;
            self.module[index] = *module;
            self.row[index] = row;
        }
        self.list();
        self.numbers.clear();
        for module in 0..MODULES {
            let number = self.of_module(module).len();
            self.numbers.push(number as f32);
        }
    }

    /// Takes all hits of another index.
    pub(super) fn clone_from(&mut self, other: &Self) {
        self.hits.clone_from(&other.hits);
        self.module.clone_from(&other.module);
        self.row.clone_from(&other.row);
        self.lists.clone_from(&other.lists);
        self.bins.clone_from(&other.bins);
        self.numbers.clone_from(&other.numbers);
    }

    /// Takes the hits of another index that are not used.
    pub(super) fn fill_unused(&mut self, other: &Self, used: &[bool]) {
        self.resize(other.hits.len());
        // How many are not used before each hit, and before the end.
        let (mut number, mut before) = (0, std::mem::take(&mut self.before));
        before.clear();
        for ((hit, module), row) in other.hits.iter().zip(&other.module).zip(&other.row) {
            before.push(number as u32);
            self.hits[number] = *hit;
            self.module[number] = *module;
            self.row[number] = *row;
            number += usize::from(!used[*row as usize]);
        }
        before.push(number as u32);
        self.bins.clear();
        self.bins.extend(other.bins.iter().map(|bin| before[*bin as usize]));
        self.before = before;
        self.resize(number);
        self.list();
        self.numbers.clone_from(&other.numbers);
    }

    fn resize(&mut self, number: usize) {
        self.hits.resize(number, Hit::default());
        self.module.resize(number, 0);
        self.row.resize(number, 0);
    }

    fn list(&mut self) {
        let [x, y, z, angle] = &mut self.lists;
        let fill = |list: &mut Vec<f32>, number: fn(&Hit) -> f32| {
            list.clear();
            list.extend(self.hits.iter().map(number));
            list.extend([f32::NAN; LANES]);
        };
        fill(x, |hit| hit.x);
        fill(y, |hit| hit.y);
        fill(z, |hit| hit.z);
        fill(angle, |hit| hit.angle);
    }

    /// Puts a hit nowhere, so that it is near to none and in line with none.
    pub(super) fn remove(&mut self, hit: u32) {
        self.hits[hit as usize].x = f32::NAN;
        self.lists[0][hit as usize] = f32::NAN;
    }

    /// Whether a hit has been removed.
    #[inline]
    pub(super) fn is_removed(&self, hit: u32) -> bool {
        self.hits[hit as usize].x.is_nan()
    }

    /// This hit and those after it.
    #[inline]
    pub(super) fn block(&self, start: usize) -> HitLanes {
        let [x, y, z, _] = &self.lists;
        HitLanes {
            x: some(x, start),
            y: some(y, start),
            z: some(z, start),
        }
    }

    /// Their angles.
    #[inline]
    pub(super) fn angles(&self, start: usize) -> f32x8 {
        some(&self.lists[3], start)
    }

    /// How many hits the event has in a module, with those that are not in this index.
    #[inline]
    pub(super) fn number_in(&self, module: usize) -> f32 {
        self.numbers[module]
    }

    /// The hits of a module.
    #[inline]
    pub(super) fn of_module(&self, module: usize) -> Range<usize> {
        self.bins[module * BINS] as usize..self.bins[(module + 1) * BINS] as usize
    }

    /// Bins in which are all hits that are within a window about an angle: the first, and the last.
    #[inline]
    pub(super) fn bins_near(&self, angle: f32, window: f32) -> [usize; 2] {
        let (low, high) = ((angle - window) * SCALE, (angle + window) * SCALE);
        // Where angles wrap around, and that is rare, these are all.
        if low < 0.0 || high >= BINS as f32 {
            return [0, BINS - 1];
        }
        [to_bin(low), to_bin(high)]
    }

    /// The hits of a module in bins from the first to the last.
    #[inline]
    pub(super) fn in_bins(&self, module: usize, [first, last]: [usize; 2]) -> Range<usize> {
        let bins: &[u32; BINS + 1] = self.bins[module * BINS..]
            .first_chunk()
            .expect("there is such a module");
        bins[first % BINS] as usize..bins[last % BINS + 1] as usize
    }

    /// Hits of a module among which are all that are within a window about an angle.
    #[inline]
    pub(super) fn near(&self, module: usize, angle: f32, window: f32) -> Range<usize> {
        self.in_bins(module, self.bins_near(angle, window))
    }
}

#[inline]
fn some(list: &[f32], start: usize) -> f32x8 {
    let some: &[f32; LANES] = list[start..].first_chunk().expect("so many follow the last hit");
    f32x8::new(*some)
}

/// Bins in a unit of the angle.
const SCALE: f32 = BINS as f32 / 4.0;

/// The whole part of a number that is not negative; the detour by 32 bits is the faster way.
#[inline]
fn to_bin(number: f32) -> usize {
    number as i32 as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How far angles are apart, wherever they wrap around.
    fn apart(one: f32, other: f32) -> f32 {
        let difference = (one - other).abs();
        difference.min(4.0 - difference)
    }

    #[test]
    fn windows_find_what_is_near_and_wrap_around() {
        let mut index = HitIndex::default();
        let angles: Vec<f64> = (0..360).map(|degree| f64::from(degree).to_radians()).collect();
        let x: Vec<f64> = angles.iter().map(|angle| 20.0 * angle.cos()).collect();
        let y: Vec<f64> = angles.iter().map(|angle| 20.0 * angle.sin()).collect();
        index.fill(&x, &y, &vec![0.0; 360], &vec![3; 360]);
        assert_eq!(index.of_module(3), 0..360);
        assert!(index.of_module(2).is_empty());
        for centre in 0..360 {
            let angle = pseudo_angle(x[centre] as f32, y[centre] as f32);
            let found: Vec<u32> = index
                .near(3, angle, 0.2)
                .filter(|hit| apart(index.hits[*hit].angle, angle) < 0.2)
                .map(|hit| index.row[hit])
                .collect();
            for hit in 0..360u32 {
                let turned = (hit as i32 - centre as i32).rem_euclid(360);
                let degrees = turned.min(360 - turned);
                if degrees <= 11 {
                    assert!(found.contains(&hit), "{hit} is near {centre}");
                } else if degrees > 24 {
                    assert!(!found.contains(&hit), "{hit} is far from {centre}");
                }
            }
        }
    }
}
