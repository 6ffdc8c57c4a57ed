//! Descriptions of objects of any type, as text and as columns of numbers, for listing and comparing histogram files.

use super::axis::Axis;
use super::bookable::{Object, for_any};
use super::histogram::Histogram;
use super::profile::Profile;
use super::value_statistics::ValueStatistics;

/// A quantity with its value in each bin, including flow bins.
pub(crate) type BinQuantity = (&'static str, Vec<f64>);

impl Object {
    /// The bin contents.
    pub(crate) fn contents(&self) -> Vec<BinQuantity> {
        for_any!(self, object => object.contents())
    }

    /// Whether any fill was weighted.
    pub(crate) fn is_weighted(&self) -> bool {
        for_any!(self, object => object.is_weighted())
    }

    /// The mean and standard deviation along each numeric axis, with their names.
    pub(crate) fn statistics(&self) -> Vec<(String, f64)> {
        let mut statistics = Vec::new();
        for (number, mean, std_dev) in for_any!(self, object => object.fills.numeric_axes()) {
            let along = match (self.axes().len(), self.axes()[number].label.as_str()) {
                (1, _) => String::new(),
                (_, "") => format!(" along axis {number}"),
                (_, label) => format!(" along {label}"),
            };
            statistics.push((format!("mean{along}"), mean));
            statistics.push((format!("standard deviation{along}"), std_dev));
        }
        statistics
    }

    /// The label and unit of the profiled quantity; empty for a histogram.
    pub(crate) fn value_title(&self) -> String {
        match self {
            Object::Profile1D(profile) => profile.value_title(),
            Object::Profile2D(profile) => profile.value_title(),
            _ => String::new(),
        }
    }

    /// Describes a bin in words, such as `bin 12 [5230, 5233)`. The given index counts all bins, including flow bins,
    /// whereas the number in the description counts only the bins inside the axes, starting from 0.
    pub(crate) fn bin_in_words(&self, index: usize) -> String {
        let mut rest = index;
        let mut places = Vec::new();
        for axis in self.axes().iter().rev() {
            places.push(place(axis, rest % axis.bins_with_flow()));
            rest /= axis.bins_with_flow();
        }
        places.reverse();
        let (numbers, ranges): (Vec<String>, Vec<String>) = places.into_iter().unzip();
        match (&numbers[..], &ranges[..]) {
            ([number], [range]) => match number.parse::<usize>() {
                Ok(_) => format!("bin {number} {range}"),
                Err(_) => number.clone(),
            },
            _ => format!("bin ({}) {}", numbers.join(", "), ranges.join(" × ")),
        }
    }
}

impl Axis {
    /// The title and bins, such as `m(J/ψ φ) [MeV], 100 uniform bins from 5200 to 5500`.
    pub(crate) fn in_words(&self) -> String {
        match self.title().as_str() {
            "" => self.description(),
            title => format!("{title}, {}", self.description()),
        }
    }
}

/// Describes a bin of one axis: its number or name, and the range of values that it covers.
fn place(axis: &Axis, index: usize) -> (String, String) {
    let last = axis.bins_with_flow() - 1;
    if let Some(names) = axis.category_names() {
        return match names.get(index) {
            Some(name) => (index.to_string(), format!("'{name}'")),
            None => ("other categories".into(), "other".into()),
        };
    }
    let edges = axis.edges();
    match index {
        0 => ("underflow".into(), format!("(-∞, {})", edges[0])),
        _ if index == last => ("overflow".into(), format!("[{}, ∞)", edges[edges.len() - 1])),
        _ => (
            (index - 1).to_string(),
            format!("[{}, {})", edges[index - 1], edges[index]),
        ),
    }
}

impl<const N: usize> Histogram<N> {
    fn contents(&self) -> Vec<BinQuantity> {
        let mut contents = vec![("content", self.values_with_flow())];
        if self.is_weighted() {
            contents.push(("variance", self.variances_with_flow()));
        }
        contents
    }
}

impl<const N: usize> Profile<N> {
    fn contents(&self) -> Vec<BinQuantity> {
        let bins = self.statistics_with_flow();
        let column = |quantity: fn(&ValueStatistics) -> f64| bins.iter().map(quantity).collect();
        vec![
            ("sum of weights", column(|bin| bin.weights.w)),
            ("sum of squared weights", column(|bin| bin.weights.w2)),
            ("mean", column(ValueStatistics::mean)),
            ("spread", column(ValueStatistics::spread)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hist::histogram::{Histogram1D, Histogram2D};

    #[test]
    fn a_bin_is_described_by_its_number_and_range() {
        let mass = Axis::uniform(100, 5200.0, 5500.0);
        let kind = Axis::categories(["muon", "kaon"]);
        let mut one = Histogram1D::new("One", mass.clone());
        let mut two = Histogram2D::new("Two", mass.clone(), kind.clone());
        for (x, words) in [(5230.5, "bin 10 [5230, 5233)"), (0.0, "underflow"), (6e3, "overflow")] {
            one = Histogram1D::new("One", mass.clone());
            one.fill(x);
            let object = Object::from(one.clone());
            let index = object.contents()[0]
                .1
                .iter()
                .position(|&content| content > 0.0)
                .unwrap();
            assert_eq!(object.bin_in_words(index), words);
        }
        assert_eq!(one.overflow(), 1.0);
        two.fill(5230.5, "kaon");
        let object = Object::from(two);
        let index = object.contents()[0]
            .1
            .iter()
            .position(|&content| content > 0.0)
            .unwrap();
        assert_eq!(object.bin_in_words(index), "bin (10, 1) [5230, 5233) × 'kaon'");
        assert_eq!(
            object.bin_in_words(2),
            "bin (underflow, other categories) (-∞, 5200) × other"
        );
        let named = Object::from(Histogram1D::new("Kinds", kind));
        assert_eq!(named.bin_in_words(1), "bin 1 'kaon'");
        assert_eq!(named.bin_in_words(2), "other categories");
    }
}
