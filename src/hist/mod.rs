//! Histograms and profiles: booking, filling, merging.
//!
//! A [`Histograms`] book contains objects of the types [`Histogram1D`], [`Histogram2D`], [`Histogram3D`], [`Profile1D`]
//! and [`Profile2D`], each identified by a path. Their [axes](Axis) have uniform bins, variable bins or categories.
//! Fills may be weighted. When any number of processes fill one book each, the books merge into one that is bit-for-bit
//! identical to a single book with all fills.
//!
//! With the Cargo feature `hdf5`, books can be saved to HDF5 files and read back; with `pictures`, they can be drawn.
//!
//! ```
//! use gaudi_mpi::hist::{Axis, Histogram1D, Histogram2D, Histograms, Profile1D};
//!
//! let mut histograms = Histograms::new();
//! let mass = Axis::uniform(100, 5200.0, 5500.0).label("m(J/ψ φ)").unit("MeV");
//! let pt = Axis::variable([0.0, 0.5, 1.0, 2.0, 5.0, 10.0]).label("pT").unit("GeV");
//! let hbmass = histograms.book("Phys/hbmass", Histogram1D::new("Mass of B cand", mass.clone()));
//! let plane = histograms.book("Phys/mass_pt", Histogram2D::new("Mass and pT", mass, pt.clone()));
//! let mean = histograms.book("Phys/mean_mass", Profile1D::new("Mean mass", pt).label("m(J/ψ φ)").unit("MeV"));
//!
//! for (mass, pt, weight) in [(5366.9, 3.1, 1.0), (5279.6, 0.7, 0.9)] {
//!     histograms[hbmass].fill(mass);
//!     histograms[plane].fill_weighted(mass, pt, weight);
//!     histograms[mean].fill(pt, mass);
//! }
//! assert_eq!(histograms[plane].integral(), 1.9);
//! ```

mod axis;
mod bin_grid;
mod bin_index;
mod binned_fills;
mod bookable;
mod coordinate;
#[cfg(feature = "events")]
mod description;
#[cfg(feature = "pictures")]
mod draw;
mod error;
mod fixed_point;
mod histogram;
mod histograms;
mod merge;
mod moment_units;
mod moments;
mod profile;
mod serde_array;
#[cfg(test)]
mod tests;
#[cfg(feature = "hdf5")]
mod uhi;
mod value_statistics;
mod vector_fill;
mod weights;

pub use axis::{Axis, AxisKind};
pub use bin_index::{Bin, BinIndex};
pub use bookable::{Bookable, Object};
pub use coordinate::Coordinate;
pub use error::Error;
pub use histogram::{Histogram, Histogram1D, Histogram2D, Histogram3D};
pub use histograms::{Handle, Histograms};
pub use profile::{Profile, Profile1D, Profile2D};
#[cfg(feature = "events")]
pub(crate) use uhi::FOLDER;
