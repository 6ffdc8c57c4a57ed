//! The edit distance between two words, for the `did you mean …?` hints in error messages.

/// Returns the number of bytes that must be added, removed or replaced to turn one word into the other. Words longer
/// than 20 bytes are not treated as misspelled names: their distance is infinite.
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
