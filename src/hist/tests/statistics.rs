use crate::hist::{Axis, Bin, Histogram1D, Histogram2D, Profile1D};

#[test]
fn statistics_are_those_of_root() {
    // The expected values were calculated by hand. Fills outside the axis are included only in the number of entries.
    let mut h = Histogram1D::new("h", Axis::uniform(4, 0.0, 4.0));
    assert_eq!(
        (h.mean(), h.std_dev(), h.effective_entries(), h.integral()),
        (0.0, 0.0, 0.0, 0.0)
    );
    h.fill_all([0.5, 1.5, 1.75, 9.0, -1.0, f64::NAN]);
    h.fill_weighted(3.5, 2.0);
    h.fill_weighted(4.0, 100.0);
    assert_eq!(h.entries(), 8);
    assert_eq!((h.underflow(), h.overflow()), (1.0, 102.0));
    assert_eq!(h.integral(), 5.0);
    assert_eq!(h.effective_entries(), 25.0 / 7.0);
    let (mean, square): (f64, f64) = (10.75 / 5.0, (0.25 + 2.25 + 3.0625 + 2.0 * 12.25) / 5.0);
    assert_eq!(h.mean(), mean);
    assert_eq!(h.std_dev(), (square - mean * mean).sqrt());

    // Weights of both signs can make a variance negative; the standard deviation is then 0.
    let mut h = Histogram1D::new("h", Axis::uniform(4, 0.0, 4.0));
    h.fill_weighted(1.0, 2.0);
    h.fill_weighted(3.0, -1.0);
    assert_eq!((h.mean(), h.std_dev()), (-1.0, 0.0));

    // In two dimensions, a fill must be inside both axes.
    let mut h = Histogram2D::new("h", Axis::uniform(4, 0.0, 4.0), Axis::uniform(4, 0.0, 4.0));
    h.fill(1.0, 2.0);
    h.fill(3.0, 1.0);
    h.fill(1.0, 7.0);
    assert_eq!((h.entries(), h.mean_along(0), h.mean_along(1)), (3, 2.0, 1.5));
    assert_eq!((h.covariance(0, 1), h.covariance(1, 0)), (-0.5, -0.5));
    assert_eq!(h.value([Bin::At(1), Bin::Overflow]), 1.0);
    assert_eq!((h.value([1, 2]), h.value([2, 1])), (1.0, 0.0));

    let mut p = Profile1D::new("p", Axis::uniform(2, 0.0, 2.0));
    p.fill_weighted(0.5, 1.0, 3.0);
    p.fill_weighted(0.5, 5.0, 1.0);
    assert_eq!((p.value(0), p.spread(0), p.sum_of_weights(0)), (2.0, 3_f64.sqrt(), 4.0));
    assert_eq!(p.error(0), 3_f64.sqrt() / (16.0_f64 / 10.0).sqrt());
    assert_eq!((p.value(1), p.error(1)), (0.0, 0.0));
    assert_eq!((p.value_mean(), p.mean()), (2.0, 0.5));
}

#[test]
fn categories_have_no_mean_and_one_bin_for_all_other_values() {
    let mut h = Histogram1D::new("h", Axis::integer_categories([13, -13, 211]));
    h.fill(13);
    h.fill(-13_i8);
    h.fill(211.0);
    h.fill(211.5);
    h.fill(u64::MAX);
    h.fill(f64::NAN);
    assert_eq!(h.values(), [1.0, 1.0, 1.0]);
    assert_eq!((h.underflow(), h.overflow(), h.entries()), (0.0, 3.0, 6));
    assert!(h.mean().is_nan() && h.std_dev().is_nan());
}
