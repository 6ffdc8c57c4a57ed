//! The search for combinations: one candidate per daughter, with no track used twice.

use super::daughter_candidates::DaughterCandidates;
use crate::algorithms::four_momentum::FourMomentum;
use std::collections::HashSet;

/// A daughter's part in a decay.
#[derive(Clone, Copy, Debug)]
pub(super) struct Role {
    /// The index of the [`DaughterCandidates`] for this daughter.
    pub source: usize,
    /// The previous identical daughter. Its candidate must precede the candidate for this daughter.
    pub after: Option<usize>,
}

/// A decay, with a role for each daughter.
pub(super) struct BoundDecay {
    pub pid: i32,
    pub charge: i32,
    pub roles: Vec<Role>,
}

/// A depth-first search through all combinations.
pub(super) struct CombinationSearch {
    mass: Option<[f64; 2]>,
    /// Whether the search may find the same rows a second time, with the daughters' roles swapped.
    pub may_repeat: bool,
    /// The candidates chosen so far, one per daughter, with the running sums of their momenta and all their tracks.
    chosen: Vec<usize>,
    sums: Vec<FourMomentum>,
    tracks: Vec<u64>,
}

/// The combinations found in an event.
pub(super) struct Combinations {
    daughters: usize,
    candidates: Vec<Combination>,
    /// The daughter rows of all combinations, one after another.
    rows: Vec<u32>,
}

/// A combination of daughters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Combination {
    pub momentum: FourMomentum,
    pub mass: f64,
    /// The index of the decay.
    pub decay: usize,
    /// The index of the combination's first entry in the `rows` of [`Combinations`].
    at: usize,
}

impl CombinationSearch {
    pub(super) fn new(mass: Option<[f64; 2]>, may_repeat: bool) -> Self {
        Self {
            mass,
            may_repeat,
            chosen: Vec::new(),
            sums: Vec::new(),
            tracks: Vec::new(),
        }
    }

    /// Adds an event's combinations to `found`, in row order.
    pub(super) fn run(
        &mut self,
        roles: &[Role],
        sources: &[DaughterCandidates],
        event: usize,
        decay: usize,
        found: &mut Combinations,
    ) {
        if roles.iter().any(|role| sources[role.source].of_event(event).is_empty()) {
            return;
        }
        self.descend(roles, sources, event, decay, found);
    }

    fn descend(
        &mut self,
        roles: &[Role],
        sources: &[DaughterCandidates],
        event: usize,
        decay: usize,
        found: &mut Combinations,
    ) {
        let place = self.chosen.len();
        let source = &sources[roles[place].source];
        let mut candidates = source.of_event(event);
        if let Some(other) = roles[place].after {
            candidates.start = self.chosen[other] + 1;
        }
        let last = place + 1 == roles.len();
        for candidate in candidates {
            let tracks = source.tracks(candidate);
            if tracks.iter().any(|track| self.tracks.contains(track)) {
                continue;
            }
            let momentum = source.momentum(candidate);
            let sum = match self.sums.last() {
                None => momentum,
                Some(before) => *before + momentum,
            };
            if last {
                let mass = mass(&sum);
                if self.mass.is_none_or(|[low, high]| low <= mass && mass <= high) {
                    let before = self.chosen.iter().zip(roles);
                    let rows = before.map(|(chosen, role)| sources[role.source].row(*chosen));
                    found.push(rows.chain([source.row(candidate)]), sum, mass, decay);
                }
                continue;
            }
            let before = self.tracks.len();
            self.tracks.extend_from_slice(tracks);
            self.chosen.push(candidate);
            self.sums.push(sum);
            self.descend(roles, sources, event, decay, found);
            self.sums.pop();
            self.chosen.pop();
            self.tracks.truncate(before);
        }
    }
}

/// Returns √max(0, e² − p²), or NaN for NaN.
fn mass(momentum: &FourMomentum) -> f64 {
    let square = momentum.mass2();
    if square <= 0.0 { 0.0 } else { square.sqrt() }
}

impl Combinations {
    pub(super) fn new(daughters: usize) -> Self {
        Self {
            daughters,
            candidates: Vec::new(),
            rows: Vec::new(),
        }
    }

    pub(super) fn clear(&mut self) {
        self.candidates.clear();
        self.rows.clear();
    }

    fn push(&mut self, rows: impl Iterator<Item = u32>, momentum: FourMomentum, mass: f64, decay: usize) {
        let at = self.rows.len();
        self.rows.extend(rows);
        self.candidates.push(Combination {
            momentum,
            mass,
            decay,
            at,
        });
    }

    /// Returns the combinations.
    pub(super) fn candidates(&self) -> impl Iterator<Item = &Combination> {
        self.candidates.iter()
    }

    /// Returns the daughter rows of a combination.
    pub(super) fn rows(&self, candidate: &Combination) -> &[u32] {
        &self.rows[candidate.at..candidate.at + self.daughters]
    }

    /// Sorts combinations by row if there are several decays, and removes those that repeat the same rows with swapped
    /// roles.
    pub(super) fn sort_and_dedup(&mut self, sources: &[DaughterCandidates], decays: &[BoundDecay], may_repeat: bool) {
        let Self {
            daughters,
            candidates,
            rows,
        } = self;
        let rows_of = |candidate: &Combination| &rows[candidate.at..candidate.at + *daughters];
        if decays.len() > 1 {
            // The sort is stable, so the decay as written precedes its conjugate.
            candidates.sort_by(|one, other| rows_of(one).cmp(rows_of(other)));
        }
        if may_repeat && candidates.len() > 1 {
            let mut seen = HashSet::new();
            candidates.retain(|candidate| {
                let roles = &decays[candidate.decay].roles;
                let keys = roles.iter().zip(rows_of(candidate));
                let mut keys: Vec<_> = keys.map(|(role, row)| sources[role.source].key(*row)).collect();
                keys.sort_unstable();
                seen.insert(keys)
            });
        }
    }
}
