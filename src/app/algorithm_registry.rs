//! The registry of algorithm types, which creates an algorithm from `type = "Filter"` in a job file.

use super::algorithm::Algorithm;
use super::job_text::PlacedError;
use super::job_value::JobValue;
use serde::de::DeserializeOwned;
use std::any::{TypeId, type_name};
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

type Create = fn(&JobValue) -> Result<Box<dyn Algorithm>, PlacedError>;

#[derive(Clone, Copy)]
struct Entry {
    id: TypeId,
    create: Create,
}

static TYPES: RwLock<BTreeMap<&str, Entry>> = RwLock::new(BTreeMap::new());

/// Registers an algorithm type under its Rust name, without the module path, so that job files can refer to the type.
///
/// Call this on all ranks, before the job. Registering a type again has no effect. The algorithms of this crate are
/// registered by [`register_all`](crate::algorithms::register_all).
///
/// # Panics
/// If another type is registered under the same name.
///
/// ```
/// use gaudi_mpi::app::prelude::*;
/// use gaudi_mpi::app::{AppMgr, JobConfig};
///
/// /// Passes the events with an even number.
/// #[derive(Serialize, Deserialize)]
/// struct Even {}
///
/// impl Algorithm for Even {
///     fn initialize(&mut self, _: &mut Setup) -> Result<()> {
///         Ok(())
///     }
///     fn execute(&mut self, event: &mut Event) -> Result<bool> {
///         Ok(event.number() % 2 == 0)
///     }
/// }
///
/// gaudi_mpi::app::register::<Even>();
/// let job = JobConfig::parse("input.events = 10\nalgorithm = [{ type = 'Even' }]")?;
/// let mut events = AppMgr::from_config(job).events(1)?;
/// let mut passed = 0;
/// while events.next()?.is_some() {
///     passed += 1;
/// }
/// assert_eq!(passed, 5);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub fn register<A: Algorithm + DeserializeOwned + 'static>() {
    let (name, id) = (name_of::<A>(), TypeId::of::<A>());
    let create: Create = |properties| Ok(Box::new(properties.to::<A>()?));
    let mut types = TYPES.write().unwrap_or_else(PoisonError::into_inner);
    let other = types.insert(name, Entry { id, create });
    assert!(
        other.is_none_or(|other| other.id == id),
        "two types of algorithms have the name {name}: rename one of them"
    );
}

/// Returns a type's name without its module path and generic parameters.
pub(super) fn name_of<A>() -> &'static str {
    let name = type_name::<A>();
    let name = name.split('<').next().unwrap_or(name);
    name.rsplit("::").next().unwrap_or(name)
}

/// Creates an algorithm.
///
/// # Errors
/// If no type is registered under this name, or the properties do not match the type.
pub(super) fn create(type_name: &str, properties: &JobValue) -> Result<Box<dyn Algorithm>, PlacedError> {
    let types = TYPES.read().unwrap_or_else(PoisonError::into_inner);
    let known = types.get(type_name).map(|entry| entry.create);
    let names = || {
        std::iter::once("Sequence")
            .chain(types.keys().copied())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let create = known.ok_or_else(|| {
        let message = format!(
            "there is no type of algorithm called '{type_name}'; there are {}. (A program that reads job files calls \
             algorithms::register_all() first, and app::register for its own types.)",
            names()
        );
        PlacedError::new(&properties.span, message)
    })?;
    drop(types);
    create(properties)
}
