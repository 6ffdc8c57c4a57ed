//! The range check for properties.

/// Checks that a property's value is in a closed range; NaN is rejected. `unit` is empty or starts with a space.
///
/// # Errors
/// If the value is out of range. The error message states the property, the value and the allowed range.
pub(super) fn check_range(property: &str, value: f64, [low, high]: [f64; 2], unit: &str) -> Result<(), String> {
    match (low..=high).contains(&value) {
        true => Ok(()),
        false => Err(format!(
            "{property} = {value} is out of range: it must be from {low} to {high}{unit}"
        )),
    }
}
