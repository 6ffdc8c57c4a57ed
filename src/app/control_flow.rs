//! A job's control flow, which executes each algorithm and sequence for the events that reach it.

mod build;
mod nesting;

use super::algorithm::Algorithm;
use super::event_block::EventBlock;
use super::job_config::{AlgorithmConfig, JobConfig, SequenceConfig, SequenceMode};
use super::job_output::{JobOutput, Tally};
use super::job_text::PlacedError;
use super::setup::Setup;
use crate::error::Result;
use crate::event::{ColumnIndex, EventStore, TableHandle};
use crate::io::EventReader;
use crate::numbers::random::Random;

/// The algorithms and sequences of a job, and their order of execution.
pub(super) struct ControlFlow {
    /// The algorithms and sequences, in the order in which the job lists them.
    nodes: Vec<FlowNode>,
    /// The nodes executed for every event, in order of execution.
    top: Vec<Member>,
    /// All nodes, ordered by their first execution.
    order: Vec<usize>,
    seed: u64,
}

/// An algorithm or a sequence.
struct FlowNode {
    name: String,
    kind: FlowKind,
    prescale: Option<f64>,
    stream: u64,
    /// Whether the node belongs to several sequences, directly or through other sequences. These sequences may execute
    /// the node for different events.
    shared: bool,
    /// Whether the node was called for this block, even if it was executed for none of the block's events.
    begun: bool,
    /// The events of this block for which the node was executed, and those that passed it.
    executed: Vec<bool>,
    passed: Vec<bool>,
}

enum FlowKind {
    Algorithm {
        algorithm: Box<dyn Algorithm>,
        created: Vec<TableHandle>,
        extended: Vec<(TableHandle, ColumnIndex)>,
    },
    Sequence {
        members: Vec<Member>,
        config: SequenceConfig,
    },
}

#[derive(Clone, Copy, Debug)]
struct Member {
    node: usize,
    negated: bool,
}

impl ControlFlow {
    /// Initialises all algorithms in order of execution.
    pub(super) fn initialize(
        &mut self,
        job: &JobConfig,
        store: &mut EventStore,
        reader: &mut EventReader,
        output: &mut JobOutput,
    ) -> Result<()> {
        output.tallies = vec![Tally::default(); self.nodes.len()];
        for &node in &self.order {
            let FlowNode { name, kind, .. } = &mut self.nodes[node];
            let FlowKind::Algorithm {
                algorithm,
                created,
                extended,
            } = kind
            else {
                continue;
            };
            let config = &job.algorithms[node];
            let mut setup = Setup {
                name,
                store,
                reader,
                output,
                properties: &config.properties,
                text: &job.origin.text,
                failure: None,
                created: Vec::new(),
                extended: Vec::new(),
            };
            if let Err(error) = algorithm.initialize(&mut setup) {
                let error = placed(config, &error.to_string(), setup.failure).map(|message| config.error(message));
                return Err(job.origin.text.point_error(&error).into());
            }
            (*created, *extended) = (setup.created, setup.extended);
        }
        Ok(())
    }

    /// The names of all algorithms and sequences, in the same order as the tallies.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().map(|node| node.name.as_str())
    }

    /// The index of the algorithm or sequence with this name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.name == name)
    }

    /// Executes all algorithms for the events in the store. Returns, for each event, whether it passed all algorithms.
    pub(super) fn execute(&mut self, store: &mut EventStore, output: &mut JobOutput) -> Result<Vec<bool>> {
        let events = store.events();
        for node in &mut self.nodes {
            node.begun = false;
            node.executed.clear();
            node.executed.resize(events, false);
            node.passed.clear();
            node.passed.resize(events, false);
        }
        let mut passing = vec![true; events];
        for index in 0..self.top.len() {
            let Member { node, negated } = self.top[index];
            self.run(node, &passing, store, output)?;
            narrow(&mut passing, &self.nodes[node].passed, negated);
        }
        for (node, tally) in self.nodes.iter().zip(&mut output.tallies) {
            tally.executed += count(&node.executed);
            tally.passed += count(&node.passed);
        }
        Ok(passing)
    }

    /// For each event of the block, whether it passed this algorithm or sequence.
    pub(super) fn passed(&self, node: usize) -> &[bool] {
        &self.nodes[node].passed
    }

    /// Executes a node for the events in `wanted` for which it has not yet been executed.
    fn run(&mut self, index: usize, wanted: &[bool], store: &mut EventStore, output: &mut JobOutput) -> Result<()> {
        let node = &mut self.nodes[index];
        // Rows are appended to tables in event order, so an algorithm that creates rows cannot go back to events that
        // it skipped. Such an algorithm is therefore executed for all events.
        let all;
        let wanted = match &node.kind {
            FlowKind::Algorithm { created, extended, .. }
                if node.shared && !(created.is_empty() && extended.is_empty()) =>
            {
                all = vec![true; wanted.len()];
                &all[..]
            }
            _ => wanted,
        };
        let mut now: Vec<bool> = wanted
            .iter()
            .zip(&node.executed)
            .map(|(wanted, done)| *wanted && !done)
            .collect();
        for (done, now) in node.executed.iter_mut().zip(&now) {
            *done |= now;
        }
        if let Some(part) = node.prescale {
            for (event, now) in now.iter_mut().enumerate().filter(|(_, now)| **now) {
                let number = store.number(event);
                *now = Random::with_stream(self.seed, number, node.stream ^ PRESCALE).uniform(0.0, 1.0) < part;
            }
        }
        if std::mem::replace(&mut node.begun, true) && !now.contains(&true) {
            return Ok(());
        }
        match &mut node.kind {
            FlowKind::Algorithm {
                algorithm,
                created,
                extended,
            } => {
                let mut block = EventBlock {
                    store,
                    output,
                    selected: &mut now,
                    created,
                    extended,
                    seed: self.seed,
                    stream: node.stream,
                };
                algorithm
                    .execute_block(&mut block)
                    .map_err(|error| format!("algorithm '{}': {error}", node.name))?;
                complete(store, created, extended);
                for (passed, now) in node.passed.iter_mut().zip(&now) {
                    *passed |= now;
                }
            }
            FlowKind::Sequence { members, config } => {
                let (members, config) = (members.clone(), config.clone());
                let passed = self.run_members(&members, &config, &now, store, output)?;
                let node = &mut self.nodes[index];
                for ((before, passed), now) in node.passed.iter_mut().zip(passed).zip(&now) {
                    *before |= *now && (passed || config.ignore_filter);
                }
            }
        }
        Ok(())
    }

    fn run_members(
        &mut self,
        members: &[Member],
        config: &SequenceConfig,
        events: &[bool],
        store: &mut EventStore,
        output: &mut JobOutput,
    ) -> Result<Vec<bool>> {
        let and = config.mode == SequenceMode::And;
        let mut undecided = events.to_vec();
        // In mode `and`, whether all members have passed so far. In mode `or`, whether any member has passed.
        let mut verdict = vec![and; events.len()];
        for member in members {
            self.run(member.node, &undecided, store, output)?;
            let passed = &self.nodes[member.node].passed;
            for event in 0..events.len() {
                if !undecided[event] {
                    continue;
                }
                let passes = passed[event] != member.negated;
                verdict[event] = if and {
                    verdict[event] && passes
                } else {
                    verdict[event] || passes
                };
                if config.short_circuit && verdict[event] != and {
                    undecided[event] = false;
                }
            }
        }
        Ok(verdict)
    }

    /// Starts all algorithms.
    pub(super) fn start(&mut self) -> Result<()> {
        self.each(|algorithm| algorithm.start())
    }

    /// The algorithms' reports at the end of a job, in the order in which the job lists the algorithms.
    pub(super) fn reports(&self, output: &JobOutput) -> Vec<String> {
        let report = |node: &FlowNode| match &node.kind {
            FlowKind::Algorithm { algorithm, .. } => algorithm.report(&node.name, output),
            FlowKind::Sequence { .. } => None,
        };
        self.nodes.iter().filter_map(report).collect()
    }

    /// Finalises all algorithms.
    pub(super) fn finalize(&mut self) -> Result<()> {
        self.each(|algorithm| algorithm.finalize())
    }

    fn each(&mut self, mut hook: impl FnMut(&mut dyn Algorithm) -> Result<()>) -> Result<()> {
        for FlowNode { name, kind, .. } in &mut self.nodes {
            if let FlowKind::Algorithm { algorithm, .. } = kind {
                hook(algorithm.as_mut()).map_err(|error| format!("algorithm '{name}': {error}"))?;
            }
        }
        Ok(())
    }
}

/// Makes a prescale's random numbers independent of those of the prescaled algorithm.
const PRESCALE: u64 = 0x5052_4553_4341_4c45;

/// Completes an algorithm's tables so that each table has an entry for every event, even for events without rows.
fn complete(store: &mut EventStore, created: &[TableHandle], extended: &[(TableHandle, ColumnIndex)]) {
    let events = store.events();
    for &table in created {
        store.pass_over(table, events);
    }
    for &(table, column) in extended {
        store.fill_column(table, column, store.len(table));
    }
}

fn narrow(passing: &mut [bool], passed: &[bool], negated: bool) {
    for (passing, passed) in passing.iter_mut().zip(passed) {
        *passing &= *passed != negated;
    }
}

fn count(events: &[bool]) -> u64 {
    events.iter().filter(|event| **event).count() as u64
}

/// Locates the source of an `initialize` error: the property for which [`Setup`] returned an error, else the property
/// named at the start of the message, else the algorithm.
fn placed(config: &AlgorithmConfig, message: &str, failure: Option<(String, PlacedError)>) -> PlacedError {
    // The algorithm may have extended the error message from `Setup`, or returned an unrelated error.
    if let Some((shown, failure)) = failure.filter(|(shown, _)| message.contains(shown)) {
        return failure.map(|short| message.replace(&shown, short));
    }
    let mut words = message.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let key = words.find(|word| !word.is_empty());
    let property = key.and_then(|key| config.properties.get(key));
    PlacedError::new(&property.unwrap_or(&config.properties).span, message)
}
