//! The selection of events, tables and columns for one output.

use super::control_flow::ControlFlow;
use super::job_config::JobConfig;
use super::job_text::{JobText, NOWHERE};
use super::job_value::JobValue;
use super::path_patterns::PathPatterns;
use crate::error::Result;
use crate::event::{ColumnSelection, EventStore, listing};
use crate::io::EventReader;
use std::ops::Range;

/// The stream of events that are written to one output.
pub(super) struct OutputStream {
    name: String,
    patterns: PathPatterns,
    /// The position of the output in the job's text.
    span: Range<usize>,
    accept: Vec<usize>,
    require: Vec<usize>,
    veto: Vec<usize>,
    /// The tables and columns to write, as resolved for the input file with this index.
    pub selection: ColumnSelection,
    pub file: Option<u32>,
}

impl OutputStream {
    /// Creates the stream for the output with this index.
    pub(super) fn new(job: &JobConfig, index: usize, flow: &ControlFlow) -> Result<Self> {
        let output = &job.outputs[index];
        let name = output.file.display().to_string();
        let keys = format!("output.{index}");
        let find = |wanted: &String| {
            flow.find(wanted).ok_or_else(|| {
                let known = listing("there are", flow.names());
                let message = format!("output {name}: there is no algorithm '{wanted}' in this job; {known}");
                job.error(&keys, Some(wanted), &message)
            })
        };
        let find_all = |names: &[String]| names.iter().map(find).collect::<Result<Vec<_>, _>>();
        let (accept, require, veto) = (
            find_all(&output.accept)?,
            find_all(&output.require)?,
            find_all(&output.veto)?,
        );
        let sections = &job.origin.sections;
        let value = sections
            .get("output")
            .and_then(|outputs| outputs.get(&index.to_string()));
        let patterns = PathPatterns::new(output, value).map_err(|error| {
            let error = error.map(|message| format!("output {name}: {message}"));
            job.origin.text.point_error(&error)
        })?;
        let place = value.map(|value| value.get("items").unwrap_or(value));
        Ok(Self {
            patterns,
            span: place.map_or(NOWHERE, |value: &JobValue| value.span.clone()),
            accept,
            require,
            veto,
            selection: ColumnSelection::default(),
            file: None,
            name,
        })
    }

    /// Finds the tables and columns to write, both in the open file and in the store.
    pub(super) fn resolve(&mut self, text: &JobText, store: &mut EventStore, reader: &mut EventReader) -> Result<()> {
        let opened = reader.opened();
        let resolved = self.patterns.resolve(store, reader);
        self.selection = resolved.map_err(|error| {
            let file = opened.map(|file| reader.files()[file as usize].path.display());
            let file = file.map_or(String::new(), |file| format!(" (in {file})"));
            let span = if text.has(&error.span) { &error.span } else { &self.span };
            text.point(span, &format!("output {}: {}{file}", self.name, error.message))
        })?;
        Ok(())
    }

    /// For each event, whether to write it to the output.
    pub(super) fn keep(&self, flow: &ControlFlow, passing: &[bool]) -> Vec<bool> {
        if self.accept.is_empty() && self.require.is_empty() && self.veto.is_empty() {
            return passing.to_vec();
        }
        let passed = |nodes: &[usize], event: usize| nodes.iter().filter(|node| flow.passed(**node)[event]).count();
        let keep = |event: usize| {
            (self.accept.is_empty() || passed(&self.accept, event) > 0)
                && passed(&self.require, event) == self.require.len()
                && passed(&self.veto, event) == 0
        };
        (0..passing.len()).map(keep).collect()
    }
}
