//! `Histogram` and `Profile`: fill histograms with the values of expressions.

use crate::app::prelude::*;
use crate::error::Result;
use crate::hist::{Histogram3D, Profile1D, Profile2D};

/// A histogram axis in a job file, defined by the binning and by an expression that gives the values to fill.
///
/// ```toml
/// x = { value = "m", bins = 100, low = 5200, high = 5500, label = "m(J/ψ φ)", unit = "MeV" }
/// y = { value = "pt / GeV", edges = [0, 1, 2, 5, 10] }
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AxisConfig {
    /// The expression that gives the values to fill.
    pub value: String,
    /// The number of bins of equal width, from `low` to `high`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bins: Option<usize>,
    /// The lower edge of the first bin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// The upper edge of the last bin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// The bin edges, as an alternative to `bins`, `low` and `high`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edges: Option<Vec<f64>>,
    /// The axis label.
    #[serde(default)]
    pub label: String,
    /// The unit of the axis.
    #[serde(default)]
    pub unit: String,
}

/// Fills a histogram in one, two or three dimensions.
///
/// ```
/// # gaudi_mpi::algorithms::register_all();
/// # let job = gaudi_mpi::app::JobConfig::parse(r#"
/// # input.events = 10
/// # [[algorithm]]
/// # type = "ToyDecays"
/// [[algorithm]]
/// type = "Histogram"
/// name = "muon_pt"
/// path = "Phys/muon_pt"              # default: the algorithm's name
/// title = "Muons"
/// table = "Phys/Muons"               # an entry per row; without a table, per event
/// x = { value = "hypot(px, py)", bins = 100, low = 0, high = 5000, label = "pT(μ)", unit = "MeV" }
/// cut = "track.chi2 < 3"
/// weight = "prob_nn"
/// # "#)?;
/// # gaudi_mpi::app::AppMgr::from_config(job).events(1)?.next()?;
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Histogram {
    /// The path in the output. Default: the algorithm's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The title.
    #[serde(default)]
    pub title: String,
    /// The table that contains the columns used in the expressions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The first axis.
    pub x: AxisConfig,
    /// The second axis, for a histogram in two or three dimensions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<AxisConfig>,
    /// The third axis, for a histogram in three dimensions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub z: Option<AxisConfig>,
    /// The cut on entries. Events that fail the cut are not rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
    /// The weight of an entry. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<String>,
    #[serde(skip)]
    bound: Option<(Entries, Booked)>,
}

/// Fills a profile, which contains the mean of a value in each bin along one or two axes.
///
/// ```
/// # gaudi_mpi::algorithms::register_all();
/// # let job = gaudi_mpi::app::JobConfig::parse(r#"
/// # input.events = 10
/// # [[algorithm]]
/// # type = "ToyDecays"
/// [[algorithm]]
/// type = "Profile"
/// name = "chi2_of_p"
/// table = "Rec/Track/Best"
/// x = { value = "hypot(hypot(px, py), pz) / GeV", bins = 50, low = 0, high = 100, label = "p", unit = "GeV" }
/// value = "chi2"
/// label = "χ²"
/// # "#)?;
/// # gaudi_mpi::app::AppMgr::from_config(job).events(1)?.next()?;
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The path in the output. Default: the algorithm's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The title.
    #[serde(default)]
    pub title: String,
    /// The table that contains the columns used in the expressions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The first axis.
    pub x: AxisConfig,
    /// The second axis, for a profile in two dimensions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<AxisConfig>,
    /// The expression to average.
    pub value: String,
    /// The label of the value.
    #[serde(default)]
    pub label: String,
    /// The unit of the value.
    #[serde(default)]
    pub unit: String,
    /// The cut on entries. Events that fail the cut are not rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
    /// The weight of an entry. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<String>,
    #[serde(skip)]
    bound: Option<(Entries, Booked)>,
}

#[derive(Clone, Copy)]
enum Booked {
    One(hist::Handle<Histogram1D>),
    Two(hist::Handle<Histogram2D>),
    Three(hist::Handle<Histogram3D>),
    Profile(hist::Handle<Profile1D>),
    Profile2D(hist::Handle<Profile2D>),
}

impl AxisConfig {
    fn axis(&self, which: &str) -> Result<Axis> {
        let axis = match (self.bins, self.low, self.high, &self.edges) {
            (Some(bins), Some(low), Some(high), None) => Axis::try_uniform(bins, low, high),
            (None, None, None, Some(edges)) => Axis::try_variable(edges.clone()),
            _ => {
                return Err(format!("the bins of {which} need 'bins', 'low' and 'high', or 'edges'").into());
            }
        };
        let axis = axis.map_err(|error| format!("{which}: {error}"))?;
        Ok(axis.label(self.label.as_str()).unit(self.unit.as_str()))
    }
}

impl Algorithm for Histogram {
    fn initialize(&mut self, setup: &mut Setup) -> Result<()> {
        let path = self.path.clone().unwrap_or_else(|| setup.name().to_string());
        let title = self.title.as_str();
        let x = self.x.axis("x")?;
        let y = self.y.as_ref().map(|y| y.axis("y")).transpose()?;
        let z = self.z.as_ref().map(|z| z.axis("z")).transpose()?;
        let booked = match (y, z) {
            (None, None) => Booked::One(setup.book(&path, Histogram1D::try_new(title, [x])?)?),
            (Some(y), None) => Booked::Two(setup.book(&path, Histogram2D::try_new(title, [x, y])?)?),
            (Some(y), Some(z)) => Booked::Three(setup.book(&path, Histogram3D::try_new(title, [x, y, z])?)?),
            (None, Some(_)) => return Err("there is a z axis without a y axis: give 'y', too".into()),
        };
        let axes = [Some(&self.x), self.y.as_ref(), self.z.as_ref()];
        let values: Vec<&str> = axes.into_iter().flatten().map(|axis| axis.value.as_str()).collect();
        let entries = Entries::new(setup, self.table.as_deref(), &values, &self.cut, &self.weight)?;
        self.bound = Some((entries, booked));
        Ok(())
    }

    fn execute_block(&mut self, block: &mut EventBlock) -> Result<()> {
        if let Some((entries, booked)) = &mut self.bound {
            entries.fill(block, *booked);
        }
        Ok(())
    }
}

impl Algorithm for Profile {
    fn initialize(&mut self, setup: &mut Setup) -> Result<()> {
        let path = self.path.clone().unwrap_or_else(|| setup.name().to_string());
        let title = self.title.as_str();
        let x = self.x.axis("x")?;
        let booked = match self.y.as_ref().map(|y| y.axis("y")).transpose()? {
            None => {
                let profile = Profile1D::try_new(title, [x])?;
                Booked::Profile(setup.book(&path, profile.label(self.label.as_str()).unit(self.unit.as_str()))?)
            }
            Some(y) => {
                let profile = Profile2D::try_new(title, [x, y])?;
                Booked::Profile2D(setup.book(&path, profile.label(self.label.as_str()).unit(self.unit.as_str()))?)
            }
        };
        let axes = [Some(&self.x), self.y.as_ref()];
        let axes = axes.into_iter().flatten().map(|axis| axis.value.as_str());
        let values: Vec<&str> = axes.chain([self.value.as_str()]).collect();
        let entries = Entries::new(setup, self.table.as_deref(), &values, &self.cut, &self.weight)?;
        self.bound = Some((entries, booked));
        Ok(())
    }

    fn execute_block(&mut self, block: &mut EventBlock) -> Result<()> {
        if let Some((entries, booked)) = &mut self.bound {
            entries.fill(block, *booked);
        }
        Ok(())
    }
}

/// The expressions for the entries' values, weights and cut, evaluated once per row of a table or once per event.
struct Entries {
    values: Vec<Evaluated>,
    weight: Option<Evaluated>,
    cut: Option<Formula>,
    passed: Vec<bool>,
    table: Option<TableHandle>,
}

struct Evaluated {
    formula: Formula,
    numbers: Vec<f64>,
}

impl Evaluated {
    fn new(setup: &mut Setup, text: &str, table: Option<&str>) -> Result<Self> {
        Ok(Self {
            formula: setup.formula(text, table)?,
            numbers: Vec::new(),
        })
    }

    /// Returns the value for a row in an event.
    fn at(&self, event: usize, row: usize) -> f64 {
        self.numbers[if self.formula.table().is_some() { row } else { event }]
    }
}

impl Entries {
    fn new(
        setup: &mut Setup,
        table: Option<&str>,
        values: &[&str],
        cut: &Option<String>,
        weight: &Option<String>,
    ) -> Result<Self> {
        if let Some(table) = table {
            setup.read_table(table)?;
        }
        let values = values
            .iter()
            .map(|value| Evaluated::new(setup, value, table))
            .collect::<Result<Vec<_>>>()?;
        let weight = weight
            .as_ref()
            .map(|weight| Evaluated::new(setup, weight, table))
            .transpose()?;
        let cut = cut.as_ref().map(|cut| setup.cut(cut, table)).transpose()?;
        let formulas = values.iter().chain(&weight).map(|value| &value.formula).chain(&cut);
        let mut rows = None;
        for table in formulas.filter_map(Formula::table) {
            if let Some(other) = rows.replace(table).filter(|other| *other != table) {
                return Err(format!(
                    "the expressions have values per row of {} and of {}: a histogram takes the rows of one table",
                    setup.table_path(other),
                    setup.table_path(table)
                )
                .into());
            }
        }
        Ok(Self {
            values,
            weight,
            cut,
            passed: Vec::new(),
            table: rows,
        })
    }

    fn fill(&mut self, block: &mut EventBlock, booked: Booked) {
        let (store, histograms, selected) = block.parts();
        for value in self.values.iter_mut().chain(&mut self.weight) {
            value.formula.numbers(store, selected, &mut value.numbers);
        }
        if let Some(cut) = &mut self.cut {
            cut.truths(store, selected, &mut self.passed);
        }
        let Self {
            values,
            weight,
            cut,
            passed,
            table,
        } = self;
        let events = (0..store.events()).filter(|event| selected[*event]);
        let rows = events.flat_map(|event| {
            let rows = table.map_or(event..event + 1, |table| store.rows(table, event));
            rows.map(move |row| (event, row))
        });
        let entries = rows.filter(|&(event, row)| match cut {
            None => true,
            Some(cut) => passed[if cut.table().is_some() { row } else { event }],
        });
        match booked {
            Booked::One(histogram) => {
                let (histogram, x) = (&mut histograms[histogram], &values[0]);
                match weight {
                    None => histogram.fill_all(entries.map(|(event, row)| x.at(event, row))),
                    Some(weight) => entries
                        .for_each(|(event, row)| histogram.fill_weighted(x.at(event, row), weight.at(event, row))),
                }
            }
            Booked::Two(histogram) => {
                let histogram = &mut histograms[histogram];
                for (event, row) in entries {
                    let (x, y) = (values[0].at(event, row), values[1].at(event, row));
                    match weight {
                        None => histogram.fill(x, y),
                        Some(weight) => histogram.fill_weighted(x, y, weight.at(event, row)),
                    }
                }
            }
            Booked::Three(histogram) => {
                let histogram = &mut histograms[histogram];
                for (event, row) in entries {
                    let [x, y, z] = [0, 1, 2].map(|axis| values[axis].at(event, row));
                    match weight {
                        None => histogram.fill(x, y, z),
                        Some(weight) => histogram.fill_weighted(x, y, z, weight.at(event, row)),
                    }
                }
            }
            Booked::Profile(profile) => {
                let profile = &mut histograms[profile];
                for (event, row) in entries {
                    let (x, value) = (values[0].at(event, row), values[1].at(event, row));
                    match weight {
                        None => profile.fill(x, value),
                        Some(weight) => profile.fill_weighted(x, value, weight.at(event, row)),
                    }
                }
            }
            Booked::Profile2D(profile) => {
                let profile = &mut histograms[profile];
                for (event, row) in entries {
                    let [x, y, value] = [0, 1, 2].map(|axis| values[axis].at(event, row));
                    match weight {
                        None => profile.fill(x, y, value),
                        Some(weight) => profile.fill_weighted(x, y, value, weight.at(event, row)),
                    }
                }
            }
        }
    }
}
