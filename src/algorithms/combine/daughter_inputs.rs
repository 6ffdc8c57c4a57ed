//! The daughters' inputs and cuts, which a job specifies by daughter name.

use crate::algorithms::decay_descriptor::DecayDescriptor;
use crate::algorithms::particles::Particle;
use crate::error::Result;
use crate::event::path;
use std::collections::BTreeMap;

/// The table and cut for each daughter, in descriptor order.
pub(super) struct DaughterInputs {
    pub tables: Vec<String>,
    pub cuts: Vec<Option<String>>,
}

impl DaughterInputs {
    /// Assigns tables and cuts, given by name, to the daughters.
    ///
    /// # Errors
    /// If a daughter has no table, or a name does not match any daughter.
    pub(super) fn new(
        descriptor: &DecayDescriptor,
        inputs: &BTreeMap<String, String>,
        cuts: &BTreeMap<String, String>,
    ) -> Result<Self> {
        let daughters = &descriptor.decay().daughters;
        let tables = by_daughter(descriptor, inputs).map_err(|error| format!("inputs: {error}"))?;
        let table = |(daughter, table): (&Particle, Option<String>)| -> Result<String> {
            let table = table.ok_or_else(|| {
                format!(
                    "inputs: there is no table for {0}: add \"{0}\" = \"path of the table\"",
                    daughter.name
                )
            })?;
            Ok(path::full(&table)?)
        };
        Ok(Self {
            tables: daughters.iter().zip(tables).map(table).collect::<Result<_>>()?,
            cuts: by_daughter(descriptor, cuts).map_err(|error| format!("daughter_cuts: {error}"))?,
        })
    }
}

/// Returns the value given for each daughter. In a decay with `cc`, the antiparticle's name is also accepted.
fn by_daughter(descriptor: &DecayDescriptor, given: &BTreeMap<String, String>) -> Result<Vec<Option<String>>, String> {
    let daughters = &descriptor.decay().daughters;
    let mut values: Vec<Option<(&str, &str)>> = vec![None; daughters.len()];
    for (name, value) in given {
        let particle = Particle::named(name).map_err(|error| error.to_string())?;
        let is = |particle: &Particle| daughters.iter().any(|daughter| daughter.pdg_id == particle.pdg_id);
        let daughter = match (is(&particle), descriptor.is_conjugated()) {
            (true, _) => particle,
            (false, true) if is(&particle.antiparticle()) => particle.antiparticle(),
            _ => {
                let names: Vec<&str> = daughters.iter().map(|daughter| daughter.name).collect();
                return Err(format!(
                    "{name} is not a daughter of {descriptor}: the daughters are {}",
                    names.join(" and ")
                ));
            }
        };
        for (known, _) in values
            .iter_mut()
            .zip(daughters)
            .filter(|(_, other)| **other == daughter)
        {
            match known {
                Some((first, other)) if *other != value => {
                    return Err(format!(
                        "'{other}' for {first}, but '{value}' for {name}: with cc, both must be the same"
                    ));
                }
                _ => *known = Some((name, value)),
            }
        }
    }
    Ok(values
        .into_iter()
        .map(|value| value.map(|(_, value)| value.to_string()))
        .collect())
}
