//! Histograms in HDF5 files equal those that Python's uhi, hist and boost-histogram make from the same numbers.

mod common;

use common::events::alone;
use common::python;
use std::path::Path;
use std::process::Command;

use gaudi_mpi::hist::{Axis, Handle, Histogram1D, Histogram2D, Histogram3D, Histograms, Profile1D, Profile2D};
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256PlusPlus;

/// The values of one fill: three numbers, a weight, the index of a name, and an integer.
#[derive(Clone, Copy)]
struct Row {
    x: f64,
    y: f64,
    z: f64,
    weight: f64,
    name: usize,
    id: i64,
}

const NAMES: [&str; 4] = ["muon", "kaon", "pion ±", "not booked"];
const IDS: [i64; 4] = [13, -321, 211, 22];
const VARIABLE: [f64; 6] = [-3.0, -1.1, 0.0, 0.3, 1.7, 4.0];

fn rows(count: usize) -> Vec<Row> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(42);
    // Implementations differ for numbers on bin edges and for numbers outside all bins.
    let mut special = vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 5e-324, 1e300];
    for edge in Axis::uniform(70, -2.1, 3.7).edges().into_iter().chain(VARIABLE) {
        special.extend([edge, edge.next_up(), edge.next_down()]);
    }
    let mut normal = move || random.sample::<f64, _>(StandardNormal);
    (0..count)
        .map(|i| Row {
            x: special.get(i).copied().unwrap_or_else(&mut normal),
            y: if i % 100 == 99 {
                special[i / 100 % special.len()]
            } else {
                2.0 * normal()
            },
            z: 10.0 + normal(),
            weight: normal() * 10_f64.powf(5.0 * normal()),
            name: i * 7 % 4,
            id: IDS[i * 5 % 4],
        })
        .collect()
}

struct Job {
    histograms: Histograms,
    uniform: Handle<Histogram1D>,
    weighted: Handle<Histogram1D>,
    mixed: Handle<Histogram1D>,
    variable: Handle<Histogram1D>,
    fine: Handle<Histogram1D>,
    names: Handle<Histogram1D>,
    ids: Handle<Histogram1D>,
    plane: Handle<Histogram2D>,
    names_plane: Handle<Histogram2D>,
    fine_plane: Handle<Histogram2D>,
    space: Handle<Histogram3D>,
    profile: Handle<Profile1D>,
    weighted_profile: Handle<Profile1D>,
    plane_profile: Handle<Profile2D>,
}

impl Job {
    fn new() -> Self {
        let mut histograms = Histograms::new();
        let uniform = || Axis::uniform(70, -2.1, 3.7).label("m(J/ψ φ)").unit("MeV");
        let variable = || Axis::variable(VARIABLE).label("η");
        let names = || Axis::categories(&NAMES[..3]).label("particle");
        let fine = |bins| Axis::uniform(bins, -5.0, 5.0);
        let profile = |title| Profile1D::new(title, uniform()).label("p").unit("GeV");
        histograms.book("Nothing/in it", Histogram1D::new("Empty", uniform()));
        histograms.book("Nothing/profiled", profile("Empty profile"));
        Job {
            uniform: histograms.book("Uniform/counts", Histogram1D::new("Mass of B cand", uniform())),
            weighted: histograms.book("Uniform/weighted", Histogram1D::new("Weighted", uniform())),
            mixed: histograms.book("Uniform/mixed", Histogram1D::new("Some weighted", uniform())),
            variable: histograms.book("Variable/counts", Histogram1D::new("Variable", variable())),
            fine: histograms.book("Fine/counts", Histogram1D::new("Compressed", fine(200_000))),
            names: histograms.book("Category/names", Histogram1D::new("Particles", names())),
            ids: histograms.book("Category/ids", {
                Histogram1D::new("Particle numbers", Axis::integer_categories(IDS.into_iter().take(3)))
            }),
            plane: histograms.book("Plane/counts", Histogram2D::new("Plane", uniform(), variable())),
            names_plane: histograms.book("Plane/names", Histogram2D::new("Names", names(), uniform())),
            fine_plane: histograms.book("Fine/plane", Histogram2D::new("Chunks", fine(400), fine(500))),
            space: histograms.book("Space", Histogram3D::new("Space", variable(), names(), fine(9))),
            profile: histograms.book("Profile/counts", profile("Profile")),
            weighted_profile: histograms.book("Profile/weighted", profile("Weighted profile")),
            plane_profile: histograms.book("Profile/plane", Profile2D::new("2-D profile", variable(), names())),
            histograms,
        }
    }

    fn fill(&mut self, row: Row) {
        let Row {
            x,
            y,
            z,
            weight,
            name,
            id,
        } = row;
        let book = &mut self.histograms;
        let name = NAMES[name];
        book[self.uniform].fill(x);
        book[self.weighted].fill_weighted(x, weight);
        if id == 13 {
            book[self.mixed].fill(x);
        } else {
            book[self.mixed].fill_weighted(x, weight);
        }
        book[self.variable].fill(x);
        book[self.fine].fill(x);
        book[self.names].fill(name);
        book[self.ids].fill(id);
        book[self.plane].fill(x, y);
        book[self.names_plane].fill_weighted(name, x, weight);
        book[self.fine_plane].fill(x, y);
        book[self.space].fill(x, name, y);
        book[self.profile].fill(x, z);
        book[self.weighted_profile].fill_weighted(x, z, weight.abs());
        book[self.plane_profile].fill(y, name, z);
    }
}

fn filled(rows: impl IntoIterator<Item = Row>) -> Histograms {
    let mut job = Job::new();
    rows.into_iter().for_each(|row| job.fill(row));
    job.histograms
}

#[test]
fn uhi_and_hist_read_what_boost_histogram_fills() {
    let _alone = alone();
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let rows = rows(20_000);
    filled(rows.iter().copied())
        .save(folder.path().join("histograms.h5"))
        .unwrap();
    let numbers = rows
        .iter()
        .flat_map(|row| [row.x, row.y, row.z, row.weight, row.name as f64, row.id as f64]);
    let bytes: Vec<u8> = numbers.flat_map(f64::to_le_bytes).collect();
    std::fs::write(folder.path().join("rows.f64"), bytes).unwrap();

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/check_uhi.py");
    let output = Command::new(python).arg(script).arg(folder.path()).output().unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "check_uhi.py failed:\n{out}{err}");
    assert!(
        out.contains("16 objects agree"),
        "check_uhi.py did not check everything:\n{out}"
    );
}

#[test]
fn the_same_contents_are_the_same_bytes_at_any_time_and_in_any_order() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let saved = |histograms: &Histograms, name: &str| {
        let path = folder.path().join(name);
        histograms.save(&path).unwrap();
        std::fs::read(path).unwrap()
    };
    let rows = rows(3_000);
    let first = saved(&filled(rows.iter().copied()), "first.h5");
    // If HDF5 stored a time, it would do so in whole seconds.
    std::thread::sleep(std::time::Duration::from_millis(1100));

    let mut parts: Vec<Histograms> = rows
        .chunks(700)
        .map(|rows| filled(rows.iter().rev().copied()))
        .collect();
    while let Some(part) = parts.pop() {
        match parts.first_mut() {
            Some(other) => other.merge(&part).unwrap(),
            None => assert!(first == saved(&part, "second.h5"), "the two files differ"),
        }
    }
    assert!(first != saved(&filled(rows[1..].iter().copied()), "other.h5"));
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        3,
        "a temporary file is left"
    );
}

#[test]
fn what_is_read_saves_as_the_same_bytes() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first.h5"), folder.path().join("second.h5"));
    let book = filled(rows(3_000));
    book.save(&first).unwrap();
    let read = Histograms::open(&first).unwrap();
    read.save(&second).unwrap();
    assert!(std::fs::read(first).unwrap() == std::fs::read(second).unwrap());
    assert_eq!(read.len(), book.len());
    for (path, object) in book.iter() {
        // The file does not distinguish fills with weight 1 from fills without weight.
        assert!(
            path == "Uniform/mixed" || read.get(path) == Some(object),
            "{path} differs"
        );
    }
}

#[test]
fn sums_of_files_do_not_depend_on_their_grouping() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let saved_and_read = |book: &Histograms| {
        let path = folder.path().join("histograms.h5");
        book.save(&path).unwrap();
        (Histograms::open(&path).unwrap(), std::fs::read(&path).unwrap())
    };
    let rows = rows(2_500);
    let (_, whole) = saved_and_read(&filled(rows.iter().copied()));
    let part = |index: usize| saved_and_read(&filled(rows.chunks(500).nth(index).unwrap().iter().copied())).0;
    let sum = |mut left: Histograms, right: Histograms| {
        left.merge(&right).unwrap();
        saved_and_read(&left)
    };
    let (left, _) = sum(sum(part(0), part(1)).0, part(2));
    let (_, one) = sum(left, sum(part(3), part(4)).0);
    let (right, _) = sum(part(4), sum(part(2), part(0)).0);
    let (_, other) = sum(part(3), sum(right, part(1)).0);
    assert!(one == whole && other == whole, "the sums differ");
}

#[test]
fn what_is_no_histogram_of_ours_is_refused_in_words() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("histograms.h5");
    let error = |path: &Path| Histograms::open(path).unwrap_err().to_string();
    assert!(error(&path).contains("No such file"), "{}", error(&path));
    std::fs::write(&path, "no histograms").unwrap();
    assert!(
        error(&path).starts_with("cannot read the histogram file "),
        "{}",
        error(&path)
    );

    let spoiled = |spoil: &dyn Fn(&hdf5::Group)| {
        filled(rows(300)).save(&path).unwrap();
        spoil(&hdf5::File::open_rw(&path).unwrap().group("Histograms").unwrap());
        error(&path)
    };
    for (spoil, words) in [
        (
            &(|group: &hdf5::Group| group.unlink("Uniform/counts/exact").unwrap()) as &dyn Fn(&hdf5::Group),
            "cannot read the histogram 'Uniform/counts': it has no group 'exact'",
        ),
        (
            &|group| group.unlink("Plane/counts/storage/values").unwrap(),
            "cannot read the histogram 'Plane/counts': its storage has no 'values'",
        ),
        (
            &|group| {
                let storage = group.group("Space/storage").unwrap();
                storage.unlink("values").unwrap();
                storage.new_dataset::<i64>().shape([2, 3]).create("values").unwrap();
            },
            "cannot read the histogram 'Space': 'values' of its storage has the shape [2, 3]",
        ),
        (
            &|group| {
                let axis = group.group("Space/ref_axes/axis_0").unwrap();
                let edges = axis.dataset("edges").unwrap();
                edges.write_raw(&[f64::NAN; 6]).unwrap();
            },
            "cannot read the histogram 'Space': axis_0: cannot make the axis: its edge NaN is not finite",
        ),
        (
            &|group| {
                let axis = group.group("Profile/counts/ref_axes/axis_0").unwrap();
                axis.attr("bins").unwrap().write_scalar(&((1_i64 << 31) - 2)).unwrap();
            },
            "of its storage has the shape [72], but the axes have [2147483648] bins",
        ),
        (
            &|group| drop(group.new_dataset::<i64>().shape([2]).create("stray").unwrap()),
            "cannot read the histogram 'stray': it is not a group, so not a histogram",
        ),
        (
            &|group| {
                let exact = group.group("Variable/counts/exact").unwrap();
                exact.attr("sum_wx").unwrap().write_raw(&[1e-300, 0.0]).unwrap();
            },
            "sum_wx is 1e-300, to which fills without weight cannot sum",
        ),
    ] {
        let error = spoiled(spoil);
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_book_that_cannot_be_saved_says_why_and_leaves_nothing() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let error = Histograms::new()
        .save(folder.path().join("missing/histograms.h5"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("cannot create the histogram file") && error.contains("missing/histograms.h5"),
        "{error}"
    );

    std::fs::create_dir(folder.path().join("taken.h5")).unwrap();
    let error = Histograms::new()
        .save(folder.path().join("taken.h5"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("cannot create the histogram file") && error.ends_with("taken.h5: it is a folder"),
        "{error}"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);

    let mut book = Histograms::new();
    book.book("a/b", Histogram1D::new("One", Axis::uniform(1, 0.0, 1.0)));
    let file = hdf5::File::create(folder.path().join("twice.h5")).unwrap();
    book.write_hdf5(&file).unwrap();
    let error = book.write_hdf5(&file).unwrap_err().to_string();
    assert!(
        error.starts_with("cannot write the histogram 'a/b' to HDF5:"),
        "{error}"
    );
}
