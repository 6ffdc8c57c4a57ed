//! The contents of one pad of a canvas.

use super::bins::Bins;
use super::colours::{BLACK, Colour, of_curve};
use super::curve::{Curve, CurveKind};
use super::error::{Error, Result};
use super::number_text::plain_number;

/// The title of an axis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AxisTitle {
    /// The quantity along the axis, such as `m(J/ψ φ)`.
    pub(super) label: String,
    /// The unit, such as `MeV`; empty for pure numbers.
    pub(super) unit: String,
}

impl AxisTitle {
    /// Returns a title made of these two parts.
    pub(super) fn new(label: impl Into<String>, unit: impl Into<String>) -> Self {
        AxisTitle {
            label: label.into(),
            unit: unit.into(),
        }
    }

    /// The title of an axis whose numbers must be multiplied by `factor`, such as `10³`. Possible titles are `m [MeV]`,
    /// `m [10³ MeV]`, `m` and `m [×10³]`.
    pub(super) fn text(&self, factor: Option<&str>) -> String {
        let bracket = match (factor, self.unit.as_str()) {
            (None, "") => return self.label.clone(),
            (None, unit) => unit.to_string(),
            (Some(factor), "") => format!("×{factor}"),
            (Some(factor), unit) => format!("{factor} {unit}"),
        };
        format!("{} [{bracket}]", self.label).trim_start().to_string()
    }
}

/// The colour and marker that distinguish a curve from the other curves in its pad.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct CurveStyle {
    pub(super) colour: Colour,
    /// The number that selects the marker's shape.
    pub(super) marker: usize,
}

/// The contents of two-dimensional bins.
#[derive(Clone, Debug)]
pub(super) struct Map {
    pub(super) x: Bins,
    pub(super) y: Bins,
    /// The content of bin (i, j) of x and y is at `i * y.len() + j`.
    pub(super) values: Vec<f64>,
    /// Whether the contents are counts, for which 0 denotes an empty bin, rather than means, for which 0 is an ordinary
    /// value.
    pub(super) counts: bool,
}

/// The contents of one pad of a [`Canvas`](super::Canvas): curves over a common x axis, or a map.
///
/// ```
/// use gaudi_mpi::picture::{Bins, Curve, Pad};
/// let mass = Curve::steps(Bins::uniform(3, 5200.0, 5500.0), vec![3.0, 14.0, 2.0]);
/// let pad = Pad::new(mass)
///     .title("Mass of B cand")
///     .x("m(J/ψ φ)", "MeV")
///     .counted("Candidates")
///     .statistics([("Entries", "19"), ("Mean", "5345")]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Pad {
    pub(super) title: String,
    pub(super) x: AxisTitle,
    pub(super) y: AxisTitle,
    pub(super) z: AxisTitle,
    pub(super) curves: Vec<Curve>,
    pub(super) map: Option<Map>,
    pub(super) counted: String,
    pub(super) statistics: Vec<(String, String)>,
    pub(super) log_y: bool,
    pub(super) log_z: bool,
}

impl Pad {
    /// Returns a pad with one curve.
    pub fn new(curve: Curve) -> Self {
        Pad {
            curves: vec![curve],
            ..Pad::default()
        }
    }

    /// Draws another curve over the curves already in the pad. A legend lists the named curves.
    ///
    /// ```
    /// use gaudi_mpi::picture::{Bins, Curve, Pad};
    /// let bins = Bins::uniform(2, 0.0, 1.0);
    /// let pad = Pad::new(Curve::steps(bins.clone(), vec![1.0, 2.0]).name("background"))
    ///     .overlay(Curve::points(bins, vec![3.0, 2.5]).name("data"));
    /// ```
    pub fn overlay(mut self, curve: Curve) -> Self {
        self.curves.push(curve);
        self
    }

    /// Returns a pad that shows a two-dimensional histogram as colours, with a colour scale. Empty bins stay white.
    ///
    /// `values` has the shape (x bins, y bins) with the y index varying fastest, like the result of numpy's
    /// `histogram2d`: the content of bin (i, j) is `values[i * y_bins + j]`. Where several bins share a pixel, the
    /// largest content is shown.
    ///
    /// ```
    /// use gaudi_mpi::picture::{Bins, Pad};
    /// let bins = || Bins::uniform(2, 0.0, 1.0);
    /// let pad = Pad::map(bins(), bins(), vec![0.0, 3.0, 1.0, 0.0]).x("x", "mm").y("y", "mm");
    /// ```
    pub fn map(x: impl Into<Bins>, y: impl Into<Bins>, values: Vec<f64>) -> Self {
        Self::of_map(x.into(), y.into(), values, true)
    }

    /// Returns a pad that shows a two-dimensional profile. Unlike for [`Pad::map`], 0 is an ordinary value, the colour
    /// scale spans only the range of the values, and bins that contain NaN stay white.
    pub fn map_of_means(x: impl Into<Bins>, y: impl Into<Bins>, values: Vec<f64>) -> Self {
        Self::of_map(x.into(), y.into(), values, false)
    }

    fn of_map(x: Bins, y: Bins, values: Vec<f64>, counts: bool) -> Self {
        Pad {
            map: Some(Map { x, y, values, counts }),
            ..Pad::default()
        }
    }

    /// Sets the title above the frame.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Sets the label and unit of the x axis.
    pub fn x(mut self, label: impl Into<String>, unit: impl Into<String>) -> Self {
        self.x = AxisTitle::new(label, unit);
        self
    }

    /// Sets the label and unit of the y axis. By default, a histogram's y axis title consists of the name of the
    /// counted objects and the bin width, such as `Entries / (3 MeV)`.
    pub fn y(mut self, label: impl Into<String>, unit: impl Into<String>) -> Self {
        self.y = AxisTitle::new(label, unit);
        self
    }

    /// Sets the label and unit of a map's colour scale. The default is `Entries`.
    pub fn z(mut self, label: impl Into<String>, unit: impl Into<String>) -> Self {
        self.z = AxisTitle::new(label, unit);
        self
    }

    /// Names the counted objects for the automatic axis title, for example `Candidates` instead of `Entries`.
    pub fn counted(mut self, what: impl Into<String>) -> Self {
        self.counted = what.into();
        self
    }

    /// Sets the lines of the statistics box, each of which consists of a name and a value. A line with an empty value
    /// is a heading.
    pub fn statistics<N, V>(mut self, lines: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<String>,
        V: Into<String>,
    {
        self.statistics = lines.into_iter().map(|(n, v)| (n.into(), v.into())).collect();
        self
    }

    /// Draws the contents of curves on a logarithmic y axis. Contents ≤ 0 are left out.
    pub fn log_y(mut self) -> Self {
        self.log_y = true;
        self
    }

    /// Draws the contents of a map on a logarithmic colour scale. Contents ≤ 0 stay white.
    pub fn log_z(mut self) -> Self {
        self.log_z = true;
        self
    }

    /// The colour and marker of a curve. Points drawn over histograms are assumed to be data, which are black by
    /// convention.
    pub(super) fn style(&self, curve: usize) -> CurveStyle {
        let points = |curve: &&Curve| curve.kind == CurveKind::Points;
        let data = self.curves.iter().filter(points).count() == 1 && self.curves.len() > 1;
        if data && self.curves[curve].kind == CurveKind::Points {
            return CurveStyle {
                colour: BLACK,
                marker: 0,
            };
        }
        let colour = if data {
            let before = self.curves[..curve].iter().filter(|curve| !points(curve)).count();
            of_curve(before)
        } else {
            of_curve(curve)
        };
        CurveStyle { colour, marker: curve }
    }

    /// The bins of the common x axis, which are the bins of the first curve or of the map.
    pub(super) fn x_bins(&self) -> Option<&Bins> {
        match &self.map {
            Some(map) => Some(&map.x),
            None => self.curves.first().map(|curve| &curve.bins),
        }
    }

    /// The title of the y axis: the given title or, by default, the name of the counted objects and the bin width.
    pub(super) fn y_title(&self) -> AxisTitle {
        let only_points = self.curves.iter().all(|curve| curve.kind == CurveKind::Points);
        let automatic = self.y == AxisTitle::default() && self.map.is_none();
        if !automatic || (only_points && self.counted.is_empty()) {
            return self.y.clone();
        }
        let counted = self.what_is_counted();
        let label = match self.x_bins() {
            None | Some(Bins::Categories(_)) => counted.to_string(),
            Some(bins) => match (bins.width(), self.x.unit.as_str()) {
                (None, _) => format!("{counted} / bin"),
                (Some(width), "") => format!("{counted} / {}", plain_number(width, 6)),
                (Some(width), unit) => format!("{counted} / ({} {unit})", plain_number(width, 6)),
            },
        };
        AxisTitle::new(label, "")
    }

    /// The title of the colour scale.
    pub(super) fn z_title(&self) -> AxisTitle {
        let counts = self.map.as_ref().is_some_and(|map| map.counts);
        if counts && self.z == AxisTitle::default() {
            AxisTitle::new(self.what_is_counted(), "")
        } else {
            self.z.clone()
        }
    }

    fn what_is_counted(&self) -> &str {
        if self.counted.is_empty() {
            "Entries"
        } else {
            &self.counted
        }
    }

    /// Checks that the data can be drawn. Errors identify the pad by this number.
    pub(super) fn check(&self, number: usize) -> Result<()> {
        let name = match self.title.as_str() {
            "" => format!("pad {number}"),
            title => format!("pad {number} (\"{title}\")"),
        };
        if let Some(map) = &self.map {
            if !self.curves.is_empty() {
                return Err(Error::CurveOverMap { what: name });
            }
            map.x.check(|| format!("the x axis of {name}"))?;
            map.y.check(|| format!("the y axis of {name}"))?;
            let (expected, found) = (map.x.len() * map.y.len(), map.values.len());
            if expected != found {
                let what = format!("the map of {name}");
                return Err(Error::Length {
                    what,
                    of: "values",
                    expected,
                    found,
                });
            }
        }
        for curve in &self.curves {
            curve.check(&name)?;
        }
        let shared = self.curves.windows(2).all(|pair| match (&pair[0].bins, &pair[1].bins) {
            (Bins::Edges(_), Bins::Edges(_)) => true,
            (a, b) => a == b,
        });
        if shared {
            Ok(())
        } else {
            Err(Error::MixedBins { what: name })
        }
    }
}
