//! The algorithms that a job file can name, and the physics they use.
//!
//! - [`Filter`] and [`Prescale`] reject events; [`Define`] adds a column; [`Combine`] builds decay candidates.
//! - [`Histogram`] and [`Profile`] fill histograms; [`Dump`] prints events.
//! - [`ToyDecays`] generates events with toy decays.
//!
//! The physics modules do not depend on the event store and can be used on their own:
//!
//! - [`four_momentum`] and [`two_body_decay`]: relativistic kinematics.
//! - [`particles`]: masses, widths, charges and identifiers by name.
//! - [`decay_descriptor`]: the notation for decays, `[B+ -> J/psi(1S) K+]cc`.
//! - [`toy_decay_generator`] and [`toy_selection`]: toy B_s⁰ → J/ψ(→ μ⁺μ⁻) φ(→ K⁺K⁻) decays with background.
//! - `velo`, enabled by the Cargo feature of the same name: tracks and primary vertices in a vertex locator.
//!
//! Energies, momenta and masses are in MeV, with c = 1.

mod combine;
pub mod decay_descriptor;
mod define;
mod dump;
mod filter;
pub mod four_momentum;
mod histogram;
pub mod particles;
mod prescale;
mod property_range;
pub mod toy_decay_generator;
mod toy_decays;
pub mod toy_selection;
pub mod two_body_decay;
#[cfg(feature = "velo")]
pub mod velo;

pub use combine::{Combine, CombineColumns, MassFrom};
pub use define::Define;
pub use dump::Dump;
pub use filter::Filter;
pub use histogram::{AxisConfig, Histogram, Profile};
pub use prescale::Prescale;
pub use toy_decays::ToyDecays;
#[cfg(feature = "velo")]
pub use velo::{PrimaryVertices, ToyVelo, TrackChecker, VeloFit, VeloTracking};

use crate::app::algorithm_registry::register;

/// Registers all of this crate's algorithms under their names so that job files can refer to them: `type = "Filter"`.
///
/// A program that reads job files must call this function first, on all ranks. Further calls have no effect. Algorithms
/// added with [`AppMgr::algorithm`](crate::app::AppMgr::algorithm) need no registration.
///
/// ```
/// use gaudi_mpi::app::{AppMgr, JobConfig};
///
/// gaudi_mpi::algorithms::register_all();
/// let job = "input.events = 10\n[[algorithm]]\ntype = 'Prescale'\nfraction = 0.5\n";
/// let description = AppMgr::from_config(JobConfig::parse(job)?).describe(1)?;
/// assert!(description.contains("Prescale"));
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub fn register_all() {
    register::<Combine>();
    register::<Define>();
    register::<Dump>();
    register::<Filter>();
    register::<Histogram>();
    register::<Prescale>();
    register::<Profile>();
    register::<ToyDecays>();
    #[cfg(feature = "velo")]
    {
        register::<PrimaryVertices>();
        register::<ToyVelo>();
        register::<TrackChecker>();
        register::<VeloFit>();
        register::<VeloTracking>();
    }
}
