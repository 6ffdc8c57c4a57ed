//! Tests of every operator, function, constant and reduction.

use super::*;
use std::f64::consts::PI;

#[test]
fn numbers_are_written_in_many_ways() {
    for (text, value) in [
        ("1", 1.0),
        ("2.5", 2.5),
        ("2.", 2.0),
        (".5", 0.5),
        ("1e-3", 1e-3),
        ("1.5E+3", 1500.0),
        ("1_000_000", 1e6),
        ("1_0.2_5e1_0", 10.25e10),
        ("  7\n", 7.0),
    ] {
        assert_eq!(number(text), value, "{text}");
    }
}

#[test]
fn operators_bind_as_in_c_and_powers_as_in_python() {
    for (text, value) in [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("10 - 4 - 3", 3.0),
        ("24 / 4 / 2", 3.0),
        ("7 % 4 * 2", 6.0),
        ("-7 % 4", -3.0),
        ("-2**2", -4.0),
        ("(-2)**2", 4.0),
        ("2**3**2", 512.0),
        ("2^-1", 0.5),
        ("2**-2**2", 0.0625),
        ("- - 3", 3.0),
        ("+3 - -3", 6.0),
        ("1 < 2 ? 3 : 4", 3.0),
        ("false ? 1 : true ? 2 : 3", 2.0),
        ("true ? false ? 1 : 2 : 3", 2.0),
        ("1 + 1 == 2 && 3 < 2 + 2 ? 1 : 0", 1.0),
        ("true || false && false ? 1 : 0", 1.0),
        ("(true || false) && false ? 1 : 0", 0.0),
        ("not true or true ? 1 : 0", 1.0),
        ("1 < 2 == 2 < 3 ? 1 : 0", 1.0),
        ("!false != true ? 1 : 0", 0.0),
        ("2 >= 2 and 2 <= 2 and not (2 > 2) and 1 != 2 ? 1 : 0", 1.0),
    ] {
        assert_eq!(number(text), value, "{text}");
    }
}

#[test]
fn functions_are_those_of_mathematics() {
    for (text, value) in [
        ("abs(-2)", 2.0),
        ("sqrt(9)", 3.0),
        ("cbrt(-27)", -3.0),
        ("exp(1)", 1f64.exp()),
        ("log(2)", 2f64.ln()),
        ("ln(2)", 2f64.ln()),
        ("log10(1000)", 3.0),
        ("log2(8)", 3.0),
        ("sin(1)", 1f64.sin()),
        ("cos(1)", 1f64.cos()),
        ("tan(1)", 1f64.tan()),
        ("asin(0.5)", 0.5f64.asin()),
        ("acos(0.5)", 0.5f64.acos()),
        ("atan(2)", 2f64.atan()),
        ("atan2(1, -1)", 0.75 * PI),
        ("sinh(1)", 1f64.sinh()),
        ("cosh(1)", 1f64.cosh()),
        ("tanh(1)", 1f64.tanh()),
        ("hypot(3, 4)", 5.0),
        ("pow(2, 10)", 1024.0),
        ("floor(-1.5)", -2.0),
        ("ceil(-1.5)", -1.0),
        ("round(-2.5)", -3.0),
        ("trunc(-1.5)", -1.0),
        ("min(3, 1, 2)", 1.0),
        ("max(3, 1, 4, 2)", 4.0),
        ("min(0/0, 5)", 5.0),
        ("max(5, 0/0)", 5.0),
        ("sign(-3) + 10*sign(0) + 100*sign(5)", 99.0),
        (
            "isnan(0/0) && !isnan(1) && !isfinite(1/0) && !isfinite(0/0) && isfinite(1) ? 1 : 0",
            1.0,
        ),
        ("in(2, 1, 2, 3) && !in(2, 1) && !in(0/0, 0/0) ? 1 : 0", 1.0),
        (
            "between(2, 2, 3) && !between(3, 2, 3) && !between(0/0, 0, 1) ? 1 : 0",
            1.0,
        ),
        ("delta_phi(3, -3)", 6.0 - 2.0 * PI),
        ("delta_phi(-3, 3)", 2.0 * PI - 6.0),
        ("delta_phi(pi, 0)", PI),
        ("delta_phi(0, pi)", PI),
        ("delta_phi(8*pi, 0)", 0.0),
        ("delta_phi(1, 0.5)", 0.5),
    ] {
        assert_eq!(number(text), value, "{text}");
    }
}

#[test]
fn units_count_in_mev_millimetres_nanoseconds_and_radians() {
    for (text, value) in [
        ("pi", PI),
        ("TeV / GeV", 1000.0),
        ("GeV / MeV", 1000.0),
        ("keV * 1000", 1.0),
        ("eV", 1e-6),
        ("km / mm", 1e6),
        ("cm", 10.0),
        ("um", 1e-3),
        ("s / us", 1e6),
        ("ms / ns", 1e6),
        ("ps", 1e-3),
        ("180*deg", PI),
        ("rad / mrad", 1000.0),
    ] {
        assert_eq!(number(text), value, "{text}");
    }
}

#[test]
fn columns_go_before_units_and_have_any_type() {
    assert_eq!(numbers("m"), [0.1, 0.2, 0.3]);
    assert_eq!(numbers("track.chi2 * 2"), [2.0, 4.0, 6.0]);
    assert_eq!(numbers("'Rec/best'.vertex.z"), [-1.0, 0.0, 1.0]);
    assert_eq!(numbers("small"), [-128.0, 0.0, 127.0]);
    assert_eq!(numbers("big"), [0.0, 1.0, u64::MAX as f64]);
    assert_eq!(numbers("bits + 1"), [2.0, 1.0, 2.0]);
    assert_eq!(numbers("good"), [1.0, 0.0, 1.0]);
    assert_eq!(truths("flags"), [false, true, true]);
    assert_eq!(truths("good == flags"), [false, false, true]);
    assert_eq!(truths("good ? flags : !flags"), [false, false, true]);
    assert_eq!(truths("pt > 500*MeV && abs(pid) == 13"), [false, true, false]);
    assert_eq!(numbers("pt > 500 ? pt : pid"), [13.0, 700.0, 900.0]);
    assert_eq!(numbers("good ? 1 : pt"), [1.0, 700.0, 1.0]);
    assert_eq!(numbers("good ? pt : 1"), [400.0, 1.0, 900.0]);
    assert_eq!(numbers("1000 - pt"), [600.0, 300.0, 100.0]);
    assert_eq!(numbers("-pt ** 2"), [-160_000.0, -490_000.0, -810_000.0]);
}

#[test]
fn rows_become_values_of_events() {
    assert_eq!(numbers("count(pt > 500)"), [1.0, 0.0, 1.0]);
    assert_eq!(numbers("sum(pt)"), [1100.0, 0.0, 900.0]);
    assert_eq!(truths("any(pid == 13)"), [true, false, false]);
    assert_eq!(truths("all(good)"), [false, true, true]);
    assert_eq!(format!("{:?}", numbers("smallest(pt)")), "[400.0, NaN, 900.0]");
    assert_eq!(format!("{:?}", numbers("largest(pt)")), "[700.0, NaN, 900.0]");
    assert_eq!(format!("{:?}", numbers("mean(pt)").map_nan()), "[550.0, NaN, 900.0]");
    assert_eq!(format!("{:?}", numbers("largest('Track/p')")), "[NaN, 2.5, NaN]");
    assert_eq!(numbers("sum('Track/p')")[..2], [0.0, 0.5]);
    assert_eq!(truths("count(pt > 500) >= 1 && physics"), [true, false, false]);
    assert_eq!(numbers("count(pt > 0) + count('Track/p' > 0)"), [2.0, 2.0, 1.0]);
}

trait MapNan {
    fn map_nan(self) -> Self;
}

impl MapNan for Vec<f64> {
    /// Replaces every NaN with the positive `f64::NAN`.
    fn map_nan(self) -> Self {
        self.into_iter()
            .map(|number| if number.is_nan() { f64::NAN } else { number })
            .collect()
    }
}

#[test]
fn values_of_events_are_spread_over_rows() {
    assert_eq!(numbers("pt + run"), [407.0, 707.0, 909.0]);
    assert_eq!(truths("good && physics"), [true, false, false]);
    assert_eq!(numbers("pt / largest(pt)"), [400.0 / 700.0, 1.0, 1.0]);
    assert_eq!(numbers("count(pt < mean(pt))"), [1.0, 0.0, 0.0]);
    assert_eq!(numbers("pt + count('Track/p' > -10)"), [400.0, 700.0, 900.0]);
    assert_eq!(numbers("'Track/p' * 0 + sum(pt)")[..3], [0.0, 0.0, 0.0]);
    assert_eq!(numbers("sum(pt - mean(pt) + count(pt >= mean(pt)))"), [2.0, 0.0, 1.0]);
    assert_eq!(truths("any(pt > run + 600) == physics"), [true, false, false]);
}

#[test]
fn levels_and_types_are_known_before_evaluation() {
    for (text, level, truth) in [
        ("1", Level::Event, false),
        ("true", Level::Event, true),
        ("run", Level::Event, false),
        ("pt + run", MUON, false),
        ("pt > run", MUON, true),
        ("true ? 1 : pt", MUON, false),
        ("'Track/p' > 1", TRACK, true),
        ("sum(pt) > 1", Level::Event, true),
    ] {
        let program = program(text);
        assert_eq!((program.level(), program.is_truth()), (level, truth), "{text}");
    }
    assert_eq!(truths("true"), [true; 3]);
    assert_eq!(numbers("true ? 1 : pt"), [1.0; 3]);
}

#[test]
fn names_are_told_once() {
    let expression = Expression::parse("pt + pt*run + sum(pt) + pi").unwrap();
    assert_eq!(
        expression.names().map(Name::to_string).collect::<Vec<_>>(),
        ["pt", "run", "pi"]
    );
    let mut asked = Vec::new();
    let bound = expression.bind(&mut |name| {
        asked.push(name.to_string());
        find(name)
    });
    assert!(bound.is_ok());
    assert_eq!(asked, ["pt", "run", "pi"]);
}

#[test]
#[should_panic(expected = "the expression has numbers, not truth values")]
fn numbers_are_no_truth_values() {
    truths("pt");
}

/// Columns that have the wrong length or invalid offsets.
struct Wrong {
    offsets: &'static [u64],
}

impl EventColumns for Wrong {
    fn events(&self) -> usize {
        2
    }

    fn column(&self, _: usize) -> Slice<'_> {
        Slice::F64(&[1.0, 2.0])
    }

    fn offsets(&self, _: usize) -> &[u64] {
        self.offsets
    }
}

#[test]
#[should_panic(expected = "the column with slot 0 has 2 values, but should have 3")]
fn columns_have_a_value_for_each_row() {
    program("pt").evaluate(&Wrong { offsets: &[0, 1, 3] }, &mut Vec::new());
}

#[test]
#[should_panic(expected = "table 0 has 2 offsets for 2 events")]
fn there_is_an_offset_for_each_event() {
    program("mean(pt)").evaluate(&Wrong { offsets: &[0, 2] }, &mut Vec::new());
}

#[test]
#[should_panic(expected = "the offsets of table 0 do not ascend from 0")]
fn offsets_ascend() {
    program("sum(pt)").evaluate(&Wrong { offsets: &[0, 3, 2] }, &mut Vec::new());
}
