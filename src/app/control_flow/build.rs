//! Builds the control flow of a job from its description.

use super::nesting::Nesting;
use super::{ControlFlow, FlowKind, FlowNode, Member};
use crate::app::algorithm_registry::create;
use crate::app::job_config::{AlgorithmConfig, JobConfig, SequenceConfig};
use crate::app::job_text::PlacedError;
use crate::app::job_value::JobValue;
use crate::error::Result;
use crate::event::listing;
use std::collections::HashMap;

impl ControlFlow {
    /// Creates all algorithms and sequences of a job.
    pub(in crate::app) fn new(job: &JobConfig, seed: u64) -> Result<Self> {
        build(job, seed).map_err(|error| job.origin.text.point_error(&error).into())
    }
}

fn build(job: &JobConfig, seed: u64) -> Result<ControlFlow, PlacedError> {
    let configs = job.algorithms.as_slice();
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    for (number, config) in configs.iter().enumerate() {
        if numbers.insert(config.name(), number).is_some() {
            let name = config.name();
            let message =
                format!("two algorithms are called '{name}': give one of them another name, with name = \"…\"");
            return Err(PlacedError::new(&config.properties.span, message));
        }
    }
    let node = |config: &AlgorithmConfig| {
        new_node(config, &numbers, configs).map_err(|error| error.map(|message| config.error(message)))
    };
    let nodes = configs.iter().map(node).collect::<Result<Vec<_>, _>>()?;
    let mut flow = ControlFlow {
        nodes,
        top: Vec::new(),
        order: Vec::new(),
        seed,
    };
    let members = flow.nodes.iter().map(|node| match &node.kind {
        FlowKind::Sequence { members, .. } => members.iter().map(|member| member.node).collect(),
        FlowKind::Algorithm { .. } => Vec::new(),
    });
    let nesting = Nesting::new(members.collect());
    let names: Vec<&str> = configs.iter().map(AlgorithmConfig::name).collect();
    let checked = nesting.check(&names);
    checked.map_err(|(node, message)| PlacedError::new(&configs[node].properties.span, message))?;
    let top = nesting.top().into_iter();
    flow.top = top.map(|node| Member { node, negated: false }).collect();
    flow.order = nesting.order();
    nesting
        .shared()
        .into_iter()
        .for_each(|node| flow.nodes[node].shared = true);
    Ok(flow)
}

fn new_node(
    config: &AlgorithmConfig,
    numbers: &HashMap<&str, usize>,
    all: &[AlgorithmConfig],
) -> Result<FlowNode, PlacedError> {
    let mut properties = config.properties.clone();
    let fraction = properties.get("prescale").cloned();
    let (kind, prescale) = if config.kind == "Sequence" {
        let sequence: SequenceConfig = properties.to()?;
        let member = |name: &String| {
            let (negated, wanted) = match name.strip_prefix('!') {
                Some(wanted) => (true, wanted),
                None => (false, name.as_str()),
            };
            let node = numbers.get(wanted).copied().ok_or_else(|| {
                let known = listing("there are", all.iter().map(AlgorithmConfig::name));
                let value = properties.find(&|text| text == name).unwrap_or(&properties);
                PlacedError::new(
                    &value.span,
                    format!("there is no algorithm '{wanted}' in this job; {known}"),
                )
            })?;
            Ok::<_, PlacedError>(Member { node, negated })
        };
        let members = sequence.members.iter().map(member).collect::<Result<Vec<_>, _>>()?;
        let prescale = sequence.prescale;
        let config = sequence;
        (FlowKind::Sequence { members, config }, prescale)
    } else {
        let prescale = properties
            .remove("prescale")
            .as_ref()
            .map(JobValue::to::<f64>)
            .transpose();
        let prescale = prescale.map_err(|error| error.map(|message| format!("prescale: {message}")))?;
        let kind = FlowKind::Algorithm {
            algorithm: create(&config.kind, &properties)?,
            created: Vec::new(),
            extended: Vec::new(),
        };
        (kind, prescale)
    };
    if let Some(part) = prescale.filter(|part| !(0.0..=1.0).contains(part)) {
        let message = format!("prescale is a fraction of the events, from 0 to 1, not {part}");
        return Err(PlacedError::new(&fraction.unwrap_or(properties).span, message));
    }
    Ok(FlowNode {
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

/// Returns the random-stream number for a name, which is the name's 64-bit FNV-1a hash (G. Fowler, L. C. Noll, K.-P.
/// Vo, 1991).
fn stream(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
