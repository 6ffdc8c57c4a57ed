//! `Combine`: builds decay candidates from candidates for the daughters.

mod candidate_table;
mod columns;
mod combination_search;
mod daughter_candidates;
mod daughter_inputs;
mod origin;
#[cfg(test)]
mod tests;

pub use columns::{CombineColumns, MassFrom};

use super::decay_descriptor::{Decay, DecayDescriptor};
use crate::app::prelude::*;
use crate::error::Result;
use candidate_table::CandidateTable;
use combination_search::{BoundDecay, CombinationSearch, Combinations, Role};
use daughter_candidates::DaughterCandidates;
use daughter_inputs::DaughterInputs;
use origin::Origins;
use std::collections::BTreeMap;

/// Builds a decay candidate from each combination of daughters.
///
/// ```
/// # gaudi_mpi::algorithms::register_all();
/// # let job = gaudi_mpi::app::JobConfig::parse(r#"
/// # input.events = 10
/// # [[algorithm]]
/// # type = "ToyDecays"
/// [[algorithm]]
/// type = "Combine"
/// name = "MakeJpsi"
/// decay = "J/psi(1S) -> mu+ mu-"
/// inputs = { "mu+" = "Phys/Muons", "mu-" = "Phys/Muons" }
/// output = "Phys/Jpsi"
/// mass = [3000, 3200]                             # MeV, both ends included
/// daughter_cuts = { "mu+" = "track.chi2 < 3", "mu-" = "track.chi2 < 3" }
/// combination_cut = "pt > 1*GeV"                  # on the rows of `output`
/// best = "abs(m - 3096.9)"                        # keep the candidate with the smallest value
/// minimum = 1                                     # reject events with fewer candidates
/// # "#)?;
/// # gaudi_mpi::app::AppMgr::from_config(job).events(1)?.next()?;
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
///
/// # Daughters
///
/// The candidates for a daughter are the rows of its input table with the daughter's PDG identifier, if the table has a
/// column `pid`. Without a `pid` column, the candidates are the rows with the daughter's charge if
/// [`columns`](Self::columns) names a charge column, or else all rows. In a decay with `cc`, the inputs and cuts also
/// apply to the antiparticles.
///
/// Each combination of rows is tried only once because identical daughters are assigned rows in ascending order. If
/// several combinations differ only in which row is assigned to which daughter of the same mass, the first combination
/// is kept. A combination must not use a track twice. To check this, references named `child1`, `child2`, …, `track`
/// and `source` (created by `Filter`) are followed until they reach a table without such references.
///
/// # Output
///
/// The table `output` has the columns `px`, `py`, `pz`, `e`, `m` = √max(0, e² − p²) and `pt`, in the same unit as the
/// inputs; `pid`, the PDG identifier of the decaying particle; `charge`, the sum of the daughters' charges; and the
/// references `child1`, `child2`, … to the daughters' rows. Candidates are sorted by `child1`, then `child2`, and so
/// on.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Combine {
    /// The [decay descriptor](super::decay_descriptor), such as `[B+ -> J/psi(1S) K+]cc`.
    pub decay: String,
    /// The input table for each daughter, keyed by the daughter's name.
    pub inputs: BTreeMap<String, String>,
    /// The path of the new candidate table.
    pub output: String,
    /// The names of the input columns. They are ignored for tables made by `Combine`, whose column names are fixed.
    #[serde(default, skip_serializing_if = "CombineColumns::is_default")]
    pub columns: CombineColumns,
    /// The minimum and maximum candidate mass, in the same unit as the inputs. Default: no limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mass: Option<[f64; 2]>,
    /// Cuts on the rows of the input tables, keyed by the daughter's name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub daughter_cuts: BTreeMap<String, String>,
    /// A cut on candidates, written in terms of the columns of `output`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub combination_cut: Option<String>,
    /// In each event, keeps only the candidate for which this expression is smallest. In a tie, the first candidate is
    /// kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<String>,
    /// Events with fewer candidates than this are rejected. Default: 1.
    #[serde(default = "one")]
    pub minimum: u64,
    #[serde(skip)]
    bound: Option<Bound>,
}

fn one() -> u64 {
    1
}

/// The state after `initialize`.
struct Bound {
    sources: Vec<DaughterCandidates>,
    /// The decay and, if different, its conjugate.
    decays: Vec<BoundDecay>,
    search: CombinationSearch,
    found: Combinations,
    output: CandidateTable,
    cut: Option<Formula>,
    best: Option<Formula>,
    number: CounterHandle,
    passed: Vec<bool>,
    values: Vec<f64>,
    keep: Vec<bool>,
}

impl Algorithm for Combine {
    fn initialize(&mut self, setup: &mut Setup) -> Result<()> {
        let descriptor = DecayDescriptor::parse(&self.decay).map_err(|error| format!("decay: {error}"))?;
        if let Some([low, high]) = self.mass
            && (low.is_nan() || high.is_nan() || low > high)
        {
            return Err(format!("mass = [{low}, {high}] is no window: give the lowest and the highest mass").into());
        }
        let daughters = DaughterInputs::new(&descriptor, &self.inputs, &self.daughter_cuts)?;
        let (sources, decays, unit) = self.bind(&descriptor, &daughters, setup)?;
        let output = CandidateTable::create(setup, &self.output, &unit, &daughters.tables)?;
        let cut = match &self.combination_cut {
            None => None,
            Some(cut) => {
                let cut = setup.cut(cut, Some(&self.output));
                Some(cut.map_err(|error| format!("combination_cut: {error}"))?)
            }
        };
        let best = match &self.best {
            None => None,
            Some(best) => {
                let formula = setup
                    .formula(best, Some(&self.output))
                    .map_err(|error| format!("best: {error}"))?;
                if formula.table() != Some(output.table) {
                    return Err(
                        format!("best = \"{best}\" is not a value per candidate: use columns of the output").into(),
                    );
                }
                Some(formula)
            }
        };
        if let Some(table) = cut.as_ref().and_then(Formula::table)
            && table != output.table
        {
            return Err("combination_cut has a value per row of another table: use columns of the output".into());
        }
        self.bound = Some(Bound {
            search: CombinationSearch::new(self.mass, may_repeat(&sources, &decays)),
            found: Combinations::new(daughters.tables.len()),
            sources,
            decays,
            output,
            cut,
            best,
            number: setup.counter("candidates"),
            passed: Vec::new(),
            values: Vec::new(),
            keep: Vec::new(),
        });
        Ok(())
    }

    fn execute_block(&mut self, block: &mut EventBlock) -> Result<()> {
        let Some(bound) = &mut self.bound else {
            return Ok(());
        };
        for source in &mut bound.sources {
            source.fill(block.store(), block.selected())?;
        }
        for event in 0..block.events() {
            if block.selected()[event] {
                bound.found.clear();
                for (index, decay) in bound.decays.iter().enumerate() {
                    bound
                        .search
                        .run(&decay.roles, &bound.sources, event, index, &mut bound.found);
                }
                bound
                    .found
                    .sort_and_dedup(&bound.sources, &bound.decays, bound.search.may_repeat);
                bound.output.append(block.store_mut(), &bound.found, &bound.decays);
            }
            block.end_rows(bound.output.table, event)?;
        }
        bound.choose(block);
        for event in 0..block.events() {
            if block.selected()[event] {
                let candidates = block.store().rows(bound.output.table, event).len() as u64;
                block.count(bound.number, candidates as f64);
                if candidates < self.minimum {
                    block.reject(event);
                }
            }
        }
        Ok(())
    }
}

impl Combine {
    /// Creates the algorithm, without cuts, from a decay descriptor, the input table for each daughter, and the output
    /// table.
    ///
    /// ```
    /// use gaudi_mpi::algorithms::{Combine, ToyDecays};
    /// use gaudi_mpi::app::AppMgr;
    ///
    /// let mut app = AppMgr::new();
    /// app.config_mut().input.events = Some(100);
    /// app.algorithm("Toys", ToyDecays::default());
    /// let muons = [("mu+", "Phys/Muons"), ("mu-", "Phys/Muons")];
    /// let mut pairs = Combine::new("J/psi(1S) -> mu+ mu-", &muons, "Phys/Jpsi");
    /// pairs.mass = Some([3000.0, 3200.0]);
    /// app.algorithm("Pairs", pairs);
    ///
    /// let mut events = app.events(1)?;
    /// let mass = events.read::<f64>("Phys/Jpsi/m")?;
    /// while let Some(event) = events.next()? {
    ///     assert!(event.get(mass).iter().all(|mass| (3000.0..=3200.0).contains(mass)));
    /// }
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    pub fn new(decay: &str, inputs: &[(&str, &str)], output: &str) -> Self {
        let owned = |(name, table): &(&str, &str)| (name.to_string(), table.to_string());
        Self {
            decay: decay.into(),
            inputs: inputs.iter().map(owned).collect(),
            output: output.into(),
            minimum: one(),
            ..Self::default()
        }
    }

    /// Returns the candidates for each daughter, the decays that use these candidates, and the momentum unit.
    fn bind(
        &self,
        descriptor: &DecayDescriptor,
        daughters: &DaughterInputs,
        setup: &mut Setup,
    ) -> Result<(Vec<DaughterCandidates>, Vec<BoundDecay>, String)> {
        let mut decays = descriptor.decays();
        // A conjugate decay with the same daughters would only find each combination a second time.
        decays.dedup_by(|one, other| one.products() == other.products());
        let mut sources: Vec<DaughterCandidates> = Vec::new();
        let mut origins = Origins::default();
        let mut bound = Vec::new();
        for Decay {
            head,
            daughters: particles,
        } in &decays
        {
            let mut roles: Vec<Role> = Vec::new();
            for (place, particle) in particles.iter().enumerate() {
                let (table, cut) = (&daughters.tables[place], daughters.cuts[place].as_deref());
                let known = sources.iter().position(|source| source.is_of(particle, table, cut));
                let source = match known {
                    Some(known) => known,
                    None => {
                        let source = DaughterCandidates::new(particle, table, cut, &self.columns, &mut origins, setup)
                            .map_err(|error| format!("{}: {error}", particle.name))?;
                        sources.push(source);
                        sources.len() - 1
                    }
                };
                let after = roles.iter().rposition(|role: &Role| role.source == source);
                roles.push(Role { source, after });
            }
            bound.push(BoundDecay {
                pid: head.pdg_id,
                charge: particles.iter().map(|particle| particle.charge).sum(),
                roles,
            });
        }
        let mut unit: Option<&DaughterCandidates> = None;
        for source in sources.iter().filter(|source| !source.unit().is_empty()) {
            match unit {
                Some(first) if first.unit() != source.unit() => {
                    return Err(format!(
                        "momenta in {} are in {}, but in {} in {}: convert one of them with Define",
                        first.table_path(),
                        first.unit(),
                        source.table_path(),
                        source.unit()
                    )
                    .into());
                }
                Some(_) => {}
                None => unit = Some(source),
            }
        }
        let unit = unit.map_or(String::new(), |source| source.unit().to_string());
        Ok((sources, bound, unit))
    }
}

/// Returns whether the search may find the same rows a second time, with the daughters' roles swapped. Rows with an
/// identifier can play only one role.
fn may_repeat(sources: &[DaughterCandidates], decays: &[BoundDecay]) -> bool {
    let mixed = |decay: &BoundDecay| {
        decay.roles.iter().any(|one| {
            let same =
                |other: &Role| one.source != other.source && sources[one.source].table == sources[other.source].table;
            decay.roles.iter().any(same)
        })
    };
    !sources.iter().all(DaughterCandidates::is_identified) && (decays.len() > 1 || decays.iter().any(mixed))
}

impl Bound {
    /// Removes candidates that fail the cut or are not the best.
    fn choose(&mut self, block: &mut EventBlock) {
        let table = self.output.table;
        if let Some(cut) = &mut self.cut {
            cut.truths(block.store(), block.selected(), &mut self.passed);
            let rows = cut.table().is_some();
            self.keep.clear();
            for event in 0..block.events() {
                for row in block.store().rows(table, event) {
                    self.keep.push(self.passed[if rows { row } else { event }]);
                }
            }
            block.store_mut().retain_rows(table, &self.keep);
        }
        if let Some(best) = &mut self.best {
            best.numbers(block.store(), block.selected(), &mut self.values);
            self.keep.clear();
            self.keep.resize(self.values.len(), false);
            for event in 0..block.events() {
                let values = &self.values;
                // NaN counts as the worst value.
                let order = |row: &usize, other: &usize| {
                    let (value, than) = (values[*row], values[*other]);
                    value.partial_cmp(&than).unwrap_or(value.is_nan().cmp(&than.is_nan()))
                };
                if let Some(row) = block.store().rows(table, event).min_by(order) {
                    self.keep[row] = true;
                }
            }
            block.store_mut().retain_rows(table, &self.keep);
        }
    }
}
