//! Histograms in HDF5, in the layout of UHI, the Unified Histogram Interface of Scikit-HEP.
//!
//! Each object is stored as a group that `uhi.io.hdf5.read` can read. `hist.Hist` and `boost_histogram.Histogram`
//! accept the result (UHI schema 1, <https://uhi.readthedocs.io/en/latest/serialization.html>):
//!
//! ```python
//! with h5py.File("histograms.h5") as file:
//!     h = hist.Hist(uhi.io.hdf5.read(file["Histograms/Phys/hbmass"]))
//! ```
//!
//! A histogram's storage is `int` if no fill was weighted, else `weighted`; a profile's storage is `mean` or
//! `weighted_mean`, respectively.
//!
//! The following metadata are understood by `hist`: `name` is the path, `label` is the title, and the `label` of an
//! axis is its label with the unit. The following are specific to this crate: the `unit` of an axis; `entries`,
//! `integral` and `effective_entries`; `mean` and `std_dev`, or `mean_x`, `mean_y`, … with several axes; and
//! `value_label`, `value_unit`, `value_mean` and `value_std_dev` of a profile.
//!
//! The group `exact`, which UHI readers ignore, contains the [digits lost to rounding](exact_group). With these digits,
//! a histogram read from a file equals the one that was written, and the sum of several files does not depend on how
//! they are grouped.
//!
//! Equal contents give identical files, because no timestamps are stored and objects are written sorted by path.

mod exact_group;
mod read;
mod write;

/// The version of the UHI schema.
const UHI_SCHEMA: i64 = 1;
/// The name of the group that contains the histograms of a file.
pub(crate) const FOLDER: &str = "Histograms";
