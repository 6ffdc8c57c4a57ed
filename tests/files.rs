//! The commands `inspect`, `diff` and `merge`.

mod common;

use common::events::{Folder, px, set, small, store, tracks};
use gaudi_mpi::event::ColumnType;
use gaudi_mpi::hist::{Axis, Histogram1D, Histograms};
use gaudi_mpi::io::EventFileWriter;

#[test]
fn inspect_shows_what_is_in_files() {
    let folder = Folder::new();
    folder.write("events.h5", 0..1000);
    common::events::histograms(0..5)
        .save(folder.path("histograms.h5"))
        .unwrap();
    let records = folder.change("events.h5").create_group("FileRecords").unwrap();
    records
        .new_dataset_builder()
        .with_data(&[1000_u64])
        .create("events")
        .unwrap();
    drop(records);

    let shown = folder.succeeds("inspect events.h5 histograms.h5");
    assert!(shown.starts_with("events.h5: 1000 events, "), "{shown}");
    for line in [
        "/Event/Rec/Header: one row per event",
        "/Event/Rec/Track/Best: 1500 rows, 1.50 per event",
        "/Event/Phys/B/Particles: 1000 rows, 1.00 per event",
        "/Histograms: 4",
        "  Phys/hbmass    Histogram1D  1000  entries  m(J/ψ φ) [MeV], 100 uniform bins from 5200 to 5500",
        "/FileRecords",
        "  events  u64  1",
    ] {
        assert!(shown.lines().any(|other| other == line), "{line} is not in\n{shown}");
    }
    let words = |start: &str| {
        let line = shown.lines().find(|line| line.trim_start().starts_with(start)).unwrap();
        line.split_whitespace().collect::<Vec<_>>()
    };
    assert_eq!(words("px ")[..3], ["px", "f64", "MeV"]);
    assert!(words("px ")[5].ends_with('×'), "{shown}");
    assert_eq!(words("track ")[..4], ["track", "i32", "→", "/Event/Rec/Track/Best"]);
    assert!(shown.contains("\nhistograms.h5: no events, "), "{shown}");

    let json: serde_json::Value = serde_json::from_str(&folder.succeeds("inspect --json events.h5")).unwrap();
    let table = &json[0]["tables"][2];
    assert_eq!((&json[0]["events"], &table["rows"]), (&1000.into(), &1500.into()));
    assert_eq!(table["path"], "/Event/Rec/Track/Best");
    assert_eq!(
        (&table["columns"][1]["name"], &table["columns"][1]["unit"]),
        (&"px".into(), &"MeV".into())
    );
    assert!(
        table["columns"][1]["compression_ratio"].as_f64().unwrap() > 1.0,
        "{table}"
    );
    assert_eq!(json[0]["histograms"][0]["entries"], 1000);
    assert_eq!(json[0]["file_records"][0]["length"], 1);
}

#[test]
fn diff_tells_the_first_difference_in_words() {
    let folder = Folder::new();
    folder.write("a.h5", 0..3000);
    folder.write("b.h5", 0..3000);
    assert_eq!(
        folder.succeeds("diff a.h5 b.h5"),
        "no difference in 5 columns and 4 histograms\n"
    );

    // Event 2017 has three tracks.
    assert_eq!(tracks(2017), 3);
    let row = (0..2017).map(tracks).sum::<u64>() as usize + 2;
    let file = folder.change("b.h5");
    set(&file, "Event/Rec/Track/Best/px", row, px(2017, 2) + 0.25);
    set(&file, "Event/Rec/Track/Best/px", row + 1, f64::NAN);
    set(&file, "Event/Rec/Header/event_number", 5, 6_u64);
    let counts = file.dataset("Histograms/Phys/hbmass/storage/values").unwrap();
    let mut values = counts.read_raw::<i64>().unwrap();
    values[11] += 1;
    counts.write_raw(&values).unwrap();
    let before = values[11] - 1;
    drop((counts, file));
    let said = folder.run("diff a.h5 b.h5");
    let value = px(2017, 2);
    assert_eq!(said.status, 1);
    assert_eq!(
        said.stdout,
        format!(
            "/Event/Rec/Header/event_number of event 5: 5 in a.h5, 6 in b.h5\n\
             /Event/Rec/Track/Best/px of event 2017, row 2: {value} MeV in a.h5, {} MeV in b.h5 (and 1 value more)\n\
             /Histograms/Phys/hbmass: bin 10 [5230, 5233): {before} in a.h5, {} in b.h5\n\
             2 of 5 columns and 1 of 4 histograms differ\n",
            value + 0.25,
            before + 1
        )
    );
    for (options, status) in [
        ("--quiet", 1),
        ("--only Rec/Track/Best/charge", 0),
        ("--only Phys", 1),
        ("--only Phys --ignore Phys/hb*", 0),
        ("--ignore */px --ignore *number --ignore /Histograms", 0),
        ("--only */event_number --tolerance 0.9", 1),
    ] {
        let said = folder.run(&format!("diff a.h5 b.h5 {options}"));
        assert_eq!(said.status, status, "{options}: {said:?}");
        assert!(options != "--quiet" || said.stdout.is_empty());
    }
    let file = folder.change("b.h5");
    set(&file, "Event/Rec/Track/Best/px", row + 1, px(2018, 0));
    drop(file);
    for (options, status) in [("--tolerance 1e-3", 0), ("--tolerance 1e-5", 1), ("--absolute 0.25", 0)] {
        let said = folder.run(&format!("diff a.h5 b.h5 --only */px {options}"));
        assert_eq!(said.status, status, "{options}: {said:?}");
    }
}

#[test]
fn diff_tells_what_is_there_once_and_what_is_of_another_kind() {
    let folder = Folder::new();
    let px = || ColumnType::new::<f64>("px").unit("MeV");
    small(&folder.path("two.h5"), px(), 2);
    small(&folder.path("three.h5"), px(), 3);
    small(&folder.path("gev.h5"), ColumnType::new::<f64>("px").unit("GeV"), 2);
    small(&folder.path("py.h5"), ColumnType::new::<f64>("py").unit("MeV"), 2);
    folder.write("more.h5", 0..4);
    let mut book = Histograms::new();
    book.book("h", Histogram1D::new("H", Axis::uniform(3, 0.0, 3.0)));
    book.save(folder.path("h3.h5")).unwrap();
    let mut book = Histograms::new();
    book.book("h", Histogram1D::new("H", Axis::uniform(4, 0.0, 3.0)));
    book.save(folder.path("h4.h5")).unwrap();
    for (files, words) in [
        (
            "two.h5 three.h5",
            "/Event/Rec/Track/Best of event 0: 2 rows in two.h5, 3 rows in three.h5\n1 of 1 column and",
        ),
        (
            "two.h5 gev.h5",
            "/Event/Rec/Track/Best/px: f64 in MeV in two.h5, f64 in GeV in gev.h5\n1 of 1 column and",
        ),
        (
            "two.h5 py.h5",
            "px: in two.h5, not in py.h5\n/Event/Rec/Track/Best/py: in py.h5, not in two.h5\n2 of 2 columns",
        ),
        (
            "more.h5 two.h5",
            "/Event: 4 events in more.h5, 1 event in two.h5\n/Event/Phys/B/Particles: in more.h5, not in two.h5\n",
        ),
        (
            "h3.h5 h4.h5",
            "/Histograms/h: axis 0: 3 uniform bins from 0 to 3 in h3.h5, 4 uniform bins from 0 to 3 in h4.h5\n",
        ),
        (
            "h3.h5 two.h5",
            "/Event: in two.h5, not in h3.h5\n/Histograms/h: in h3.h5, not in two.h5\n1 of 1 column and 1 of 1",
        ),
    ] {
        let said = folder.run(&format!("diff {files}"));
        assert!(said.status == 1 && said.stdout.contains(words), "{files}: {said:?}");
    }
}

#[test]
fn merged_files_are_those_of_one_job_whatever_their_grouping() {
    let folder = Folder::new();
    folder.write("whole.h5", 0..2500);
    for (name, events) in [("a.h5", 0..700), ("b.h5", 700..1900), ("c.h5", 1900..2500)] {
        folder.write(name, events);
    }
    assert_eq!(
        folder.succeeds("merge abc.h5 a.h5 b.h5 c.h5"),
        "abc.h5: 2500 events and 4 histograms from 3 files\n"
    );
    folder.succeeds("diff whole.h5 abc.h5");
    folder.succeeds("merge ab.h5 a.h5 b.h5");
    folder.succeeds("merge ab_c.h5 ab.h5 c.h5 --compression 4");
    folder.succeeds("merge bc.h5 b.h5 c.h5 --compression 0");
    folder.succeeds("merge a_bc.h5 a.h5 bc.h5");
    folder.succeeds("merge again.h5 whole.h5");
    for name in ["ab_c.h5", "a_bc.h5", "again.h5"] {
        assert!(folder.bytes("abc.h5") == folder.bytes(name), "{name} differs");
    }
    assert!(folder.bytes("bc.h5").len() > folder.bytes("b.h5").len());

    // Weights for which a merge in two steps would round the sum twice if sums were not exact.
    let pieces: Vec<String> = (0..3).map(|event| format!("{event}.h5")).collect();
    for (event, name) in pieces.iter().enumerate() {
        let mut book = Histograms::new();
        let h = book.book("h", Histogram1D::new("H", Axis::uniform(1, 0.0, 1.0)));
        book[h].fill_weighted(0.5, [1.0, 2_f64.powi(-53), 2_f64.powi(-53)][event]);
        book.save(folder.path(name)).unwrap();
    }
    folder.succeeds("merge 012.h5 0.h5 1.h5 2.h5");
    folder.succeeds("merge 01.h5 0.h5 1.h5");
    folder.succeeds("merge 01_2.h5 01.h5 2.h5");
    assert!(folder.bytes("012.h5") == folder.bytes("01_2.h5"));
    let sum = hdf5::File::open(folder.path("01_2.h5")).unwrap();
    let values = sum.dataset("Histograms/h/storage/values").unwrap();
    assert_eq!(values.read_raw::<f64>().unwrap()[1], 1.0 + 2_f64.powi(-52));
}

#[test]
fn merging_files_of_different_contents_keeps_all_of_them() {
    let folder = Folder::new();
    folder.write("events.h5", 0..300);
    common::events::histograms(300..500)
        .save(folder.path("histograms.h5"))
        .unwrap();
    small(&folder.path("tracks.h5"), ColumnType::new::<f64>("px").unit("MeV"), 3);
    for (name, files) in [("events.h5", vec!["x.dst", "y.dst"]), ("histograms.h5", vec!["z.dst"])] {
        let records = folder.change(name).create_group("FileRecords").unwrap();
        let texts: Vec<hdf5::types::VarLenUnicode> = files.iter().map(|file| file.parse().unwrap()).collect();
        records.new_dataset_builder().with_data(&texts).create("name").unwrap();
        let events: Vec<u64> = (0..files.len() as u64).collect();
        records
            .new_dataset_builder()
            .with_data(&events)
            .create("events")
            .unwrap();
    }
    let said = folder.run("merge all.h5 events.h5 histograms.h5 tracks.h5");
    assert_eq!(said.status, 0, "{said:?}");
    assert_eq!(
        said.stderr,
        "Warning: tracks.h5 has no /Event/Rec/Header: its events get rows of missing values\n\
         Warning: tracks.h5 has no /Event/Rec/Track/Best/charge: its rows get missing values\n"
    );
    let file = hdf5::File::open(folder.path("all.h5")).unwrap();
    let names = file.dataset("FileRecords/name").unwrap();
    let names = names.read_raw::<hdf5::types::VarLenUnicode>().unwrap();
    assert_eq!(
        names.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
        ["x.dst", "y.dst", "z.dst"]
    );
    assert_eq!(
        file.dataset("FileRecords/events").unwrap().read_raw::<u64>().unwrap(),
        [0, 1, 0]
    );
    let offsets = file
        .dataset("Event/Rec/Track/Best/_offsets")
        .unwrap()
        .read_raw::<u64>()
        .unwrap();
    assert_eq!((offsets.len(), offsets[301] - offsets[300]), (302, 3));
    let sum = Histograms::open(folder.path("all.h5")).unwrap();
    assert_eq!(sum.get("Phys/hbmass").unwrap().entries(), 500);

    // A merge in two steps gives the same file.
    for step in [
        "merge two.h5 events.h5 histograms.h5",
        "merge steps.h5 two.h5 tracks.h5",
    ] {
        assert_eq!(folder.run(step).status, 0);
    }
    assert!(folder.bytes("all.h5") == folder.bytes("steps.h5"));
}

#[test]
fn large_files_are_compared_and_merged_in_blocks() {
    let folder = Folder::new();
    // More events than the commands hold in memory at once.
    let mut writer = EventFileWriter::compressed(folder.path("a.h5"), 1).unwrap();
    for start in (0..230_000).step_by(23_000) {
        writer.append(&store(start..start + 23_000)).unwrap();
    }
    assert_eq!(writer.events(), 230_000);
    writer.finish().unwrap();
    folder.succeeds("merge b.h5 a.h5 --compression 1");
    folder.succeeds("diff a.h5 b.h5");
    set(&folder.change("b.h5"), "Event/Rec/Header/event_number", 229_999, 0_u64);
    let said = folder.run("diff a.h5 b.h5");
    assert!(
        said.stdout
            .starts_with("/Event/Rec/Header/event_number of event 229999: 229999 in a.h5, 0 in b.h5\n")
    );
}
