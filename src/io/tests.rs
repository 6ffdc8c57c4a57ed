//! Checks that events written to a file are read back unchanged, and that files do not depend on how many events are
//! written at a time.

use super::{Compression, EventFile, EventReader, EventSelector, EventWriter, Granularity};
use crate::event::{
    ColumnSelection, ColumnType, Element, ElementType, EncodedEvents, EventStore, Rows, Values, each_type,
};
use proptest::prelude::*;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// The parameters for generating a random store.
#[derive(Clone, Debug)]
struct Recipe {
    events: usize,
    tables: Vec<(Rows, Vec<ElementType>)>,
    /// The maximum number of rows in an event.
    most: u64,
    seed: u64,
}

fn recipes(events: usize) -> impl Strategy<Value = Recipe> {
    let element = prop::sample::select(ElementType::ALL.to_vec());
    let rows = prop_oneof![Just(Rows::One), Just(Rows::Many)];
    let tables = prop::collection::vec((rows, prop::collection::vec(element, 0..5)), 0..4);
    (0..events, tables, 0..6u64, any::<u64>()).prop_map(|(events, tables, most, seed)| Recipe {
        events,
        tables,
        most,
        seed,
    })
}

/// A store with random contents; references point from each many-row table to itself.
fn store(recipe: &Recipe) -> EventStore {
    let mut random = crate::numbers::random::Random::new(recipe.seed, 0);
    let mut store = EventStore::new();
    for (index, (rows, columns)) in recipe.tables.iter().enumerate() {
        let path = format!("/Event/Rec/T{index}");
        let table = store.add_table(&path, *rows).unwrap();
        for (index, &element) in columns.iter().enumerate() {
            let kind = ColumnType {
                name: format!("c{index}"),
                element,
                unit: if element == ElementType::F64 {
                    "MeV".into()
                } else {
                    String::new()
                },
                target: None,
            };
            store.add_any(table, kind).unwrap();
        }
        store.add_any(table, ColumnType::reference("self", &path)).unwrap();
    }
    for _ in 0..recipe.events {
        for table in store.handles() {
            let rows = match store.rows_per_event(table) {
                Rows::One => 1,
                Rows::Many => (random.uniform(0.0, recipe.most as f64 + 1.0)) as u64,
            };
            for column in store.column_indices(table) {
                let reference = store.column_type(table, column).target.is_some();
                for row in 0..rows {
                    let number = (random.uniform(-100.0, 100.0), row as i32);
                    push(store.values_mut(table, column), number, reference);
                }
            }
        }
        store.end_event().unwrap();
    }
    store
}

fn push(values: &mut Values, (number, row): (f64, i32), reference: bool) {
    fn of<T: Element>(values: &mut Vec<T>, number: f64) {
        let byte = number.abs() as u8 % 2;
        assert!(T::extend_from_bytes(values, &[byte; 8][..size_of::<T>()]));
    }
    match values {
        Values::I32(values) if reference => values.push(row - 1),
        Values::F64(values) => values.push(number),
        Values::F32(values) => values.push(number as f32),
        values => each_type!(values, values => of(values, number), texts => texts.push(&format!("{number:.0}µ"))),
    }
}

const COMPRESSION: Compression = Compression { level: 4, threads: 2 };

/// Writes the stores, `portion` events of each at a time.
fn write(path: &Path, stores: &[&EventStore], portion: usize, compression: Compression) {
    let mut writer = EventWriter::create(path, compression).unwrap();
    for store in stores {
        let all = ColumnSelection::whole(store, store.handles());
        for start in (0..store.events().max(1)).step_by(portion) {
            let keep: Vec<bool> = (0..store.events())
                .map(|event| (start..start + portion).contains(&event))
                .collect();
            let bytes = store.encode_selected(&all, Some(&keep));
            writer.append(&EncodedEvents::parse(&bytes).unwrap()).unwrap();
        }
    }
    writer.finish(|_| Ok(())).unwrap();
}

/// Reads all events of a file, in segments of `chunk` events.
fn read(path: &Path, chunk: u64, like: &EventStore) -> Vec<EventStore> {
    let mut selector = EventSelector::default();
    selector
        .add(path.to_str().unwrap())
        .unwrap()
        .granularity(Granularity::Chunk)
        .chunk(chunk);
    let mut reader = EventReader::new(Arc::new(selector.files().to_vec()));
    let mut store = EventStore::new();
    reader.open(0).unwrap();
    for table in like.handles() {
        reader
            .want_table(&mut store, like.table_path(table), false)
            .unwrap()
            .unwrap();
        for column in like.column_indices(table) {
            reader
                .want_column(&mut store, &like.column_path(table, column), false)
                .unwrap()
                .unwrap();
        }
    }
    let segments = selector.segments();
    let load = |segment: &super::Segment| {
        reader.load(segment, 0..segment.events, &mut store).unwrap();
        store.clone()
    };
    segments.iter().map(load).collect()
}

/// The concatenated events of several stores that have the same tables.
fn joined(stores: &[EventStore], like: &EventStore) -> EventStore {
    fn extend<T: Element>(into: &mut Values, from: &[T]) {
        assert!(T::vec(into).map(|into| into.extend_from_slice(from)).is_some());
    }
    let mut all = like.clone();
    all.start_block(0, stores.iter().map(EventStore::events).sum());
    for table in like.handles() {
        let mut offsets = vec![0];
        for store in stores {
            let before = offsets[offsets.len() - 1];
            offsets.extend(store.offsets(table)[1..].iter().map(|end| before + end));
            for column in like.column_indices(table) {
                match (all.values_mut(table, column), store.values(table, column)) {
                    (Values::Text(into), Values::Text(from)) => from.iter().for_each(|text| into.push(text)),
                    (into, from) => each_type!(from, from => extend(into, from), _texts => ()),
                }
            }
        }
        all.set_offsets(table, offsets.into_iter());
    }
    all
}

/// Returns whether the stores are equal, treating NaN as equal to itself.
fn same(a: &EventStore, b: &EventStore) -> bool {
    a.encode() == b.encode()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..Default::default() })]

    #[test]
    fn what_is_written_is_read(
        recipe in recipes(3000),
        portion in 1..4000usize,
        chunk in 1..2000u64,
        level in 0..3u8,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (once, often) = (folder.path().join("once.h5"), folder.path().join("often.h5"));
        let store = store(&recipe);
        prop_assert!(same(&EventStore::decode(&store.encode()).unwrap(), &store));
        let compression = Compression { level, threads: 2 };
        write(&once, &[&store], usize::MAX / 2, compression);
        write(&often, &[&store], portion.max(recipe.events / 50), compression);
        prop_assert!(fs::read(&once).unwrap() == fs::read(&often).unwrap());
        prop_assert_eq!(EventFile::open(&once).unwrap().events(), recipe.events as u64);
        let parts = read(&once, chunk, &store);
        prop_assert!(same(&joined(&parts, &store), &store));
        prop_assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn tables_may_come_late_and_go(first in recipes(300), second in recipes(300), portion in 1..400usize) {
        let folder = tempfile::tempdir().unwrap();
        let (once, often) = (folder.path().join("once.h5"), folder.path().join("often.h5"));
        let mut second = second;
        // Columns with the same name must have the same type.
        for (table, other) in second.tables.iter_mut().zip(&first.tables) {
            table.0 = other.0;
            for (column, other) in table.1.iter_mut().zip(&other.1) {
                *column = *other;
            }
        }
        let (first, second) = (store(&first), store(&second));
        write(&once, &[&first, &second, &first], usize::MAX / 2, COMPRESSION);
        write(&often, &[&first, &second, &first], portion, COMPRESSION);
        prop_assert!(fs::read(&once).unwrap() == fs::read(&often).unwrap());
        let events = first.events() + second.events();
        let both = read(&once, 1 << 40, &first);
        prop_assert_eq!(both.first().map_or(0, EventStore::events), events + first.events());
        for table in first.handles().filter(|_| events + first.events() > 0) {
            let read = both[0].offsets(both[0].table(first.table_path(table)).unwrap());
            prop_assert_eq!(&read[..=first.events()], first.offsets(table));
            let end = read[events];
            let last: Vec<u64> = read[events..].iter().map(|row| row - end).collect();
            prop_assert_eq!(last, first.offsets(table));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, ..Default::default() })]

    #[test]
    fn merging_does_not_depend_on_the_grouping(recipes in prop::collection::vec(recipes(400), 3), level in 0..3u8) {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let mut recipes = recipes;
        // Tables with the same name must be of the same type, and so must columns.
        for (index, table) in recipes.iter_mut().flat_map(|recipe| recipe.tables.iter_mut().enumerate()) {
            table.0 = [Rows::Many, Rows::One][index % 2];
            for (column, element) in table.1.iter_mut().enumerate() {
                *element = ElementType::ALL[(5 * index + column) % ElementType::ALL.len()];
            }
        }
        for (name, recipe) in ["a", "b", "c"].into_iter().zip(&recipes) {
            write(&path(name), &[&store(recipe)], usize::MAX / 2, COMPRESSION);
        }
        let merge = |output: &str, inputs: &[&str]| {
            let inputs: Vec<_> = inputs.iter().map(|name| path(name)).collect();
            super::merge(&path(output), &inputs, level).unwrap().events
        };
        let events = merge("abc", &["a", "b", "c"]);
        prop_assert_eq!(events, recipes.iter().map(|recipe| recipe.events as u64).sum::<u64>());
        merge("ab", &["a", "b"]);
        merge("ab_c", &["ab", "c"]);
        merge("bc", &["b", "c"]);
        merge("a_bc", &["a", "bc"]);
        prop_assert!(fs::read(path("abc")).unwrap() == fs::read(path("ab_c")).unwrap());
        prop_assert!(fs::read(path("abc")).unwrap() == fs::read(path("a_bc")).unwrap());
        merge("only_a", &["a"]);
        let differences = super::Comparison::default().differences(path("a"), path("only_a")).unwrap();
        prop_assert!(differences.is_empty(), "{}", differences);
    }
}

#[test]
fn large_columns_have_many_chunks() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = Recipe {
        events: 60_000,
        tables: vec![
            (Rows::One, vec![ElementType::F64, ElementType::Text]),
            (Rows::Many, vec![ElementType::F32, ElementType::Bool]),
        ],
        most: 5,
        seed: 4,
    };
    let store = store(&recipe);
    for level in [0, 6] {
        let compression = Compression { level, threads: 2 };
        let (once, often) = (folder.path().join("once.h5"), folder.path().join("often.h5"));
        write(&once, &[&store], usize::MAX / 2, compression);
        write(&often, &[&store], 7_001, compression);
        assert!(fs::read(&once).unwrap() == fs::read(&often).unwrap());
        assert!(same(&joined(&read(&once, 10_000, &store), &store), &store));
    }
}

#[test]
fn a_file_that_is_not_completed_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    drop(EventWriter::create(&folder.path().join("events.h5"), COMPRESSION).unwrap());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
