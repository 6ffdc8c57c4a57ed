//! The thread that writes: it takes chunks, packed, in the order in which they are to stand in the file.

use super::column::descriptor;
use super::error::{Error, Result};
use super::pack::Ticket;
use super::raw::write_chunk;
use crate::event::{ColumnType, ElementType};
use crate::files::hdf5_node::{Node, create_file, text, unicode};
use crossbeam_channel::{Receiver, Sender, bounded};
use hdf5::dataset::FillTime;
use hdf5::{Dataset, File};
use std::path::{Path, PathBuf};
use std::thread::{Builder, JoinHandle};

/// Something to be written.
pub(super) enum Order {
    /// A group for a table.
    Table { path: String },
    /// A dataset in a table's group; they are numbered in the order in which they are created.
    Create {
        table: String,
        kind: ColumnType,
        chunk: u64,
        level: u8,
    },
    /// The rows of a chunk of a dataset. The last chunk may have fewer than others.
    Chunk { dataset: usize, rows: u64, ticket: Ticket },
    /// Texts of a dataset.
    Texts { dataset: usize, texts: Vec<String> },
}

/// A file that is being written by a thread of its own.
pub(super) struct Datasets {
    path: PathBuf,
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<Result<File>>>,
    /// Why it has failed: later attempts fail for the same reason.
    failure: Option<String>,
}

impl Datasets {
    /// Creates the file. At most `waiting` orders wait to be carried out.
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

    /// Has something written, later.
    pub(super) fn send(&mut self, order: Order) -> Result<()> {
        let sent = self.orders.as_ref().map(|orders| orders.send(order));
        match sent {
            Some(Ok(())) => Ok(()),
            // The thread has ended, and says why.
            _ => self.finish().map(drop),
        }
    }

    /// The file, when all is written.
    pub(super) fn finish(&mut self) -> Result<File> {
        self.orders = None;
        let Some(thread) = self.thread.take() else {
            let before = self.failure.as_deref();
            return Err(Error::write(
                &self.path,
                before.unwrap_or("it has been written already"),
            ));
        };
        let written = thread
            .join()
            .unwrap_or_else(|_| Err(Error::write(&self.path, "the thread that writes it has panicked")));
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

struct Output {
    path: String,
    dataset: Dataset,
    chunk: u64,
    rows: u64,
}

fn write(file: File, path: &Path, orders: Receiver<Order>) -> Result<File> {
    let mut outputs: Vec<Output> = Vec::new();
    for order in orders {
        let what = match &order {
            Order::Table { path } => path.clone(),
            Order::Create { table, kind, .. } => format!("{table}/{}", kind.name),
            Order::Chunk { dataset, .. } | Order::Texts { dataset, .. } => outputs[*dataset].path.clone(),
        };
        carry_out(order, &file, &mut outputs).map_err(|reason| Error::write(path, format!("{what}: {reason}")))?;
    }
    // What is closed late would be written late.
    drop(outputs);
    Ok(file)
}

fn carry_out(order: Order, file: &File, outputs: &mut Vec<Output>) -> std::result::Result<(), String> {
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
            outputs.push(Output {
                path: format!("{table}/{}", kind.name),
                dataset,
                chunk,
                rows: 0,
            });
        }
        Order::Chunk { dataset, rows, ticket } => {
            let output = &mut outputs[dataset];
            let stored = ticket.redeem().ok_or("the thread that packs it has died")?;
            let first = output.rows;
            debug_assert!(first.is_multiple_of(output.chunk), "only the last chunk is shorter");
            output.rows += rows;
            output.dataset.resize(output.rows as usize).map_err(reason)?;
            write_chunk(&output.dataset, first, &stored).map_err(reason)?;
        }
        Order::Texts { dataset, texts } => {
            let output = &mut outputs[dataset];
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
        // Every chunk is written whole. (Texts are references, which HDF5 wants to be null before they are set.)
        builder = builder.fill_time(FillTime::Never);
        if level > 0 {
            builder = builder.shuffle().deflate(level);
        }
    }
    let dataset = builder
        .empty_as(descriptor(kind.element))
        .shape(hdf5::Extents::resizable([0].into()))
        .create(kind.name.as_str())?;
    if !kind.unit.is_empty() {
        text(&dataset, "unit", &kind.unit)?;
    }
    if let Some(target) = &kind.target {
        text(&dataset, "target", target)?;
    }
    Ok(dataset)
}
