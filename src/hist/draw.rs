//! Pictures of histograms: each type's `pad` method, which returns a pad to draw on a
//! [`Canvas`](crate::picture::Canvas).

use std::path::Path;

use super::axis::Axis;
use super::binned_fills::BinnedFills;
use super::bookable::{Object, for_any};
use super::histogram::{Histogram1D, Histogram2D, Histogram3D};
use super::histograms::Histograms;
use super::profile::{Profile, Profile1D, Profile2D};
use crate::picture::{self, Bins, Canvas, Curve, Pad, plain_number};

/// The number of significant digits in the statistics box.
const DIGITS: usize = 5;

fn bins(axis: &Axis) -> Bins {
    match axis.category_names() {
        Some(names) => Bins::Categories(names),
        None => Bins::Edges(axis.edges()),
    }
}

/// Adds the titles of the object and of its x axis, and a statistics box with the number of entries and the mean and
/// standard deviation along each numeric axis.
fn describe<const N: usize>(pad: Pad, fills: &BinnedFills<N>) -> Pad {
    let line = |name: &str, axis: usize, value: f64| {
        let of = if N > 1 { [" x", " y", " z"][axis] } else { "" };
        (format!("{name}{of}"), plain_number(value, DIGITS))
    };
    let moments = fills.numeric_axes();
    let means = moments.iter().map(|&(axis, mean, _)| line("Mean", axis, mean));
    let std_devs = moments.iter().map(|&(axis, _, std_dev)| line("Std Dev", axis, std_dev));
    let entries = ("Entries".into(), fills.weights.entries().to_string());
    let x = &fills.grid.axes[0];
    pad.title(&fills.title)
        .x(&x.label, &x.unit)
        .statistics(std::iter::once(entries).chain(means).chain(std_devs))
}

impl Histogram1D {
    /// Returns a pad that shows the histogram as a line of steps with error bars, and a statistics box.
    ///
    /// ```
    /// use gaudi_mpi::hist::{Axis, Histogram1D};
    /// use gaudi_mpi::picture::Canvas;
    ///
    /// let axis = Axis::uniform(30, 5200.0, 5500.0).label("m(J/ψ φ)").unit("MeV");
    /// let mut mass = Histogram1D::new("Mass of B cand", axis);
    /// mass.fill_all([5366.9, 5371.2, 5279.6]);
    /// let folder = tempfile::tempdir()?;
    /// let mut canvas = Canvas::new(1000, 700);
    /// canvas.draw(mass.pad().counted("Candidates"))?;
    /// canvas.save(folder.path().join("mass.png"))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pad(&self) -> Pad {
        let errors = self.variances().into_iter().map(f64::sqrt).collect();
        let curve = Curve::steps(bins(&self.axes()[0]), self.values()).errors(errors);
        describe(Pad::new(curve), &self.fills)
    }
}

impl Histogram2D {
    /// Returns a pad that shows the histogram as a colour map, and the statistics.
    pub fn pad(&self) -> Pad {
        let [x, y] = self.axes();
        describe(Pad::map(bins(x), bins(y), self.values()), &self.fills).y(&y.label, &y.unit)
    }
}

impl Histogram3D {
    /// Returns a pad that shows the histogram's projection onto the first two axes as a colour map, and the statistics
    /// of all three axes.
    pub fn pad(&self) -> Pad {
        let [x, y, z] = self.axes();
        let values = self.values();
        let projection = values.chunks(z.bins()).map(|along_z| along_z.iter().sum()).collect();
        describe(Pad::map(bins(x), bins(y), projection), &self.fills).y(&y.label, &y.unit)
    }
}

impl Profile1D {
    /// Returns a pad that shows the profile's means as points with error bars, and a statistics box. No points are
    /// drawn for empty bins.
    pub fn pad(&self) -> Pad {
        let curve = Curve::points(bins(&self.axes()[0]), means(self)).errors(self.errors());
        describe(Pad::new(curve), &self.fills).y(&self.label, &self.unit)
    }
}

impl Profile2D {
    /// Returns a pad that shows the profile's means as a colour map, and the statistics. Empty bins stay white.
    pub fn pad(&self) -> Pad {
        let [x, y] = self.axes();
        let map = describe(Pad::map_of_means(bins(x), bins(y), means(self)), &self.fills);
        map.y(&y.label, &y.unit).z(&self.label, &self.unit)
    }
}

/// The means in all bins; NaN if a bin's weights sum to 0.
fn means<const N: usize>(profile: &Profile<N>) -> Vec<f64> {
    let weights = profile.sums_of_weights();
    let bins = profile.values().into_iter().zip(weights);
    bins.map(|(mean, weight)| if weight == 0.0 { f64::NAN } else { mean })
        .collect()
}

impl Object {
    /// Returns a pad that shows the object.
    pub fn pad(&self) -> Pad {
        for_any!(self, object => object.pad())
    }
}

impl Histograms {
    /// Draws all objects on one canvas, in the order of their paths, and saves the canvas as PNG or SVG.
    ///
    /// ```
    /// use gaudi_mpi::hist::{Axis, Histogram1D, Histograms};
    ///
    /// let mut histograms = Histograms::new();
    /// histograms.book("mass", Histogram1D::new("Mass", Axis::uniform(30, 5200.0, 5500.0).unit("MeV")));
    /// histograms.book("time", Histogram1D::new("Decay time", Axis::uniform(30, 0.0, 12.0).unit("ps")));
    /// let folder = tempfile::tempdir()?;
    /// histograms.save_picture(folder.path().join("overview.svg"))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the file name ends in neither `.png` nor `.svg`, the file cannot be written, or there are more objects than
    /// fit on a canvas.
    pub fn save_picture(&self, file: impl AsRef<Path>) -> picture::Result<()> {
        const PAD: (u32, u32) = (500, 400);
        let columns = (self.len() as f64).sqrt().ceil().max(1.0) as usize;
        let rows = self.len().div_ceil(columns).max(1);
        // If there are only one or two pads, each is drawn at twice the usual size.
        let scale = if self.len() > 2 { 1 } else { 2 };
        let mut canvas = Canvas::new(scale * PAD.0 * columns as u32, scale * PAD.1 * rows as u32);
        canvas.divide(columns, rows);
        for (_, object) in self.iter() {
            canvas.draw(object.pad())?;
        }
        canvas.save(file)
    }
}
