//! The straight-line fit to a track's hits.

/// A hit, with the multiple scattering in its module.
#[derive(Clone, Copy, Debug)]
pub struct Measurement {
    /// The position in x and y in mm.
    pub position: [f64; 2],
    /// The position along the beam in mm.
    pub z: f64,
    /// The standard deviation of the scattering angle in each projection, in rad, for a particle with a momentum of 1
    /// MeV along the beam.
    pub scattering: f64,
}

/// The state of a straight line at some z, with its covariance. The x and y projections are independent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct State {
    /// The position along the beam in mm.
    pub z: f64,
    /// The position in x and y in mm.
    pub position: [f64; 2],
    /// dx/dz and dy/dz.
    pub slope: [f64; 2],
    /// The covariance matrix in each projection: position–position (mm²), position–slope (mm), slope–slope.
    pub covariance: [[f64; 3]; 2],
    /// The χ² of the fit to the hits.
    pub chi2: f64,
    /// The number of degrees of freedom of the χ².
    pub ndof: u32,
    /// Whether the particle moves towards smaller z.
    pub backward: bool,
}

/// The hit resolution in each coordinate, in mm.
pub const RESOLUTION: f64 = 0.0145;

/// The transverse momentum assumed for all tracks, in MeV. The detector does not measure the momentum; this is a
/// typical value.
pub const TRANSVERSE_MOMENTUM: f64 = 400.0;

/// Returns the standard deviation of the scattering angle in a projection, multiplied by the momentum, in rad MeV, for
/// a thickness in radiation lengths. This is V. L. Highland's formula for β = 1 (Review of Particle Physics, "Passage
/// of particles through matter").
pub fn scattering(thickness: f64) -> f64 {
    if thickness <= 0.0 {
        return 0.0;
    }
    13.6 * thickness.sqrt() * (1.0 + 0.038 * thickness.ln())
}

/// Fits a line to hits sorted by z, ascending or descending, and returns the state closest to the beam. Returns `None`
/// if there are fewer than two hits, or if all hits are at the same z.
///
/// A Kalman filter (R. Frühwirth, Nucl. Instrum. Meth. A 262, 444, 1987) runs from the particle's last hit to its
/// first, so the result is most precise near the particle's origin.
///
/// ```
/// use gaudi_mpi::algorithms::velo::fit::{Measurement, fit};
///
/// let hit = |z: f64| Measurement { position: [0.1 * z, 0.2 * z], z, scattering: 0.0 };
/// let state = fit(&[hit(100.0), hit(125.0), hit(150.0)]).ok_or("no fit")?;
/// assert!((state.slope[0] - 0.1).abs() < 1e-9 && state.z.abs() < 1e-6 && state.ndof == 2);
/// # Ok::<(), &str>(())
/// ```
pub fn fit(hits: &[Measurement]) -> Option<State> {
    let (mut low, mut high) = (hits.first()?, hits.last()?);
    if low.z > high.z {
        (low, high) = (high, low);
    }
    if high.z - low.z < 1e-6 {
        return None;
    }
    let slope = [0, 1].map(|axis| (high.position[axis] - low.position[axis]) / (high.z - low.z));
    let t2 = slope[0] * slope[0] + slope[1] * slope[1];
    let at_beam = low.z - (low.position[0] * slope[0] + low.position[1] * slope[1]) / t2.max(1e-12);
    let backward = at_beam > 0.5 * (low.z + high.z);
    // Hits are processed from the particle's last hit to its first.
    let from_end = (hits[0].z > hits[hits.len() - 1].z) == backward;
    let order = |place: usize| {
        if from_end {
            hits[hits.len() - 1 - place]
        } else {
            hits[place]
        }
    };

    // The momentum is p = pT / sin θ, and the path through a module is longer by a factor of 1 / cos θ.
    let lengthening = (1.0 + t2).sqrt();
    let momentum = TRANSVERSE_MOMENTUM * (1.0 + 1.0 / t2.max(1e-6)).sqrt();
    let first = order(0);
    let mut state = State {
        z: first.z,
        position: first.position,
        slope,
        covariance: [[RESOLUTION * RESOLUTION, 0.0, 1.0]; 2],
        chi2: 0.0,
        ndof: 2 * (hits.len() as u32 - 2),
        backward,
    };
    for place in 1..hits.len() {
        let (before, hit) = (order(place - 1), order(place));
        // Scattering at the first hit has no effect because the slope is still unknown there.
        let angle = if place == 1 { 0.0 } else { before.scattering / momentum };
        let square = angle * angle * lengthening;
        let [tx, ty] = slope;
        scatter(
            &mut state,
            [
                square * (1.0 + t2) * (1.0 + tx * tx),
                square * (1.0 + t2) * (1.0 + ty * ty),
            ],
        );
        move_to(&mut state, hit.z);
        state.chi2 += update(&mut state, hit.position);
    }
    let last = order(hits.len() - 1);
    let angle = last.scattering / momentum;
    let square = angle * angle * lengthening * (1.0 + t2);
    scatter(&mut state, slope.map(|t| square * (1.0 + t * t)));
    let ([x, y], [tx, ty]) = (state.position, state.slope);
    let closest = state.z - (x * tx + y * ty) / (tx * tx + ty * ty).max(1e-12);
    // The range is limited because a line parallel to the beam has no unique point of closest approach.
    move_to(&mut state, closest.clamp(-2000.0, 2000.0));
    Some(state)
}

/// Adds multiple scattering to the variances of the slopes.
fn scatter(state: &mut State, variances: [f64; 2]) {
    for (covariance, variance) in state.covariance.iter_mut().zip(variances) {
        covariance[2] += variance;
    }
}

/// Moves a state along its line to `z` in mm.
pub fn move_to(state: &mut State, z: f64) {
    let dz = z - state.z;
    for axis in 0..2 {
        let [xx, xt, tt] = state.covariance[axis];
        state.position[axis] += dz * state.slope[axis];
        state.covariance[axis] = [xx + 2.0 * dz * xt + dz * dz * tt, xt + dz * tt, tt];
    }
    state.z = z;
}

/// Updates a state with a hit, and returns the increase in χ².
fn update(state: &mut State, position: [f64; 2]) -> f64 {
    let mut chi2 = 0.0;
    for (axis, measured) in position.into_iter().enumerate() {
        let [xx, xt, tt] = state.covariance[axis];
        let residual = measured - state.position[axis];
        let variance = xx + RESOLUTION * RESOLUTION;
        let (gain, turn) = (xx / variance, xt / variance);
        state.position[axis] += gain * residual;
        state.slope[axis] += turn * residual;
        state.covariance[axis] = [xx * (1.0 - gain), xt * (1.0 - gain), tt - turn * xt];
        chi2 += residual * residual / variance;
    }
    chi2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::random::Random;

    /// Generates the hits of a particle that starts at (0, 0, `origin`), with the amount of scattering that the fit
    /// assumes.
    fn hits(random: &mut Random, slope: [f64; 2], origin: f64, number: usize, direction: f64) -> Vec<Measurement> {
        let t2 = slope[0] * slope[0] + slope[1] * slope[1];
        let momentum = TRANSVERSE_MOMENTUM * (1.0 + 1.0 / t2).sqrt();
        let scattering = scattering(0.012);
        let angle = scattering / momentum * (1.0 + t2).powf(0.75);
        let mut position = [0.0; 2];
        let mut slope = slope;
        let mut z = origin;
        (0..number)
            .map(|place| {
                let dz = direction * if place == 0 { 60.0 } else { 25.0 };
                z += dz;
                for axis in 0..2 {
                    position[axis] += dz * slope[axis];
                }
                let measured = position.map(|x| random.gaussian(x, RESOLUTION));
                slope = slope.map(|t| random.gaussian(t, angle * (1.0 + t * t).sqrt()));
                Measurement {
                    position: measured,
                    z,
                    scattering,
                }
            })
            .collect()
    }

    #[test]
    fn pulls_are_standard_and_chi2_equals_ndof() {
        for (direction, number) in [(1.0, 3), (1.0, 8), (-1.0, 5)] {
            let mut random = Random::new(7, number as u64);
            let (mut pulls, mut chi2, mut ndof) = (Vec::new(), 0.0, 0);
            for track in 0..4000 {
                let slope = [random.uniform(-0.2, 0.2), random.uniform(0.05, 0.2)];
                let mut made = hits(&mut random, slope, 10.0, number, direction);
                if track % 2 == 0 {
                    made.reverse();
                }
                let mut state = fit(&made).unwrap();
                assert_eq!(state.backward, direction < 0.0);
                chi2 += state.chi2;
                ndof += state.ndof;
                move_to(&mut state, 10.0);
                for (axis, slope) in slope.into_iter().enumerate() {
                    let [xx, _, tt] = state.covariance[axis];
                    pulls.push(state.position[axis] / xx.sqrt());
                    pulls.push((state.slope[axis] - slope) / tt.sqrt());
                }
            }
            let mean = pulls.iter().sum::<f64>() / pulls.len() as f64;
            let width = (pulls.iter().map(|pull| pull * pull).sum::<f64>() / pulls.len() as f64).sqrt();
            assert!(mean.abs() < 0.03, "{mean}");
            assert!((width - 1.0).abs() < 0.03, "{width} for {number} hits");
            let per_degree = chi2 / f64::from(ndof);
            assert!((per_degree - 1.0).abs() < 0.04, "{per_degree} for {number} hits");
        }
    }

    #[test]
    fn one_hit_has_no_fit() {
        let hit = Measurement {
            position: [1.0, 2.0],
            z: 3.0,
            scattering: 0.0,
        };
        assert_eq!(fit(&[hit]), None);
        assert_eq!(fit(&[]), None);
    }
}
