//! Histograms in HDF5, in the layout of UHI, the Unified Histogram Interface of Scikit-HEP.
//!
//! Each object is a group that `uhi.io.hdf5.read` can read, with a result that `hist.Hist` and
//! `boost_histogram.Histogram` accept (UHI schema 1, <https://uhi.readthedocs.io/en/latest/serialization.html>):
//!
//! ```python
//! with h5py.File("histograms.h5") as file:
//!     h = hist.Hist(uhi.io.hdf5.read(file["Histograms/Phys/hbmass"]))
//! ```
//!
//! A histogram's storage is `int` if no fill had a weight, else `weighted`; a profile's storage is `mean` or
//! `weighted_mean`, respectively.
//!
//! Metadata understood by `hist`: `name` is the path, `label` is the title, and the `label` of an axis is its label
//! with the unit. Metadata specific to this crate: the `unit` of an axis; `entries`, `integral` and
//! `effective_entries`; `mean` and `std_dev`, or `mean_x`, `mean_y`, … with several axes; `value_label`, `value_unit`,
//! `value_mean` and `value_std_dev` of a profile.
//!
//! The group `exact`, which UHI readers ignore, holds the [digits lost to rounding](exact_group). With these digits,
//! the histogram read from a file equals the one written, and a sum of files does not depend on how they are grouped.
//!
//! Equal contents give equal bytes: no time is stored, and objects are written sorted by path.

mod exact_group;
mod read;
mod write;

/// The version of the UHI schema.
const UHI_SCHEMA: i64 = 1;
/// The group in a file that holds the histograms.
pub(crate) const FOLDER: &str = "Histograms";
