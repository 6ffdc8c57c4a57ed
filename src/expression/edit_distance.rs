//! The distance of two words, for the hints `did you mean …?` in errors.

/// The number of bytes to add, remove or replace to turn one word into another. Words of more than 20 bytes are too
/// long to be misspelled names: their distance is infinite.
pub(crate) fn edit_distance(one: &str, other: &str) -> usize {
    if other.len() > 20 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.bytes().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}
