//! Histograms: booking, filling, merging.
//!
//! A [`Histograms`] book holds [`Histogram1D`], [`Histogram2D`], [`Histogram3D`], [`Profile1D`] and [`Profile2D`] by
//! path. Their [axes](Axis) have uniform or variable bins or categories; fills may carry weights. Whatever was filled
//! in however many parts on however many processes, the merged book is the same to the last bit as one filled in one
//! go.
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

mod array;
mod axis;
mod block;
mod book;
mod coordinate;
mod draw;
mod error;
mod fixed_point;
mod grid;
mod histogram;
mod in_words;
mod moments;
mod object;
mod output;
mod profile;
mod sample;
#[cfg(test)]
mod tests;
mod uhi;
mod weights;

pub use axis::{Axis, AxisKind};
pub use book::{Handle, Histograms};
pub use coordinate::Coordinate;
pub use error::Error;
pub use grid::{Bin, Bins};
pub use histogram::{Histogram, Histogram1D, Histogram2D, Histogram3D};
pub use object::{Bookable, Object};
pub use profile::{Profile, Profile1D, Profile2D};
pub(crate) use uhi::FOLDER;

fn title_with_unit(label: &str, unit: &str) -> String {
    if unit.is_empty() {
        label.to_owned()
    } else {
        format!("{label} [{unit}]").trim_start().to_owned()
    }
}

#[track_caller]
fn or_panic<T>(result: Result<T, Error>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

/// Refuses to merge objects of which this part differs.
fn check_same(part: &str, title: &str, mine: &str, theirs: &str) -> Result<(), Error> {
    if mine == theirs {
        return Ok(());
    }
    let difference = format!("its {part} is '{mine}' here and '{theirs}' there");
    Err(Error::Merge {
        name: title.to_owned(),
        difference,
    })
}
