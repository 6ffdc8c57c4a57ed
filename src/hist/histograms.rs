//! A book of histograms and profiles, identified by path.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

use super::bookable::{Bookable, Object};
use super::error::{Error, or_panic};

/// Histograms and profiles, booked under paths such as `Phys/hbmass`.
///
/// Booking returns a typed [`Handle`]. The handle provides access to the object without a path lookup, in this book and
/// in any other book in which the same objects were booked in the same order. Books are merged path by path; the result
/// is the same, bit for bit, for any order of merging.
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
#[serde(try_from = "Unsorted")]
pub struct Histograms {
    /// The entries in booking order. A handle is an index into this list.
    entries: Vec<Entry>,
    /// The indices of the entries, sorted by path.
    #[serde(skip_serializing)]
    sorted: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    path: String,
    object: Object,
}

/// The position of an object of type `H` in a book.
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
    /// Returns a placeholder handle that refers to no object. Replace it with a real handle before use.
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
    /// Returns an empty book.
    pub fn new() -> Self {
        Histograms::default()
    }

    /// Books an object under a path of names separated by `/`, and returns the object's handle.
    ///
    /// # Panics
    ///
    /// When [`try_book`](Self::try_book) returns an error.
    #[track_caller]
    pub fn book<H: Bookable>(&mut self, path: &str, object: H) -> Handle<H> {
        or_panic(self.try_book(path, object))
    }

    /// Books an object under a path of names separated by `/`, and returns the object's handle.
    ///
    /// # Errors
    ///
    /// When the path is already booked, uses the path of a booked object as a folder, is itself a folder of booked
    /// objects, is empty, begins or ends with `/`, has a component that is empty, `.` or `..`, or contains a NUL
    /// character.
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
            return refuse("the path is already booked".to_owned());
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
            return refuse(format!("it is the folder of '{inner}'"));
        }
        let index = self.entries.len();
        self.entries.push(Entry { path, object });
        self.sorted.insert(place, index);
        Ok(index)
    }

    /// Searches for a path. Returns its position in `sorted`, or the position at which to insert it.
    fn search(&self, path: &str) -> Result<usize, usize> {
        self.sorted
            .binary_search_by(|&entry| self.entries[entry].path.as_str().cmp(path))
    }

    /// Returns the handle of the object with this path.
    ///
    /// # Errors
    ///
    /// When no object has this path, or the object with this path has another type.
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

    /// A hint for the error about a path that is not booked: a booked path that ends in the same name, or a list of the
    /// booked paths.
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

    /// Returns the object with this path, or `None` if the path is not booked.
    pub fn get(&self, path: &str) -> Option<&Object> {
        self.search(path)
            .ok()
            .map(|place| &self.entries[self.sorted[place]].object)
    }

    /// Iterates over all paths and objects, sorted by path.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Object)> {
        self.sorted
            .iter()
            .map(|&entry| (self.entries[entry].path.as_str(), &self.entries[entry].object))
    }

    /// The number of objects.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the book is empty.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds the fills of another book, path by path. The result is the same, bit for bit, for any order of merging.
    ///
    /// # Errors
    ///
    /// When a path is booked in only one of the books, or is booked differently in the two. In that case, nothing is
    /// added.
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

    /// Adds the fills of an object to the object with this path, or books a copy if the path is not booked.
    #[cfg(feature = "events")]
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
                    "the handle is of a {kind}, but '{path}' is a {} in this book: use the handle that this book \
                     returned",
                    object.kind()
                )
            }
            None => panic!(
                "the handle is of object number {}, but this book has {}: use the handle that this book returned",
                handle.index.saturating_add(1),
                self.len()
            ),
        }
    }
}

/// Returns the reason why a path is invalid, or `None` if it is valid.
fn objection(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        Some("the path is empty")
    } else if path.contains('\0') {
        Some("the path contains a NUL character")
    } else if path.starts_with('/') || path.ends_with('/') {
        Some("the path must neither begin nor end with '/'")
    } else if path.split('/').any(str::is_empty) {
        Some("the path contains an empty name")
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
        // The object is looked up twice, because the borrow checker does not allow the message to be built after a
        // borrow that may be returned.
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
            None => unreachable!("the type of the object has just been checked"),
        }
    }
}

/// A deserialised book whose paths have not yet been checked and sorted.
#[derive(Deserialize)]
struct Unsorted {
    entries: Vec<Entry>,
}

impl TryFrom<Unsorted> for Histograms {
    type Error = Error;

    fn try_from(unsorted: Unsorted) -> Result<Self, Error> {
        let mut histograms = Histograms::new();
        for Entry { path, object } in unsorted.entries {
            histograms.insert(path, object)?;
        }
        Ok(histograms)
    }
}
