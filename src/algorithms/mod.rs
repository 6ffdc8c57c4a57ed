//! The algorithms that ship: what they compute, free of how the events come in or the results go out.
//!
//! - [`kinematics`]: four-momenta and two-body decays.
//! - [`particles`]: masses, widths and charges of particles under the names that decay descriptors use.
//! - [`toy_decays`]: toy B_s⁰ → J/ψ(→ μ⁺μ⁻) φ(→ K⁺K⁻) decays with background; [`toy_selection`]: their selection.
//!
//! Units are MeV throughout, with c = 1.

pub mod kinematics;
pub mod particles;
pub mod toy_decays;
pub mod toy_selection;
