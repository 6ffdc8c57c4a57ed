//! The writer: events in, an event file out.
//!
//! What is in the file, and where, depends on the events and their order alone, not on how many were appended at a
//! time: all columns have chunks of a fixed size, and chunks stand in the file in the order in which the events came
//! that completed them.

use super::datasets::{Datasets, Order};
use super::error::{Error, Result};
use super::file::{FORMAT, FORMAT_VERSION};
use super::output::{ColumnOutput, Full, FullChunk};
use super::pack::PackPool;
use crate::event::path::{OFFSETS, ROOT};
use crate::event::{ColumnType, EncodedEvents, EncodedTable, Rows};
use crate::files::hdf5_node::Node;
use crate::files::unfinished::Unfinished;
use std::path::{Path, PathBuf};

/// Writes an event file. It has its name only when it is complete: until then a temporary one beside it, which is
/// removed if the file is never completed.
pub(crate) struct EventWriter {
    path: PathBuf,
    datasets: Datasets,
    pool: PackPool,
    /// Dropped after `datasets`, whose thread may still be writing to it.
    unfinished: Unfinished,
    level: u8,
    events: u64,
    tables: Vec<TableOutput>,
    created: usize,
}

struct TableOutput {
    path: String,
    rows: Rows,
    /// Rows of all events so far.
    length: u64,
    offsets: Option<ColumnOutput>,
    columns: Vec<ColumnOutput>,
}

/// How an event file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Compression {
    /// From 1, fast, to 9, small; 0 for none.
    pub level: u8,
    /// How many threads compress.
    pub threads: usize,
}

/// A chunk that is to be written after all that earlier events completed.
struct Due {
    /// The event that completed it, among those appended, from 1.
    event: u64,
    table: usize,
    /// The column; offsets come before columns.
    column: Option<usize>,
    chunk: FullChunk,
}

impl EventWriter {
    /// Begins a file.
    ///
    /// # Errors
    /// If there can be no such file.
    pub(crate) fn create(path: &Path, compression: Compression) -> Result<Self> {
        let failed = |error| Error::write(path, error);
        let unfinished = Unfinished::new(path).map_err(failed)?;
        let pool = PackPool::new(compression.level, compression.threads).map_err(failed)?;
        // Enough that no thread waits for another; each of them is a chunk.
        let waiting = 16 + 4 * pool.threads();
        let mut writer = Self {
            path: path.into(),
            datasets: Datasets::create(unfinished.temporary(), waiting).map_err(|error| named(path, error))?,
            pool,
            unfinished,
            level: compression.level,
            events: 0,
            tables: Vec::new(),
            created: 0,
        };
        writer.send(Order::Table { path: ROOT.into() })?;
        Ok(writer)
    }

    /// How many events have been appended.
    pub(crate) fn events(&self) -> u64 {
        self.events
    }

    fn send(&mut self, order: Order) -> Result<()> {
        let Self { datasets, path, .. } = self;
        datasets.send(order).map_err(|error| named(path, error))
    }

    /// Appends events. Tables that they do not have, and others had, have no rows in them.
    ///
    /// # Errors
    /// If a column is not what it was in other events, or writing has failed.
    pub(crate) fn append(&mut self, events: &EncodedEvents) -> Result<()> {
        let mut due = Vec::new();
        let before = self.tables.len();
        for table in &events.tables {
            let index = self.table(table)?;
            self.tables[index].append(index, table, &mut due)?;
        }
        for index in 0..before {
            let output = &mut self.tables[index];
            if !events.tables.iter().any(|table| table.path == output.path) {
                output.pass_over(index, events.events, &mut due);
            }
        }
        self.events += events.events;
        due.sort_by_key(|due| (due.event, due.table, due.column, due.chunk.end));
        self.pass_all_on(due)
    }

    /// The index of the table that these rows belong to; it and its columns are added where they are new.
    fn table(&mut self, table: &EncodedTable) -> Result<usize> {
        let index = match self.tables.iter().position(|output| output.path == table.path) {
            Some(index) => index,
            None => self.add_table(table)?,
        };
        if self.tables[index].rows != table.rows {
            return Err(Error::Input(format!(
                "{} has one row in some events, and any number in others: they cannot be in one file",
                table.path
            )));
        }
        for column in &table.columns {
            let output = &mut self.tables[index];
            let place = output
                .columns
                .iter()
                .position(|other| other.kind.name == column.kind.name);
            match place {
                Some(place) => {
                    let path = format!("{}/{}", table.path, column.kind.name);
                    output.columns[place].check(&path, &column.kind)?;
                }
                None => self.add_column(index, &column.kind)?,
            }
        }
        Ok(index)
    }

    /// Adds a table, of which the events so far have nothing.
    fn add_table(&mut self, table: &EncodedTable) -> Result<usize> {
        let path = table.path.clone();
        self.send(Order::Table { path: path.clone() })?;
        let offsets = (table.rows == Rows::Many).then(|| {
            let mut offsets = ColumnOutput::new(ColumnType::new::<u64>(OFFSETS));
            offsets.append_bytes(&0u64.to_ne_bytes(), |_| unreachable!("a chunk has more rows than one"));
            offsets
        });
        let index = self.tables.len();
        self.tables.push(TableOutput {
            path,
            rows: table.rows,
            length: 0,
            offsets,
            columns: Vec::new(),
        });
        for events in portions(self.events) {
            let mut due = Vec::new();
            self.tables[index].pass_over(index, events, &mut due);
            self.pass_all_on(due)?;
        }
        Ok(index)
    }

    /// Adds a column to a table, of which the rows so far have nothing.
    fn add_column(&mut self, table: usize, kind: &ColumnType) -> Result<()> {
        let column = self.tables[table].columns.len();
        self.tables[table].columns.push(ColumnOutput::new(kind.clone()));
        for rows in portions(self.tables[table].length) {
            let mut full = Vec::new();
            self.tables[table].columns[column].append_missing(rows, |chunk| full.push(chunk));
            full.into_iter()
                .try_for_each(|chunk| self.pass_on(table, Some(column), chunk))?;
        }
        Ok(())
    }

    fn pass_all_on(&mut self, due: Vec<Due>) -> Result<()> {
        due.into_iter()
            .try_for_each(|due| self.pass_on(due.table, due.column, due.chunk))
    }

    /// Has a chunk packed and written.
    fn pass_on(&mut self, table: usize, column: Option<usize>, chunk: FullChunk) -> Result<()> {
        self.create_dataset(table, column)?;
        let output = self.tables[table].output(column);
        let Some(dataset) = output.dataset else {
            unreachable!("it has just been created")
        };
        let size = output.size();
        let order = match chunk.contents {
            Full::Elements(bytes) => Order::Chunk {
                dataset,
                rows: chunk.rows,
                ticket: self.pool.pack(bytes, size),
            },
            Full::Texts(texts) => Order::Texts { dataset, texts },
        };
        self.send(order)
    }

    fn create_dataset(&mut self, table: usize, column: Option<usize>) -> Result<()> {
        let (number, level) = (self.created, self.level);
        let path = self.tables[table].path.clone();
        let output = self.tables[table].output(column);
        if output.dataset.is_some() {
            return Ok(());
        }
        output.dataset = Some(number);
        let order = Order::Create {
            table: path,
            kind: output.kind.clone(),
            chunk: output.chunk,
            level,
        };
        self.created += 1;
        self.send(order)
    }

    /// Completes the file: `add` adds to it what is not events, then it gets its name.
    ///
    /// # Errors
    /// If writing has failed.
    pub(crate) fn finish(self, add: impl FnOnce(&hdf5::File) -> Result<()>) -> Result<()> {
        let path = self.path.clone();
        let complete = self.close(add)?;
        complete.finish().map_err(|error| Error::write(&path, error))
    }

    /// Completes the file, but for its name.
    ///
    /// # Errors
    /// If writing has failed.
    pub(crate) fn close(mut self, add: impl FnOnce(&hdf5::File) -> Result<()>) -> Result<Unfinished> {
        for table in 0..self.tables.len() {
            let columns = self.tables[table].columns.len();
            let offsets = self.tables[table].offsets.as_ref().map(|_| None);
            for column in offsets.into_iter().chain((0..columns).map(Some)) {
                let last = self.tables[table].output(column).last();
                self.create_dataset(table, column)?;
                if let Some(chunk) = last {
                    self.pass_on(table, column, chunk)?;
                }
            }
        }
        let file = self.datasets.finish().map_err(|error| named(&self.path, error))?;
        let path = &self.path;
        let described = || -> hdf5::Result<()> {
            let root = Node::of(file.group(ROOT)?);
            root.text("format", FORMAT)?;
            root.attribute("format_version", &FORMAT_VERSION)?;
            root.attribute("events", &self.events)
        };
        described().map_err(|error| Error::write(path, error))?;
        add(&file)?;
        file.close().map_err(|error| Error::write(path, error))?;
        Ok(self.unfinished)
    }
}

/// A large number of rows in parts that are small enough to be in memory at once.
fn portions(rows: u64) -> impl Iterator<Item = u64> {
    const PORTION: u64 = 1 << 17;
    (0..rows)
        .step_by(PORTION as usize)
        .map(move |start| (rows - start).min(PORTION))
}

/// An error of the temporary file is one of the file that it is to become.
fn named(path: &Path, error: Error) -> Error {
    match error {
        Error::Write { reason, .. } => Error::write(path, reason),
        other => other,
    }
}

impl TableOutput {
    fn output(&mut self, column: Option<usize>) -> &mut ColumnOutput {
        match column {
            Some(column) => &mut self.columns[column],
            None => match &mut self.offsets {
                Some(offsets) => offsets,
                None => unreachable!("only many-row tables have offsets"),
            },
        }
    }

    fn append(&mut self, index: usize, table: &EncodedTable, due: &mut Vec<Due>) -> Result<()> {
        let before = self.length;
        // Where the rows of each event end.
        let mut ends = Vec::new();
        if let Some(offsets) = &mut self.offsets {
            let mut end = before;
            ends.extend(table.counts().map(|count| {
                end += u64::from(count);
                end
            }));
            let first = offsets.rows;
            offsets.append_bytes(bytemuck::cast_slice(&ends), |chunk| {
                due.push(Due {
                    event: chunk.end - first,
                    table: index,
                    column: None,
                    chunk,
                })
            });
        }
        let completing = |chunk: &FullChunk| match ends.is_empty() {
            true => chunk.end - before,
            false => ends.partition_point(|&end| end < chunk.end) as u64 + 1,
        };
        let mut added: Vec<bool> = vec![false; self.columns.len()];
        for column in &table.columns {
            let Some(place) = self
                .columns
                .iter()
                .position(|other| other.kind.name == column.kind.name)
            else {
                unreachable!("missing columns have been added")
            };
            added[place] = true;
            self.columns[place].append(column, |chunk| {
                due.push(Due {
                    event: completing(&chunk),
                    table: index,
                    column: Some(place),
                    chunk,
                })
            })?;
        }
        self.length += table.length;
        for (place, _) in added.iter().enumerate().filter(|(_, added)| !**added) {
            self.columns[place].append_missing(table.length, |chunk| {
                due.push(Due {
                    event: completing(&chunk),
                    table: index,
                    column: Some(place),
                    chunk,
                })
            });
        }
        Ok(())
    }

    /// So many events have nothing of this table.
    fn pass_over(&mut self, index: usize, events: u64, due: &mut Vec<Due>) {
        let length = self.length;
        match &mut self.offsets {
            Some(offsets) => {
                let first = offsets.rows;
                let ends = vec![length; events as usize];
                offsets.append_bytes(bytemuck::cast_slice(&ends), |chunk| {
                    due.push(Due {
                        event: chunk.end - first,
                        table: index,
                        column: None,
                        chunk,
                    })
                });
            }
            None => {
                for (place, column) in self.columns.iter_mut().enumerate() {
                    column.append_missing(events, |chunk| {
                        due.push(Due {
                            event: chunk.end - length,
                            table: index,
                            column: Some(place),
                            chunk,
                        })
                    });
                }
                self.length += events;
            }
        }
    }
}
