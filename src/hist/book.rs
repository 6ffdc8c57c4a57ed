//! The book: histograms and profiles by path.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

use super::{Bookable, Error, Object};

/// Histograms and profiles, booked under paths such as `Phys/hbmass`.
///
/// Booking returns a typed [`Handle`], which finds the object again in no time, in this book and in any other that was
/// booked in the same order. Books merge path by path; the order of merging does not matter.
///
/// ```
/// use gaudi_mpi::hist::{Axis, Handle, Histogram1D, Histograms};
///
/// let mut histograms = Histograms::new();
/// let axis = Axis::uniform(100, 5200.0, 5500.0).label("m(J/ψ φ)").unit("MeV");
/// let mass: Handle<Histogram1D> = histograms.book("Phys/hbmass", Histogram1D::new("Mass of B cand", axis));
/// histograms[mass].fill(5366.9);
/// let again = histograms.handle::<Histogram1D>("Phys/hbmass")?;
/// assert_eq!(histograms[again].entries(), 1);
/// for (path, object) in histograms.iter() {
///     println!("{path}: {}, {} entries", object.title(), object.entries());
/// }
/// # Ok::<(), gaudi_mpi::hist::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Shelf")]
pub struct Histograms {
    /// In the order of booking, which handles count in.
    entries: Vec<Entry>,
    /// Indices of the entries in the order of their paths.
    #[serde(skip_serializing)]
    sorted: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    path: String,
    object: Object,
}

/// The place of an object of type `H` in a book.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Handle<H> {
    index: usize,
    kind: PhantomData<fn() -> H>,
}

impl<H> Clone for Handle<H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H> Copy for Handle<H> {}

impl<H> Default for Handle<H> {
    /// One that belongs to no object: to be replaced before it is used.
    fn default() -> Self {
        Self::new(usize::MAX)
    }
}

impl<H> Handle<H> {
    fn new(index: usize) -> Self {
        Handle {
            index,
            kind: PhantomData,
        }
    }
}

impl Histograms {
    /// An empty book.
    pub fn new() -> Self {
        Histograms::default()
    }

    /// Books an object under a path: names separated by `/`.
    ///
    /// # Panics
    ///
    /// When [`try_book`](Self::try_book) returns an error.
    #[track_caller]
    pub fn book<H: Bookable>(&mut self, path: &str, object: H) -> Handle<H> {
        self.try_book(path, object).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Books an object under a path: names separated by `/`.
    ///
    /// # Errors
    ///
    /// When the path is booked already, runs through another object or is a folder of others, is empty, begins or ends
    /// with `/`, has an empty name in it, or `.` or `..`, or contains a NUL character.
    pub fn try_book<H: Bookable>(&mut self, path: &str, object: H) -> Result<Handle<H>, Error> {
        self.insert(path.to_owned(), object.into()).map(Handle::new)
    }

    pub(super) fn insert(&mut self, path: String, object: Object) -> Result<usize, Error> {
        let refuse = |reason: String| {
            Err(Error::Path {
                path: path.clone(),
                reason,
            })
        };
        if let Some(reason) = objection(&path) {
            return refuse(reason.to_owned());
        }
        let Err(place) = self.search(&path) else {
            return refuse("the path is taken".to_owned());
        };
        let mut folders = path.match_indices('/').map(|(slash, _)| &path[..slash]);
        if let Some(folder) = folders.find(|folder| self.search(folder).is_ok()) {
            return refuse(format!("'{folder}' is a histogram, not a folder"));
        }
        let folder = format!("{path}/");
        let (Ok(below) | Err(below)) = self.search(&folder);
        if let Some(inner) = self.sorted.get(below).map(|&entry| &self.entries[entry].path)
            && inner.starts_with(&folder)
        {
            return refuse(format!("it is a folder, of '{inner}'"));
        }
        let index = self.entries.len();
        self.entries.push(Entry { path, object });
        self.sorted.insert(place, index);
        Ok(index)
    }

    /// Place of a path among the sorted ones.
    fn search(&self, path: &str) -> Result<usize, usize> {
        self.sorted
            .binary_search_by(|&entry| self.entries[entry].path.as_str().cmp(path))
    }

    /// The handle of the object with a path.
    ///
    /// # Errors
    ///
    /// When nothing is booked there, or an object of another type.
    pub fn handle<H: Bookable>(&self, path: &str) -> Result<Handle<H>, Error> {
        let index = match self.search(path) {
            Ok(place) => self.sorted[place],
            Err(_) => {
                return Err(Error::NotBooked {
                    path: path.to_owned(),
                    hint: self.hint(path),
                });
            }
        };
        match H::of(&self.entries[index].object) {
            Some(_) => Ok(Handle::new(index)),
            None => Err(Error::Kind {
                path: path.to_owned(),
                booked: self.entries[index].object.kind(),
                asked: H::KIND,
            }),
        }
    }

    /// What is booked, for somebody who looked for another path.
    fn hint(&self, path: &str) -> String {
        let name = path.rsplit('/').next().unwrap_or(path);
        let same_name = self
            .iter()
            .map(|(path, _)| path)
            .find(|other| other.rsplit('/').next() == Some(name));
        match same_name {
            Some(other) => format!("did you mean '{other}'?"),
            None if self.is_empty() => "nothing is booked".to_owned(),
            None => {
                const SHOWN: usize = 8;
                let mut paths: Vec<&str> = self.iter().map(|(path, _)| path).take(SHOWN).collect();
                if self.len() > SHOWN {
                    paths.push("…");
                }
                format!("booked are {}", paths.join(", "))
            }
        }
    }

    /// The object with a path.
    pub fn get(&self, path: &str) -> Option<&Object> {
        self.search(path)
            .ok()
            .map(|place| &self.entries[self.sorted[place]].object)
    }

    /// All paths and objects, in the order of the paths.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Object)> {
        self.sorted
            .iter()
            .map(|&entry| (self.entries[entry].path.as_str(), &self.entries[entry].object))
    }

    /// Number of objects.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is booked.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds the fills of another book, path by path. The order of merging does not matter, not to a bit.
    ///
    /// # Errors
    ///
    /// When a path is booked in one of them only, or differently; nothing has been added then.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        let mut places = Vec::with_capacity(self.len());
        for Entry { path, object } in &other.entries {
            let Ok(place) = self.search(path) else {
                return Err(one_sided(path, "there"));
            };
            let index = self.sorted[place];
            self.entries[index]
                .object
                .check_mergeable(object)
                .map_err(|error| error.at_path(path))?;
            places.push(index);
        }
        if let Some(entry) = self.entries.iter().find(|entry| other.search(&entry.path).is_err()) {
            return Err(one_sided(&entry.path, "here"));
        }
        for (index, theirs) in places.into_iter().zip(&other.entries) {
            self.entries[index].object.merge(&theirs.object)?;
        }
        Ok(())
    }

    /// Adds the fills of one object to the one with this path, which is booked if it is not.
    pub(crate) fn add(&mut self, path: &str, object: &Object) -> Result<(), Error> {
        match self.search(path) {
            Ok(place) => {
                let mine = &mut self.entries[self.sorted[place]].object;
                mine.merge(object).map_err(|error| error.at_path(path))
            }
            Err(_) => self.insert(path.to_owned(), object.clone()).map(drop),
        }
    }

    #[cold]
    #[track_caller]
    fn wrong_handle<H: Bookable>(&self, handle: Handle<H>) -> ! {
        let kind = H::KIND;
        match self.entries.get(handle.index) {
            Some(Entry { path, object }) => {
                panic!(
                    "the handle is of a {kind}, but '{path}' is a {} in this book: use the handle of the book it was made by",
                    object.kind()
                )
            }
            None => panic!(
                "the handle is of object number {} but this book has {}: use the handle of the book it was made by",
                handle.index.saturating_add(1),
                self.len()
            ),
        }
    }
}

/// What is wrong with a path, if anything.
fn objection(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        Some("the path is empty")
    } else if path.contains('\0') {
        Some("the path contains a NUL character")
    } else if path.starts_with('/') || path.ends_with('/') {
        Some("the path must neither begin nor end with '/'")
    } else if path.split('/').any(str::is_empty) {
        Some("the path has an empty name in it")
    } else if path.split('/').any(|name| name == "." || name == "..") {
        Some("names must not be '.' or '..'")
    } else {
        None
    }
}

fn one_sided(path: &str, side: &str) -> Error {
    Error::Merge {
        name: path.to_owned(),
        difference: format!("it is booked {side} only"),
    }
}

impl<H: Bookable> Index<Handle<H>> for Histograms {
    type Output = H;

    #[inline]
    #[track_caller]
    fn index(&self, handle: Handle<H>) -> &H {
        match self.entries.get(handle.index).and_then(|entry| H::of(&entry.object)) {
            Some(object) => object,
            None => self.wrong_handle(handle),
        }
    }
}

impl<H: Bookable> IndexMut<Handle<H>> for Histograms {
    #[inline]
    #[track_caller]
    fn index_mut(&mut self, handle: Handle<H>) -> &mut H {
        // Looked up twice, since a borrow that may be returned would forbid the message in the other case.
        if self
            .entries
            .get(handle.index)
            .and_then(|entry| H::of(&entry.object))
            .is_none()
        {
            self.wrong_handle(handle);
        }
        match H::of_mut(&mut self.entries[handle.index].object) {
            Some(object) => object,
            None => unreachable!("the object has just been seen to have this type"),
        }
    }
}

/// A book as it arrives, before its paths are checked and sorted.
#[derive(Deserialize)]
struct Shelf {
    entries: Vec<Entry>,
}

impl TryFrom<Shelf> for Histograms {
    type Error = Error;

    fn try_from(shelf: Shelf) -> Result<Self, Error> {
        let mut histograms = Histograms::new();
        for Entry { path, object } in shelf.entries {
            histograms.insert(path, object)?;
        }
        Ok(histograms)
    }
}
