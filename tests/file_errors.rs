//! Invalid or incompatible files: each gives a clear error message, and no output is left behind.

mod common;

use common::events::{Folder, set, small};
use gaudi_mpi::event::ColumnType;
use gaudi_mpi::hist::{Axis, Histogram1D, Histograms};
use std::fs;

#[test]
fn what_cannot_be_merged_is_told_and_nothing_is_left() {
    let folder = Folder::new();
    folder.write("a.h5", 0..50);
    folder.write("b.h5", 50..90);
    small(&folder.path("gev.h5"), ColumnType::new::<f64>("px").unit("GeV"), 1);
    let mut book = Histograms::new();
    let axis = Axis::uniform(90, 5200.0, 5500.0).label("m(J/ψ φ)").unit("MeV");
    book.book("Phys/hbmass", Histogram1D::new("Mass of B cand", axis));
    book.save(folder.path("coarse.h5")).unwrap();
    fs::create_dir(folder.path("folder")).unwrap();
    fs::hard_link(folder.path("a.h5"), folder.path("link.h5")).unwrap();
    let (names, before) = (folder.names(), folder.bytes("a.h5"));
    for (arguments, words) in [
        ("a.h5 b.h5 a.h5", "the output a.h5 and the input a.h5 are the same file"),
        (
            "link.h5 b.h5 a.h5",
            "the output link.h5 and the input a.h5 are the same file",
        ),
        ("out.h5 a.h5 link.h5", "the inputs a.h5 and link.h5 are the same file"),
        (
            "out.h5 a.h5 gev.h5",
            "/Event/Rec/Track/Best/px in gev.h5: it holds f64 in GeV, but in a.h5 f64 in MeV",
        ),
        (
            "out.h5 a.h5 coarse.h5",
            "/Histograms/Phys/hbmass in coarse.h5: cannot merge 'Phys/hbmass': axis 0 is",
        ),
        ("out.h5 a.h5 coarse.h5", "(here is a.h5, there is coarse.h5)"),
        ("missing/out.h5 a.h5 b.h5", "cannot write missing/out.h5: "),
        ("folder a.h5 b.h5", "cannot write folder: it is a folder"),
        ("folder coarse.h5", "cannot write folder: "),
        ("out.h5 a.h5 folder", "cannot read folder: it is a folder"),
        ("out.h5 a.h5 none.h5", "cannot read none.h5: No such file"),
    ] {
        let error = folder.fails(&format!("merge {arguments}"), 1);
        assert!(error.contains(words), "{arguments}: {error}");
        assert_eq!(folder.names(), names, "{arguments}");
    }
    assert!(folder.bytes("a.h5") == before);
}

#[test]
fn hostile_files_are_refused_in_words() {
    let folder = Folder::new();
    folder.write("good.h5", 0..400);
    let spoil = |name: &str, change: &dyn Fn(&hdf5::File)| {
        fs::copy(folder.path("good.h5"), folder.path(name)).unwrap();
        change(&folder.change(name));
    };
    fs::write(folder.path("text.h5"), "px py pz\n".repeat(100)).unwrap();
    let bytes = folder.bytes("good.h5");
    fs::write(folder.path("cut.h5"), &bytes[..bytes.len() / 2]).unwrap();
    fs::write(folder.path("empty.h5"), []).unwrap();
    fs::create_dir(folder.path("folder.h5")).unwrap();
    drop(hdf5::File::create(folder.path("bare.h5")).unwrap());
    spoil("backwards.h5", &|file| {
        set(file, "Event/Rec/Track/Best/_offsets", 200, 3_u64)
    });
    spoil("beyond.h5", &|file| {
        set(file, "Event/Rec/Track/Best/_offsets", 200, 1_u64 << 60)
    });
    spoil("short.h5", &|file| {
        file.dataset("Event/Rec/Track/Best/px").unwrap().resize(599).unwrap()
    });
    spoil("dangling.h5", &|file| {
        set(file, "Event/Phys/B/Particles/track", 7, 99_i32)
    });
    spoil("plane.h5", &|file| {
        let group = file.group("Event/Rec/Header").unwrap();
        group.new_dataset::<f64>().shape([400, 2]).create("plane").unwrap();
    });
    spoil("records.h5", &|file| {
        let group = file.create_group("FileRecords").unwrap();
        group
            .new_dataset_builder()
            .with_data(&[1_u64, 2])
            .create("events")
            .unwrap();
        group
            .new_dataset_builder()
            .with_data(&[1_u64])
            .create("status")
            .unwrap();
    });
    let names = folder.names();
    let all = ["inspect", "diff good.h5", "merge out.h5 good.h5"];
    let readers = &all[1..];
    for (name, commands, words) in [
        ("none.h5", &all[..], "cannot read none.h5: No such file or directory"),
        (
            "text.h5",
            &all,
            "cannot read text.h5: it is not an HDF5 file, or it is damaged or truncated",
        ),
        (
            "cut.h5",
            &all,
            "cannot read cut.h5: it is not an HDF5 file, or it is damaged or truncated",
        ),
        (
            "empty.h5",
            &all,
            "cannot read empty.h5: it is not an HDF5 file, or it is damaged or truncated",
        ),
        ("folder.h5", &all, "cannot read folder.h5: it is a folder"),
        (
            "bare.h5",
            &all,
            "cannot read bare.h5: it is HDF5, but has neither events in /Event nor histograms",
        ),
        (
            "backwards.h5",
            readers,
            "/Event/Rec/Track/Best/_offsets in backwards.h5: they decrease at event 199",
        ),
        (
            "beyond.h5",
            readers,
            "/Event/Rec/Track/Best/_offsets in beyond.h5: they decrease at event 200",
        ),
        (
            "short.h5",
            &all,
            "/Event/Rec/Track/Best/px in short.h5: it has 599 rows, but the offsets of its table end at 600",
        ),
        (
            "dangling.h5",
            readers,
            "/Event/Phys/B/Particles/track in dangling.h5: /Event/Phys/B/Particles/track refers to row 99",
        ),
        (
            "plane.h5",
            &all,
            "/Event/Rec/Header/plane in plane.h5: it has 2 dimensions, but a column has one",
        ),
        (
            "records.h5",
            &all[2..],
            "/FileRecords/status in records.h5: it has 1 row, but /FileRecords/events has 2",
        ),
    ] {
        for command in commands {
            let status = if command.starts_with("diff") { 2 } else { 1 };
            let error = folder.fails(&format!("{command} {name}"), status);
            assert!(error.contains(words), "{command} {name}: {error}");
            assert_eq!(folder.names(), names, "{command} {name}");
        }
    }
    let being_written = folder.change("good.h5");
    let error = folder.fails("inspect good.h5", 1);
    assert!(
        error.ends_with("cannot read good.h5: another program is writing to it: wait until that has finished"),
        "{error}"
    );
    drop(being_written);
    let error = folder.fails("diff good.h5 good.h5 --only [", 2);
    assert!(error.contains("'[' is not a valid pattern of paths"), "{error}");
    let error = folder.fails("diff good.h5 good.h5 --only Rec/Trak", 2);
    assert!(
        error.contains("nothing in good.h5 or good.h5 that is not ignored matches Rec/Trak"),
        "{error}"
    );
}
