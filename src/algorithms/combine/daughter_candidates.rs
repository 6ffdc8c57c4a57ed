//! The candidates for a daughter: the table rows that pass the daughter's cut.

use super::columns::{CombineColumns, Momentum, at, number};
use super::origin::{Origin, Origins};
use crate::algorithms::four_momentum::FourMomentum;
use crate::algorithms::particles::Particle;
use crate::app::{Formula, Setup};
use crate::error::Result;
use crate::event::{ColumnIndex, EventStore, TableHandle};
use std::ops::Range;

/// The rows of a table that are candidates for a given particle.
pub(super) struct DaughterCandidates {
    particle: Particle,
    path: String,
    pub table: TableHandle,
    momentum: Momentum,
    identity: Identity,
    cut: Option<(String, Formula)>,
    origin: Origin,
    passed: Vec<bool>,
    /// The candidates of event `i` of a block are `offsets[i]..offsets[i + 1]`.
    offsets: Vec<usize>,
    rows: Vec<u32>,
    momenta: Vec<FourMomentum>,
    /// The tracks of candidate `i` are `tracks[track_ends[i]..track_ends[i + 1]]`.
    track_ends: Vec<usize>,
    tracks: Vec<u64>,
}

/// How a row's particle type is determined.
enum Identity {
    /// By the PDG identifier in this column.
    Pid(ColumnIndex),
    /// By the charge in this column.
    Charge(ColumnIndex),
    /// Not determined: any row may be a candidate.
    Unknown,
}

/// A table with all of these columns is assumed to have been made by `Combine`.
const COMBINED: [&str; 6] = ["child1", "px", "py", "pz", "e", "pid"];

impl DaughterCandidates {
    pub(super) fn new(
        particle: &Particle,
        path: &str,
        cut: Option<&str>,
        columns: &CombineColumns,
        origins: &mut Origins,
        setup: &mut Setup,
    ) -> Result<Self> {
        let table = setup.read_table(path)?;
        let names = setup.column_names(path);
        let has = |name: &str| names.iter().any(|known| known == name);
        let usual = CombineColumns::default();
        let columns = if COMBINED.into_iter().all(has) { &usual } else { columns };
        let momentum = columns.momentum(setup, path, particle)?;
        let mut column = |name: &str| number(setup, path, name).map(|(_, column)| column);
        let identity = match (&columns.pid, &columns.charge) {
            (Some(pid), _) => Identity::Pid(column(pid)?),
            (None, _) if has("pid") => Identity::Pid(column("pid")?),
            (None, Some(charge)) => Identity::Charge(column(charge)?),
            (None, None) => Identity::Unknown,
        };
        let cut = match cut {
            None => None,
            Some(text) => {
                let cut = setup.cut(text, Some(path))?;
                if cut.table().is_some_and(|other| other != table) {
                    return Err(format!("the cut `{text}` has a value per row of another table, not of {path}").into());
                }
                Some((text.to_string(), cut))
            }
        };
        Ok(Self {
            particle: *particle,
            path: path.to_string(),
            table,
            momentum,
            identity,
            cut,
            origin: origins.of(setup, path)?,
            passed: Vec::new(),
            offsets: Vec::new(),
            rows: Vec::new(),
            momenta: Vec::new(),
            track_ends: Vec::new(),
            tracks: Vec::new(),
        })
    }

    /// Returns whether these candidates were made for the given particle, table and cut.
    pub(super) fn is_of(&self, particle: &Particle, path: &str, cut: Option<&str>) -> bool {
        self.particle == *particle && self.path == path && self.cut.as_ref().map(|(text, _)| text.as_str()) == cut
    }

    /// Returns the momentum unit.
    pub(super) fn unit(&self) -> &str {
        &self.momentum.unit
    }

    /// Returns the path of the table.
    pub(super) fn table_path(&self) -> &str {
        &self.path
    }

    /// Returns whether every row has an identifier and can therefore be a candidate for only one particle.
    pub(super) fn is_identified(&self) -> bool {
        matches!(self.identity, Identity::Pid(_))
    }

    /// Finds the candidates in the selected events of a block.
    ///
    /// # Errors
    /// If a reference leads to a row that does not exist.
    pub(super) fn fill(&mut self, store: &EventStore, selected: &[bool]) -> Result<()> {
        for all in [&mut self.offsets, &mut self.track_ends] {
            all.clear();
            all.push(0);
        }
        self.rows.clear();
        self.momenta.clear();
        self.tracks.clear();
        let mut by_event = false;
        if let Some((_, cut)) = &mut self.cut {
            cut.truths(store, selected, &mut self.passed);
            by_event = cut.table().is_none();
        }
        let (identity, wanted) = match self.identity {
            Identity::Pid(column) => (store.slice(self.table, column), self.particle.pdg_id),
            Identity::Charge(column) => (store.slice(self.table, column), self.particle.charge),
            Identity::Unknown => (None, 0),
        };
        let momentum = self.momentum.reader(store, self.table);
        for (event, selected) in selected.iter().enumerate() {
            let rows = if *selected { store.rows(self.table, event) } else { 0..0 };
            for row in rows.clone() {
                let cut = if by_event { event } else { row };
                if (identity.is_some() && at(identity, row) != f64::from(wanted))
                    || (self.cut.is_some() && !self.passed[cut])
                {
                    continue;
                }
                let within = row - rows.start;
                self.rows.push(within as u32);
                self.momenta.push(momentum(row));
                self.origin.append(store, event, within, &mut self.tracks)?;
                self.track_ends.push(self.tracks.len());
            }
            self.offsets.push(self.rows.len());
        }
        Ok(())
    }

    /// Returns the index range of an event's candidates.
    #[inline]
    pub(super) fn of_event(&self, event: usize) -> Range<usize> {
        self.offsets[event]..self.offsets[event + 1]
    }

    /// Returns a candidate's row within its event.
    #[inline]
    pub(super) fn row(&self, candidate: usize) -> u32 {
        self.rows[candidate]
    }

    /// Returns a candidate's momentum.
    #[inline]
    pub(super) fn momentum(&self, candidate: usize) -> FourMomentum {
        self.momenta[candidate]
    }

    /// Returns a candidate's tracks.
    #[inline]
    pub(super) fn tracks(&self, candidate: usize) -> &[u64] {
        &self.tracks[self.track_ends[candidate]..self.track_ends[candidate + 1]]
    }

    /// Returns the key that identifies a candidate: the table, the row, and the mass hypothesis.
    pub(super) fn key(&self, row: u32) -> (u32, u32, u64) {
        (self.table.index() as u32, row, self.momentum.hypothesis())
    }
}
