//! Algorithms and sequences of them: which is executed for which events.

mod nesting;

use super::algorithm::Algorithm;
use super::block::Block;
use super::config::{AlgorithmConfig, SequenceConfig, SequenceMode};
use super::job_output::{JobOutput, Tally};
use super::registry;
use super::setup::Setup;
use crate::error::Result;
use crate::event::{ColumnIndex, EventStore, TableHandle, listing};
use crate::io::EventReader;
use crate::numbers::random::Random;
use std::collections::HashMap;

/// What a worker does with events.
pub(super) struct Steps {
    steps: Vec<Step>,
    /// What is executed for every event, in this order.
    top: Vec<Member>,
    seed: u64,
}

struct Step {
    name: String,
    kind: Kind,
    prescale: Option<f64>,
    stream: u64,
    /// Stands in several sequences, or in one that does: they may want it for different events.
    shared: bool,
    /// Has been executed for this block, if for no event of it.
    begun: bool,
    /// Of the events of this block, which it has been executed for, and which it passed.
    executed: Vec<bool>,
    passed: Vec<bool>,
}

enum Kind {
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
    step: usize,
    negated: bool,
}

impl Steps {
    /// Makes all algorithms of their properties.
    pub(super) fn new(configs: &[AlgorithmConfig], seed: u64) -> Result<Self> {
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        for (number, config) in configs.iter().enumerate() {
            if numbers.insert(config.name(), number).is_some() {
                return Err(format!(
                    "two algorithms are called '{}': give one of them another name, with name = \"…\"",
                    config.name()
                )
                .into());
            }
        }
        let mut uses = vec![0; configs.len()];
        let mut steps = Vec::with_capacity(configs.len());
        for config in configs {
            let step = Step::new(config, &numbers, configs).map_err(|error| named(config, error))?;
            if let Kind::Sequence { members, .. } = &step.kind {
                members.iter().for_each(|member| uses[member.step] += 1);
            }
            steps.push(step);
        }
        let top = (0..steps.len())
            .filter(|&step| uses[step] == 0)
            .map(|step| Member { step, negated: false })
            .collect();
        let mut made = Self { steps, top, seed };
        made.check_circles()?;
        made.share(&uses);
        Ok(made)
    }

    /// Initialises all algorithms, in the order of execution.
    pub(super) fn initialize(
        &mut self,
        configs: &[AlgorithmConfig],
        store: &mut EventStore,
        reader: &mut EventReader,
        output: &mut JobOutput,
    ) -> Result<()> {
        output.tallies = vec![Tally::default(); self.steps.len()];
        for step in self.order() {
            let Step { name, kind, .. } = &mut self.steps[step];
            let Kind::Algorithm {
                algorithm,
                created,
                extended,
            } = kind
            else {
                continue;
            };
            let mut setup = Setup {
                name,
                store,
                reader,
                output,
                created: Vec::new(),
                extended: Vec::new(),
            };
            algorithm
                .initialize(&mut setup)
                .map_err(|error| named(&configs[step], error))?;
            (*created, *extended) = (setup.created, setup.extended);
        }
        Ok(())
    }

    /// The names of all steps, in the order of the tallies.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map(|step| step.name.as_str())
    }

    /// The place of a step with this name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.steps.iter().position(|step| step.name == name)
    }

    /// Executes all for the events in the store; which of them passed all.
    pub(super) fn execute(&mut self, store: &mut EventStore, output: &mut JobOutput) -> Result<Vec<bool>> {
        let events = store.events();
        for step in &mut self.steps {
            step.begun = false;
            step.executed.clear();
            step.executed.resize(events, false);
            step.passed.clear();
            step.passed.resize(events, false);
        }
        let mut passing = vec![true; events];
        for index in 0..self.top.len() {
            let Member { step, negated } = self.top[index];
            self.run(step, &passing, store, output)?;
            narrow(&mut passing, &self.steps[step].passed, negated);
        }
        for (step, tally) in self.steps.iter().zip(&mut output.tallies) {
            tally.executed += count(&step.executed);
            tally.passed += count(&step.passed);
        }
        Ok(passing)
    }

    /// Which events of the block a step has been executed for and passed.
    pub(super) fn passed(&self, step: usize) -> &[bool] {
        &self.steps[step].passed
    }

    /// Executes a step for those events of `wanted` that it has not been executed for.
    fn run(&mut self, index: usize, wanted: &[bool], store: &mut EventStore, output: &mut JobOutput) -> Result<()> {
        let step = &mut self.steps[index];
        // Rows are added to tables event by event: it cannot be called again for events between those it had before.
        let all;
        let wanted = match &step.kind {
            Kind::Algorithm { created, extended, .. }
                if step.shared && !(created.is_empty() && extended.is_empty()) =>
            {
                all = vec![true; wanted.len()];
                &all[..]
            }
            _ => wanted,
        };
        let mut now: Vec<bool> = wanted
            .iter()
            .zip(&step.executed)
            .map(|(wanted, done)| *wanted && !done)
            .collect();
        for (done, now) in step.executed.iter_mut().zip(&now) {
            *done |= now;
        }
        if let Some(part) = step.prescale {
            for (event, now) in now.iter_mut().enumerate().filter(|(_, now)| **now) {
                let number = store.number(event);
                *now = Random::with_stream(self.seed, number, step.stream ^ PRESCALE).uniform(0.0, 1.0) < part;
            }
        }
        if std::mem::replace(&mut step.begun, true) && !now.contains(&true) {
            return Ok(());
        }
        match &mut step.kind {
            Kind::Algorithm {
                algorithm,
                created,
                extended,
            } => {
                let mut block = Block {
                    store,
                    output,
                    selected: &mut now,
                    created,
                    extended,
                    seed: self.seed,
                    stream: step.stream,
                };
                algorithm
                    .execute_block(&mut block)
                    .map_err(|error| format!("algorithm '{}': {error}", step.name))?;
                complete(store, created, extended);
                for (passed, now) in step.passed.iter_mut().zip(&now) {
                    *passed |= now;
                }
            }
            Kind::Sequence { members, config } => {
                let (members, config) = (members.clone(), config.clone());
                let passed = self.run_members(&members, &config, &now, store, output)?;
                let step = &mut self.steps[index];
                for ((before, passed), now) in step.passed.iter_mut().zip(passed).zip(&now) {
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
        // For "and": all have passed so far. For "or": one has passed.
        let mut verdict = vec![and; events.len()];
        for member in members {
            self.run(member.step, &undecided, store, output)?;
            let passed = &self.steps[member.step].passed;
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

    /// Has all algorithms make what is large.
    pub(super) fn start(&mut self) -> Result<()> {
        self.each(|algorithm| algorithm.start())
    }

    /// What algorithms have to say at the end of a job, in the order of the job.
    pub(super) fn reports(&self, output: &JobOutput) -> Vec<String> {
        let report = |step: &Step| match &step.kind {
            Kind::Algorithm { algorithm, .. } => algorithm.report(&step.name, output),
            Kind::Sequence { .. } => None,
        };
        self.steps.iter().filter_map(report).collect()
    }

    /// Finalises all algorithms.
    pub(super) fn finalize(&mut self) -> Result<()> {
        self.each(|algorithm| algorithm.finalize())
    }

    fn each(&mut self, mut hook: impl FnMut(&mut dyn Algorithm) -> Result<()>) -> Result<()> {
        for Step { name, kind, .. } in &mut self.steps {
            if let Kind::Algorithm { algorithm, .. } = kind {
                hook(algorithm.as_mut()).map_err(|error| format!("algorithm '{name}': {error}"))?;
            }
        }
        Ok(())
    }
}

/// Tells the random numbers of pre-scaling from an algorithm's own.
const PRESCALE: u64 = 0x5052_4553_4341_4c45;

impl Step {
    fn new(config: &AlgorithmConfig, numbers: &HashMap<&str, usize>, all: &[AlgorithmConfig]) -> Result<Self> {
        let mut properties = config.properties.clone();
        let (kind, prescale) = if config.kind == "Sequence" {
            let sequence: SequenceConfig = properties
                .try_into()
                .map_err(|error: toml::de::Error| error.message().lines().next().unwrap_or_default().to_string())?;
            let member = |name: &String| -> Result<Member> {
                let (negated, name) = match name.strip_prefix('!') {
                    Some(name) => (true, name),
                    None => (false, name.as_str()),
                };
                let step = numbers.get(name).copied().ok_or_else(|| {
                    let known = listing("there are", all.iter().map(AlgorithmConfig::name));
                    format!("there is no algorithm '{name}' in this job; {known}")
                })?;
                Ok(Member { step, negated })
            };
            let members = sequence.members.iter().map(member).collect::<Result<Vec<_>>>()?;
            let prescale = sequence.prescale;
            let kind = Kind::Sequence {
                members,
                config: sequence,
            };
            (kind, prescale)
        } else {
            let prescale = match properties.remove("prescale") {
                None => None,
                Some(toml::Value::Float(part)) => Some(part),
                Some(toml::Value::Integer(part)) => Some(part as f64),
                Some(other) => return Err(format!("prescale is a number from 0 to 1, not {other}").into()),
            };
            let kind = Kind::Algorithm {
                algorithm: registry::create(&config.kind, properties)?,
                created: Vec::new(),
                extended: Vec::new(),
            };
            (kind, prescale)
        };
        if let Some(part) = prescale.filter(|part| !(0.0..=1.0).contains(part)) {
            return Err(format!("prescale is a part of the events, from 0 to 1, not {part}").into());
        }
        Ok(Self {
            name: config.name().to_string(),
            kind,
            prescale,
            stream: stream(config.name()),
            shared: false,
            begun: false,
            executed: Vec::new(),
            passed: Vec::new(),
        })
    }
}

/// Whatever an algorithm did not do with its tables: they have rows for all events, or none.
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

fn named(config: &AlgorithmConfig, error: impl std::fmt::Display) -> String {
    match config.name() == config.kind {
        true => format!("algorithm '{}': {error}", config.name()),
        false => format!("algorithm '{}' ({}): {error}", config.name(), config.kind),
    }
}

/// A number that belongs to a name: FNV-1a, 64 bits (G. Fowler, L. C. Noll, K.-P. Vo, 1991).
fn stream(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
