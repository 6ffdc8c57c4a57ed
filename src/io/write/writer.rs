//! The event writer, which turns encoded events into an event file.
//!
//! The bytes of the file depend only on the events and their order, not on how many events are appended at a time: each
//! column has chunks of a fixed size, and chunks are written in the order of the events that complete them.

use super::column::{ChunkValues, ColumnOutput, FullChunk};
use super::datasets::{Datasets, Order};
use super::pack::PackPool;
use super::table::{DueChunk, TableOutput};
use crate::event::path::ROOT;
use crate::event::{ColumnType, EncodedEvents, EncodedTable};
use crate::files::unfinished::Unfinished;
use crate::io::error::{Error, Result};
use crate::io::format::describe_events;
use std::path::{Path, PathBuf};

/// Writes an event file. The file gets its final name once it is complete; a file that is never completed is removed.
pub(crate) struct EventWriter {
    path: PathBuf,
    datasets: Datasets,
    pool: PackPool,
    /// This field must be declared, and therefore dropped, after `datasets`, whose thread may still be writing to it.
    unfinished: Unfinished,
    level: u8,
    events: u64,
    tables: Vec<TableOutput>,
    /// The number of datasets created so far.
    created: usize,
}

/// The compression settings of an event file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Compression {
    /// The level, from 1 (fastest) to 9 (smallest file); 0 means no compression.
    pub level: u8,
    /// The number of threads that compress.
    pub threads: usize,
}

impl EventWriter {
    /// Starts a file.
    ///
    /// # Errors
    /// If the file cannot be created.
    pub(crate) fn create(path: &Path, compression: Compression) -> Result<Self> {
        let failed = |error| Error::write(path, error);
        let unfinished = Unfinished::new(path).map_err(failed)?;
        let pool = PackPool::new(compression.level, compression.threads).map_err(failed)?;
        // The queue is long enough to keep threads from waiting for each other, but its length is limited because each
        // order holds a chunk.
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

    /// The number of events appended so far.
    pub(crate) fn events(&self) -> u64 {
        self.events
    }

    fn send(&mut self, order: Order) -> Result<()> {
        let Self { datasets, path, .. } = self;
        datasets.send(order).map_err(|error| named(path, error))
    }

    /// Appends events. If events lack a table that other events have, they get no rows in that table, or, in a one-row
    /// table, one row of missing values.
    ///
    /// # Errors
    /// If a column's type differs from that in earlier events, or if writing has failed.
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

    /// Returns the index of the table to which encoded rows belong. The table and its columns are added if they are
    /// new.
    fn table(&mut self, table: &EncodedTable) -> Result<usize> {
        let index = match self.tables.iter().position(|output| output.path == table.path) {
            Some(index) => index,
            None => self.add_table(table)?,
        };
        if self.tables[index].rows != table.rows {
            return Err(Error::Input(format!(
                "{} has one row per event in some events and many in others: these events cannot be in one file",
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

    /// Adds a table. Earlier events get no rows in the new table, or, in a one-row table, one row of missing values.
    fn add_table(&mut self, table: &EncodedTable) -> Result<usize> {
        let path = table.path.clone();
        self.send(Order::Table { path: path.clone() })?;
        let index = self.tables.len();
        self.tables.push(TableOutput::new(path, table.rows));
        for events in portions(self.events) {
            let mut due = Vec::new();
            self.tables[index].pass_over(index, events, &mut due);
            self.pass_all_on(due)?;
        }
        Ok(index)
    }

    /// Adds a column to a table. The table's earlier rows get missing values in the new column.
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

    fn pass_all_on(&mut self, due: Vec<DueChunk>) -> Result<()> {
        due.into_iter()
            .try_for_each(|due| self.pass_on(due.table, due.column, due.chunk))
    }

    /// Queues a chunk for packing and writing.
    fn pass_on(&mut self, table: usize, column: Option<usize>, chunk: FullChunk) -> Result<()> {
        self.create_dataset(table, column)?;
        let output = self.tables[table].output(column);
        let Some(dataset) = output.dataset else {
            unreachable!("the dataset has just been created")
        };
        let size = output.size();
        let order = match chunk.values {
            ChunkValues::Elements(bytes) => Order::Chunk {
                dataset,
                rows: chunk.rows,
                ticket: self.pool.pack(bytes, size),
            },
            ChunkValues::Texts(texts) => Order::Texts { dataset, texts },
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

    /// Adds the objects that `add` writes, completes the file and gives it its final name.
    ///
    /// # Errors
    /// If writing has failed.
    pub(crate) fn finish(self, add: impl FnOnce(&hdf5::File) -> Result<()>) -> Result<()> {
        let path = self.path.clone();
        let complete = self.close(add)?;
        complete.finish().map_err(|error| Error::write(&path, error))
    }

    /// Adds the objects that `add` writes and completes the file, but keeps its temporary name.
    ///
    /// # Errors
    /// If writing has failed.
    pub(crate) fn close(mut self, add: impl FnOnce(&hdf5::File) -> Result<()>) -> Result<Unfinished> {
        for table in 0..self.tables.len() {
            for column in self.tables[table].outputs() {
                let last = self.tables[table].output(column).last();
                self.create_dataset(table, column)?;
                if let Some(chunk) = last {
                    self.pass_on(table, column, chunk)?;
                }
            }
        }
        let file = self.datasets.finish().map_err(|error| named(&self.path, error))?;
        let path = &self.path;
        let described = file.group(ROOT).and_then(|root| describe_events(root, self.events));
        described.map_err(|error| Error::write(path, error))?;
        add(&file)?;
        file.close().map_err(|error| Error::write(path, error))?;
        Ok(self.unfinished)
    }
}

/// Splits a number of rows into portions that fit into memory.
fn portions(rows: u64) -> impl Iterator<Item = u64> {
    const PORTION: u64 = 1 << 17;
    (0..rows)
        .step_by(PORTION as usize)
        .map(move |start| (rows - start).min(PORTION))
}

/// Replaces the temporary path of the file in an error with its final path.
fn named(path: &Path, error: Error) -> Error {
    match error {
        Error::Write { reason, .. } => Error::write(path, reason),
        other => other,
    }
}
