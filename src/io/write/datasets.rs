//! The writer thread, which creates datasets and writes packed chunks in the order of their positions in the file.

use super::pack::Ticket;
use crate::event::{ColumnType, ElementType};
use crate::files::hdf5_node::{Node, create_file, unicode};
use crate::io::error::{Error, Result};
use crate::io::format::{describe_column, descriptor};
use crate::io::hdf5_raw::write_chunk;
use crossbeam_channel::{Receiver, Sender, bounded};
use hdf5::dataset::FillTime;
use hdf5::{Dataset, File};
use std::path::{Path, PathBuf};
use std::thread::{Builder, JoinHandle};

/// An order for the writer thread to carry out.
pub(super) enum Order {
    /// Creates the group of a table.
    Table { path: String },
    /// Creates the dataset of a column. Datasets are numbered from 0 in the order of their creation.
    Create {
        table: String,
        kind: ColumnType,
        chunk: u64,
        level: u8,
    },
    /// Writes a chunk of a dataset. Only the last chunk may have fewer rows than the others.
    Chunk { dataset: usize, rows: u64, ticket: Ticket },
    /// Appends strings to a dataset.
    Texts { dataset: usize, texts: Vec<String> },
}

/// The datasets of a file that a thread is writing.
pub(super) struct Datasets {
    path: PathBuf,
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<Result<File>>>,
    /// The reason why writing failed, if it did; later attempts to write fail for the same reason.
    failure: Option<String>,
}

impl Datasets {
    /// Creates the file and starts the thread, whose queue has room for `waiting` orders.
    ///
    /// # Errors
    /// If the file cannot be created.
    pub(super) fn create(path: &Path, waiting: usize) -> Result<Self> {
        let file = create_file(path).map_err(|error| Error::write(path, error))?;
        let (orders, queue) = bounded(waiting);
        let target = path.to_path_buf();
        let thread = Builder::new()
            .name("writer".into())
            .spawn(move || {
                crate::host::affinity::use_all_processors();
                write(file, &target, queue)
            })
            .map_err(|error| Error::write(path, error))?;
        Ok(Self {
            path: path.into(),
            orders: Some(orders),
            thread: Some(thread),
            failure: None,
        })
    }

    /// Queues an order.
    ///
    /// # Errors
    /// If the thread has failed; the error gives the reason.
    pub(super) fn send(&mut self, order: Order) -> Result<()> {
        let sent = self.orders.as_ref().map(|orders| orders.send(order));
        match sent {
            Some(Ok(())) => Ok(()),
            // The thread has terminated; its result gives the reason.
            _ => self.finish().map(drop),
        }
    }

    /// Waits until all orders are carried out, and returns the file.
    ///
    /// # Errors
    /// If an order has failed.
    pub(super) fn finish(&mut self) -> Result<File> {
        self.orders = None;
        let Some(thread) = self.thread.take() else {
            let before = self.failure.as_deref();
            return Err(Error::write(
                &self.path,
                before.unwrap_or("it has already been written"),
            ));
        };
        let written = thread
            .join()
            .unwrap_or_else(|_| Err(Error::write(&self.path, "its writer thread has panicked")));
        if let Err(Error::Write { reason, .. }) = &written {
            self.failure = Some(reason.clone());
        }
        written
    }
}

impl Drop for Datasets {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A dataset that was created and is still open.
struct OpenDataset {
    path: String,
    dataset: Dataset,
    chunk: u64,
    rows: u64,
}

fn write(file: File, path: &Path, orders: Receiver<Order>) -> Result<File> {
    let mut datasets: Vec<OpenDataset> = Vec::new();
    for order in orders {
        let what = match &order {
            Order::Table { path } => path.clone(),
            Order::Create { table, kind, .. } => format!("{table}/{}", kind.name),
            Order::Chunk { dataset, .. } | Order::Texts { dataset, .. } => datasets[*dataset].path.clone(),
        };
        carry_out(order, &file, &mut datasets).map_err(|reason| Error::write(path, format!("{what}: {reason}")))?;
    }
    // Datasets are flushed when they are closed, which must happen before the file is closed.
    drop(datasets);
    Ok(file)
}

fn carry_out(order: Order, file: &File, datasets: &mut Vec<OpenDataset>) -> std::result::Result<(), String> {
    let reason = |error: hdf5::Error| error.to_string();
    match order {
        Order::Table { path } => {
            let mut node = Node::of(file.group("/").map_err(reason)?);
            for name in path.split('/').filter(|name| !name.is_empty()) {
                node = node.folder(name).map_err(reason)?;
            }
        }
        Order::Create {
            table,
            kind,
            chunk,
            level,
        } => {
            let dataset = create(file, &table, &kind, chunk, level).map_err(reason)?;
            datasets.push(OpenDataset {
                path: format!("{table}/{}", kind.name),
                dataset,
                chunk,
                rows: 0,
            });
        }
        Order::Chunk { dataset, rows, ticket } => {
            let output = &mut datasets[dataset];
            let stored = ticket.redeem().ok_or("the thread that compresses it has died")?;
            let first = output.rows;
            debug_assert!(first.is_multiple_of(output.chunk), "only the last chunk is shorter");
            output.rows += rows;
            output.dataset.resize(output.rows as usize).map_err(reason)?;
            write_chunk(&output.dataset, first, &stored).map_err(reason)?;
        }
        Order::Texts { dataset, texts } => {
            let output = &mut datasets[dataset];
            let first = output.rows as usize;
            output.rows += texts.len() as u64;
            output.dataset.resize(output.rows as usize).map_err(reason)?;
            let texts: Vec<_> = texts
                .iter()
                .map(|text| unicode(text))
                .collect::<hdf5::Result<_>>()
                .map_err(reason)?;
            if !texts.is_empty() {
                output
                    .dataset
                    .write_slice(&texts, first..output.rows as usize)
                    .map_err(reason)?;
            }
        }
    }
    Ok(())
}

fn create(file: &File, table: &str, kind: &ColumnType, chunk: u64, level: u8) -> hdf5::Result<Dataset> {
    let group = file.group(table)?;
    let mut builder = group.new_dataset_builder().obj_track_times(false).chunk(chunk as usize);
    if kind.element != ElementType::Text {
        // Every chunk is written in full, so no fill values are needed. Strings are stored as references, which must be
        // initialised to null.
        builder = builder.fill_time(FillTime::Never);
        if level > 0 {
            builder = builder.shuffle().deflate(level);
        }
    }
    let dataset = builder
        .empty_as(descriptor(kind.element))
        .shape(hdf5::Extents::resizable([0].into()))
        .create(kind.name.as_str())?;
    describe_column(&dataset, kind)?;
    Ok(dataset)
}
