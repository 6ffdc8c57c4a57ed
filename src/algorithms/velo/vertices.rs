//! The search for primary vertices, the points of proton collisions.

use super::fit::State;

/// A fitted vertex.
#[derive(Clone, Debug, PartialEq)]
pub struct Vertex {
    /// The position in mm.
    pub position: [f64; 3],
    /// The covariances xx, xy, xz, yy, yz, zz of the position, in mm².
    pub covariance: [f64; 6],
    /// The χ² of the tracks with respect to the vertex.
    pub chi2: f64,
    /// The number of degrees of freedom of the χ².
    pub ndof: u32,
    /// The tracks, in ascending order.
    pub tracks: Vec<u32>,
}

/// The requirements for a vertex.
#[derive(Clone, Copy, Debug)]
pub struct Cuts {
    /// The minimum number of tracks.
    pub tracks: usize,
    /// The maximum χ² of a track with respect to its vertex.
    pub chi2: f64,
    /// The maximum distance of a track from the beam, in mm.
    pub distance: f64,
}

/// The resolution of seeds along the beam, in mm.
const PEAK: f64 = 1.0;
/// The maximum number of iterations in a fit.
const ITERATIONS: usize = 12;

/// Finds vertices from tracks, given the state of each track at its point closest to the beam.
///
/// The z with the highest density of tracks is the seed for a vertex. The fit is iterative, with track weights that
/// decrease with the track's χ² (Tukey's biweight). Once a vertex is found, its tracks are removed before the search
/// for the next seed.
///
/// ```
/// use gaudi_mpi::algorithms::velo::fit::State;
/// use gaudi_mpi::algorithms::velo::vertices::{Cuts, find};
///
/// let covariance = [[2e-4, 0.0, 1e-6]; 2]; // mm², mm, 1
/// let track = |tx: f64, ty: f64| State { z: 3.0, slope: [tx, ty], covariance, ..State::default() };
/// let states = [track(0.1, 0.0), track(-0.1, 0.1), track(0.0, 0.2), track(0.1, -0.2), track(-0.2, -0.1)];
/// let vertices = find(&states, &Cuts { tracks: 5, chi2: 16.0, distance: 1.0 });
/// assert_eq!(vertices.len(), 1);
/// assert!((vertices[0].position[2] - 3.0).abs() < 1e-6);
/// ```
pub fn find(states: &[State], cuts: &Cuts) -> Vec<Vertex> {
    let mut left: Vec<u32> = (0..states.len() as u32)
        .filter(|&track| {
            let [x, y] = states[track as usize].position;
            x * x + y * y < cuts.distance * cuts.distance
        })
        .collect();
    left.sort_by(|&a, &b| states[a as usize].z.total_cmp(&states[b as usize].z).then(a.cmp(&b)));
    let mut vertices = Vec::new();
    let mut hopeless: Vec<f64> = Vec::new();
    while left.len() >= cuts.tracks {
        let Some(seed) = seed(states, &left, &hopeless, cuts.tracks) else {
            break;
        };
        match fit(states, &left, seed, cuts) {
            Some(vertex) => {
                left.retain(|track| !vertex.tracks.contains(track));
                vertices.push(vertex);
            }
            None => hopeless.push(seed),
        }
    }
    vertices
}

/// Returns the uncertainty of a track's z in mm: the uncertainty of its position divided by its slope.
fn z_sigma(state: &State) -> f64 {
    let [tx, ty] = state.slope;
    let variance = state.covariance[0][0].max(state.covariance[1][0]);
    (variance / (tx * tx + ty * ty).max(1e-6)).sqrt()
}

/// Returns the z with the highest density of tracks, which are weighted by their precision. `left` is sorted by z.
fn seed(states: &[State], left: &[u32], hopeless: &[f64], tracks: usize) -> Option<f64> {
    let state = |place: usize| &states[left[place] as usize];
    let mut best: Option<(f64, f64)> = None;
    let mut from = 0;
    for centre in 0..left.len() {
        let z = state(centre).z;
        if hopeless.iter().any(|other| (other - z).abs() < PEAK) {
            continue;
        }
        while state(from).z < z - 3.0 * PEAK {
            from += 1;
        }
        let (mut sum, mut number) = (0.0, 0);
        for place in from..left.len() {
            let other = state(place);
            if other.z > z + 3.0 * PEAK {
                break;
            }
            let sigma = z_sigma(other).max(0.1);
            let pull = (other.z - z) / (sigma * sigma + PEAK * PEAK).sqrt();
            if pull.abs() < 3.0 {
                number += 1;
                sum += (-0.5 * pull * pull).exp() / (0.3 + sigma);
            }
        }
        if number >= tracks && best.is_none_or(|(most, _)| sum > most) {
            best = Some((sum, z));
        }
    }
    best.map(|(_, z)| z)
}

/// Fits a vertex to the tracks near the seed with iterative weighted least squares.
fn fit(states: &[State], left: &[u32], seed: f64, cuts: &Cuts) -> Option<Vertex> {
    let mut position = [0.0, 0.0, seed];
    let mut covariance = [0.0; 6];
    // The first iterations accept distant tracks, because the beam position is unknown.
    let mut tolerance = 16.0 * cuts.chi2;
    for _ in 0..ITERATIONS {
        let mut matrix = [0.0; 6];
        let mut vector = [0.0; 3];
        for &track in left {
            let state = &states[track as usize];
            let distance = chi2_of(state, position);
            if distance.chi2 >= tolerance {
                continue;
            }
            let weight = (1.0 - distance.chi2 / tolerance).powi(2);
            // Each projection gives one equation: vx − tx vz = x − tx z.
            for axis in 0..2 {
                let w = weight * distance.weights[axis];
                let t = state.slope[axis];
                let value = state.position[axis] - t * state.z;
                matrix[[0, 3][axis]] += w;
                matrix[[2, 4][axis]] -= w * t;
                matrix[5] += w * t * t;
                vector[axis] += w * value;
                vector[2] -= w * t * value;
            }
        }
        covariance = invert(matrix)?;
        let [xx, xy, xz, yy, yz, zz] = covariance;
        let [a, b, c] = vector;
        let next = [
            xx * a + xy * b + xz * c,
            xy * a + yy * b + yz * c,
            xz * a + yz * b + zz * c,
        ];
        let moved = (next[2] - position[2]).abs();
        position = next;
        if tolerance == cuts.chi2 && moved < 1e-4 {
            break;
        }
        tolerance = (0.5 * tolerance).max(cuts.chi2);
    }
    let mut vertex = Vertex {
        position,
        covariance,
        chi2: 0.0,
        ndof: 0,
        tracks: Vec::new(),
    };
    for &track in left {
        let chi2 = chi2_of(&states[track as usize], position).chi2;
        if chi2 < cuts.chi2 {
            vertex.chi2 += chi2;
            vertex.tracks.push(track);
        }
    }
    vertex.tracks.sort_unstable();
    vertex.ndof = (2 * vertex.tracks.len() as u32).saturating_sub(3);
    (vertex.tracks.len() >= cuts.tracks).then_some(vertex)
}

/// The distance between a track and a vertex.
struct TrackDistance {
    chi2: f64,
    /// The inverse variance in each projection, in mm⁻².
    weights: [f64; 2],
}

/// Returns the distance between a track and a vertex at (vx, vy, vz).
fn chi2_of(state: &State, [vx, vy, vz]: [f64; 3]) -> TrackDistance {
    let dz = vz - state.z;
    let mut distance = TrackDistance {
        chi2: 0.0,
        weights: [0.0; 2],
    };
    for (axis, at) in [vx, vy].into_iter().enumerate() {
        let [xx, xt, tt] = state.covariance[axis];
        let variance = xx + 2.0 * dz * xt + dz * dz * tt;
        let residual = state.position[axis] + dz * state.slope[axis] - at;
        distance.weights[axis] = 1.0 / variance;
        distance.chi2 += residual * residual / variance;
    }
    distance
}

/// Returns the inverse of a positive definite symmetric matrix, given as xx, xy, xz, yy, yz, zz.
fn invert([a, b, c, d, e, f]: [f64; 6]) -> Option<[f64; 6]> {
    let minors = [d * f - e * e, c * e - b * f, b * e - c * d];
    let determinant = a * minors[0] + b * minors[1] + c * minors[2];
    if !(determinant.is_finite() && determinant > 0.0) {
        return None;
    }
    let [xx, xy, xz] = minors.map(|minor| minor / determinant);
    let [yy, yz, zz] = [a * f - c * c, b * c - a * e, a * d - b * b].map(|minor| minor / determinant);
    Some([xx, xy, xz, yy, yz, zz])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithms::velo::fit::move_to;
    use crate::numbers::random::Random;

    const CUTS: Cuts = Cuts {
        tracks: 4,
        chi2: 16.0,
        distance: 1.0,
    };

    fn track(random: &mut Random, from: [f64; 3]) -> State {
        let slope = [random.uniform(-0.3, 0.3), random.uniform(0.02, 0.3)];
        let mut state = State {
            z: from[2] + 50.0,
            slope,
            covariance: [[0.0002, 0.0, 1e-6]; 2],
            ..State::default()
        };
        for axis in 0..2 {
            let truth = from[axis] + 50.0 * slope[axis];
            state.position[axis] = random.gaussian(truth, 0.0002f64.sqrt());
            state.slope[axis] = random.gaussian(slope[axis], 1e-3);
        }
        let ([x, y], [tx, ty]) = (state.position, state.slope);
        let closest = state.z - (x * tx + y * ty) / (tx * tx + ty * ty);
        move_to(&mut state, closest);
        state
    }

    #[test]
    fn vertices_are_found_with_standard_pulls() {
        let mut pulls = Vec::new();
        for event in 0..300 {
            let mut random = Random::new(11, event);
            let truth = [[0.05, -0.02, -30.0], [0.03, 0.01, 5.0], [0.0, 0.0, 60.0]];
            let mut states = Vec::new();
            for from in truth {
                (0..20).for_each(|_| states.push(track(&mut random, from)));
            }
            let mut vertices = find(&states, &CUTS);
            vertices.sort_by(|a, b| a.position[2].total_cmp(&b.position[2]));
            assert_eq!(vertices.len(), 3, "event {event}");
            for (vertex, truth) in vertices.iter().zip(truth) {
                assert!(vertex.tracks.len() >= 18);
                let [xx, _, _, yy, _, zz] = vertex.covariance;
                for (axis, variance) in [xx, yy, zz].into_iter().enumerate() {
                    pulls.push((vertex.position[axis] - truth[axis]) / variance.sqrt());
                }
            }
        }
        let width = (pulls.iter().map(|pull| pull * pull).sum::<f64>() / pulls.len() as f64).sqrt();
        assert!((0.85..1.15).contains(&width), "{width}");
    }

    #[test]
    fn few_tracks_have_no_vertex() {
        let mut random = Random::new(12, 0);
        let states: Vec<State> = (0..3).map(|_| track(&mut random, [0.0; 3])).collect();
        assert_eq!(find(&states, &CUTS), []);
        assert_eq!(find(&[], &CUTS), []);
    }

    #[test]
    fn a_matrix_times_its_inverse_is_one() {
        let [a, b, c, d, e, f] = [4.0, 1.0, 0.5, 3.0, 0.2, 2.0];
        let [xx, xy, xz, yy, yz, zz] = invert([a, b, c, d, e, f]).unwrap();
        assert!((a * xx + b * xy + c * xz - 1.0).abs() < 1e-12);
        assert!((b * xy + d * yy + e * yz - 1.0).abs() < 1e-12);
        assert!((c * xz + e * yz + f * zz - 1.0).abs() < 1e-12);
        assert!((a * xy + b * yy + c * yz).abs() < 1e-12);
        assert_eq!(invert([0.0; 6]), None);
    }
}
