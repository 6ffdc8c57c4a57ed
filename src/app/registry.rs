//! Types of algorithms by name: how a job file's `type = "Filter"` becomes an algorithm.

use super::algorithm::Algorithm;
use crate::error::Result;
use serde::de::DeserializeOwned;
use std::any::{TypeId, type_name};
use std::collections::BTreeMap;
use std::sync::{LazyLock, PoisonError, RwLock};

type Make = fn(toml::Table) -> Result<Box<dyn Algorithm>>;

#[derive(Clone, Copy)]
struct Entry {
    id: TypeId,
    make: Make,
}

static TYPES: LazyLock<RwLock<BTreeMap<String, Entry>>> = LazyLock::new(|| {
    let types = RwLock::default();
    crate::algorithms::register(|name, id, make| insert(&types, name, Entry { id, make }));
    types
});

fn insert(types: &RwLock<BTreeMap<String, Entry>>, name: &str, entry: Entry) {
    let mut types = types.write().unwrap_or_else(PoisonError::into_inner);
    let other = types.insert(name.to_string(), entry);
    assert!(
        other.is_none_or(|other| other.id == entry.id),
        "two types of algorithms are called {name}: give one of them another name"
    );
}

/// Makes a type of algorithm known under the name that it has in Rust, without its modules. To be called on all ranks,
/// before the job.
///
/// # Panics
/// If another type is known under this name.
pub fn register<A: Algorithm + DeserializeOwned + 'static>() {
    insert(
        &TYPES,
        name_of::<A>(),
        Entry {
            id: TypeId::of::<A>(),
            make: make::<A>,
        },
    );
}

/// The name of a type without modules and parameters.
pub(super) fn name_of<A>() -> &'static str {
    let name = type_name::<A>();
    let name = name.split('<').next().unwrap_or(name);
    name.rsplit("::").next().unwrap_or(name)
}

/// Makes an algorithm of its properties.
pub(crate) fn make<A: Algorithm + DeserializeOwned + 'static>(properties: toml::Table) -> Result<Box<dyn Algorithm>> {
    let algorithm: A = properties.try_into()?;
    Ok(Box::new(algorithm))
}

/// An algorithm of the type with this name.
///
/// # Errors
/// If there is no such type, or the properties are not its properties.
pub(super) fn create(type_name: &str, properties: toml::Table) -> Result<Box<dyn Algorithm>> {
    let make = {
        let types = TYPES.read().unwrap_or_else(PoisonError::into_inner);
        let known = types.get(type_name).map(|entry| entry.make);
        known.ok_or_else(|| {
            let names: Vec<&str> = types.keys().map(String::as_str).collect();
            format!(
                "there is no type of algorithm called '{type_name}'; there are Sequence, {}",
                names.join(", ")
            )
        })?
    };
    // The first line says it; the others would show a text that the user has never seen.
    make(properties).map_err(|error| error.to_string().lines().next().unwrap_or_default().trim().into())
}
