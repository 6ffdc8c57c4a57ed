//! Tests of error messages and the positions to which they point.

use super::*;

/// Checks that an expression causes this error and that the error points to this part of its text.
#[track_caller]
fn check(text: &str, at: &str, message: &str) {
    let error = bind(text).expect_err(text);
    assert!(error.message().contains(message), "{text}: {}", error.message());
    assert_eq!(&text[error.span()], at, "{text}: {}", error.message());
}

#[test]
fn texts_that_are_no_expressions() {
    check("", "", "the expression is empty");
    check(" \t\n", "", "the expression is empty");
    check("pt +", "", "the expression ends where a value should follow");
    check("pt + * 2", "*", "a value is missing before this `*`");
    check("()", ")", "a value is missing before this `)`");
    check("(pt", "(", "this parenthesis is not closed");
    check("min(pt, 2", "(", "this parenthesis is not closed");
    check("min(pt, )", ")", "a value is missing before this `)`");
    check("pt)", ")", "this parenthesis is not opened");
    check("pt, 2", ",", "commas separate the arguments of a function");
    check("(pt, 2)", ",", "commas separate the arguments of a function");
    check("pt pid", "pid", "an operator is missing before this");
    check(
        "(pt pid)",
        "pid",
        "an operator or a closing parenthesis is missing before this",
    );
    check("pt (2)", "pt", "there is no function `pt`");
    check("2 (3)", "(", "an operator is missing before this");
    check("pt ! pid", "!", "an operator is missing before this");
    check("pt > 1 ? 2", "?", "this `?` has no `:`");
    check("pt : 2", ":", "there is no `?` for this `:`");
    check("'Track/p > 2", "'", "this quote is not closed");
    check("'' > 2", "''", "the path in these quotes is empty");
    check("track. chi2", ".", "the name of a column must follow this dot");
    check("500MeV < pt", "500MeV", "write `500*MeV`");
    check("1eV", "1eV", "write `1*eV`");
    check("1e999", "1e999", "this number is too large");
    check("pt = 5", "=", "write `==`");
    check("good & flags", "&", "write `&&`");
    check("good | flags", "|", "write `||`");
    check("pt ≥ 5", "≥", "write `>=`");
    check("pt > 5 µm", "µ", "`µ` is not part of an expression; names are made of");
    check("\"pt\" > 5", "\"", "paths are in single quotes");
    check("pt > 5;", ";", "a single value");
    check("pt \u{0} 5", "\u{0}", "`\\0` is not part of an expression");
}

#[test]
fn comparisons_in_a_row() {
    check("1 < pt < 2", "1 < pt < 2", "write `1 < pt && pt < 2`");
    check(
        "good && 1 < pt+1 <= 2",
        "1 < pt+1 <= 2",
        "write `1 < pt+1 && pt+1 <= 2`",
    );
    check("pid == 1 == 2", "pid == 1 == 2", "write `pid == 1 && 1 == 2`");
    check(
        "(1 < pt) < 2",
        "(1 < pt)",
        "`<` needs a number, but this is a truth value",
    );
    let long = "p".repeat(60);
    check(
        &format!("1 < {long} < 2"),
        &format!("1 < {long} < 2"),
        "write `1 < x && x < 2` for `1 < x < 2`",
    );
}

#[test]
fn functions_and_their_arguments() {
    check("sqr(pt)", "sqr", "there is no function `sqr`; did you mean `sqrt`?");
    check("1 + ABS(pt)", "ABS", "did you mean `abs`?");
    check("isnann(pt)", "isnann", "did you mean `isnan`?");
    check("quux(pt)", "quux", "the functions are abs, sqrt,");
    check(
        &format!("{}(pt)", "x".repeat(3000)),
        &"x".repeat(3000),
        "the functions are",
    );
    check(
        "atan2(pt)",
        "atan2(pt)",
        "`atan2` takes 2 arguments, not 1; write `atan2(y, x)`",
    );
    check("abs()", "abs()", "`abs` takes 1 argument, not 0; write `abs(x)`");
    check(
        "count()",
        "count()",
        "`count` takes 1 argument, not 0; write `count(condition)`",
    );
    check(
        "min(pt)",
        "min(pt)",
        "`min` takes 2 arguments or more, not 1; write `min(x, y, …)`",
    );
    check("between(pt, 1)", "between(pt, 1)", "`between` takes 3 arguments, not 2");
    check("sqrt > 2", "sqrt", "`sqrt` is a function; write `sqrt(…)`");
}

#[test]
fn names_that_are_none() {
    check(
        "1 + ptt",
        "ptt",
        "there is no column `ptt` here; the columns are pt and pid",
    );
    check("'MeV'", "'MeV'", "there is no column `'MeV'` here");
    check("MeV.x", "MeV.x", "there is no column `MeV.x` here");
    check("text == 1", "text", "`text` holds text, which expressions cannot use");
    let error = Expression::parse("x")
        .unwrap()
        .bind(&mut |_| Err(Unbound::Unknown(String::new())))
        .unwrap_err();
    assert_eq!(error.message(), "there is no column `x` here");
}

#[test]
fn numbers_and_truth_values() {
    check("good && pt", "pt", "`&&` needs a truth value, but this is a number");
    check("(pt + 1) || good", "(pt + 1)", "`||` needs a truth value");
    check("!pt", "pt", "`!` needs a truth value");
    check("not pt > 1", "pt", "`!` needs a truth value");
    check(
        "1 + good",
        "good",
        "`+` needs a number, but this is a truth value; convert it with `? 1 : 0`",
    );
    check("-good", "good", "`-` needs a number");
    check("good < flags", "good", "`<` needs a number");
    check("good ** 2", "good", "`**` needs a number");
    check("sqrt(good)", "good", "`sqrt` needs a number");
    check("in(pt, 1, good)", "good", "`in` needs a number");
    check(
        "good == 1",
        "good == 1",
        "`==` compares a truth value, `good`, with a number, `1`",
    );
    check("pt ? 1 : 2", "pt", "the condition before `?` needs a truth value");
    check("good ? 1 : flags", "1 : flags", "use the same type for both");
    check("count(pt)", "pt", "`count` needs a truth value");
    check("sum(good)", "good", "`sum` needs a number");
}

#[test]
fn rows_that_do_not_belong_together() {
    let apart = "are columns of different tables";
    check(
        "pt > 'Track/p'",
        "pt > 'Track/p'",
        "`pt` and `'Track/p'` are columns of different tables",
    );
    check(
        "1 + (run + pid) * -'Track/p'",
        "(run + pid) * -'Track/p'",
        "`pid` and `'Track/p'` are columns of",
    );
    check("count(pt > 'Track/p')", "pt > 'Track/p'", apart);
    check("good ? 1 : 'Track/p'", "good ? 1 : 'Track/p'", apart);
    check("min(pt, 1, 'Track/p')", "pt, 1, 'Track/p'", apart);
    check(
        "sum(run)",
        "run",
        "`sum` works on the rows of a table, but this has one value per event",
    );
    check("sum(1)", "1", "one value per event");
    check("count(any(good))", "any(good)", "one value per event");
}

#[test]
fn carets_are_under_the_characters() {
    let shown = |text: &str| bind(text).unwrap_err().to_string();
    assert_eq!(
        shown("ptt > 5"),
        "there is no column `ptt` here; the columns are pt and pid\n    ptt > 5\n    ^^^"
    );
    assert!(shown("'Σ/µ' > 'é").ends_with("\n    'Σ/µ' > 'é\n            ^"));
    assert!(shown("pt +").ends_with("\n    pt +\n        ^"));
    assert!(shown("pt >\n\tptt + 1\n").ends_with("\n     ptt + 1\n     ^^^"));
    assert!(shown("pt + (1 <\n 2 < 3)").ends_with("\n    pt + (1 <\n          ^^^"));
    let long = shown(&format!("{0} ptt {0}", "+ 1".repeat(100)));
    let lines: Vec<&str> = long.lines().collect();
    let column = lines[2].find('^').unwrap();
    let marked: String = lines[1].chars().skip(column).take(3).collect();
    assert_eq!((lines[2].trim(), marked.as_str()), ("^^^", "ptt"));
    assert!(lines[1].chars().count() < 120);
}

#[test]
fn hostile_texts_are_refused() {
    let deep = "nested more than 200 levels deep";
    for (open, close) in [
        ("(", ")"),
        ("-", ""),
        ("!", ""),
        ("abs(", ")"),
        ("2**", ""),
        ("true ? 1 : ", ""),
        ("true ? ", ": 1"),
    ] {
        let nested = |count: usize| format!("{}1{}", open.repeat(count), close.repeat(count));
        let error = Expression::parse(&nested(5000)).unwrap_err();
        assert!(error.message().contains(deep), "{open}: {error}");
        assert!(error.to_string().len() < 1000);
        assert!(Expression::parse(&nested(100)).is_ok(), "{open}");
    }
    for text in [
        "(".repeat(100_000),
        "-".repeat(100_000),
        "1+".repeat(100_000) + "1",
        "µ".repeat(100_000),
    ] {
        assert!(Expression::parse(&text).unwrap_err().message().contains("too long"));
    }
    assert!(
        Expression::parse(&"(".repeat(60_000))
            .unwrap_err()
            .message()
            .contains(deep)
    );
    assert!(
        Expression::parse(&"-".repeat(60_000))
            .unwrap_err()
            .message()
            .contains(deep)
    );
}

#[test]
fn long_chains_work() {
    assert_eq!(number(&("1+".repeat(30_000) + "1")), 30_001.0);
    assert_eq!(
        numbers(&("pt+".repeat(20_000) + "pt")),
        [400.0, 700.0, 900.0].map(|pt| pt * 20_001.0)
    );
    assert_eq!(truths(&("good && ".repeat(5_000) + "good")), [true, false, true]);
    let list: Vec<String> = (0..10_000).map(|number| number.to_string()).collect();
    assert_eq!(truths(&format!("in(pt, {})", list.join(","))), [true; 3]);
    let sums: Vec<String> = (0..3_000).map(|number| format!("sum(pt+{number})")).collect();
    assert_eq!(numbers(&sums.join("+"))[2], 3_000.0 * 900.0 + 2_999.0 * 1_500.0);
}
