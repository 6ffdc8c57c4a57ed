//! A job as a task. The task's items are segments of the input, and its replies contain the selected events.

use super::control_flow::ControlFlow;
use super::event_loop::EventLoop;
use super::file_records::{self, FileRecord, file_records};
use super::job_config::{HistogramsConfig, JobConfig, OutputMode};
use super::job_output::JobOutput;
use super::output_parts::OutputParts;
use super::part_writer::{PartWriter, Piece};
use crate::error::Result;
use crate::event::EncodedEvents;
use crate::host::affinity;
use crate::io::{Compression, EventWriter, InputFile, Segment, add_histograms};
use crate::job::statistics::Statistics;
use crate::job::task::Task;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The task that runs a job.
#[derive(Serialize, Deserialize)]
pub(super) struct AppTask {
    #[serde(with = "with_origin")]
    config: JobConfig,
    files: Vec<InputFile>,
    seed: u64,
    /// The state of a worker.
    #[serde(skip)]
    worker: Option<Worker>,
    /// The outputs, on rank 0.
    #[serde(skip)]
    outputs: Vec<OutputSink>,
    #[serde(skip)]
    pub(super) segments: Vec<Segment>,
    /// For each output, the encoded tables, without events.
    #[serde(skip)]
    declared: Vec<Vec<u8>>,
    #[serde(skip)]
    pub(super) results: Option<(JobOutput, Vec<FileRecord>)>,
}

/// The state of a worker.
struct Worker {
    events: EventLoop,
    /// For each output, its part writer, if the workers write the output themselves.
    parts: Vec<Option<PartWriter>>,
}

/// The destination of an output stream on rank 0.
enum OutputSink {
    Gathered(Box<EventWriter>),
    Parts(OutputParts),
}

/// The part of an item's reply that belongs to one output.
#[derive(Serialize, Deserialize)]
pub(super) enum StreamReply {
    /// Blocks of events.
    Events(Vec<ByteBuf>),
    /// The location of the events in a part.
    Part(Option<Piece>),
}

impl AppTask {
    pub(super) fn new(
        config: JobConfig,
        files: Vec<InputFile>,
        segments: Vec<Segment>,
        declared: Vec<Vec<u8>>,
        seed: u64,
    ) -> Self {
        Self {
            config,
            files,
            seed,
            worker: None,
            outputs: Vec::new(),
            segments,
            declared,
            results: None,
        }
    }

    /// Writes empty tables to outputs without events, so that these outputs can be read like any other output.
    fn declare_tables(&mut self) -> Result<()> {
        let streams = self.outputs.iter_mut().zip(&self.config.outputs);
        for ((output, config), tables) in streams.zip(&self.declared) {
            match output {
                OutputSink::Gathered(writer) => writer.append(&EncodedEvents::parse(tables)?)?,
                OutputSink::Parts(parts) => {
                    let mut part = PartWriter::new(config);
                    part.append(tables)?;
                    part.end().into_iter().for_each(|piece| parts.add(piece));
                    part.close()?;
                }
            }
        }
        Ok(())
    }

    fn save_histograms(&self, output: &JobOutput) -> Result<()> {
        let config = &self.config.histograms;
        let with_events = |file: &PathBuf| self.config.outputs.iter().any(|output| output.file == *file);
        if let Some(file) = config.file.as_ref().filter(|file| !with_events(file)) {
            output.histograms.save(file)?;
        }
        if let Some(file) = config.picture.as_ref().filter(|_| !output.histograms.is_empty()) {
            output.histograms.save_picture(file)?;
        }
        Ok(())
    }
}

impl Task for AppTask {
    type Item = Segment;
    type Output = JobOutput;
    type Reply = Vec<StreamReply>;

    fn initialize_local(&mut self) -> Result<()> {
        for config in &self.config.outputs {
            make_folder(&config.file)?;
            self.outputs.push(match config.mode {
                OutputMode::Gathered => {
                    let compression = compression(config.compression);
                    OutputSink::Gathered(Box::new(EventWriter::create(&config.file, compression)?))
                }
                OutputMode::Merged | OutputMode::Virtual => OutputSink::Parts(OutputParts::create(config)?),
            });
        }
        let HistogramsConfig { file, picture } = &self.config.histograms;
        file.iter().chain(picture).try_for_each(|file| make_folder(file))
    }

    fn initialize_remote(&mut self) -> Result<()> {
        let parts = self.config.outputs.iter().map(|output| match output.mode {
            OutputMode::Gathered => None,
            OutputMode::Merged | OutputMode::Virtual => Some(PartWriter::new(output)),
        });
        let mut events = EventLoop::new(&self.config, Arc::new(self.files.clone()), self.seed)?;
        events.start()?;
        self.worker = Some(Worker {
            events,
            parts: parts.collect(),
        });
        Ok(())
    }

    fn new_output(&self) -> JobOutput {
        match &self.worker {
            Some(worker) => worker.events.new_output(),
            None => unreachable!("a worker is initialised before its first output"),
        }
    }

    fn process(&mut self, segment: &Segment, output: &mut JobOutput) -> Result<Vec<StreamReply>> {
        let Some(Worker { events, parts }) = &mut self.worker else {
            unreachable!("a worker is initialised before its first item")
        };
        for part in parts.iter_mut().flatten() {
            part.begin();
        }
        let mut blocks: Vec<Vec<ByteBuf>> = parts.iter().map(|_| Vec::new()).collect();
        let path = self.files[segment.file as usize].path.clone();
        let processed = events.process(segment, output, &mut |stream, bytes| {
            match &mut parts[stream] {
                None => blocks[stream].push(ByteBuf::from(bytes)),
                Some(part) => part.append(&bytes)?,
            }
            Ok(())
        });
        processed.map_err(|error| -> Box<dyn std::error::Error + Send + Sync> {
            let message = error.to_string();
            // Most file errors already contain the file's name.
            if path.as_os_str().is_empty() || message.contains(&*path.to_string_lossy()) {
                return error;
            }
            format!("{message} (in {})", path.display()).into()
        })?;
        Ok(parts
            .iter_mut()
            .zip(blocks)
            .map(|(part, blocks)| match part {
                None => StreamReply::Events(blocks),
                Some(part) => StreamReply::Part(part.end()),
            })
            .collect())
    }

    fn local_process(&mut self, _: &Segment, replies: Vec<StreamReply>) -> Result<()> {
        for (output, reply) in self.outputs.iter_mut().zip(replies) {
            match (output, reply) {
                (OutputSink::Gathered(writer), StreamReply::Events(blocks)) => {
                    for block in blocks {
                        writer.append(&EncodedEvents::parse(&block)?)?;
                    }
                }
                (OutputSink::Parts(parts), StreamReply::Part(piece)) => {
                    piece.into_iter().for_each(|piece| parts.add(piece))
                }
                _ => unreachable!("workers and rank 0 have the same outputs"),
            }
        }
        Ok(())
    }

    fn finalize_remote(&mut self) -> Result<()> {
        let Some(Worker { events, parts }) = &mut self.worker else {
            return Ok(());
        };
        events.finalize()?;
        parts.iter_mut().flatten().try_for_each(PartWriter::close)
    }

    fn finalize(&mut self, output: JobOutput, _: &Statistics) -> Result<()> {
        if self.segments.is_empty() {
            self.declare_tables()?;
        }
        let records = file_records(&self.files, &self.segments, &output);
        let mut complete = Vec::new();
        for (stream, config) in std::mem::take(&mut self.outputs).into_iter().zip(&self.config.outputs) {
            let with_histograms = self.config.histograms.file.as_ref() == Some(&config.file);
            let add = |file: &hdf5::File| -> crate::io::Result<()> {
                let failed = |error: hdf5::Error| crate::io::Error::write(&config.file, error);
                file_records::write(file, &records, &output).map_err(failed)?;
                if with_histograms {
                    add_histograms(file, &config.file, &output.histograms)?;
                }
                Ok(())
            };
            complete.push(match stream {
                OutputSink::Gathered(writer) => (writer.events(), writer.close(add)?, None),
                OutputSink::Parts(mut parts) => {
                    let (events, file) = parts.finish(compression(config.compression), add)?;
                    (events, file, Some(parts))
                }
            });
        }
        self.save_histograms(&output)?;
        // The files are renamed to their final names only when all of them are complete.
        for ((events, file, parts), config) in complete.into_iter().zip(&self.config.outputs) {
            file.finish()
                .map_err(|error| crate::io::Error::write(&config.file, error))?;
            if let Some(parts) = parts {
                parts.named();
            }
            log::info!("{events} events are in {}", config.file.display());
        }
        let mut stdout = std::io::stdout().lock();
        output
            .printed
            .values()
            .try_for_each(|text| stdout.write_all(text.as_bytes()))?;
        let reports = ControlFlow::new(&self.config, self.seed)?.reports(&output);
        reports.iter().try_for_each(|text| stdout.write_all(text.as_bytes()))?;
        self.results = Some((output, records));
        Ok(())
    }
}

fn compression(level: u8) -> Compression {
    Compression {
        level,
        threads: affinity::processors(),
    }
}

/// Creates the folder that contains a file.
fn make_folder(file: &Path) -> Result<()> {
    match file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => std::fs::create_dir_all(folder)
            .map_err(|error| format!("cannot create the folder {}: {error}", folder.display()).into()),
        None => Ok(()),
    }
}

/// Sends a job's description and its source text to the workers, so that errors on the workers can point to the job
/// file.
mod with_origin {
    use crate::app::job_config::{JobConfig, Origin};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(config: &JobConfig, serializer: S) -> Result<S::Ok, S::Error> {
        (config, &config.origin).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<JobConfig, D::Error> {
        let (config, origin) = <(JobConfig, Origin)>::deserialize(deserializer)?;
        Ok(JobConfig { origin, ..config })
    }
}
