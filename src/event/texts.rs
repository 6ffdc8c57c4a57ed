//! Text columns.

/// The strings of a text column, concatenated in a single `String`.
///
/// ```
/// use gaudi_mpi::event::Texts;
///
/// let mut lines = Texts::default();
/// lines.push("Hlt2Topo2Body");
/// lines.push("");
/// assert_eq!((lines.len(), lines.get(0)), (2, "Hlt2Topo2Body"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    all: String,
    /// The byte position in `all` at which each string ends.
    ends: Vec<usize>,
}

impl Texts {
    /// The number of strings.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns whether there are no strings.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Appends a string.
    pub fn push(&mut self, text: &str) {
        self.all.push_str(text);
        self.ends.push(self.all.len());
    }

    /// The string at this index.
    ///
    /// # Panics
    /// If the index is out of range.
    pub fn get(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.all[start..self.ends[index]]
    }

    /// All strings, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// Removes all strings but keeps the allocated memory.
    pub fn clear(&mut self) {
        self.all.clear();
        self.ends.clear();
    }

    /// Appends empty strings until there are `length` strings.
    pub(super) fn fill_up(&mut self, length: usize) {
        let length = length.max(self.len());
        self.ends.resize(length, self.all.len());
    }
}
