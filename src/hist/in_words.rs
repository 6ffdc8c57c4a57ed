//! Histograms in words and numbers, whatever their kind: for whoever compares or lists them.

use super::object::for_any;
use super::{Axis, Histogram, Object, Profile};

/// The numbers of one kind that an object has, one for each bin, under- and overflow included.
pub(crate) type Column = (&'static str, Vec<f64>);

impl Object {
    /// What it has in its bins.
    pub(crate) fn contents(&self) -> Vec<Column> {
        for_any!(self, object => object.contents())
    }

    /// Whether any fill had a weight.
    pub(crate) fn is_weighted(&self) -> bool {
        for_any!(self, object => object.is_weighted())
    }

    /// What is known beyond the bins: the mean and the standard deviation along each axis that has one.
    pub(crate) fn statistics(&self) -> Vec<(String, f64)> {
        let mut statistics = Vec::new();
        for (number, axis) in self.axes().iter().enumerate().filter(|(_, axis)| axis.is_numeric()) {
            let along = match (self.axes().len(), axis.label.as_str()) {
                (1, _) => String::new(),
                (_, "") => format!(" along axis {number}"),
                (_, label) => format!(" along {label}"),
            };
            let (mean, spread) = for_any!(self, object => (object.mean_along(number), object.std_dev_along(number)));
            statistics.push((format!("mean{along}"), mean));
            statistics.push((format!("standard deviation{along}"), spread));
        }
        statistics
    }

    /// What is profiled, with its unit; nothing for histograms.
    pub(crate) fn value_title(&self) -> String {
        match self {
            Object::Profile1D(profile) => profile.value_title(),
            Object::Profile2D(profile) => profile.value_title(),
            _ => String::new(),
        }
    }

    /// The bin with this index among all, under- and overflow included: `bin 12 [5230, 5233)`, counting from 0.
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

/// A bin of one axis: its number or name, and what belongs in it.
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
    fn contents(&self) -> Vec<Column> {
        let mut contents = vec![("content", self.values_with_flow())];
        if self.is_weighted() {
            contents.push(("variance", self.variances_with_flow()));
        }
        contents
    }
}

impl<const N: usize> Profile<N> {
    fn contents(&self) -> Vec<Column> {
        let samples = self.samples_with_flow();
        let column = |part: fn(&super::sample::Sample) -> f64| samples.iter().map(part).collect();
        vec![
            ("sum of weights", column(|sample| sample.weights.w)),
            ("sum of squared weights", column(|sample| sample.weights.w2)),
            ("mean", column(|sample| sample.mean())),
            ("spread", column(|sample| sample.spread())),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Histogram1D, Histogram2D};
    use super::*;

    #[test]
    fn bins_are_told_by_number_and_range() {
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
