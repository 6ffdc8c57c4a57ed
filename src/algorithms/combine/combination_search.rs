//! The search for combinations: one candidate for each daughter, none of them used twice.

use super::daughter_candidates::DaughterCandidates;
use crate::algorithms::four_momentum::FourMomentum;
use std::collections::HashSet;

/// A daughter's part in a decay.
#[derive(Clone, Copy, Debug)]
pub(super) struct Role {
    /// Where its candidates are.
    pub source: usize,
    /// A daughter before this one that is identical: theirs is a combination in one order only.
    pub after: Option<usize>,
}

/// A decay, with a role for each daughter.
pub(super) struct BoundDecay {
    pub pid: i32,
    pub charge: i32,
    pub roles: Vec<Role>,
}

/// Tries all combinations.
pub(super) struct CombinationSearch {
    mass: Option<[f64; 2]>,
    /// Whether the same rows may be found twice.
    pub may_repeat: bool,
    /// For the daughters so far: the candidates, the sum of their momenta, and their tracks.
    chosen: Vec<usize>,
    sums: Vec<FourMomentum>,
    tracks: Vec<u64>,
}

/// The combinations found in an event.
pub(super) struct Combinations {
    daughters: usize,
    candidates: Vec<Combination>,
    /// For each, the daughters' rows.
    rows: Vec<u32>,
}

/// A combination.
#[derive(Clone, Copy, Debug)]
pub(super) struct Combination {
    pub momentum: FourMomentum,
    pub mass: f64,
    /// Which of the decays it is one of.
    pub decay: usize,
    /// Where its rows begin.
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

    /// Adds the combinations of an event to those found, in the order of rows.
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

/// √max(0, e² − p²); not a number if that is none.
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

    /// The combinations.
    pub(super) fn candidates(&self) -> impl Iterator<Item = &Combination> {
        self.candidates.iter()
    }

    /// A combination's rows.
    pub(super) fn rows(&self, candidate: &Combination) -> &[u32] {
        &self.rows[candidate.at..candidate.at + self.daughters]
    }

    /// Brings combinations of several decays into one order, and removes those that have been found before with the
    /// same rows in other roles.
    pub(super) fn put_in_order(&mut self, sources: &[DaughterCandidates], decays: &[BoundDecay], may_repeat: bool) {
        let Self {
            daughters,
            candidates,
            rows,
        } = self;
        let rows_of = |candidate: &Combination| &rows[candidate.at..candidate.at + *daughters];
        if decays.len() > 1 {
            // Stable: of two decays, the one that was written goes first.
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
