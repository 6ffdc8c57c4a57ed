//! The results that the probe must write, computed in one loop without the farm.

use gaudi_mpi::{ExactSum, Random};
use std::collections::BTreeMap;

/// The results of one pass over items 0 to `items`, without those in `skipped`.
pub fn results(items: u64, skipped: &[u64]) -> String {
    let good: Vec<u64> = (0..items).filter(|item| !skipped.contains(item)).collect();
    let mut sum = ExactSum::new();
    let mut by_key: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for &item in &good {
        let mut random = Random::new(1, item);
        sum.add(random.uniform(-1.0, 1.0) * 10f64.powf(random.uniform(-15.0, 15.0)));
        by_key.entry(item % 7).or_default().push(item * item);
    }
    let sum = sum.value().to_bits();
    format!(
        "{} items, sum {sum:x}, exact {sum:x}\nskipped {skipped:?}\n{good:?}\n{by_key:?}\n",
        good.len()
    )
}
