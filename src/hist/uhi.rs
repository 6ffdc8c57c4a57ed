//! Histograms in HDF5, in the layout of UHI, the Unified Histogram Interface of Scikit-HEP.
//!
//! Each object becomes a group that `uhi.io.hdf5.read` reads and `hist.Hist` and `boost_histogram.Histogram` take (UHI
//! schema 1, <https://uhi.readthedocs.io/en/latest/serialization.html>):
//!
//! ```python
//! with h5py.File("histograms.h5") as file:
//!     h = hist.Hist(uhi.io.hdf5.read(file["Histograms/Phys/hbmass"]))
//! ```
//!
//! Histograms that never saw a weight have the storage `int`, others `weighted`; profiles `mean` and `weighted_mean`.
//! Metadata that `hist` knows: `name` is the path, `label` the title, the `label` of an axis its label and unit.
//! Metadata of our own: the `unit` of an axis; `entries`, `integral`, `effective_entries`; `mean` and `std_dev`, or
//! `mean_x`, `mean_y`, … with several axes; `value_label`, `value_unit`, `value_mean` and `value_std_dev` of a profile.
//!
//! A group `exact`, which UHI does not know and its readers pass over, keeps [what rounding took away](exact), so that a
//! histogram that is read again is the one that was written, and sums of files do not depend on their grouping.
//!
//! The same contents give the same bytes: no time is stored, and the order of writing is that of the paths.

mod exact;
mod read;

use std::path::Path;

use crate::files::hdf5_node::{self, Node};
use crate::files::unfinished::Unfinished;

use self::exact::Exact;
use super::object::for_any;
use super::weights::Totals;
use super::{Axis, AxisKind, Error, Histogram, Histograms, Object, Profile};

/// The version of the schema that is written.
const UHI_SCHEMA: i64 = 1;
/// The group of a file that holds the histograms.
pub(crate) const FOLDER: &str = "Histograms";

impl Histograms {
    /// Writes each object as a group at its path below the group given.
    ///
    /// # Errors
    ///
    /// When HDF5 fails, for one because a path exists already.
    pub fn write_hdf5(&self, group: &hdf5::Group) -> Result<(), Error> {
        let root = Node::of(group.clone());
        for (path, object) in self.iter() {
            let place = root.descend(path);
            let written = place.and_then(|place| for_any!(object, object => write(&place, path, object)));
            written.map_err(|source| Error::Hdf5 {
                path: path.to_owned(),
                source,
            })?;
        }
        Ok(())
    }

    /// Saves the book as a new HDF5 file, each object at `/Histograms/<path>`.
    ///
    /// The file is written under a temporary name in the same folder and renamed when it is complete, so that whoever
    /// finds it finds all of it. A file of that name is replaced.
    ///
    /// ```
    /// use gaudi_mpi::hist::{Axis, Histogram1D, Histograms};
    ///
    /// let mut histograms = Histograms::new();
    /// let mass = histograms.book("Phys/hbmass", Histogram1D::new("Mass", Axis::uniform(100, 5200.0, 5500.0)));
    /// histograms[mass].fill(5366.9);
    /// let folder = tempfile::tempdir()?;
    /// histograms.save(folder.path().join("histograms.h5"))?;
    ///
    /// let file = hdf5::File::open(folder.path().join("histograms.h5"))?;
    /// let counts = file.dataset("Histograms/Phys/hbmass/storage/values")?.read_raw::<i64>()?;
    /// assert_eq!(counts.iter().sum::<i64>(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the file cannot be written or renamed; the temporary file is removed then.
    pub fn save(&self, file: impl AsRef<Path>) -> Result<(), Error> {
        self.save_with(file.as_ref(), |_| Ok(()))
    }

    /// [Saves](Self::save) the book in a file to which `add` adds other objects.
    pub(crate) fn save_with(
        &self,
        file: &Path,
        add: impl FnOnce(&hdf5::File) -> hdf5::Result<()>,
    ) -> Result<(), Error> {
        let failure = |action, source| Error::File {
            action,
            file: file.to_owned(),
            source,
        };
        let hdf5_failure = |action| move |error: hdf5::Error| failure(action, error.into());
        let unfinished = Unfinished::new(file).map_err(|error| failure("create", error.into()))?;
        let opened = hdf5_node::create_file(unfinished.temporary()).map_err(hdf5_failure("create"))?;
        let root = Node::of(opened.as_group().map_err(hdf5_failure("create"))?);
        let folder = root.child(FOLDER).map_err(|source| Error::Hdf5 {
            path: FOLDER.to_owned(),
            source,
        })?;
        self.write_hdf5(folder.group())?;
        drop((root, folder));
        add(&opened).map_err(hdf5_failure("write"))?;
        opened.close().map_err(hdf5_failure("close"))?;
        let finished = unfinished.finish();
        finished.map_err(|error| failure("rename the temporary file to", error.into()))
    }
}

/// One array of a storage.
enum Column {
    Integers(Vec<i64>),
    Numbers(Vec<f64>),
}

/// What differs between histograms and profiles.
trait Uhi {
    fn axes(&self) -> &[Axis];
    /// Name of the storage, and its arrays.
    fn storage(&self) -> (&'static str, Vec<(&'static str, Column)>);
    fn write_metadata(&self, metadata: &Node) -> hdf5::Result<()>;
    /// What the storage and the metadata round.
    fn exact(&self) -> Exact;
}

fn write(place: &Node, path: &str, object: &impl Uhi) -> hdf5::Result<()> {
    place.attribute("uhi_schema", &UHI_SCHEMA)?;
    let metadata = place.child("metadata")?;
    metadata.text("name", path)?;
    object.write_metadata(&metadata)?;

    let axes = place.child("ref_axes")?;
    let names: Vec<String> = (0..object.axes().len()).map(|axis| format!("axis_{axis}")).collect();
    for (name, axis) in names.iter().zip(object.axes()) {
        write_axis(&axes.child(name)?, axis)?;
    }
    axes.write_references(place, "axes", &names)?;

    let (kind, columns) = object.storage();
    let storage = place.child("storage")?;
    storage.text("type", kind)?;
    let shape: Vec<usize> = object.axes().iter().map(Axis::bins_with_flow).collect();
    for (name, column) in columns {
        match column {
            Column::Integers(values) => storage.array(name, &values, &shape)?,
            Column::Numbers(values) => storage.array(name, &values, &shape)?,
        }
    }
    object.exact().write(&place.child(exact::GROUP)?, &shape)
}

fn write_axis(place: &Node, axis: &Axis) -> hdf5::Result<()> {
    let flow = |name| place.attribute(name, &true);
    match axis.kind() {
        AxisKind::Uniform { bins, low, high } => {
            place.text("type", "regular")?;
            place.attribute("lower", &low)?;
            place.attribute("upper", &high)?;
            place.attribute("bins", &(bins as i64))?;
        }
        AxisKind::Variable { edges } => {
            place.text("type", "variable")?;
            place.array("edges", edges, &[edges.len()])?;
        }
        AxisKind::Categories { names } => {
            place.text("type", "category_str")?;
            place.texts("categories", names)?;
        }
        AxisKind::IntegerCategories { values } => {
            place.text("type", "category_int")?;
            place.array("categories", values, &[values.len()])?;
        }
    }
    if axis.is_numeric() {
        flow("underflow")?;
        flow("overflow")?;
        place.attribute("circular", &false)?;
    } else {
        flow("flow")?;
    }
    if !axis.title().is_empty() {
        let metadata = place.child("metadata")?;
        metadata.text("label", &axis.title())?;
        if !axis.unit.is_empty() {
            metadata.text("unit", &axis.unit)?;
        }
    }
    Ok(())
}

/// `mean` and `std_dev`, with the letter of the axis where there are several.
fn write_moments(
    metadata: &Node,
    axes: &[Axis],
    mean: impl Fn(usize) -> f64,
    std_dev: impl Fn(usize) -> f64,
) -> hdf5::Result<()> {
    for (number, axis) in axes.iter().enumerate() {
        if axis.is_numeric() {
            let letter = if axes.len() == 1 {
                ""
            } else {
                ["_x", "_y", "_z"][number]
            };
            metadata.attribute(&format!("mean{letter}"), &mean(number))?;
            metadata.attribute(&format!("std_dev{letter}"), &std_dev(number))?;
        }
    }
    Ok(())
}

impl<const N: usize> Uhi for Histogram<N> {
    fn axes(&self) -> &[Axis] {
        self.axes()
    }

    fn storage(&self) -> (&'static str, Vec<(&'static str, Column)>) {
        if self.is_weighted() {
            let values = Column::Numbers(self.values_with_flow());
            (
                "weighted",
                vec![
                    ("values", values),
                    ("variances", Column::Numbers(self.variances_with_flow())),
                ],
            )
        } else {
            let counts = self.counts_with_flow().iter().map(|&count| count as i64).collect();
            ("int", vec![("values", Column::Integers(counts))])
        }
    }

    fn write_metadata(&self, metadata: &Node) -> hdf5::Result<()> {
        metadata.text("label", self.title())?;
        metadata.attribute("entries", &self.entries())?;
        metadata.attribute("integral", &self.integral())?;
        metadata.attribute("effective_entries", &self.effective_entries())?;
        write_moments(
            metadata,
            self.axes(),
            |axis| self.mean_along(axis),
            |axis| self.std_dev_along(axis),
        )
    }

    fn exact(&self) -> Exact {
        let mut exact = Exact::of_moments(self.axes(), self.moments(), self.scale());
        if self.is_weighted() {
            exact.add_rests(exact::VALUES, exact::VARIANCES, &self.weights_with_flow());
        }
        exact
    }
}

impl<const N: usize> Uhi for Profile<N> {
    fn axes(&self) -> &[Axis] {
        self.axes()
    }

    fn storage(&self) -> (&'static str, Vec<(&'static str, Column)>) {
        let samples = self.samples_with_flow();
        let column = |part: &dyn Fn(&super::sample::Sample) -> f64| Column::Numbers(samples.iter().map(part).collect());
        let weight = |part: fn(Totals) -> f64| column(&|sample| part(sample.weights));
        let values = ("values", column(&|sample| sample.mean()));
        let variances = ("variances", column(&|sample| sample.unbiased_variance()));
        if self.is_weighted() {
            let sum_w = ("sum_of_weights", weight(|weights| weights.w));
            let sum_w2 = ("sum_of_weights_squared", weight(|weights| weights.w2));
            ("weighted_mean", vec![sum_w, sum_w2, values, variances])
        } else {
            ("mean", vec![("counts", weight(|weights| weights.w)), values, variances])
        }
    }

    fn write_metadata(&self, metadata: &Node) -> hdf5::Result<()> {
        metadata.text("label", self.title())?;
        if !self.label.is_empty() {
            metadata.text("value_label", &self.label)?;
        }
        if !self.unit.is_empty() {
            metadata.text("value_unit", &self.unit)?;
        }
        metadata.attribute("entries", &self.entries())?;
        metadata.attribute("effective_entries", &self.effective_entries())?;
        write_moments(
            metadata,
            self.axes(),
            |axis| self.mean_along(axis),
            |axis| self.std_dev_along(axis),
        )?;
        metadata.attribute("value_mean", &self.value_mean())?;
        metadata.attribute("value_std_dev", &self.value_std_dev())
    }

    fn exact(&self) -> Exact {
        let mut exact = Exact::of_moments(self.axes(), self.moments(), self.scale());
        if self.is_weighted() {
            exact.add_rests(exact::SUM_W, exact::SUM_W2, &self.weights_with_flow());
        }
        let sums = self.sums_with_flow();
        exact.add(exact::SUM_WY, 0, sums.iter().map(|sums| &sums.wy));
        exact.add(exact::SUM_WY2, 0, sums.iter().map(|sums| &sums.wy2));
        exact
    }
}
