use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::hist::{Axis, Histogram1D, Histogram2D, Histograms, Profile1D};

#[test]
fn invalid_axes_are_refused_with_a_reason() {
    for (axis, reason) in [
        (Axis::try_uniform(0, 0.0, 1.0), "no bins"),
        (Axis::try_uniform(10, 1.0, 1.0), "edges must ascend"),
        (Axis::try_uniform(10, 2.0, 1.0), "its edge 2 is followed by 1"),
        (Axis::try_uniform(10, 0.0, f64::INFINITY), "its edge inf is not finite"),
        (Axis::try_uniform(10, f64::NAN, 1.0), "its edge NaN is not finite"),
        (Axis::try_uniform(10, 0.0, 1e300), "must lie between 1e-140 and 1e140"),
        (Axis::try_uniform(10, 0.0, 1e-300), "must lie between 1e-140 and 1e140"),
        (Axis::try_uniform(1 << 31, 0.0, 1.0), "it has 2147483648 bins"),
        (Axis::try_variable([1.0]), "two edges or more"),
        (Axis::try_variable([0.0, 1.0, 1.0]), "its edge 1 is followed by 1"),
        (
            Axis::try_categories(["a", "b", "a"]),
            "the category \"a\" is given twice",
        ),
        (Axis::try_categories([] as [&str; 0]), "no categories"),
        (Axis::try_categories(["a\0"]), "NUL"),
        (Axis::try_integer_categories([3, 1, 3]), "the category 3 is given twice"),
    ] {
        let error = axis.unwrap_err().to_string();
        assert!(
            error.starts_with("cannot make the axis: ") && error.contains(reason),
            "{error}"
        );
    }
    let axis = || Axis::uniform(100_000, 0.0, 1.0);
    let error = Histogram2D::try_new("Too fine", [axis(), axis()])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("'Too fine'") && error.contains("use fewer bins"),
        "{error}"
    );
}

#[test]
fn paths_are_checked_and_found() {
    let h = || Histogram1D::new("h", Axis::uniform(1, 0.0, 1.0));
    let mut book = Histograms::new();
    book.book("Phys/hbmass", h());
    book.book("Phys/hbmass2", h());
    for (path, reason) in [
        ("", "is empty"),
        ("/a", "begin"),
        ("a/", "end"),
        ("a//b", "empty name"),
        ("a/../b", "'.' or '..'"),
        ("a\0", "NUL"),
        ("Phys/hbmass", "the path is already booked"),
        ("Phys", "it is the folder of 'Phys/hbmass'"),
        ("Phys/hbmass/log", "'Phys/hbmass' is a histogram, not a folder"),
    ] {
        let error = book.try_book(path, h()).unwrap_err().to_string();
        assert!(
            error.starts_with("cannot book a histogram as '") && error.contains(reason),
            "{error}"
        );
    }
    let error = book.handle::<Histogram1D>("hbmass").unwrap_err().to_string();
    assert_eq!(error, "no histogram is booked as 'hbmass'; did you mean 'Phys/hbmass'?");
    let error = book.handle::<Histogram2D>("Phys/hbmass").unwrap_err().to_string();
    assert_eq!(error, "'Phys/hbmass' is booked as a Histogram1D, not as a Histogram2D");
    book.book("A", h());
    assert_eq!(
        book.iter().map(|(path, _)| path).collect::<Vec<_>>(),
        ["A", "Phys/hbmass", "Phys/hbmass2"]
    );
    assert!(book.get("A").is_some() && book.get("B").is_none() && book.len() == 3);
}

#[test]
fn objects_booked_differently_do_not_merge_and_stay_unchanged() {
    let book = |path: &str, title: &str, axis: Axis| {
        let mut book = Histograms::new();
        book.book("first", Histogram1D::new("First", Axis::uniform(1, 0.0, 1.0)));
        let h = book.book(path, Histogram1D::new(title, axis));
        book[h].fill(0.5);
        book
    };
    let axis = |bins| Axis::uniform(bins, 0.0, 1.0).label("m").unit("MeV");
    let mut mine = book("a/b", "T", axis(3));
    let before = mine.clone();
    for (theirs, difference) in [
        (book("a/c", "T", axis(3)), "cannot merge 'a/c': it is booked there only"),
        (
            book("a/b", "U", axis(3)),
            "cannot merge 'a/b': its title is 'T' here and 'U' there",
        ),
        (
            book("a/b", "T", axis(4)),
            "axis 0 is 'm [MeV]' with 3 uniform bins from 0 to 1 here and 'm [MeV]' with 4 uniform bins",
        ),
        (
            book("a/b", "T", axis(3).unit("GeV")),
            "axis 0 is 'm [MeV]' with 3 uniform bins from 0 to 1 here and 'm [GeV]'",
        ),
        (Histograms::new(), "cannot merge 'first': it is booked here only"),
    ] {
        let error = mine.merge(&theirs).unwrap_err().to_string();
        assert!(error.contains(difference), "{error}");
        assert_eq!(mine, before);
    }
    let mut other = Histograms::new();
    other.book("a/b", Profile1D::new("T", axis(3)));
    other.book("first", Histogram1D::new("First", Axis::uniform(1, 0.0, 1.0)));
    let error = mine.merge(&other).unwrap_err().to_string();
    assert!(
        error.contains("'a/b': its kind is 'Histogram1D' here and 'Profile1D' there"),
        "{error}"
    );
}

#[test]
fn filling_with_the_wrong_kind_of_value_panics_with_a_reason() {
    let message = |fill: &mut dyn FnMut()| {
        let panic = catch_unwind(AssertUnwindSafe(fill)).unwrap_err();
        panic.downcast_ref::<String>().unwrap().clone()
    };
    let mut names = Histogram1D::new("h", Axis::categories(["a", "b"]).label("kind"));
    assert_eq!(
        message(&mut || names.fill(1.0)),
        "cannot fill the axis 'kind' (categories a, b): it has named categories: fill it with one of their names"
    );
    let mut mass = Histogram1D::new("h", Axis::uniform(2, 0.0, 1.0).label("m"));
    let expected = "cannot fill the axis 'm' (2 uniform bins from 0 to 1): fill it with a number";
    assert_eq!(message(&mut || mass.fill("a")), expected);
    assert_eq!(message(&mut || mass.fill_all(["a"])), expected);
    assert_eq!(message(&mut || mass.fill_weighted("a", 1.0)), expected);
    assert!(message(&mut || assert!(mass.value(2) < 0.0)).contains("has no bin At(2)"));

    let mut book = Histograms::new();
    let first = book.book("a", mass);
    let mut other = Histograms::new();
    assert!(message(&mut || other[first].fill(0.0)).contains("object number 1, but this book has 0"));
    other.book("a", Profile1D::new("p", Axis::uniform(2, 0.0, 1.0)));
    assert!(message(&mut || other[first].fill(0.0)).contains("'a' is a Profile1D in this book"));
}
