//! Compares the events of two files.

use super::path_filter::PathFilter;
use super::tolerance::{Comparable, Tolerance};
use super::{Differences, both, one_sided};
use crate::event::{ColumnIndex, ColumnType, EventStore, Rows, TableHandle, Values, each_type};
use crate::io::error::Result;
use crate::io::read::{EventFile, FileScan, TableNames, WholeFile};
use crate::io::words::{kind_in_words, plural, rows_in_words};
use std::collections::{BTreeMap, BTreeSet};

/// Compares the columns that pass the filter, and adds their differences to `found`.
///
/// # Errors
/// If a file cannot be read.
pub(super) fn compare(
    files: &[WholeFile; 2],
    filter: &PathFilter,
    tolerance: &Tolerance,
    found: &mut Differences,
) -> Result<()> {
    let (a, b) = match [&files[0].events, &files[1].events] {
        [Some(a), Some(b)] => (a, b),
        [None, None] => return Ok(()),
        [a, b] => {
            let columns: usize = [a, b]
                .into_iter()
                .flatten()
                .map(|file| count(file, filter))
                .sum::<Result<_>>()?;
            found.columns = columns as u64;
            found.columns_that_differ = found.columns;
            found.lines.push(one_sided(files, "/Event", a.is_some()));
            return Ok(());
        }
    };
    if a.events() != b.events() {
        let events = [a, b].map(|file| plural(file.events(), "event"));
        found.lines.push(both(files, "/Event", events));
    }
    let mut tables = Vec::new();
    let lists = [listed(a, filter)?, listed(b, filter)?];
    let paths: BTreeSet<&String> = lists.iter().flat_map(BTreeMap::keys).collect();
    for path in paths {
        match (lists[0].get(path), lists[1].get(path)) {
            (Some(mine), Some(theirs)) => tables.extend(common(files, [a, b], path, [mine, theirs], found)?),
            (mine, theirs) => {
                let columns = mine.or(theirs).map_or(0, |columns| columns.len()) as u64;
                found.columns += columns;
                found.columns_that_differ += columns;
                found.lines.push(one_sided(files, path, mine.is_some()));
            }
        }
    }
    compare_values(files, [a, b], &tables, tolerance, found)
}

/// The columns to compare, by table.
fn listed(file: &EventFile, filter: &PathFilter) -> Result<BTreeMap<String, Vec<String>>> {
    let mut tables = BTreeMap::new();
    for (path, mut columns) in file.list()? {
        let whole = filter.passes(&path);
        columns.retain(|name| filter.passes(&format!("{path}/{name}")));
        if whole || !columns.is_empty() {
            tables.insert(path, columns);
        }
    }
    Ok(tables)
}

fn count(file: &EventFile, filter: &PathFilter) -> Result<usize> {
    Ok(listed(file, filter)?.values().map(Vec::len).sum())
}

/// The columns of a table whose values can be compared. All other columns are added to `found` as differences.
fn common(
    files: &[WholeFile; 2],
    inputs: [&EventFile; 2],
    path: &str,
    names: [&Vec<String>; 2],
    found: &mut Differences,
) -> Result<Option<TableNames>> {
    let all: BTreeSet<&String> = names.into_iter().flatten().collect();
    found.columns += all.len() as u64;
    let (Some(a), Some(b)) = (inputs[0].table(path)?, inputs[1].table(path)?) else {
        return Ok(None);
    };
    if a.rows != b.rows {
        found.columns_that_differ += all.len() as u64;
        found.lines.push(both(files, path, [a.rows, b.rows].map(rows_in_words)));
        return Ok(None);
    }
    let mut columns = Vec::new();
    for name in all {
        let column = format!("{path}/{name}");
        let difference = match (a.column(inputs[0], name)?, b.column(inputs[1], name)?) {
            (Some(a), Some(b)) if a.kind == b.kind => {
                columns.push(name.clone());
                continue;
            }
            (Some(a), Some(b)) => both(files, &column, [&a.kind, &b.kind].map(kind_in_words)),
            (a, _) => one_sided(files, &column, a.is_some()),
        };
        found.columns_that_differ += 1;
        found.lines.push(difference);
    }
    Ok(Some((path.to_string(), columns)))
}

/// The differences found in a table so far.
#[derive(Default)]
struct Progress {
    /// A description of the first event whose number of rows differs between the files. Later rows cannot be compared.
    ended: Option<String>,
    /// For each column, its first difference and the number of differing values.
    columns: Vec<Option<(String, u64)>>,
}

fn compare_values(
    files: &[WholeFile; 2],
    inputs: [&EventFile; 2],
    tables: &[TableNames],
    tolerance: &Tolerance,
    found: &mut Differences,
) -> Result<()> {
    let mut progress: Vec<Progress> = tables
        .iter()
        .map(|(_, columns)| Progress {
            ended: None,
            columns: vec![None; columns.len()],
        })
        .collect();
    let events = inputs[0].events().min(inputs[1].events());
    if !tables.is_empty() {
        let mut a = FileScan::new(inputs[0], tables)?;
        let mut b = FileScan::new(inputs[1], tables)?;
        let step = a.block.min(b.block);
        let mut first = 0;
        while first < events {
            let end = events.min(first.saturating_add(step));
            a.load(first..end)?;
            b.load(first..end)?;
            let places = a.selection.tables.iter().zip(&b.selection.tables);
            for ((progress, places), (path, _)) in progress.iter_mut().zip(places).zip(tables) {
                let views = [View::new(&a.store, places.0), View::new(&b.store, places.1)];
                compare_block(files, path, first, views, tolerance, progress);
            }
            first = end;
        }
    }
    for Progress { ended, columns } in progress {
        let ended_early = ended.is_some();
        found.lines.extend(ended);
        for column in columns {
            found.columns_that_differ += u64::from(ended_early || column.is_some());
            found.lines.extend(column.map(|(line, values)| match values {
                1 => line,
                2 => line + " (and 1 value more)",
                values => format!("{line} (and {} values more)", values - 1),
            }));
        }
    }
    Ok(())
}

/// A table of a store, with the columns to compare.
struct View<'a> {
    offsets: &'a [u64],
    one_row: bool,
    columns: Vec<(&'a ColumnType, &'a Values)>,
}

impl<'a> View<'a> {
    fn new(store: &'a EventStore, &(table, ref columns): &(TableHandle, Vec<ColumnIndex>)) -> Self {
        let column = |&column: &ColumnIndex| (store.column_type(table, column), store.values(table, column));
        Self {
            offsets: store.offsets(table),
            one_row: store.rows_per_event(table) == Rows::One,
            columns: columns.iter().map(column).collect(),
        }
    }
}

/// Compares a block of events that begins with event `first`.
fn compare_block(
    files: &[WholeFile; 2],
    path: &str,
    first: u64,
    views: [View; 2],
    tolerance: &Tolerance,
    progress: &mut Progress,
) {
    if progress.ended.is_some() {
        return;
    }
    let [a, b] = &views;
    let ends = a.offsets.iter().zip(b.offsets);
    let mut rows = a.offsets.last().map_or(0, |&end| end as usize);
    if let Some(event) = ends
        .clone()
        .position(|(a, b)| a != b)
        .and_then(|end| end.checked_sub(1))
    {
        let count = |view: &View| plural(view.offsets[event + 1] - view.offsets[event], "row");
        let place = format!("{path} of event {}", first + event as u64);
        progress.ended = Some(both(files, &place, [count(a), count(b)]));
        rows = a.offsets[event] as usize;
    }
    let columns = a.columns.iter().zip(&b.columns);
    for ((a_column, b_column), seen) in columns.zip(&mut progress.columns) {
        let Some(Mismatch { row, has, values }) = mismatch(a_column.1, b_column.1, rows, tolerance) else {
            continue;
        };
        match seen {
            Some((_, total)) => *total += values,
            None => {
                let (name, unit) = (&a_column.0.name, &a_column.0.unit);
                let event = a.offsets.partition_point(|&start| start <= row as u64) - 1;
                let place = match a.one_row {
                    true => format!("{path}/{name} of event {}", first + event as u64),
                    false => format!(
                        "{path}/{name} of event {}, row {}",
                        first + event as u64,
                        row as u64 - a.offsets[event]
                    ),
                };
                let with_unit = |value: String| match unit.as_str() {
                    "" => value,
                    unit => format!("{value} {unit}"),
                };
                *seen = Some((both(files, &place, has.map(with_unit)), values));
            }
        }
    }
}

/// The first difference between two columns, and the number of values that differ.
struct Mismatch {
    row: usize,
    has: [String; 2],
    values: u64,
}

fn mismatch(a: &Values, b: &Values, rows: usize, tolerance: &Tolerance) -> Option<Mismatch> {
    fn of<T: Comparable>(a: &[T], b: &Values, rows: usize, tolerance: &Tolerance) -> Option<Mismatch> {
        let (a, b) = (&a[..rows], &T::slice(b)?[..rows]);
        // Usually nothing differs, and comparing bytes is the fastest way to confirm this.
        if T::as_bytes(a) == T::as_bytes(b) {
            return None;
        }
        let pairs = a.iter().zip(b).enumerate();
        first(pairs.filter(|(_, (a, b))| !a.same(**b, tolerance)), |a, b| {
            [a.show(), b.show()]
        })
    }
    each_type!(a,
    a => of(a, b, rows, tolerance),
    a => {
        let Values::Text(b) = b else { return None };
        let pairs = a.iter().zip(b.iter()).take(rows).enumerate();
        first(pairs.filter(|(_, (a, b))| a != b), |a, b| [format!("'{a}'"), format!("'{b}'")])
    })
}

/// Describes the first row that differs, and counts all rows that differ.
fn first<V>(
    mut different: impl Iterator<Item = (usize, (V, V))>,
    show: impl FnOnce(V, V) -> [String; 2],
) -> Option<Mismatch> {
    let (row, (a, b)) = different.next()?;
    Some(Mismatch {
        row,
        has: show(a, b),
        values: 1 + different.count() as u64,
    })
}
