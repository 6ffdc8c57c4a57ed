//! Texts of any length, one after another.

/// A column of texts.
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
    /// Where each ends in `all`.
    ends: Vec<usize>,
}

impl Texts {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Appends one.
    pub fn push(&mut self, text: &str) {
        self.all.push_str(text);
        self.ends.push(self.all.len());
    }

    /// The one with this index.
    ///
    /// # Panics
    /// If there is none.
    pub fn get(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.all[start..self.ends[index]]
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// Removes all, and keeps the memory.
    pub fn clear(&mut self) {
        self.all.clear();
        self.ends.clear();
    }

    /// Appends empty ones until there are `length`.
    pub(super) fn fill_up(&mut self, length: usize) {
        let length = length.max(self.len());
        self.ends.resize(length, self.all.len());
    }
}
