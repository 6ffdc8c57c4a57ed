//! Reading histograms from HDF5.

use std::path::Path;

use hdf5::types::VarLenUnicode;
use hdf5::{Conversion, Dataset, Group, H5Type};

use super::{FOLDER, UHI_SCHEMA, exact_group};
use crate::files::hdf5_node::text_attribute;
use crate::hist::axis::Axis;
use crate::hist::binned_fills::BinnedFills;
use crate::hist::bookable::Object;
use crate::hist::error::Error;
use crate::hist::histogram::Histogram;
use crate::hist::histograms::Histograms;
use crate::hist::moments::Moments;
use crate::hist::profile::Profile;
use crate::hist::value_statistics::ValueSums;
use crate::hist::weights::Weights;
use crate::numbers::exact_sum::ExactSum;

/// The maximum depth of nested groups.
const MAX_DEPTH: usize = 32;

/// The reason why a group cannot be read.
type Reason = String;

impl Histograms {
    /// Reads a book from a file written by [`save`](Self::save), or from an event file.
    ///
    /// The result equals the book that was written, and saving it again gives an identical file. The only information
    /// lost is that in a histogram with weighted fills, unweighted fills become fills with weight 1.
    ///
    /// ```
    /// use gaudi_mpi::hist::{Axis, Histogram1D, Histograms};
    ///
    /// let mut histograms = Histograms::new();
    /// let mass = histograms.book("Phys/hbmass", Histogram1D::new("Mass", Axis::uniform(100, 5200.0, 5500.0)));
    /// histograms[mass].fill(5366.9);
    /// let folder = tempfile::tempdir()?;
    /// histograms.save(folder.path().join("histograms.h5"))?;
    /// assert_eq!(Histograms::open(folder.path().join("histograms.h5"))?, histograms);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the file does not exist, is not HDF5, contains no histograms, or contains a histogram that cannot be read.
    pub fn open(file: impl AsRef<Path>) -> Result<Self, Error> {
        let file = file.as_ref();
        let failure = |source| Error::File {
            action: "read",
            file: file.to_owned(),
            source,
        };
        // The system's error message is clearer than the one from HDF5.
        std::fs::File::open(file).map_err(|error| failure(error.into()))?;
        let opened = hdf5::File::open(file).map_err(|error| failure(error.into()))?;
        let group = opened
            .group(FOLDER)
            .map_err(|_| failure(format!("there is no group /{FOLDER} in it").into()))?;
        Self::read_hdf5(&group).map_err(|error| failure(error.into()))
    }

    /// Reads all objects written to a group by [`write_hdf5`](Self::write_hdf5).
    ///
    /// # Errors
    ///
    /// When part of the group is damaged or is not a histogram written by this crate. Histograms written by other
    /// programs lack the exact sums needed for merging.
    pub fn read_hdf5(group: &Group) -> Result<Self, Error> {
        let mut histograms = Histograms::new();
        read_folder(group, "", &mut histograms)?;
        Ok(histograms)
    }
}

fn read_folder(group: &Group, path: &str, histograms: &mut Histograms) -> Result<(), Error> {
    let failure = |path: &str, reason: Reason| Error::Read {
        path: path.to_owned(),
        reason,
    };
    if path.matches('/').count() > MAX_DEPTH {
        let reason = "it is nested too deeply: do the links of the file form a circle?";
        return Err(failure(path, reason.to_owned()));
    }
    let mut names = group.member_names().map_err(|error| failure(path, error.to_string()))?;
    names.sort();
    for name in names {
        let path = match path {
            "" => name.clone(),
            _ => format!("{path}/{name}"),
        };
        let inner = group
            .group(&name)
            .map_err(|_| failure(&path, "it is not a group, so not a histogram".to_owned()))?;
        let is_histogram = inner
            .attr_names()
            .is_ok_and(|names| names.iter().any(|name| name == "uhi_schema"));
        if is_histogram {
            let object = read(&inner).map_err(|reason| failure(&path, reason))?;
            histograms.insert(path, object)?;
        } else {
            read_folder(&inner, &path, histograms)?;
        }
    }
    Ok(())
}

fn read(place: &Group) -> Result<Object, Reason> {
    let schema = number::<i64>(place, "uhi_schema")?;
    if schema != UHI_SCHEMA {
        return Err(format!(
            "its UHI schema has version {schema}, but only version {UHI_SCHEMA} is supported"
        ));
    }
    let references = place.dataset("axes").map_err(|_| "it has no axes")?.size();
    let folder = child(place, "ref_axes")?;
    if references > 3 {
        return Err(format!("it has {references} axes, but three are the maximum"));
    }
    let axes = (0..references).map(|axis| {
        let name = format!("axis_{axis}");
        read_axis(&child(&folder, &name)?).map_err(|reason| format!("{name}: {reason}"))
    });
    let axes = axes.collect::<Result<Vec<_>, _>>()?;

    let storage = child(place, "storage")?;
    let kind = text(&storage, "type")?;
    let is_profile = kind.ends_with("mean");
    match (is_profile, axes.len()) {
        (false, 1) => read_histogram::<1>(place, &kind, axes).map(Object::from),
        (false, 2) => read_histogram::<2>(place, &kind, axes).map(Object::from),
        (false, 3) => read_histogram::<3>(place, &kind, axes).map(Object::from),
        (true, 1) => read_profile::<1>(place, &kind, axes).map(Object::from),
        (true, 2) => read_profile::<2>(place, &kind, axes).map(Object::from),
        (_, axes) => Err(format!("no type has {axes} axes and the storage '{kind}'")),
    }
}

fn read_axis(place: &Group) -> Result<Axis, Reason> {
    let dataset = |name| place.dataset(name).map_err(|_| format!("it has no {name}"));
    let axis = match text(place, "type")?.as_str() {
        "regular" => {
            let bins = number::<i64>(place, "bins")?;
            let bins = usize::try_from(bins).map_err(|_| format!("it has {bins} bins"))?;
            Axis::try_uniform(bins, number(place, "lower")?, number(place, "upper")?)
        }
        "variable" => Axis::try_variable(all::<f64>(&dataset("edges")?)?),
        "category_str" => Axis::try_categories(all::<VarLenUnicode>(&dataset("categories")?)?),
        "category_int" => Axis::try_integer_categories(all::<i64>(&dataset("categories")?)?),
        other => return Err(format!("axes of the type '{other}' are not supported")),
    };
    let axis = axis.map_err(|error| error.to_string())?;
    if !place.link_exists("metadata") {
        return Ok(axis);
    }
    let metadata = child(place, "metadata")?;
    let title = text(&metadata, "label")?;
    let unit = optional_text(&metadata, "unit")?;
    // The UHI label is the axis title, which ends with the unit.
    let label = match title.strip_suffix(&format!("[{unit}]")) {
        Some(label) if !unit.is_empty() => label.strip_suffix(' ').unwrap_or(label),
        _ => &title,
    };
    Ok(axis.label(label).unit(unit))
}

fn read_histogram<const N: usize>(place: &Group, kind: &str, axes: Vec<Axis>) -> Result<Histogram<N>, Reason> {
    let bins = Arrays::new(place, &axes)?;
    let mut histogram = Histogram::try_new(title(place)?, array(axes)?).map_err(|error| error.to_string())?;
    let (weights, weighted) = match kind {
        "int" => {
            let counts = bins.stored::<i64>("values")?;
            let counts = counts.into_iter().map(|count| count as u64).collect();
            (Weights::of_counts(counts), false)
        }
        "weighted" => {
            let sums = bins.sums([("values", exact_group::VALUES), ("variances", exact_group::VARIANCES)])?;
            (Weights::of_sums(entries(place)?, sums), true)
        }
        other => return Err(format!("the storage '{other}' is not supported")),
    };
    set_fills(place, &mut histogram.fills, weights, weighted)?;
    Ok(histogram)
}

fn read_profile<const N: usize>(place: &Group, kind: &str, axes: Vec<Axis>) -> Result<Profile<N>, Reason> {
    let bins = Arrays::new(place, &axes)?;
    let metadata = child(place, "metadata")?;
    let mut profile = Profile::try_new(title(place)?, array(axes)?)
        .map_err(|error| error.to_string())?
        .label(optional_text(&metadata, "value_label")?)
        .unit(optional_text(&metadata, "value_unit")?);
    let (weights, weighted) = match kind {
        "mean" => {
            let counts = bins.stored::<f64>("counts")?.into_iter().map(|count| {
                let integer = count as u64;
                let same = integer as f64 == count;
                same.then_some(integer)
                    .ok_or_else(|| format!("{count} is not a number of fills"))
            });
            (Weights::of_counts(counts.collect::<Result<_, _>>()?), false)
        }
        "weighted_mean" => {
            let (w, w2) = (exact_group::SUM_W, exact_group::SUM_W2);
            (Weights::of_sums(entries(place)?, bins.sums([(w, w), (w2, w2)])?), true)
        }
        other => return Err(format!("the storage '{other}' is not supported")),
    };
    let sums = bins.sums([("", exact_group::SUM_WY), ("", exact_group::SUM_WY2)])?;
    profile.sums = sums.into_iter().map(|[wy, wy2]| ValueSums { wy, wy2 }).collect();
    set_fills(place, &mut profile.fills, weights, weighted)?;
    Ok(profile)
}

/// Sets the weights, and replaces the moments with those in the file.
fn set_fills<const N: usize>(
    place: &Group,
    fills: &mut BinnedFills<N>,
    weights: Weights,
    weighted: bool,
) -> Result<(), Reason> {
    let group = child(place, exact_group::NAME)?;
    let mut moments = Moments::new();
    for (name, i, j) in exact_group::moment_names(&fills.grid.axes) {
        let read = group.attr(&name).and_then(|attribute| attribute.read_raw::<f64>());
        let terms = read.map_err(|_| format!("'{}' has no numbers as attribute '{name}'", exact_group::NAME))?;
        let sum: ExactSum = terms.into_iter().collect();
        if weighted {
            moments.add_weighted_sum(i, j, &sum);
        } else if !moments.add_unweighted_sum(&fills.grid.units, i, j, &sum) {
            return Err(format!(
                "{name} is {:e}, to which fills without weight cannot sum",
                sum.value()
            ));
        }
    }
    let checked = weights.check_len(&fills.title, fills.grid.len());
    checked.map_err(|error| error.to_string())?;
    fills.weights = weights;
    fills.moments = moments;
    Ok(())
}

/// The arrays of a histogram, each with one number per bin.
struct Arrays {
    storage: Group,
    exact: Group,
    shape: Vec<usize>,
}

impl Arrays {
    /// Checks the sizes of the arrays first, to prevent a damaged axis from causing a huge allocation.
    fn new(place: &Group, axes: &[Axis]) -> Result<Self, Reason> {
        if !place.link_exists(exact_group::NAME) {
            return Err(format!(
                "it has no group '{}', so its sums are rounded: it was written by another program or an early version",
                exact_group::NAME
            ));
        }
        let storage = child(place, "storage")?;
        let shape: Vec<usize> = axes.iter().map(Axis::bins_with_flow).collect();
        for name in storage.member_names().map_err(|error| error.to_string())? {
            let array = storage.dataset(&name).map_err(|error| error.to_string())?;
            if array.shape() != shape {
                return Err(format!(
                    "'{name}' of its storage has the shape {:?}, but the axes have {shape:?} bins",
                    array.shape()
                ));
            }
        }
        Ok(Arrays {
            storage,
            exact: child(place, exact_group::NAME)?,
            shape,
        })
    }

    /// Reads an array from the storage.
    fn stored<T: H5Type>(&self, name: &str) -> Result<Vec<T>, Reason> {
        let dataset = self
            .storage
            .dataset(name)
            .map_err(|_| format!("its storage has no '{name}'"))?;
        all(&dataset)
    }

    /// Reads two sums per bin. Each sum is the storage array with the first name (if that name is not empty) plus the
    /// exact terms stored under the second name.
    fn sums(&self, names: [(&str, &str); 2]) -> Result<Vec<[ExactSum; 2]>, Reason> {
        let mut sums = vec![<[ExactSum; 2]>::default(); self.shape.iter().product()];
        for (place, (stored, rest)) in names.into_iter().enumerate() {
            let mut add = |numbers: Vec<f64>| {
                let bins = sums.iter_mut().zip(numbers);
                bins.for_each(|(sums, number)| sums[place].add(number));
            };
            if !stored.is_empty() {
                add(self.stored(stored)?);
            }
            if !self.exact.link_exists(rest) {
                continue;
            }
            let dataset = self.exact.dataset(rest).map_err(|error| error.to_string())?;
            let shape = dataset.shape();
            if shape.get(1..) != Some(&self.shape[..]) {
                return Err(format!(
                    "'{rest}' of its exact sums has the shape {shape:?}, but the axes have {:?} bins",
                    self.shape
                ));
            }
            let numbers: Vec<f64> = all(&dataset)?;
            for layer in numbers.chunks(self.shape.iter().product()) {
                add(layer.to_vec());
            }
        }
        Ok(sums)
    }
}

fn child(group: &Group, name: &str) -> Result<Group, Reason> {
    group.group(name).map_err(|_| format!("it has no group '{name}'"))
}

fn title(place: &Group) -> Result<String, Reason> {
    text(&child(place, "metadata")?, "label")
}

fn entries(place: &Group) -> Result<u64, Reason> {
    number(&child(place, "metadata")?, "entries")
}

fn number<T: H5Type>(group: &Group, name: &str) -> Result<T, Reason> {
    let attribute = group.attr(name).map_err(|_| format!("it has no attribute '{name}'"))?;
    let reader = attribute.as_reader().conversion(Conversion::Hard);
    reader
        .read_scalar()
        .map_err(|_| format!("its attribute '{name}' is not a number of the expected type"))
}

fn text(group: &Group, name: &str) -> Result<String, Reason> {
    match text_attribute(group, name) {
        Ok(Some(text)) => Ok(text),
        Ok(None) => Err(format!("it has no attribute '{name}'")),
        Err(_) => Err(format!("its attribute '{name}' is not a text")),
    }
}

/// Returns the string value of an attribute, or an empty string if the attribute is missing.
fn optional_text(group: &Group, name: &str) -> Result<String, Reason> {
    text_attribute(group, name)
        .map(Option::unwrap_or_default)
        .map_err(|_| format!("its attribute '{name}' is not a text"))
}

fn all<T: H5Type>(dataset: &Dataset) -> Result<Vec<T>, Reason> {
    dataset
        .read_raw()
        .map_err(|error| format!("{}: {error}", dataset.name()))
}

fn array<const N: usize>(axes: Vec<Axis>) -> Result<[Axis; N], Reason> {
    let number = axes.len();
    axes.try_into().map_err(|_| format!("it has {number} axes, not {N}"))
}
