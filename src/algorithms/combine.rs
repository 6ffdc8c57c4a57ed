//! `Combine`: candidates for particles that decay, out of those for what they decay to.

mod columns;
mod daughters;
mod origin;
mod output;
#[cfg(test)]
mod reference;
mod search;
mod source;
#[cfg(test)]
mod tests;

pub use columns::{CombineColumns, MassFrom};

use super::decay_descriptor::{Decay, DecayDescriptor};
use crate::app::prelude::*;
use crate::error::Result;
use crate::event::path;
use daughters::Daughters;
use origin::Origins;
use output::Output;
use search::{Found, Role, Search};
use source::Source;
use std::collections::BTreeMap;

/// Makes candidates of all combinations of daughters.
///
/// ```toml
/// [[algorithm]]
/// type = "Combine"
/// name = "MakeJpsi"
/// decay = "J/psi(1S) -> mu+ mu-"
/// inputs = { "mu+" = "Phys/Muons", "mu-" = "Phys/Muons" }
/// output = "Phys/Jpsi"
/// mass = [3000, 3200]                             # both ends included
/// daughter_cuts = { "mu+" = "track.chi2 < 3", "mu-" = "track.chi2 < 3" }
/// combination_cut = "pt > 1*GeV"                  # on what is in `output`
/// best = "abs(m - 3096.9)"                        # keep the candidate with the smallest value
/// minimum = 1                                     # reject events with fewer
/// ```
///
/// # Daughters
///
/// The candidates for a daughter are the rows of its input table whose `pid` is the daughter's identifier, if the table
/// has such a column. If it has none, they are those of the daughter's charge, where [`columns`](Self::columns) say
/// which column that is, and otherwise all rows. In a decay with `cc`, inputs and cuts hold for the antiparticles, too.
///
/// Each combination of rows is tried once: identical daughters in the order of their rows, and of combinations that
/// differ by nothing but which row is taken for which daughter of the same mass, the first. Combinations that use a
/// track twice are left out. To see that, references named `child1`, `child2`, …, `track`, and `source` (that of a
/// `Filter`) are followed from table to table as far as they lead.
///
/// # Output
///
/// The table `output` has the columns `px`, `py`, `pz`, `e`, `m` = √max(0, e² − p²) and `pt`, in the unit of the input;
/// `pid`, the identifier of what decays; `charge`, the sum of the daughters' charges; and the references `child1`,
/// `child2`, … to the daughters' rows. Candidates are in the order of their daughters' rows: first by `child1`, then by
/// `child2`.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Combine {
    /// The [descriptor](super::decay_descriptor) of the decay, such as `[B+ -> J/psi(1S) K+]cc`.
    pub decay: String,
    /// The table with the candidates, for each daughter.
    pub inputs: BTreeMap<String, String>,
    /// The table that gets the candidates.
    pub output: String,
    /// What the columns of the inputs are called. Candidates that another `Combine` has made are read by the columns
    /// that it makes, whatever these are.
    #[serde(default, skip_serializing_if = "CombineColumns::is_default")]
    pub columns: CombineColumns,
    /// The lowest and the highest mass of a candidate, in the unit of the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mass: Option<[f64; 2]>,
    /// What rows of the input table have to pass, for each daughter.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub daughter_cuts: BTreeMap<String, String>,
    /// What candidates have to pass: a cut on rows of `output`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub combination_cut: Option<String>,
    /// Of the candidates of an event, keeps the one for which this is smallest; the first, if there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<String>,
    /// Events with fewer candidates are rejected; with 0, none are.
    #[serde(default = "one")]
    pub minimum: u64,
    #[serde(skip)]
    bound: Option<Bound>,
}

fn one() -> u64 {
    1
}

/// What is known once the tables are.
struct Bound {
    sources: Vec<Source>,
    /// The decay and perhaps its conjugate.
    decays: Vec<BoundDecay>,
    search: Search,
    found: Found,
    output: Output,
    cut: Option<Formula>,
    best: Option<Formula>,
    number: CounterHandle,
    passed: Vec<bool>,
    values: Vec<f64>,
    keep: Vec<bool>,
}

struct BoundDecay {
    pid: i32,
    charge: i32,
    roles: Vec<Role>,
}

impl Algorithm for Combine {
    fn initialize(&mut self, setup: &mut Setup) -> Result<()> {
        let descriptor = DecayDescriptor::parse(&self.decay).map_err(|error| format!("decay: {error}"))?;
        if let Some([low, high]) = self.mass
            && (low.is_nan() || high.is_nan() || low > high)
        {
            return Err(format!("mass = [{low}, {high}] is no window: give the lowest mass and the highest").into());
        }
        let daughters = Daughters::new(&descriptor, &self.inputs, &self.daughter_cuts)?;
        let (sources, decays, unit) = self.bind(&descriptor, &daughters, setup)?;
        let output = Output::create(setup, &self.output, &unit, &daughters.tables)?;
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
                    return Err(format!("best = \"{best}\" is not a value of each candidate").into());
                }
                Some(formula)
            }
        };
        if let Some(table) = cut.as_ref().and_then(Formula::table)
            && table != output.table
        {
            return Err("combination_cut is not one on candidates: it has rows of another table".into());
        }
        self.bound = Some(Bound {
            search: Search::new(self.mass, may_repeat(&sources, &decays)),
            found: Found::new(daughters.tables.len()),
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
                    .put_in_order(&bound.sources, &bound.decays, bound.search.may_repeat);
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
    /// Candidates for this decay, of these inputs by name, to this table; with no cuts so far.
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

    /// The sources of daughters, the decays that take from them, and the unit of momenta.
    fn bind(
        &self,
        descriptor: &DecayDescriptor,
        daughters: &Daughters,
        setup: &mut Setup,
    ) -> Result<(Vec<Source>, Vec<BoundDecay>, String)> {
        let mut decays = descriptor.decays();
        // Antiparticles that decay to the same: every combination would be found a second time.
        decays.dedup_by(|one, other| one.products() == other.products());
        let mut sources: Vec<Source> = Vec::new();
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
                        let source = Source::new(particle, table, cut, &self.columns, &mut origins, setup)
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
        let mut unit: Option<&Source> = None;
        for source in sources.iter().filter(|source| !source.unit().is_empty()) {
            match unit {
                Some(first) if first.unit() != source.unit() => {
                    return Err(format!(
                        "momenta in {} are in {}, but those in {} in {}: they cannot be added",
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

/// Whether the same rows can be combined twice, in other roles: not if every row says what it is.
fn may_repeat(sources: &[Source], decays: &[BoundDecay]) -> bool {
    let mixed = |decay: &BoundDecay| {
        decay.roles.iter().any(|one| {
            let same =
                |other: &Role| one.source != other.source && sources[one.source].table == sources[other.source].table;
            decay.roles.iter().any(same)
        })
    };
    !sources.iter().all(Source::is_identified) && (decays.len() > 1 || decays.iter().any(mixed))
}

impl Bound {
    /// Removes candidates that do not pass the cut, or are not the best.
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
                // What is not a number is the worst.
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

/// A path of a table as it is stored.
fn full_path(path: &str) -> Result<String> {
    Ok(path::full(path)?)
}
