//! The algorithms that a job file can name, and the physics they use.
//!
//! - [`Filter`] and [`Prescale`] reject events; [`Define`] adds a column; [`Combine`] makes candidates of a decay.
//! - [`Histogram`] and [`Profile`] fill histograms; [`Dump`] prints events.
//! - [`ToyDecays`] makes events with toy decays.
//!
//! The physics does not depend on events, and is a library in itself:
//!
//! - [`four_momentum`] and [`two_body_decay`]: relativistic kinematics.
//! - [`particles`]: masses, widths, charges and identifiers by name.
//! - [`decay_descriptor`]: the notation for decays, `[B+ -> J/psi(1S) K+]cc`.
//! - [`toy_decay_generator`] and [`toy_selection`]: toy B_s⁰ → J/ψ(→ μ⁺μ⁻) φ(→ K⁺K⁻) decays with background.
//! - `velo`, with the Cargo feature of this name: tracks and primary vertices in a vertex locator.
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

use crate::app::{Algorithm, make};
use crate::error::Result;
use std::any::TypeId;

/// A function that creates an algorithm from its properties.
pub(crate) type Make = fn(toml::Table) -> Result<Box<dyn Algorithm>>;

/// Registers the types of algorithms that a job file can name.
pub(crate) fn register(mut known: impl FnMut(&str, TypeId, Make)) {
    known("Combine", TypeId::of::<Combine>(), make::<Combine>);
    known("Define", TypeId::of::<Define>(), make::<Define>);
    known("Dump", TypeId::of::<Dump>(), make::<Dump>);
    known("Filter", TypeId::of::<Filter>(), make::<Filter>);
    known("Histogram", TypeId::of::<Histogram>(), make::<Histogram>);
    known("Prescale", TypeId::of::<Prescale>(), make::<Prescale>);
    known("Profile", TypeId::of::<Profile>(), make::<Profile>);
    known("ToyDecays", TypeId::of::<ToyDecays>(), make::<ToyDecays>);
    #[cfg(feature = "velo")]
    {
        let vertices = TypeId::of::<PrimaryVertices>();
        known("PrimaryVertices", vertices, make::<PrimaryVertices>);
        known("ToyVelo", TypeId::of::<ToyVelo>(), make::<ToyVelo>);
        known("TrackChecker", TypeId::of::<TrackChecker>(), make::<TrackChecker>);
        known("VeloFit", TypeId::of::<VeloFit>(), make::<VeloFit>);
        known("VeloTracking", TypeId::of::<VeloTracking>(), make::<VeloTracking>);
    }
}
