//! Counters in files: a table with one row per counter.
//!
//! The datasets `sum_terms` and `sum_of_squares_terms` make it possible to add counters from several files exactly. For
//! each counter, they hold as many `f64` terms as are needed to represent the sum exactly. The terms of counter `i` run
//! from `sum_ends[i - 1]` up to, but not including, `sum_ends[i]`.

use crate::files::hdf5_node::Node;
use crate::numbers::counter::Counter;
use crate::numbers::exact_sum::ExactSum;
use hdf5::types::VarLenUnicode;
use hdf5::{Group, H5Type};

/// The group of counters in the file records.
pub(super) const COUNTERS: &str = "Counters";

/// Writes counters to a new group of `folder`, named [`COUNTERS`].
pub(crate) fn write_counters(folder: &Node, counters: &[(String, Counter)]) -> hdf5::Result<()> {
    // Counters are sorted by name, so that their order does not depend on how files were merged.
    let mut counters: Vec<&(String, Counter)> = counters.iter().collect();
    counters.sort_by(|a, b| a.0.cmp(&b.0));
    let node = folder.child(COUNTERS)?;
    let names: Vec<String> = counters.iter().map(|(name, _)| name.clone()).collect();
    node.texts("name", &names)?;
    let entries: Vec<u64> = counters.iter().map(|(_, counter)| counter.entries()).collect();
    node.array("entries", &entries, &[counters.len()])?;
    let number = |name: &str, of: &dyn Fn(&Counter) -> f64| {
        let numbers: Vec<f64> = counters.iter().map(|(_, counter)| of(counter)).collect();
        node.array(name, &numbers, &[counters.len()])
    };
    number("sum", &Counter::sum)?;
    number("mean", &Counter::mean)?;
    number("std_dev", &Counter::std_dev)?;
    number("min", &|counter| counter.min().unwrap_or(f64::NAN))?;
    number("max", &|counter| counter.max().unwrap_or(f64::NAN))?;
    let terms = |name: &str, of: fn(&Counter) -> &ExactSum| {
        let (mut all, mut ends) = (Vec::new(), Vec::with_capacity(counters.len()));
        for (_, counter) in &counters {
            all.extend(of(counter).terms());
            ends.push(all.len() as u64);
        }
        node.array(&format!("{name}_terms"), &all, &[all.len()])?;
        node.array(&format!("{name}_ends"), &ends, &[ends.len()])
    };
    terms("sum", Counter::exact_sum)?;
    terms("sum_of_squares", Counter::exact_sum_of_squares)
}

/// Reads the counters of a group, with their names.
///
/// # Errors
/// If the counters cannot be read; the error states the reason.
pub(super) fn read_counters(group: &Group) -> Result<Vec<(String, Counter)>, String> {
    fn read<T: H5Type>(group: &Group, name: &str) -> Result<Vec<T>, String> {
        let values = group.dataset(name).and_then(|dataset| dataset.read_raw::<T>());
        values.map_err(|error| error.to_string())
    }
    let numbers = |name: &str| read::<f64>(group, name);
    let integers = |name: &str| read::<u64>(group, name);
    let names = read::<VarLenUnicode>(group, "name")?;
    let sums = |name: &str| -> Result<Vec<ExactSum>, String> {
        let (terms, ends) = (numbers(&format!("{name}_terms"))?, integers(&format!("{name}_ends"))?);
        let mut start = 0;
        let sum = |end: &u64| {
            let terms = terms
                .get(start..*end as usize)
                .ok_or("its sums have ends that do not match their terms")?;
            start = *end as usize;
            Ok(terms.iter().copied().collect())
        };
        ends.iter().map(sum).collect()
    };
    let (entries, low, high) = (integers("entries")?, numbers("min")?, numbers("max")?);
    let (sum, squares) = (sums("sum")?, sums("sum_of_squares")?);
    let lengths = [entries.len(), low.len(), high.len(), sum.len(), squares.len()];
    if lengths.iter().any(|length| *length != names.len()) {
        return Err("its columns have different lengths".into());
    }
    let parts = entries
        .into_iter()
        .zip(low.into_iter().zip(high))
        .zip(sum.into_iter().zip(squares));
    let counters = parts.map(|((entries, range), (sum, squares))| {
        let range = Some(range).filter(|(low, _)| !low.is_nan());
        Counter::from_parts(entries, sum, squares, range)
    });
    Ok(names.iter().map(ToString::to_string).zip(counters).collect())
}
