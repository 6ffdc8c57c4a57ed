//! Finds primary vertices: where the protons collided.

use super::fit::State;

/// A vertex.
#[derive(Clone, Debug, PartialEq)]
pub struct Vertex {
    /// mm
    pub position: [f64; 3],
    /// The variances and covariances xx, xy, xz, yy, yz, zz, mm².
    pub covariance: [f64; 6],
    /// χ² of its tracks.
    pub chi2: f64,
    /// Its degrees of freedom.
    pub ndof: u32,
    /// Its tracks, in their order.
    pub tracks: Vec<u32>,
}

/// What is taken for a vertex.
#[derive(Clone, Copy, Debug)]
pub struct Cuts {
    /// The fewest tracks.
    pub tracks: usize,
    /// The largest χ² that a track may have with the vertex it belongs to.
    pub chi2: f64,
    /// How far from the beam a track may pass, mm.
    pub distance: f64,
}

/// Along the beam, two peaks are told apart at this distance, mm.
const PEAK: f64 = 1.0;
const ITERATIONS: usize = 12;

/// Finds vertices of tracks that are given where they are closest to the beam.
///
/// The place along the beam where most tracks are close together is the seed of a vertex, which is fitted with weights that
/// fade out where tracks are far off (Tukey's biweight); its tracks are taken away, and the next seed is looked for.
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

/// How sure the z of a track is, mm: its position's uncertainty over its slope.
fn z_sigma(state: &State) -> f64 {
    let [tx, ty] = state.slope;
    let variance = state.covariance[0][0].max(state.covariance[1][0]);
    (variance / (tx * tx + ty * ty).max(1e-6)).sqrt()
}

/// Where most tracks are, weighted by how well they know it. `left` is in the order of z.
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
            let apart = (other.z - z) / (sigma * sigma + PEAK * PEAK).sqrt();
            if apart.abs() < 3.0 {
                number += 1;
                sum += (-0.5 * apart * apart).exp() / (0.3 + sigma);
            }
        }
        if number >= tracks && best.is_none_or(|(most, _)| sum > most) {
            best = Some((sum, z));
        }
    }
    best.map(|(_, z)| z)
}

/// The weighted least-squares fit of a vertex to the tracks that are near it.
fn fit(states: &[State], left: &[u32], seed: f64, cuts: &Cuts) -> Option<Vertex> {
    let mut position = [0.0, 0.0, seed];
    let mut covariance = [0.0; 6];
    // Begins with wide arms: the beam's position is not known.
    let mut tolerance = 16.0 * cuts.chi2;
    for _ in 0..ITERATIONS {
        let mut matrix = [0.0; 6];
        let mut vector = [0.0; 3];
        for &track in left {
            let state = &states[track as usize];
            let apart = chi2_of(state, position);
            if apart.chi2 >= tolerance {
                continue;
            }
            let weight = (1.0 - apart.chi2 / tolerance).powi(2);
            // Each projection says: vx − tx vz = x − tx z.
            for axis in 0..2 {
                let w = weight * apart.weights[axis];
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

/// How far a track is off a vertex.
struct Apart {
    chi2: f64,
    /// 1 / variance in each projection, mm⁻².
    weights: [f64; 2],
}

fn chi2_of(state: &State, [vx, vy, vz]: [f64; 3]) -> Apart {
    let dz = vz - state.z;
    let mut apart = Apart {
        chi2: 0.0,
        weights: [0.0; 2],
    };
    for (axis, at) in [vx, vy].into_iter().enumerate() {
        let [xx, xt, tt] = state.covariance[axis];
        let variance = xx + 2.0 * dz * xt + dz * dz * tt;
        let residual = state.position[axis] + dz * state.slope[axis] - at;
        apart.weights[axis] = 1.0 / variance;
        apart.chi2 += residual * residual / variance;
    }
    apart
}

/// The inverse of a symmetric matrix, if it has one.
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
    fn vertices_are_found_where_they_are_with_pulls_that_are_standard() {
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
    fn few_tracks_make_no_vertex() {
        let mut random = Random::new(12, 0);
        let states: Vec<State> = (0..3).map(|_| track(&mut random, [0.0; 3])).collect();
        assert_eq!(find(&states, &CUTS), []);
        assert_eq!(find(&[], &CUTS), []);
    }

    #[test]
    fn an_inverse_is_one() {
        let [a, b, c, d, e, f] = [4.0, 1.0, 0.5, 3.0, 0.2, 2.0];
        let [xx, xy, xz, yy, yz, zz] = invert([a, b, c, d, e, f]).unwrap();
        assert!((a * xx + b * xy + c * xz - 1.0).abs() < 1e-12);
        assert!((b * xy + d * yy + e * yz - 1.0).abs() < 1e-12);
        assert!((c * xz + e * yz + f * zz - 1.0).abs() < 1e-12);
        assert!((a * xy + b * yy + c * yz).abs() < 1e-12);
        assert_eq!(invert([0.0; 6]), None);
    }
}
