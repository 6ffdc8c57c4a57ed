//! Writing histograms to HDF5.

use std::path::Path;

use super::exact_group::{self, ExactGroup};
use super::{FOLDER, UHI_SCHEMA};
use crate::files::hdf5_node::{self, Node};
use crate::files::unfinished::Unfinished;
use crate::hist::axis::{Axis, AxisKind};
use crate::hist::binned_fills::BinnedFills;
use crate::hist::bookable::for_any;
use crate::hist::error::Error;
use crate::hist::histogram::Histogram;
use crate::hist::histograms::Histograms;
use crate::hist::profile::Profile;
use crate::hist::value_statistics::ValueStatistics;

impl Histograms {
    /// Writes each object as a group at its path below the given group, for [`read_hdf5`](Self::read_hdf5).
    ///
    /// # Errors
    ///
    /// When HDF5 fails, for example because a path already exists.
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

    /// Saves the book as a new HDF5 file, with each object at `/Histograms/<path>`.
    ///
    /// The file is written under a temporary name in the same folder and renamed when complete. An existing file is
    /// replaced.
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
    /// When the file cannot be written or renamed. In that case, the temporary file is removed.
    pub fn save(&self, file: impl AsRef<Path>) -> Result<(), Error> {
        self.save_with(file.as_ref(), |_| Ok(()))
    }

    /// [Saves](Self::save) the book to a file; `add` can add further objects to the file.
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

/// One of a storage's arrays, with one number per bin.
enum StorageArray {
    Integers(Vec<i64>),
    Numbers(Vec<f64>),
}

/// The functions that differ between histograms and profiles.
trait Uhi<const N: usize> {
    fn fills(&self) -> &BinnedFills<N>;
    /// The storage type, and its arrays by name.
    fn storage(&self) -> (&'static str, Vec<(&'static str, StorageArray)>);
    fn write_metadata(&self, metadata: &Node) -> hdf5::Result<()>;
    /// Adds the digits that are lost to rounding in the storage.
    fn add_exact(&self, exact: &mut ExactGroup);
}

fn write<const N: usize>(place: &Node, path: &str, object: &impl Uhi<N>) -> hdf5::Result<()> {
    let fills = object.fills();
    place.attribute("uhi_schema", &UHI_SCHEMA)?;
    let metadata = place.child("metadata")?;
    metadata.text("name", path)?;
    object.write_metadata(&metadata)?;

    let axes = place.child("ref_axes")?;
    let names: Vec<String> = (0..N).map(|axis| format!("axis_{axis}")).collect();
    for (name, axis) in names.iter().zip(&fills.grid.axes) {
        write_axis(&axes.child(name)?, axis)?;
    }
    axes.write_references(place, "axes", &names)?;

    let (kind, arrays) = object.storage();
    let storage = place.child("storage")?;
    storage.text("type", kind)?;
    let shape: Vec<usize> = fills.grid.axes.iter().map(Axis::bins_with_flow).collect();
    for (name, array) in arrays {
        match array {
            StorageArray::Integers(values) => storage.array(name, &values, &shape)?,
            StorageArray::Numbers(values) => storage.array(name, &values, &shape)?,
        }
    }
    let mut exact = ExactGroup::of_moments(fills);
    object.add_exact(&mut exact);
    exact.write(&place.child(exact_group::NAME)?, &shape)
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

/// Writes `mean` and `std_dev`, with the axis letter appended if there are several axes.
fn write_moments<const N: usize>(metadata: &Node, fills: &BinnedFills<N>) -> hdf5::Result<()> {
    for (axis, mean, std_dev) in fills.numeric_axes() {
        let letter = if N == 1 { "" } else { ["_x", "_y", "_z"][axis] };
        metadata.attribute(&format!("mean{letter}"), &mean)?;
        metadata.attribute(&format!("std_dev{letter}"), &std_dev)?;
    }
    Ok(())
}

impl<const N: usize> Uhi<N> for Histogram<N> {
    fn fills(&self) -> &BinnedFills<N> {
        &self.fills
    }

    fn storage(&self) -> (&'static str, Vec<(&'static str, StorageArray)>) {
        if self.is_weighted() {
            let values = StorageArray::Numbers(self.values_with_flow());
            let variances = StorageArray::Numbers(self.variances_with_flow());
            ("weighted", vec![("values", values), ("variances", variances)])
        } else {
            let counts = self.fills.weights.counts().iter().map(|&count| count as i64).collect();
            ("int", vec![("values", StorageArray::Integers(counts))])
        }
    }

    fn write_metadata(&self, metadata: &Node) -> hdf5::Result<()> {
        metadata.text("label", self.title())?;
        metadata.attribute("entries", &self.entries())?;
        metadata.attribute("integral", &self.integral())?;
        metadata.attribute("effective_entries", &self.effective_entries())?;
        write_moments(metadata, &self.fills)
    }

    fn add_exact(&self, exact: &mut ExactGroup) {
        if self.is_weighted() {
            exact.add_weights(exact_group::VALUES, exact_group::VARIANCES, &self.fills.weights);
        }
    }
}

impl<const N: usize> Uhi<N> for Profile<N> {
    fn fills(&self) -> &BinnedFills<N> {
        &self.fills
    }

    fn storage(&self) -> (&'static str, Vec<(&'static str, StorageArray)>) {
        let bins = self.statistics_with_flow();
        let array = |part: fn(&ValueStatistics) -> f64| StorageArray::Numbers(bins.iter().map(part).collect());
        let sum_w = array(|bin| bin.weights.w);
        let values = ("values", array(ValueStatistics::mean));
        let variances = ("variances", array(ValueStatistics::unbiased_variance));
        if self.is_weighted() {
            let sum_w2 = ("sum_of_weights_squared", array(|bin| bin.weights.w2));
            let arrays = vec![("sum_of_weights", sum_w), sum_w2, values, variances];
            ("weighted_mean", arrays)
        } else {
            ("mean", vec![("counts", sum_w), values, variances])
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
        write_moments(metadata, &self.fills)?;
        metadata.attribute("value_mean", &self.value_mean())?;
        metadata.attribute("value_std_dev", &self.value_std_dev())
    }

    fn add_exact(&self, exact: &mut ExactGroup) {
        if self.is_weighted() {
            exact.add_weights(exact_group::SUM_W, exact_group::SUM_W2, &self.fills.weights);
        }
        exact.add(exact_group::SUM_WY, 0, self.sums.iter().map(|sums| &sums.wy));
        exact.add(exact_group::SUM_WY2, 0, self.sums.iter().map(|sums| &sums.wy2));
    }
}
