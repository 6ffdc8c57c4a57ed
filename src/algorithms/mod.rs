//! The algorithms that ship: what they compute, free of how the events come in or the results go out.
//!
//! - [`kinematics`]: four-momenta and two-body decays.
//! - [`particles`]: masses, widths and charges of particles under the names that decay descriptors use.
//! - [`decay_descriptor`]: decays as they are written, `[B+ -> J/psi(1S) K+]cc`.
//! - [`toy_decays`]: toy B_s⁰ → J/ψ(→ μ⁺μ⁻) φ(→ K⁺K⁻) decays with background; [`toy_selection`]: their selection.
//! - [`velo`]: hits, tracks and primary vertices of a vertex locator.
//!
//! Units are MeV throughout, with c = 1.

mod combine;
pub mod decay_descriptor;
mod define;
mod dump;
mod filter;
mod histogram;
pub mod kinematics;
mod make_decays;
pub mod particles;
mod prescale;
pub mod toy_decays;
pub mod toy_selection;
#[cfg(feature = "velo")]
pub mod velo;

pub use combine::{Combine, CombineColumns, MassFrom};
pub use define::Define;
pub use dump::Dump;
pub use filter::Filter;
pub use histogram::{AxisConfig, Histogram, Profile};
pub use make_decays::ToyDecays;
pub use prescale::Prescale;
#[cfg(feature = "velo")]
pub use velo::{PrimaryVertices, ToyVelo, TrackChecker, VeloFit, VeloTracking};

use crate::app::algorithm_registry::register;

/// Registers all algorithms of this crate under their names, so that a job file can use them: `type = "Filter"`.
///
/// A program that reads job files calls this first, on all ranks. Further calls have no effect. Algorithms that are
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
