//! Hits of an event, in the order in which pattern recognition asks for them: by module, then by angle about the beam.

use super::geometry::MODULES;
use std::ops::Range;

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

/// Hits by module and bin of the angle; within a bin in the order of the event.
#[derive(Default)]
pub(super) struct HitIndex {
    pub hits: Vec<Hit>,
    pub module: Vec<u8>,
    /// Where a hit is in the event.
    pub row: Vec<u32>,
    /// Where bins begin.
    bins: Vec<u32>,
    /// How many hits the event has in each module.
    numbers: Vec<f32>,
}

/// A stand-in for the angle about the beam, from 0 to 4, that takes one division; it wraps around.
#[inline]
pub(super) fn pseudo_angle(x: f32, y: f32) -> f32 {
    let sine = y / (x.abs() + y.abs()).max(1e-6);
    if x >= 0.0 { 1.0 + sine } else { 3.0 - sine }
}

impl HitIndex {
    /// Takes the hits of an event.
    pub(super) fn fill(&mut self, x: &[f64], y: &[f64], z: &[f64], module: &[u8]) {
        let hits = x.iter().zip(y).zip(z).map(|((&x, &y), &z)| Hit {
            x: x as f32,
            y: y as f32,
            z: z as f32,
            angle: pseudo_angle(x as f32, y as f32),
        });
        self.sort(hits.zip(module.iter().copied()).zip(0..));
        let numbers = (0..MODULES).map(|module| self.of_module(module).len() as f32);
        self.numbers = numbers.collect();
    }

    /// Takes the hits of another index that are not used.
    pub(super) fn fill_unused(&mut self, other: &Self, used: &[bool]) {
        let rows = other.hits.iter().zip(&other.module).zip(&other.row);
        self.sort(
            rows.map(|((hit, module), row)| ((*hit, *module), *row))
                .filter(|(_, row)| !used[*row as usize]),
        );
        self.numbers.clone_from(&other.numbers);
    }

    /// Sorts by counting: twice through the hits, without a comparison.
    fn sort(&mut self, hits: impl Iterator<Item = ((Hit, u8), u32)> + Clone) {
        self.bins.clear();
        self.bins.resize(MODULES * BINS + 2, 0);
        let bin = |hit: &Hit, module: u8| {
            let of_angle = (hit.angle * (BINS as f32 / 4.0)) as usize;
            usize::from(module) * BINS + of_angle.min(BINS - 1)
        };
        let mut number = 0;
        for ((hit, module), _) in hits.clone() {
            self.bins[bin(&hit, module) + 2] += 1;
            number += 1;
        }
        for index in 2..self.bins.len() {
            self.bins[index] += self.bins[index - 1];
        }
        self.hits.resize(number, Hit::default());
        self.module.resize(number, 0);
        self.row.resize(number, 0);
        for ((hit, module), row) in hits {
            let place = &mut self.bins[bin(&hit, module) + 1];
            let index = *place as usize;
            *place += 1;
            self.hits[index] = hit;
            self.module[index] = module;
            self.row[index] = row;
        }
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

    /// Hits of a module among which are all that are within a window about an angle.
    #[inline]
    pub(super) fn near(&self, module: usize, angle: f32, window: f32) -> Range<usize> {
        let bins = &self.bins[module * BINS..=(module + 1) * BINS];
        let scale = BINS as f32 / 4.0;
        let (low, high) = ((angle - window) * scale, (angle + window) * scale);
        // Where angles wrap around, and that is rare, these are all.
        if low < 0.0 || high >= BINS as f32 {
            return bins[0] as usize..bins[BINS] as usize;
        }
        bins[low as usize] as usize..bins[high as usize + 1] as usize
    }
}

/// How far angles are apart, wherever they wrap around.
#[inline]
pub(super) fn apart(one: f32, other: f32) -> f32 {
    let difference = (one - other).abs();
    difference.min(4.0 - difference)
}

#[cfg(test)]
mod tests {
    use super::*;

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
