//! Tests that an event depends only on its number, references lead to existing rows, and true decays can be
//! reconstructed.

use super::*;
use crate::algorithms::Combine;
use crate::algorithms::particles::{J_PSI, PHI};
use crate::app::AppMgr;

fn job(toys: ToyDecays, first: u64, events: u64, chunk: u64) -> AppMgr {
    let mut app = AppMgr::new();
    app.config_mut().input.first = first;
    app.config_mut().input.events = Some(events);
    app.config_mut().input.chunk = Some(chunk);
    app.algorithm("ToyDecays", toys);
    app
}

fn signal(probability: f64) -> ToyDecays {
    ToyDecays {
        decays: Configuration {
            signal_fraction: probability,
            ..Default::default()
        },
        ..Default::default()
    }
}

/// The number and time of each event, and the momenta and vertices of its tracks.
type Tracks = Vec<(u64, f64, Vec<f64>, Vec<i32>)>;

fn tracks(app: &AppMgr) -> Tracks {
    let mut events = app.events(1).unwrap();
    let number = events.read::<u64>("Rec/Header/event_number").unwrap();
    let time = events.read::<f64>("Rec/Header/gps_time").unwrap();
    let px = events.read::<f64>("Rec/Track/Best/px").unwrap();
    let vertex = events.read::<i32>("Rec/Track/Best/vertex").unwrap();
    let mut all = Vec::new();
    while let Some(event) = events.next().unwrap() {
        assert_eq!(event.value(number), event.number());
        all.push((
            event.value(number),
            event.value(time),
            event.get(px).to_vec(),
            event.get(vertex).to_vec(),
        ));
    }
    all
}

#[test]
fn an_event_depends_on_its_number_only() {
    let all = tracks(&job(signal(0.3), 0, 300, 1000));
    assert_eq!(all, tracks(&job(signal(0.3), 0, 300, 7)));
    assert_eq!(all[120..], tracks(&job(signal(0.3), 120, 180, 50)));
    assert!(all.windows(2).all(|pair| pair[0].1 < pair[1].1));
    assert_ne!(all[0].2, all[1].2);
}

#[test]
fn references_lead_to_rows_and_momenta_agree() {
    let mut events = job(signal(0.5), 0, 400, 1000).events(1).unwrap();
    let px = events.read::<f64>("Rec/Track/Best/px").unwrap();
    let py = events.read::<f64>("Rec/Track/Best/py").unwrap();
    let charge = events.read::<i32>("Rec/Track/Best/charge").unwrap();
    let vertex = events.read::<i32>("Rec/Track/Best/vertex").unwrap();
    let vertex_tracks = events.read::<u32>("Rec/Vertex/Primary/tracks").unwrap();
    let particles = ["Muons", "Kaons", "Pions"].map(|name| {
        let mut column = |column: &str| events.read::<i32>(&format!("Phys/{name}/{column}")).unwrap();
        let (pid, track) = (column("pid"), column("track"));
        (pid, track, events.read::<f64>(&format!("Phys/{name}/px")).unwrap())
    });
    let (mut twice, mut pions) = (0, 0);
    while let Some(event) = events.next().unwrap() {
        let tracks = event.get(px).len();
        let pts: Vec<f64> = event
            .get(px)
            .iter()
            .zip(event.get(py))
            .map(|(x, y)| x.hypot(*y))
            .collect();
        assert!(pts.windows(2).all(|pair| pair[0] >= pair[1] * (1.0 - 1e-12)));
        let mut per_vertex = vec![0; event.get(vertex_tracks).len()];
        event
            .get(vertex)
            .iter()
            .for_each(|vertex| per_vertex[*vertex as usize] += 1);
        assert_eq!(per_vertex, event.get(vertex_tracks));
        let mut uses = vec![0; tracks];
        for (pid, track, particle_px) in particles {
            for ((pid, track), particle_px) in event.get(pid).iter().zip(event.get(track)).zip(event.get(particle_px)) {
                let track = *track as usize;
                uses[track] += 1;
                assert_eq!(*particle_px, event.get(px)[track]);
                let known = crate::algorithms::particles::Particle::with_pdg_id(*pid).unwrap();
                assert_eq!(known.charge, event.get(charge)[track]);
            }
        }
        assert!(uses.iter().all(|uses| (1..=2).contains(uses)));
        twice += uses.iter().filter(|uses| **uses == 2).count();
        pions += event.get(particles[2].0).len();
    }
    let fraction = twice as f64 / pions as f64;
    assert!((0.035..0.065).contains(&fraction), "{fraction}");
    assert!((14.0..16.0).contains(&(pions as f64 / 400.0)));
}

/// `Combine` finds each true decay once, with the right masses and displaced tracks.
#[test]
fn true_decays_are_found_once() {
    let toys = ToyDecays {
        decays: Configuration {
            signal_fraction: 0.5,
            momentum_resolution: [0.0, 0.0],
            ..Default::default()
        },
        ..Default::default()
    };
    let mut app = job(toys, 0, 500, 100);
    let muons = [("mu+", "Phys/Muons"), ("mu-", "Phys/Muons")];
    app.algorithm("Jpsi", Combine::new("J/psi(1S) -> mu+ mu-", &muons, "Phys/Jpsi"));
    let kaons = [("K+", "Phys/Kaons"), ("K-", "Phys/Kaons")];
    app.algorithm("Phi", Combine::new("phi(1020) -> K+ K-", &kaons, "Phys/Phi"));
    let pairs = [("J/psi(1S)", "Phys/Jpsi"), ("phi(1020)", "Phys/Phi")];
    app.algorithm("Bs", Combine::new("B_s0 -> J/psi(1S) phi(1020)", &pairs, "Phys/Bs"));
    let mut events = app.events(1).unwrap();
    let truth = ["mu_plus", "mu_minus", "k_plus", "k_minus"]
        .map(|name| events.read::<i32>(&format!("Gen/Decays/{name}")).unwrap());
    let time = events.read::<f64>("Gen/Decays/time").unwrap();
    let ip = events.read::<f64>("Rec/Track/Best/ip").unwrap();
    let [mass, jpsi_mass, phi_mass] =
        ["Bs", "Jpsi", "Phi"].map(|name| events.read::<f64>(&format!("Phys/{name}/m")).unwrap());
    let children = [("Bs", 1), ("Bs", 2), ("Jpsi", 1), ("Jpsi", 2), ("Phi", 1), ("Phi", 2)]
        .map(|(name, child)| events.read::<i32>(&format!("Phys/{name}/child{child}")).unwrap());
    let [muon_track, kaon_track] =
        ["Muons", "Kaons"].map(|name| events.read::<i32>(&format!("Phys/{name}/track")).unwrap());
    let (mut decays, mut times, mut far) = (0, 0.0, 0);
    while let Some(event) = events.next().unwrap() {
        let at = |column, row: i32| event.get(column)[row as usize];
        for row in 0..event.get(time).len() {
            let wanted = truth.map(|column| event.get(column)[row]);
            let mut found = 0;
            for candidate in 0..event.get(mass).len() {
                let (jpsi, phi) = (event.get(children[0])[candidate], event.get(children[1])[candidate]);
                let tracks = [
                    at(muon_track, at(children[2], jpsi)),
                    at(muon_track, at(children[3], jpsi)),
                    at(kaon_track, at(children[4], phi)),
                    at(kaon_track, at(children[5], phi)),
                ];
                if tracks == wanted {
                    found += 1;
                    assert!((event.get(mass)[candidate] - B_S.mass).abs() < 1e-3);
                    assert!((event.get(jpsi_mass)[jpsi as usize] - J_PSI.mass).abs() < 1e-3);
                    assert!((event.get(phi_mass)[phi as usize] - PHI.mass).abs() < 11.0 * PHI.width);
                }
            }
            assert_eq!(found, 1);
            decays += 1;
            times += event.get(time)[row];
            far += wanted
                .iter()
                .filter(|track| event.get(ip)[**track as usize] > 0.1)
                .count();
        }
    }
    assert!((200..300).contains(&decays), "{decays}");
    let mean = times / f64::from(decays);
    assert!((0.00112..0.00192).contains(&mean), "{mean} ns");
    assert!(
        far > 2 * decays as usize,
        "{far} tracks of {decays} decays are off the vertex"
    );
}

#[test]
fn properties_out_of_range_are_named() {
    type Change = fn(&mut ToyDecays);
    let cases: [(Change, &str); 11] = [
        (|toys| toys.rate = 0.0, "rate = 0"),
        (|toys| toys.gps_start = -1.0, "gps_start = -1"),
        (|toys| toys.pions = f64::NAN, "pions = NaN"),
        (|toys| toys.background = -2.0, "background = -2"),
        (|toys| toys.vertices = 1e9, "vertices = 1000000000"),
        (|toys| toys.misidentified = 1.1, "misidentified = 1.1"),
        (|toys| toys.pion_pt = 0.0, "pion_pt = 0"),
        (|toys| toys.lifetime = -1.0, "lifetime = -1"),
        (|toys| toys.beam_spot = [0.0, -1.0, 0.0], "beam_spot = -1"),
        (|toys| toys.ip_resolution = [f64::INFINITY, 0.0], "ip_resolution = inf"),
        (|toys| toys.decays.signal_fraction = 2.0, "signal_fraction = 2"),
    ];
    for (change, property) in cases {
        let mut toys = ToyDecays::default();
        change(&mut toys);
        match job(toys, 0, 1, 1).events(1) {
            Ok(_) => panic!("{property} is accepted"),
            Err(error) => assert!(error.to_string().contains(property), "{error}"),
        }
    }
}
