//! An index of an event's hits, sorted by module, then by angle about the beam.

use super::geometry::MODULES;
use std::ops::Range;
use wide::f32x8;

/// A hit's position (mm) and pseudo-angle. Single precision suffices because its rounding error is a thousandth of the
/// hit resolution.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hit {
    pub x: f32,
    pub y: f32,
    pub z: f32,
    pub angle: f32,
}

/// The number of angle bins in a module, chosen for about one hit per bin.
const BINS: usize = 64;

/// The number of hits compared simultaneously, chosen to cover most search windows.
pub(super) const LANES: usize = 8;

/// The hits, grouped by module and angle bin, and within a bin in the same order as in the event.
#[derive(Default)]
pub(super) struct HitIndex {
    pub hits: Vec<Hit>,
    pub module: Vec<u8>,
    /// The row of each hit in the event.
    pub row: Vec<u32>,
    /// The hits' x, y, z and angles in separate lists, for vector instructions. Each list ends with [`LANES`] NaNs.
    lists: [Vec<f32>; 4],
    /// The index of the first hit in each bin.
    bins: Vec<u32>,
    /// The number of the event's hits in each module.
    numbers: Vec<f32>,
    /// A buffer for sorting: the hits in the order of the event, with their bins.
    unsorted: Vec<(Hit, u16)>,
    /// A buffer used by `fill_unused`: the number of unused hits before each hit.
    before: Vec<u32>,
}

/// The positions of [`LANES`] consecutive hits in mm.
pub(super) struct HitLanes {
    pub x: f32x8,
    pub y: f32x8,
    pub z: f32x8,
}

/// Returns a pseudo-angle about the beam, from 0 to 4 for a full circle. Unlike a true angle, it takes only one
/// division.
#[inline]
pub(super) fn pseudo_angle(x: f32, y: f32) -> f32 {
    let sine = y / (x.abs() + y.abs()).max(1e-6);
    if x >= 0.0 { 1.0 + sine } else { 3.0 - sine }
}

/// Like [`pseudo_angle`], up to a rounding error, but with a given value of 1 / (|x| + |y|).
#[inline]
pub(super) fn pseudo_angle_of(x: f32, y: f32, inverse: f32) -> f32 {
    let sine = y * inverse;
    if x >= 0.0 { 1.0 + sine } else { 3.0 - sine }
}

impl HitIndex {
    /// Indexes an event's hits with a counting sort.
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

    /// Copies all hits of another index.
    pub(super) fn clone_from(&mut self, other: &Self) {
        self.hits.clone_from(&other.hits);
        self.module.clone_from(&other.module);
        self.row.clone_from(&other.row);
        self.lists.clone_from(&other.lists);
        self.bins.clone_from(&other.bins);
        self.numbers.clone_from(&other.numbers);
    }

    /// Copies the unused hits of another index.
    pub(super) fn fill_unused(&mut self, other: &Self, used: &[bool]) {
        self.resize(other.hits.len());
        // Count the unused hits before each hit, and in total.
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

    /// Fills the coordinate lists from the hits.
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

    /// Removes a hit by setting its x to NaN, which makes every comparison with this hit fail.
    pub(super) fn remove(&mut self, hit: u32) {
        self.hits[hit as usize].x = f32::NAN;
        self.lists[0][hit as usize] = f32::NAN;
    }

    /// Returns whether a hit was removed.
    #[inline]
    pub(super) fn is_removed(&self, hit: u32) -> bool {
        self.hits[hit as usize].x.is_nan()
    }

    /// Returns the positions of the [`LANES`] hits that begin at `start`.
    #[inline]
    pub(super) fn lanes(&self, start: usize) -> HitLanes {
        let [x, y, z, _] = &self.lists;
        HitLanes {
            x: load(x, start),
            y: load(y, start),
            z: load(z, start),
        }
    }

    /// Returns the angles of the [`LANES`] hits that begin at `start`.
    #[inline]
    pub(super) fn angles(&self, start: usize) -> f32x8 {
        load(&self.lists[3], start)
    }

    /// Returns the number of the event's hits in a module, including hits that are not in this index.
    #[inline]
    pub(super) fn number_in(&self, module: usize) -> f32 {
        self.numbers[module]
    }

    /// Returns the index range of a module's hits.
    #[inline]
    pub(super) fn of_module(&self, module: usize) -> Range<usize> {
        self.bins[module * BINS] as usize..self.bins[(module + 1) * BINS] as usize
    }

    /// Returns the first and last bins of a window around an angle.
    #[inline]
    pub(super) fn bins_near(&self, angle: f32, window: f32) -> [usize; 2] {
        let (low, high) = ((angle - window) * SCALE, (angle + window) * SCALE);
        // Windows that wrap around are rare, so they are simply extended to all bins.
        if low < 0.0 || high >= BINS as f32 {
            return [0, BINS - 1];
        }
        [to_bin(low), to_bin(high)]
    }

    /// Returns the index range of a module's hits in the bins from `first` to `last`.
    #[inline]
    pub(super) fn in_bins(&self, module: usize, [first, last]: [usize; 2]) -> Range<usize> {
        let bins: &[u32; BINS + 1] = self.bins[module * BINS..]
            .first_chunk()
            .expect("the module is below MODULES");
        bins[first % BINS] as usize..bins[last % BINS + 1] as usize
    }

    /// Returns an index range of a module's hits that includes every hit in a window around an angle.
    #[inline]
    pub(super) fn near(&self, module: usize, angle: f32, window: f32) -> Range<usize> {
        self.in_bins(module, self.bins_near(angle, window))
    }
}

#[inline]
fn load(list: &[f32], start: usize) -> f32x8 {
    let lanes: &[f32; LANES] = list[start..].first_chunk().expect("LANES values follow the last hit");
    f32x8::new(*lanes)
}

/// The number of bins per unit of angle.
const SCALE: f32 = BINS as f32 / 4.0;

/// Returns the integer part of a non-negative number. Converting via a 32-bit integer is faster than converting to
/// `usize` directly.
#[inline]
fn to_bin(number: f32) -> usize {
    number as i32 as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the distance between two angles, taking wrap-around into account.
    fn apart(one: f32, other: f32) -> f32 {
        let difference = (one - other).abs();
        difference.min(4.0 - difference)
    }

    #[test]
    fn windows_wrap_around() {
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
