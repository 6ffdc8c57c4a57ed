//! Computes the candidates that `Combine` must find by looping over all tuples of rows.

use super::random_table::RandomTable;
use crate::algorithms::combine::{Combine, MassFrom};
use crate::algorithms::decay_descriptor::DecayDescriptor;
use crate::algorithms::particles::Particle;
use crate::app::prelude::*;
use crate::app::{EventView, Events};
use std::collections::{BTreeMap, BTreeSet};

/// Random tables, and the combinations to build from their rows.
pub(super) struct Case {
    pub made: Vec<RandomTable>,
    pub combined: Vec<Combine>,
}

impl Case {
    pub(super) fn new(made: Vec<RandomTable>, combined: Vec<Combine>) -> Self {
        Self { made, combined }
    }
}

/// The handles of a table's columns.
pub(super) struct TableReader {
    numbers: Vec<ColumnHandle<f64>>,
    derived: Option<(ColumnHandle<f64>, ColumnHandle<f64>)>,
    pid: Option<ColumnHandle<i32>>,
    charge: ColumnHandle<i32>,
    references: Vec<(ColumnHandle<i32>, String)>,
    children: usize,
}

/// The rows of a table in one event.
pub(super) struct TableRows {
    momenta: Vec<[f64; 4]>,
    derived: Vec<(f64, f64)>,
    pid: Option<Vec<i32>>,
    charge: Vec<i32>,
    references: Vec<(Vec<i32>, String)>,
}

/// A candidate: daughter rows, identifier, charge, four-momentum, mass and transverse momentum.
type Candidate = (Vec<i32>, i32, i32, [f64; 4], f64, f64);

pub(super) fn table(events: &mut Events, path: &str) -> (String, TableReader) {
    let column = |name: &str| format!("{path}/{name}");
    let targets: BTreeMap<&str, [&str; 2]> = BTreeMap::from([
        ("Phys/Jpsi", ["Phys/Muons"; 2]),
        ("Phys/Phi", ["Phys/Kaons"; 2]),
        ("Phys/Bs", ["Phys/Jpsi", "Phys/Phi"]),
    ]);
    let mut references = Vec::new();
    if let Ok(track) = events.read::<i32>(&column("track")) {
        references.push((track, "/Event/Rec/Track/Best".to_string()));
    }
    let mut children = 0;
    while let Ok(child) = events.read::<i32>(&column(&format!("child{}", children + 1))) {
        let target = targets.get(path).map_or("unknown", |targets| targets[children]);
        references.push((child, format!("/Event/{target}")));
        children += 1;
    }
    let derived = match (events.read(&column("m")), events.read(&column("pt"))) {
        (Ok(m), Ok(pt)) => Some((m, pt)),
        _ => None,
    };
    let numbers = ["px", "py", "pz", "e"].map(|name| events.read::<f64>(&column(name)).unwrap());
    let read = TableReader {
        numbers: numbers.into(),
        derived,
        pid: events.read(&column("pid")).ok(),
        charge: events.read(&column("charge")).unwrap(),
        references,
        children,
    };
    (format!("/Event/{path}"), read)
}

impl TableReader {
    pub(super) fn of(&self, event: &EventView) -> TableRows {
        let rows = event.get(self.charge).len();
        let row = |row: usize| [0, 1, 2, 3].map(|column| event.get(self.numbers[column])[row]);
        let derived = self
            .derived
            .map(|(m, pt)| event.get(m).iter().copied().zip(event.get(pt).iter().copied()));
        assert!(self.children == 0 || self.derived.is_some());
        TableRows {
            momenta: (0..rows).map(row).collect(),
            derived: derived.map_or(Vec::new(), Iterator::collect),
            pid: self.pid.map(|pid| event.get(pid).to_vec()),
            charge: event.get(self.charge).to_vec(),
            references: self
                .references
                .iter()
                .map(|(column, target)| (event.get(*column).to_vec(), target.clone()))
                .collect(),
        }
    }
}

impl TableRows {
    /// Returns the rows of a table made by `Combine` as candidates.
    pub(super) fn candidates(&self) -> Vec<Candidate> {
        let pid = self.pid.as_ref().unwrap();
        (0..self.charge.len())
            .map(|row| {
                let children = self.references.iter().map(|(rows, _)| rows[row]).collect();
                let (m, pt) = self.derived[row];
                (children, pid[row], self.charge[row], self.momenta[row], m, pt)
            })
            .collect()
    }
}

type EventTables = BTreeMap<String, TableRows>;

/// Returns the final targets of a row's references.
fn ends(tables: &EventTables, path: &str, row: i32) -> Vec<(String, i32)> {
    let mut all = Vec::new();
    if let Some(table) = tables.get(path) {
        for (rows, target) in &table.references {
            if rows[row as usize] >= 0 {
                all.extend(ends(tables, target, rows[row as usize]));
            }
        }
    }
    if all.is_empty() {
        all.push((path.to_string(), row));
    }
    all
}

/// Returns the candidates expected in an event.
pub(super) fn candidates(combine: &Combine, tables: &EventTables) -> Vec<Candidate> {
    let descriptor = DecayDescriptor::parse(&combine.decay).unwrap();
    let written = &descriptor.decay().daughters;
    let path = |daughter: &Particle| {
        let input = combine
            .inputs
            .get(daughter.name)
            .or(combine.inputs.get(daughter.antiparticle().name));
        format!("/Event/{}", input.unwrap())
    };
    let paths: Vec<String> = written.iter().map(path).collect();
    let hypothesis = combine.columns.mass == Some(MassFrom::Hypothesis);
    let mut tuples: Vec<(Vec<i32>, usize)> = Vec::new();
    let decays = descriptor.decays();
    for (number, decay) in decays.iter().enumerate() {
        let mut some: Vec<Vec<i32>> = vec![Vec::new()];
        for path in &paths {
            let rows = tables[path].charge.len() as i32;
            let longer = |tuple: &Vec<i32>| {
                (0..rows)
                    .map(|row| [tuple.as_slice(), &[row]].concat())
                    .collect::<Vec<_>>()
            };
            some = some.iter().flat_map(longer).collect();
        }
        let is = |place: usize, row: i32| {
            let (table, particle) = (&tables[&paths[place]], &decay.daughters[place]);
            match &table.pid {
                Some(pid) => pid[row as usize] == particle.pdg_id,
                None => combine.columns.charge.is_none() || table.charge[row as usize] == particle.charge,
            }
        };
        some.retain(|rows| {
            let good = rows.iter().enumerate().all(|(place, row)| is(place, *row));
            let ordered = (0..rows.len()).all(|one| {
                let identical = |other: &usize| decay.daughters[one] == decay.daughters[*other];
                (0..one).filter(identical).all(|other| rows[other] < rows[one])
            });
            let tracks: Vec<_> = rows
                .iter()
                .zip(&paths)
                .flat_map(|(row, path)| ends(tables, path, *row))
                .collect();
            good && ordered && tracks.iter().collect::<BTreeSet<_>>().len() == tracks.len()
        });
        tuples.extend(some.into_iter().map(|rows| (rows, number)));
    }
    tuples.sort();
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for (rows, number) in tuples {
        let decay = &decays[number];
        let mass = |place: usize| {
            if hypothesis {
                decay.daughters[place].mass.to_bits()
            } else {
                0
            }
        };
        let mut set: Vec<_> = (0..rows.len())
            .map(|place| (&paths[place], rows[place], mass(place)))
            .collect();
        set.sort();
        if !seen.insert(set) {
            continue;
        }
        let momentum = |place: usize| {
            let mut momentum = tables[&paths[place]].momenta[rows[place] as usize];
            if hypothesis {
                let ([px, py, pz, _], m) = (momentum, decay.daughters[place].mass);
                momentum[3] = (px * px + py * py + pz * pz + m * m).sqrt();
            }
            momentum
        };
        let mut sum = momentum(0);
        for place in 1..rows.len() {
            let more = momentum(place);
            sum = [0, 1, 2, 3].map(|component| sum[component] + more[component]);
        }
        let [px, py, pz, e] = sum;
        let m = (e * e - (px * px + py * py + pz * pz)).max(0.0).sqrt();
        let charge = decay.daughters.iter().map(|daughter| daughter.charge).sum();
        let pt = (px * px + py * py).sqrt();
        all.push((rows, decay.head.pdg_id, charge, sum, m, pt));
    }
    all
}
