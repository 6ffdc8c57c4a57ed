//! Compares `Combine` with an exhaustive search.

mod errors;
mod exhaustive_search;
mod random_table;

use super::*;
use crate::algorithms::Filter;
use crate::app::AppMgr;
use exhaustive_search::{Case, candidates, table};
use proptest::prelude::*;
use random_table::RandomTable;

fn strings(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
    pairs.iter().map(owned).collect()
}

fn combine(decay: &str, inputs: &[(&str, &str)], output: &str) -> Combine {
    Combine::new(decay, inputs, output)
}

fn made(path: &str, pids: &[i32], tracks: i32) -> RandomTable {
    RandomTable {
        path: path.into(),
        pids: pids.into(),
        tracks,
        rows: 5.0,
        with_pid: true,
        unit: "MeV".into(),
        ..Default::default()
    }
}

/// Jobs that cover identical daughters, shared tracks, and rows without identifiers.
fn cases() -> Vec<Case> {
    let muons = || made("Phys/Muons", &[13, -13], 8);
    let kaons = || made("Phys/Kaons", &[321, -321, 211], 8);
    let jpsi = || {
        let inputs = [("mu+", "Phys/Muons"), ("mu-", "Phys/Muons")];
        combine("J/psi(1S) -> mu+ mu-", &inputs, "Phys/Jpsi")
    };
    let phi = || {
        combine(
            "phi(1020) -> K+ K-",
            &[("K+", "Phys/Kaons"), ("K-", "Phys/Kaons")],
            "Phys/Phi",
        )
    };
    let unknown = |path: &str| RandomTable {
        with_pid: false,
        ..made(path, &[211, -211], 0)
    };
    let hypothesis = |combine: Combine| Combine {
        columns: CombineColumns {
            mass: Some(MassFrom::Hypothesis),
            ..Default::default()
        },
        ..combine
    };
    let charged = |combine: Combine| Combine {
        columns: CombineColumns {
            charge: Some("charge".into()),
            ..combine.columns
        },
        ..combine
    };
    vec![
        Case::new(vec![kaons()], vec![phi()]),
        // Identical daughters of both charges.
        Case::new(
            vec![kaons()],
            vec![combine(
                "[D+ -> K- pi+ K-]cc",
                &[("K-", "Phys/Kaons"), ("pi+", "Phys/Kaons")],
                "Phys/D",
            )],
        ),
        Case::new(
            vec![made("Phys/Pions", &[211, -211], 0)],
            vec![combine(
                "[B+ -> pi+ pi- pi+]cc",
                &[("pi+", "Phys/Pions"), ("pi-", "Phys/Pions")],
                "Phys/B",
            )],
        ),
        // Composites that share tracks with each other and with single tracks.
        Case::new(
            vec![muons(), kaons()],
            vec![
                jpsi(),
                phi(),
                combine(
                    "[B+ -> J/psi(1S) K+]cc",
                    &[("J/psi(1S)", "Phys/Jpsi"), ("K-", "Phys/Kaons")],
                    "Phys/B",
                ),
                combine(
                    "[B_s0 -> J/psi(1S) phi(1020)]cc",
                    &[("J/psi(1S)", "Phys/Jpsi"), ("phi(1020)", "Phys/Phi")],
                    "Phys/Bs",
                ),
                combine(
                    "H_10 -> J/psi(1S) J/psi(1S)",
                    &[("J/psi(1S)", "Phys/Jpsi")],
                    "Phys/Pair",
                ),
                combine(
                    "Z0 -> B_s0 mu+",
                    &[("B_s0", "Phys/Bs"), ("mu+", "Phys/Muons")],
                    "Phys/Deep",
                ),
            ],
        ),
        // Rows without identifiers.
        Case::new(
            vec![unknown("Phys/Tracks"), unknown("Phys/Others")],
            vec![
                combine(
                    "J/psi(1S) -> mu+ mu-",
                    &[("mu+", "Phys/Tracks"), ("mu-", "Phys/Tracks")],
                    "Phys/Same",
                ),
                combine(
                    "[D0 -> K- pi+]cc",
                    &[("K-", "Phys/Tracks"), ("pi+", "Phys/Tracks")],
                    "Phys/Once",
                ),
                combine(
                    "[D0 -> K- pi+]cc",
                    &[("K-", "Phys/Tracks"), ("pi+", "Phys/Others")],
                    "Phys/Two",
                ),
                hypothesis(combine(
                    "[D0 -> K- pi+]cc",
                    &[("K-", "Phys/Tracks"), ("pi+", "Phys/Tracks")],
                    "Phys/Twice",
                )),
                charged(combine(
                    "[D0 -> K- pi+]cc",
                    &[("K-", "Phys/Tracks"), ("pi+", "Phys/Tracks")],
                    "Phys/Sign",
                )),
                charged(hypothesis(combine(
                    "[B+ -> K+ pi+ pi-]cc",
                    &[("K+", "Phys/Tracks"), ("pi+", "Phys/Tracks"), ("pi-", "Phys/Tracks")],
                    "Phys/Three",
                ))),
            ],
        ),
    ]
}

fn job(case: &Case, events: u64, chunk: u64) -> AppMgr {
    let mut app = AppMgr::new();
    app.config_mut().input.events = Some(events);
    app.config_mut().input.chunk = Some(chunk);
    for made in &case.made {
        app.algorithm(&made.path, made.clone());
    }
    for combine in &case.combined {
        let copy = toml::Table::try_from(combine).unwrap().try_into::<Combine>().unwrap();
        app.algorithm(&combine.output, Combine { minimum: 0, ..copy });
    }
    app
}

/// Compares the candidates in all events with those from the exhaustive search, and returns the number of candidates.
fn check(case: &Case, seed: u64, chunk: u64) -> usize {
    let mut events = job(case, 30, chunk).events(seed).unwrap();
    let paths: Vec<&str> = case.made.iter().map(|made| made.path.as_str()).collect();
    let outputs: Vec<&str> = case.combined.iter().map(|combine| combine.output.as_str()).collect();
    let handles: Vec<_> = paths
        .iter()
        .chain(&outputs)
        .map(|path| table(&mut events, path))
        .collect();
    let (mut number, mut found) = (0, 0);
    while let Some(event) = events.next().unwrap() {
        number += 1;
        let tables = handles
            .iter()
            .map(|(path, read)| (path.clone(), read.of(&event)))
            .collect();
        for combine in &case.combined {
            let wanted = candidates(combine, &tables);
            let table = &tables[&format!("/Event/{}", combine.output)];
            assert_eq!(
                table.candidates(),
                wanted,
                "{}, event {}",
                combine.decay,
                event.number()
            );
            found += wanted.len();
        }
    }
    assert_eq!(number, 30);
    found
}

#[test]
fn there_are_candidates_to_compare() {
    for case in cases() {
        for combine in &case.combined {
            let last = case
                .combined
                .iter()
                .position(|other| other.output == combine.output)
                .unwrap();
            let only = |count: usize| Case {
                made: case.made.clone(),
                combined: job_combines(&case, count),
            };
            assert!(
                check(&only(last + 1), 5, 30) > check(&only(last), 5, 30),
                "{}",
                combine.decay
            );
        }
    }
}

fn job_combines(case: &Case, count: usize) -> Vec<Combine> {
    let copy = |combine: &Combine| toml::Table::try_from(combine).unwrap().try_into().unwrap();
    case.combined[..count].iter().map(copy).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn candidates_are_those_of_an_exhaustive_search(
        case in 0..5usize,
        seed: u64,
        chunk in 1..40u64,
        rows in 0.0..6.0f64,
    ) {
        let mut case = cases().remove(case);
        case.made.iter_mut().for_each(|made| made.rows = rows);
        check(&case, seed, chunk);
    }
}

/// An event's number, and the rows and masses of its candidates.
type Pairs = (u64, Vec<(i32, i32, f64)>);

/// Returns the candidates in the events that pass.
fn masses(combine: Combine, chunk: u64) -> Vec<Pairs> {
    let mut app = AppMgr::new();
    app.config_mut().input.events = Some(60);
    app.config_mut().input.chunk = Some(chunk);
    app.algorithm("Kaons", made("Phys/Kaons", &[321, -321], 0));
    app.algorithm("Combine", combine);
    let mut events = app.events(3).unwrap();
    let mass = events.read::<f64>("Phys/Phi/m").unwrap();
    let [one, other] = ["child1", "child2"].map(|name| events.read::<i32>(&format!("Phys/Phi/{name}")).unwrap());
    let mut all = Vec::new();
    while let Some(event) = events.next().unwrap() {
        let rows = event.get(one).iter().zip(event.get(other)).zip(event.get(mass));
        all.push((
            event.number(),
            rows.map(|((one, other), mass)| (*one, *other, *mass)).collect(),
        ));
    }
    all
}

fn phi() -> Combine {
    combine(
        "phi(1020) -> K+ K-",
        &[("K+", "Phys/Kaons"), ("K-", "Phys/Kaons")],
        "Phys/Phi",
    )
}

#[test]
fn the_mass_window_includes_its_ends() {
    let all = masses(phi(), 60);
    let mut sorted: Vec<f64> = all.iter().flat_map(|(_, rows)| rows.iter().map(|row| row.2)).collect();
    sorted.sort_by(f64::total_cmp);
    for (low, high) in [(10, 60), (30, 30), (0, sorted.len() - 1)] {
        let window = [sorted[low], sorted[high]];
        let found = masses(
            Combine {
                mass: Some(window),
                ..phi()
            },
            17,
        );
        let number: usize = found.iter().map(|(_, rows)| rows.len()).sum();
        assert_eq!(number, high - low + 1);
        // Events without candidates are rejected.
        assert!(found.iter().all(|(_, rows)| !rows.is_empty()));
    }
}

#[test]
fn cuts_best_and_minimum_select_candidates() {
    let all = masses(Combine { minimum: 0, ..phi() }, 60);
    let passing = |(_, _, mass): &(i32, i32, f64)| *mass > 3000.0;
    for chunk in [1, 7, 60] {
        let cut = Some("m > 3*GeV && child1.px < 1e9".to_string());
        let cut_only = masses(
            Combine {
                combination_cut: cut.clone(),
                minimum: 2,
                ..phi()
            },
            chunk,
        );
        let mut wanted: Vec<Pairs> = all
            .iter()
            .map(|(event, rows)| (*event, rows.iter().filter(|row| passing(row)).copied().collect()))
            .collect();
        wanted.retain(|(_, rows)| rows.len() >= 2);
        assert!(wanted.len() > 10 && cut_only == wanted);

        let best = Some("abs(m - 4000)".to_string());
        let best = masses(
            Combine {
                combination_cut: cut,
                best,
                ..phi()
            },
            chunk,
        );
        for (event, rows) in best {
            let (_, candidates) = all.iter().find(|(other, _)| *other == event).unwrap();
            let distance = |row: &(i32, i32, f64)| (row.2 - 4000.0).abs();
            let wanted = candidates
                .iter()
                .filter(|row| passing(row))
                .min_by(|a, b| distance(a).total_cmp(&distance(b)));
            assert_eq!(rows, [*wanted.unwrap()]);
        }
    }
    let daughter_cuts = strings(&[("K+", "px > 0"), ("K-", "count(px > 0) >= 2")]);
    let cut = masses(Combine { daughter_cuts, ..phi() }, 60);
    assert!(!cut.is_empty() && cut.len() < all.len());
    let nothing_is_best = Combine {
        best: Some("0/0".replace('0', "(m-m)")),
        ..phi()
    };
    let first = masses(nothing_is_best, 60);
    assert!(
        first
            .iter()
            .all(|(event, rows)| rows[..] == all[*event as usize].1[..1])
    );
}

/// `Combine` treats a muon and its copy made by `Filter` as the same muon.
#[test]
fn copies_made_by_a_filter_are_the_same_rows() {
    let mut app = AppMgr::new();
    app.config_mut().input.events = Some(20);
    app.algorithm("Muons", made("Phys/Muons", &[13, -13], 0));
    let filter: Filter = toml::from_str("cut = 'px < 1e9'\ntable = 'Phys/Muons'\noutput = 'Phys/Good'").unwrap();
    app.algorithm("Good", filter);
    let pairs = combine("J/psi(1S) -> mu- mu-", &[("mu-", "Phys/Muons")], "Phys/Pairs");
    app.algorithm("Pairs", Combine { minimum: 0, ..pairs });
    let triples = combine(
        "Z0 -> J/psi(1S) mu-",
        &[("J/psi(1S)", "Phys/Pairs"), ("mu-", "Phys/Good")],
        "Phys/Triples",
    );
    app.algorithm("Triples", Combine { minimum: 0, ..triples });
    let mut events = app.events(1).unwrap();
    let pid = events.read::<i32>("Phys/Good/pid").unwrap();
    let triples = events.read_table("Phys/Triples").unwrap();
    let mut all = 0;
    while let Some(event) = events.next().unwrap() {
        let n = event.get(pid).iter().filter(|pid| **pid == 13).count();
        assert_eq!(
            event.rows(triples).len(),
            n * n.saturating_sub(1) * n.saturating_sub(2) / 2
        );
        all += event.rows(triples).len();
    }
    assert!(all > 0);
}
