//! Histograms as what a picture shows: `pad` on each type, for a [`Canvas`](crate::picture::Canvas).

use super::object::for_any;
use super::{Axis, Histogram1D, Histogram2D, Histogram3D, Histograms, Object, Profile1D, Profile2D};
use crate::picture::{self, Bins, Canvas, Curve, Pad, plain_number};
use std::path::Path;

/// Significant digits in the statistics box.
const DIGITS: usize = 5;

fn bins(axis: &Axis) -> Bins {
    match axis.category_names() {
        Some(names) => Bins::Categories(names),
        None => Bins::Edges(axis.edges()),
    }
}

fn roots(variances: Vec<f64>) -> Vec<f64> {
    variances.into_iter().map(f64::sqrt).collect()
}

/// The lines of the statistics box: the entries, and the moments along the axes that are numbers.
macro_rules! statistics {
    ($object:expr) => {{
        let axes = $object.axes();
        let numeric = || (0..axes.len()).filter(|&axis| axes[axis].is_numeric());
        let line = |name: &str, axis: usize, value: f64| {
            let of = if axes.len() > 1 { [" x", " y", " z"][axis] } else { "" };
            (format!("{name}{of}"), plain_number(value, DIGITS))
        };
        std::iter::once(("Entries".into(), $object.entries().to_string()))
            .chain(numeric().map(|axis| line("Mean", axis, $object.mean_along(axis))))
            .chain(numeric().map(|axis| line("Std Dev", axis, $object.std_dev_along(axis))))
            .collect::<Vec<_>>()
    }};
}

impl Histogram1D {
    /// What a picture shows of it: its contents as steps, with error bars and a statistics box.
    ///
    /// ```
    /// use gaudi_mpi::hist::{Axis, Histogram1D};
    /// use gaudi_mpi::picture::Canvas;
    ///
    /// let mut mass = Histogram1D::new("Mass of B cand", Axis::uniform(30, 5200.0, 5500.0).label("m(J/ψ φ)").unit("MeV"));
    /// mass.fill_all([5366.9, 5371.2, 5279.6]);
    /// let folder = tempfile::tempdir()?;
    /// Canvas::new(1000, 700).draw(mass.pad().counted("Candidates"))?.save(folder.path().join("mass.png"))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pad(&self) -> Pad {
        let axis = &self.axes()[0];
        let curve = Curve::steps(bins(axis), self.values()).errors(roots(self.variances()));
        Pad::new(curve)
            .title(self.title())
            .x(&axis.label, &axis.unit)
            .statistics(statistics!(self))
    }
}

impl Histogram2D {
    /// What a picture shows of it: its contents in colours, with a statistics box.
    pub fn pad(&self) -> Pad {
        let [x, y] = self.axes();
        let map = Pad::map(bins(x), bins(y), self.values()).title(self.title());
        map.x(&x.label, &x.unit)
            .y(&y.label, &y.unit)
            .statistics(statistics!(self))
    }
}

impl Histogram3D {
    /// What a picture shows of it: its projection on the first two axes in colours, with a statistics box for all
    /// three.
    pub fn pad(&self) -> Pad {
        let [x, y, z] = self.axes();
        let values = self
            .values()
            .chunks(z.bins())
            .map(|along_z| along_z.iter().sum())
            .collect();
        let map = Pad::map(bins(x), bins(y), values).title(self.title());
        map.x(&x.label, &x.unit)
            .y(&y.label, &y.unit)
            .statistics(statistics!(self))
    }
}

impl Profile1D {
    /// What a picture shows of it: the means as points with their errors, and a statistics box. Bins without entries
    /// stay empty.
    pub fn pad(&self) -> Pad {
        let axis = &self.axes()[0];
        let curve = Curve::points(bins(axis), means(self.values(), &self.sums_of_weights())).errors(self.errors());
        let pad = Pad::new(curve).title(self.title()).x(&axis.label, &axis.unit);
        pad.y(&self.label, &self.unit).statistics(statistics!(self))
    }
}

impl Profile2D {
    /// What a picture shows of it: the means in colours, and a statistics box. Bins without entries stay empty.
    pub fn pad(&self) -> Pad {
        let [x, y] = self.axes();
        let map = Pad::map_of_means(bins(x), bins(y), means(self.values(), &self.sums_of_weights()));
        let pad = map.title(self.title()).x(&x.label, &x.unit).y(&y.label, &y.unit);
        pad.z(&self.label, &self.unit).statistics(statistics!(self))
    }
}

/// The means of the bins that have any entries; the others' are no numbers.
fn means(values: Vec<f64>, weights: &[f64]) -> Vec<f64> {
    values
        .into_iter()
        .zip(weights)
        .map(|(mean, &weight)| if weight == 0.0 { f64::NAN } else { mean })
        .collect()
}

impl Object {
    /// What a picture shows of it.
    pub fn pad(&self) -> Pad {
        for_any!(self, object => object.pad())
    }
}

impl Histograms {
    /// Draws all of them on one canvas, in the order of their paths, and saves it as a PNG or SVG.
    ///
    /// # Errors
    /// When the name of the file has another ending, the file cannot be written, or there are more than fit on a
    /// canvas.
    pub fn save_picture(&self, file: impl AsRef<Path>) -> picture::Result<()> {
        const PAD: (u32, u32) = (500, 400);
        let columns = (self.len() as f64).sqrt().ceil().max(1.0) as usize;
        let rows = self.len().div_ceil(columns).max(1);
        // One or two are drawn as large as many.
        let scale = if self.len() > 2 { 1 } else { 2 };
        let mut canvas = Canvas::new(scale * PAD.0 * columns as u32, scale * PAD.1 * rows as u32);
        canvas.divide(columns, rows);
        for (_, object) in self.iter() {
            canvas.draw(object.pad())?;
        }
        canvas.save(file)
    }
}
