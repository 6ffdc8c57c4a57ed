mod refusals;
mod statistics;

use proptest::prelude::*;

use super::*;

/// The values of one fill of each object that [`job`] books.
#[derive(Clone, Debug)]
struct Fill {
    x: f64,
    y: f64,
    z: f64,
    /// The weight, or `None` for an unweighted fill.
    weight: Option<f64>,
    name: &'static str,
}

const NAMES: [&str; 3] = ["Long", "Downstream", "Velo"];

fn fill() -> impl Strategy<Value = Fill> {
    let coordinate = || {
        let unusual = prop::sample::select(vec![f64::NAN, f64::INFINITY, 3.0, 1e-30]);
        prop_oneof![20 => -4.0..4.0, 4 => unusual]
    };
    let wide = || {
        (-15.0..15.0_f64, any::<bool>()).prop_map(|(power, sign)| 10_f64.powf(power) * if sign { -1.0 } else { 1.0 })
    };
    (
        coordinate(),
        coordinate(),
        wide(),
        prop::option::of(wide()),
        prop::sample::select(vec!["Long", "Velo", "Muon"]),
    )
        .prop_map(|(x, y, z, weight, name)| Fill { x, y, z, weight, name })
}

fn job() -> Histograms {
    let uniform = || Axis::uniform(7, -3.0, 3.0).label("x").unit("mm");
    let variable = || Axis::variable([-3.0, -1.0, 0.5, 3.0]);
    let names = || Axis::categories(NAMES);
    let mut book = Histograms::new();
    book.book("one/uniform", Histogram1D::new("x", uniform()));
    book.book("one/variable", Histogram1D::new("x", variable()));
    book.book("one/name", Histogram1D::new("name", names()));
    book.book("two", Histogram2D::new("xy", uniform(), variable()));
    book.book("three", Histogram3D::new("xyn", variable(), uniform(), names()));
    book.book("profile", Profile1D::new("z of x", uniform()));
    book.book("profiles/two", Profile2D::new("z of x and name", uniform(), names()));
    book
}

fn fill_book(book: &mut Histograms, fills: &[Fill]) {
    let uniform = book.handle::<Histogram1D>("one/uniform").unwrap();
    let variable = book.handle::<Histogram1D>("one/variable").unwrap();
    let name = book.handle::<Histogram1D>("one/name").unwrap();
    let two = book.handle::<Histogram2D>("two").unwrap();
    let three = book.handle::<Histogram3D>("three").unwrap();
    let profile = book.handle::<Profile1D>("profile").unwrap();
    let profiles = book.handle::<Profile2D>("profiles/two").unwrap();
    for fill in fills {
        let &Fill {
            x,
            y,
            z,
            weight,
            name: text,
        } = fill;
        match weight {
            None => {
                book[uniform].fill(x);
                book[variable].fill(x);
                book[name].fill(text);
                book[two].fill(x, y);
                book[three].fill(x, y, text);
                book[profile].fill(x, z);
                book[profiles].fill(x, text, z);
            }
            Some(w) => {
                book[uniform].fill_weighted(x, w);
                book[variable].fill_weighted(x, w);
                book[name].fill_weighted(text, w);
                book[two].fill_weighted(x, y, w);
                book[three].fill_weighted(x, y, text, w);
                book[profile].fill_weighted(x, z, w);
                book[profiles].fill_weighted(x, text, z, w);
            }
        }
    }
}

/// The bit patterns of all numbers that an object's methods return.
fn bits(object: &Object) -> Vec<u64> {
    fn histogram<const N: usize>(h: &Histogram<N>) -> Vec<f64> {
        let mut all = [h.values_with_flow(), h.variances_with_flow(), h.values(), h.variances()].concat();
        all.extend([h.entries() as f64, h.integral(), h.effective_entries()]);
        for i in 0..N {
            all.extend([h.mean_along(i), h.std_dev_along(i)]);
            all.extend((0..N).map(|j| h.covariance(i, j)));
        }
        all
    }
    fn profile<const N: usize>(p: &Profile<N>) -> Vec<f64> {
        let mut all = [p.values(), p.errors(), p.sums_of_weights()].concat();
        for bin in p.statistics_with_flow() {
            all.extend([bin.mean(), bin.spread(), bin.error(), bin.unbiased_variance()]);
        }
        all.extend([
            p.entries() as f64,
            p.effective_entries(),
            p.value_mean(),
            p.value_std_dev(),
        ]);
        (0..N).for_each(|i| all.extend([p.mean_along(i), p.std_dev_along(i)]));
        all
    }
    let numbers = match object {
        Object::Histogram1D(h) => histogram(h),
        Object::Histogram2D(h) => histogram(h),
        Object::Histogram3D(h) => histogram(h),
        Object::Profile1D(p) => profile(p),
        Object::Profile2D(p) => profile(p),
    };
    numbers.into_iter().map(f64::to_bits).collect()
}

fn assert_same(mine: &Histograms, theirs: &Histograms) {
    for ((path, mine), (_, theirs)) in mine.iter().zip(theirs.iter()) {
        assert_eq!(bits(mine), bits(theirs), "{path} differs");
    }
    assert_eq!(mine, theirs);
}

fn round_trip(book: &Histograms) -> Histograms {
    let bytes = bincode::serde::encode_to_vec(book, bincode::config::standard()).unwrap();
    let (back, used) = bincode::serde::decode_from_slice(&bytes, bincode::config::standard()).unwrap();
    assert_eq!(used, bytes.len());
    back
}

/// Non-finite numbers, numbers of extreme magnitude, and zeros.
const UNUSUAL: [f64; 11] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::MAX,
    f64::MIN,
    f64::MIN_POSITIVE,
    -f64::MIN_POSITIVE,
    5e-324,
    -5e-324,
    0.0,
    -0.0,
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_split_any_order_and_any_merge_tree_give_the_bits_of_one_pass(
        fills in prop::collection::vec(fill(), 0..80).prop_shuffle(),
        owners in prop::collection::vec(0..6_usize, 80),
        merges in prop::collection::vec(any::<prop::sample::Index>(), 12),
    ) {
        let mut one_pass = job();
        fill_book(&mut one_pass, &fills);
        let mut backwards = job();
        fill_book(&mut backwards, &fills.iter().rev().cloned().collect::<Vec<_>>());
        assert_same(&one_pass, &backwards);

        let mut parts: Vec<Histograms> = (0..6).map(|_| job()).collect();
        for (fill, &owner) in fills.iter().zip(&owners) {
            fill_book(&mut parts[owner], std::slice::from_ref(fill));
        }
        for pair in merges.chunks(2) {
            if parts.len() > 1 {
                let taken = parts.swap_remove(pair[0].index(parts.len()));
                let into = pair[1].index(parts.len());
                parts[into].merge(&round_trip(&taken)).unwrap();
            }
        }
        while parts.len() > 1 {
            let taken = parts.remove(0);
            parts[0].merge(&taken).unwrap();
        }
        assert_same(&one_pass, &parts[0]);
    }

    #[test]
    fn uniform_bins_are_those_of_boost_histogram_to_the_last_bit(
        bins in prop_oneof![1..200_usize, Just(1_000_003), Just((1 << 31) - 2)],
        low in prop_oneof![-1e3..1e3_f64, Just(0.0), Just(5200.0), Just(-1e-9)],
        width in prop_oneof![1e-9..1e4_f64, Just(300.0), Just(1.0)],
        anywhere in -0.2..1.2_f64,
        edge in any::<prop::sample::Index>(),
        steps in -3..=3_i64,
    ) {
        let high = low + width;
        let uniform = Axis::uniform(bins, low, high).as_uniform().unwrap();
        let z = edge.index(bins) as f64 / bins as f64;
        let edge: f64 = (1.0 - z) * low + z * high;
        let near_edge = f64::from_bits(edge.to_bits().wrapping_add_signed(steps));
        let near = [low + anywhere * width, edge, near_edge, low, low.next_down(), high, high.next_down()];
        for value in near.into_iter().chain(UNUSUAL) {
            let z = (value - low) / (high - low);
            let index = match z {
                0.0..1.0 => (z * bins as f64) as usize + 1,
                ..0.0 => 0,
                _ => bins + 1,
            };
            for place in [uniform.locate(value), uniform.locate_exactly(value)] {
                prop_assert_eq!((place.index, place.inside), (index, (1..=bins).contains(&index)), "{:e}", value);
            }
        }
    }

    #[test]
    fn fill_all_is_the_same_as_filling_one_by_one(
        parts in prop::collection::vec(-0.3..1.3_f64, 0..700),
        unusual in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..20),
        bins in 1..9_usize,
        low in prop_oneof![Just(0.0), -2.0..2.0],
        power in -139..139,
        cut in any::<prop::sample::Index>(),
    ) {
        let scale = 10_f64.powi(power);
        let (low, high) = (low * scale, (low + 3.0) * scale);
        let axis = Axis::uniform(bins, low, high);
        let mut values: Vec<f64> = parts.iter().map(|z| low + z * (high - low)).collect();
        let special: Vec<f64> = axis.edges().into_iter().chain(UNUSUAL).collect();
        for (at, what) in unusual {
            values.insert(at.index(values.len() + 1), special[what.index(special.len())]);
        }
        let middle = axis.edges()[bins / 2];
        for axis in [axis, Axis::variable([low, low + 0.7 * (high - low), high])] {
            let empty = Histogram1D::new("h", axis.clone());
            let (mut one_by_one, mut all, mut mixed) = (empty.clone(), empty.clone(), empty);
            values.iter().for_each(|&x| one_by_one.fill(x));
            all.fill_all(&values);
            prop_assert_eq!(&one_by_one, &all);

            let (some, others) = values.split_at(cut.index(values.len() + 1));
            mixed.fill_all(others);
            some.iter().for_each(|&x| mixed.fill(x));
            prop_assert_eq!(&one_by_one, &mixed);

            // Histograms with more than one axis are filled by a different function.
            let mut plane = Histogram2D::new("h", axis.clone(), axis);
            values.iter().for_each(|&x| plane.fill(x, middle));
            let statistics = [plane.mean_along(0), plane.std_dev_along(0)].map(f64::to_bits);
            prop_assert_eq!(statistics, [all.mean(), all.std_dev()].map(f64::to_bits));
        }
    }

    #[test]
    fn unweighted_moments_are_exact_to_62_bits_below_the_range(
        values in prop::collection::vec(-1.0..1.0, 1..200), scale in -130..130,
    ) {
        let scale = 10_f64.powi(scale);
        let mut h = Histogram1D::new("h", Axis::uniform(10, -scale, scale));
        values.iter().for_each(|x| h.fill(x * scale));
        let inside = || values.iter().map(|x| x * scale).filter(|x| (-scale..scale).contains(x));
        let count = inside().count() as f64;
        let mean = inside().collect::<crate::numbers::exact_sum::ExactSum>().value() / count;
        let square = inside().map(|x| x * x).collect::<crate::numbers::exact_sum::ExactSum>().value() / count;
        prop_assert!((h.mean() - mean).abs() <= scale * 2_f64.powi(-60));
        prop_assert!((h.covariance(0, 0) - (square - mean * mean)).abs() <= scale * scale * 2_f64.powi(-51));
    }

    #[test]
    fn corrupt_bytes_give_an_error_or_a_usable_book(
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut book = job();
        fill_book(&mut book, &[
            Fill { x: 1.0, y: 2.0, z: 3.0, weight: Some(0.1), name: "Long" },
            Fill { x: -1.0, y: 0.1, z: 3e7, weight: None, name: "Muon" },
        ]);
        let mut bytes = bincode::serde::encode_to_vec(&book, bincode::config::standard()).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if cut.index(4) == 0 {
            bytes.truncate(at);
        }
        let limited = bincode::config::standard().with_limit::<100_000>();
        if let Ok((mut book, _)) = bincode::serde::decode_from_slice::<Histograms, _>(&bytes, limited) {
            for (_, object) in book.clone().iter() {
                bits(object);
            }
            let other = book.clone();
            book.merge(&other).unwrap();
        }
    }
}

#[test]
fn books_merge_in_any_order_of_booking() {
    let h = |title| Histogram1D::new(title, Axis::uniform(1, 0.0, 1.0));
    let (mut mine, mut theirs) = (Histograms::new(), Histograms::new());
    mine.book("a", h("A"));
    mine.book("b", h("B"));
    let b = theirs.book("b", h("B"));
    theirs.book("a", h("A"));
    theirs[b].fill(0.5);
    mine.merge(&theirs).unwrap();
    assert_eq!(
        (mine.get("a").unwrap().entries(), mine.get("b").unwrap().entries()),
        (0, 1)
    );
}
