//! The error messages for invalid properties.

use super::*;

fn error(combine: Combine) -> String {
    let mut app = AppMgr::new();
    app.config_mut().input.events = Some(1);
    app.algorithm("Kaons", made("Phys/Kaons", &[321, -321], 0));
    app.algorithm(
        "Feet",
        RandomTable {
            unit: "ft".into(),
            ..made("Phys/Feet", &[321], 0)
        },
    );
    app.algorithm("Combine", combine);
    match app.events(1) {
        Ok(_) => panic!("the job is accepted"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn errors_come_before_the_first_event() {
    let columns = |columns: &str| Combine {
        columns: toml::from_str(columns).unwrap(),
        ..phi()
    };
    let inputs = |pairs: &[(&str, &str)]| Combine {
        inputs: strings(pairs),
        ..phi()
    };
    for (combine, message) in [
        (
            Combine {
                decay: "phi -> K+ K-".into(),
                ..phi()
            },
            "decay: no particle is named `phi`; did you mean `phi(1020)`?\n    phi -> K+ K-\n    ^^^",
        ),
        (
            inputs(&[("K+", "Phys/Kaons")]),
            "inputs: there is no table for K-: add \"K-\" = \"path of the table\"",
        ),
        (
            inputs(&[("k+", "Phys/Kaons")]),
            "inputs: no particle is named `k+`; did you mean `K+`?",
        ),
        (
            inputs(&[("pi+", "Phys/Kaons")]),
            "inputs: pi+ is not a daughter of phi(1020) -> K+ K-: the daughters are K+ and K-",
        ),
        (
            inputs(&[("K+", "Phys/Kaon"), ("K-", "Phys/Kaons")]),
            "K+: the job has no input files",
        ),
        (
            inputs(&[("K+", "Phys/Kaons"), ("K-", "Phys/Kaons/")]),
            "a name in it is empty",
        ),
        (
            inputs(&[("K+", "Phys/Feet"), ("K-", "Phys/Kaons")]),
            "momenta in /Event/Phys/Feet are in ft, but",
        ),
        (
            Combine {
                decay: "[phi(1020) -> K+ K+]cc".into(),
                ..inputs(&[("K+", "Phys/Kaons"), ("K-", "Phys/Feet")])
            },
            "inputs: 'Phys/Kaons' for K+, but 'Phys/Feet' for K-",
        ),
        (
            Combine {
                mass: Some([2.0, 1.0]),
                ..phi()
            },
            "mass = [2, 1] is no window",
        ),
        (
            Combine {
                output: "Phys/Kaons".into(),
                ..phi()
            },
            "give the new table another path",
        ),
        (columns(r#"px = "Px""#), "/Event/Phys/Kaons/Px"),
        (
            columns(
                r#"px = "px"
                    pt = "pt""#,
            ),
            "a momentum is px, py, pz or pt, eta, phi",
        ),
        (columns(r#"pt = "px""#), "columns: eta is missing"),
        (
            columns(
                r#"e = "e"
                    mass = "hypothesis""#,
            ),
            "the energy comes from one of",
        ),
        (
            columns(
                r#"charge = "q"
                    pid = "id""#,
            ),
            "/Event/Phys/Kaons/id",
        ),
        (
            Combine {
                columns: toml::from_str(r#"mass = "hypothesis""#).unwrap(),
                ..inputs(&[("K+", "Phys/Feet"), ("K-", "Phys/Feet")])
            },
            "are in 'ft', an unknown unit",
        ),
        (
            Combine {
                daughter_cuts: strings(&[("K+", "pt > 500")]),
                ..phi()
            },
            "K+: there is no column `pt` here",
        ),
        (
            Combine {
                combination_cut: Some("mass > 5".into()),
                ..phi()
            },
            "combination_cut: there is no column `mass` here; the columns are charge, child1, child2, e, m, pid, pt",
        ),
        (
            Combine {
                combination_cut: Some("m".into()),
                ..phi()
            },
            "combination_cut: a cut needs a truth value, but this is a number",
        ),
        (
            Combine {
                best: Some("largest(pt)".into()),
                ..phi()
            },
            "is not a value per candidate",
        ),
    ] {
        let found = error(combine);
        assert!(
            found.contains("algorithm 'Combine'") && found.contains(message),
            "{found}"
        );
    }
    let unknown = toml::from_str::<Combine>("decay = 'x'\ninputs = {}\noutput = 'y'\nmasses = 1");
    assert!(unknown.is_err_and(|error| error.to_string().contains("unknown field `masses`")));
}
