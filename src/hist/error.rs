//! Histogram errors.

/// An error that occurred while booking, merging, reading or writing histograms.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The numbers or names do not define an axis.
    #[error("cannot make the axis: {0}")]
    Axis(String),
    /// The product of the axes' numbers of bins exceeds the maximum for a histogram.
    #[error("cannot make the histogram '{title}': its axes multiply to more than {limit} bins; use fewer bins")]
    TooManyBins {
        /// The title of the histogram.
        title: String,
        /// The maximum number of bins, flow bins included.
        limit: usize,
    },
    /// The path cannot be booked.
    #[error("cannot book a histogram as '{path}': {reason}")]
    Path {
        /// The requested path.
        path: String,
        /// The reason why the path was rejected.
        reason: String,
    },
    /// No histogram has this path.
    #[error("no histogram is booked as '{path}'; {hint}")]
    NotBooked {
        /// The requested path.
        path: String,
        /// A similar path, or a list of the booked paths.
        hint: String,
    },
    /// A histogram of another type has this path.
    #[error("'{path}' is booked as a {booked}, not as a {asked}")]
    Kind {
        /// The requested path.
        path: String,
        /// The type of the booked object.
        booked: &'static str,
        /// The requested type.
        asked: &'static str,
    },
    /// Two objects were booked differently and cannot be merged.
    #[error("cannot merge '{name}': {difference}; book it the same way everywhere")]
    Merge {
        /// The path or title of the object.
        name: String,
        /// The difference between the two.
        difference: String,
    },
    /// A serialised histogram is inconsistent.
    #[error("a serialised histogram is corrupt: {0}")]
    Corrupt(String),
    /// HDF5 could not write a histogram.
    #[cfg(feature = "hdf5")]
    #[error("cannot write the histogram '{path}' to HDF5: {source}")]
    Hdf5 {
        /// The path of the histogram, or of the group that holds it.
        path: String,
        /// The error from HDF5.
        source: hdf5::Error,
    },
    /// An HDF5 group does not contain a readable histogram.
    #[error("cannot read the histogram '{path}': {reason}")]
    Read {
        /// The path of the histogram.
        path: String,
        /// The reason why the group cannot be read.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("cannot {action} the histogram file {}: {source}", file.display())]
    File {
        /// The operation that failed, such as "read".
        action: &'static str,
        /// The file.
        file: std::path::PathBuf,
        /// The underlying error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// If this is a merge error, replaces the object's title in the error with the object's path.
    pub(super) fn at_path(self, path: &str) -> Self {
        match self {
            Error::Merge { difference, .. } => Error::Merge {
                name: path.to_owned(),
                difference,
            },
            other => other,
        }
    }
}

/// Unwraps the result of a fallible constructor for its panicking counterpart.
#[track_caller]
pub(super) fn or_panic<T>(result: Result<T, Error>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

/// Returns a merge error if two objects differ in the named property.
pub(super) fn check_same(property: &str, title: &str, mine: &str, theirs: &str) -> Result<(), Error> {
    if mine == theirs {
        return Ok(());
    }
    let difference = format!("its {property} is '{mine}' here and '{theirs}' there");
    Err(Error::Merge {
        name: title.to_owned(),
        difference,
    })
}
