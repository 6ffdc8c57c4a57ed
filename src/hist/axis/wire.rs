//! How axes travel: what defines them, and nothing derived.

use serde::{Deserialize, Serialize};

use super::bins::Bins;
use super::{Axis, Error};

/// An axis as it is serialised; what arrives is checked as any new axis is.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Wire {
    label: String,
    unit: String,
    bins: WireBins,
}

#[derive(Clone, Serialize, Deserialize)]
enum WireBins {
    Uniform(u32, f64, f64),
    Variable(Vec<f64>),
    Categories(Vec<String>),
    IntegerCategories(Vec<i64>),
}

impl From<Axis> for Wire {
    fn from(axis: Axis) -> Self {
        let bins = match axis.bins {
            Bins::Uniform(uniform) => WireBins::Uniform(uniform.bins, uniform.low, uniform.high),
            Bins::Variable(edges) => WireBins::Variable(edges),
            Bins::Categories(categories) => WireBins::Categories(categories.names),
            Bins::IntegerCategories(categories) => WireBins::IntegerCategories(categories.names),
        };
        Wire {
            label: axis.label,
            unit: axis.unit,
            bins,
        }
    }
}

impl TryFrom<Wire> for Axis {
    type Error = Error;

    fn try_from(wire: Wire) -> Result<Self, Error> {
        let axis = match wire.bins {
            WireBins::Uniform(bins, low, high) => Axis::try_uniform(bins as usize, low, high),
            WireBins::Variable(edges) => Axis::try_variable(edges),
            WireBins::Categories(names) => Axis::try_categories(names),
            WireBins::IntegerCategories(values) => Axis::try_integer_categories(values),
        }?;
        Ok(axis.label(wire.label).unit(wire.unit))
    }
}
