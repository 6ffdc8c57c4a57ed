//! File records, which consist of information about each file that a job read, and of the counters of the job's
//! algorithms.

mod counters;

use crate::event::{ColumnType, Values, each_type};
use crate::files::hdf5_node::{Node, text};
use crate::io::error::{Error, Result};
use crate::io::format::RECORDS;
use crate::io::read::{ColumnInput, RawFile};
use crate::io::words::{kind_in_words, plural};
use crate::numbers::counter::Counter;
use crate::numbers::merge::Merge;
pub(crate) use counters::write_counters;
use counters::{COUNTERS, read_counters};
use hdf5::{File, Group};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The concatenated records of several files, and the sums of their counters. A dataset in the group is a record if it
/// has one dimension and as many numbers or strings as the other datasets.
#[derive(Default)]
pub(super) struct FileRecords {
    rows: usize,
    columns: BTreeMap<String, (ColumnType, Values)>,
    counters: Option<BTreeMap<String, Counter>>,
}

impl FileRecords {
    /// Appends the records in a file's group of records. Returns remarks about objects that were left out.
    ///
    /// # Errors
    /// If a record cannot be read, or if its type differs from that in an earlier file.
    pub(super) fn append(&mut self, file: &Path, group: &Group) -> Result<Vec<String>> {
        let failed = |error: hdf5::Error| Error::content(file, &format!("/{RECORDS}"), error);
        let mut remarks = Vec::new();
        let mut names = group.member_names().map_err(failed)?;
        names.sort();
        let mut added: Option<(String, usize)> = None;
        let bytes = fs::File::open(file).map_err(|error| Error::open(file, error))?;
        let raw = RawFile {
            file: bytes,
            base: group.file().map_err(failed)?.userblock(),
        };
        for name in names {
            let path = format!("/{RECORDS}/{name}");
            if let Ok(inner) = group.group(&name) {
                if name == COUNTERS {
                    let counters = read_counters(&inner).map_err(|reason| Error::content(file, &path, reason))?;
                    let all = self.counters.get_or_insert_default();
                    for (name, counter) in counters {
                        Counter::join(all.entry(name).or_default(), counter);
                    }
                    continue;
                }
                remarks.push(format!(
                    "{} has {path}, which is left out: groups of records cannot be merged",
                    file.display()
                ));
                continue;
            }
            let dataset = group
                .dataset(&name)
                .map_err(|error| Error::content(file, &path, error))?;
            let mut input = ColumnInput::open(file, &path, dataset)?;
            let rows = input.rows as usize;
            match &added {
                Some((other, expected)) if *expected != rows => {
                    let rows = plural(rows as u64, "row");
                    let reason = format!("it has {rows}, but {other} has {expected}: records have one row per file");
                    return Err(Error::content(file, &path, reason));
                }
                Some(_) => {}
                None => added = Some((path.clone(), rows)),
            }
            let kind = input.kind.clone();
            let (known, values) = self
                .columns
                .entry(name)
                .or_insert_with(|| (kind.clone(), Values::empty(kind.element)));
            if *known != kind {
                let (here, there) = (kind_in_words(&kind), kind_in_words(known));
                let reason = format!("it holds {here}, but in an earlier file {there}");
                return Err(Error::content(file, &path, reason));
            }
            values.fill_up(self.rows);
            input.read(file, &raw, 0..rows as u64, values)?;
        }
        self.rows += added.map_or(0, |(_, rows)| rows);
        self.columns
            .values_mut()
            .for_each(|(_, values)| values.fill_up(self.rows));
        Ok(remarks)
    }

    /// Writes the records to a new group of a file, named [`RECORDS`].
    pub(super) fn write(&self, file: &File) -> hdf5::Result<()> {
        let node = Node::of(file.as_group()?).child(RECORDS)?;
        for (name, (kind, values)) in &self.columns {
            each_type!(values, values => node.array(name, values, &[values.len()]), texts => {
                let texts: Vec<String> = texts.iter().map(str::to_string).collect();
                node.texts(name, &texts)
            })?;
            if !kind.unit.is_empty() {
                text(&*node.group().dataset(name)?, "unit", &kind.unit)?;
            }
        }
        let Some(counters) = &self.counters else { return Ok(()) };
        let counters: Vec<_> = counters.clone().into_iter().collect();
        write_counters(&node, &counters)
    }
}
