//! What can go wrong with histograms.

/// An error of booking, merging, reading back or writing histograms.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An axis cannot be made from these numbers.
    #[error("cannot make the axis: {0}")]
    Axis(String),
    /// The axes together have more bins than a histogram may have.
    #[error("cannot make the histogram '{title}': its axes multiply to more than {limit} bins; use fewer bins")]
    TooManyBins {
        /// Title of the histogram.
        title: String,
        /// The largest number of bins, under- and overflow included.
        limit: usize,
    },
    /// Nothing can be booked under this path.
    #[error("cannot book a histogram as '{path}': {reason}")]
    Path {
        /// The path asked for.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No histogram has this path.
    #[error("no histogram is booked as '{path}'; {hint}")]
    NotBooked {
        /// The path asked for.
        path: String,
        /// What is booked.
        hint: String,
    },
    /// A histogram of another kind has this path.
    #[error("'{path}' is booked as a {booked}, not as a {asked}")]
    Kind {
        /// The path asked for.
        path: String,
        /// What is booked there.
        booked: &'static str,
        /// What was asked for.
        asked: &'static str,
    },
    /// Two objects were booked differently and have no sum.
    #[error("cannot merge '{name}': {difference}; book it the same way everywhere")]
    Merge {
        /// Path or title of what was to be merged.
        name: String,
        /// How the two differ.
        difference: String,
    },
    /// A serialised histogram contradicts itself.
    #[error("a serialised histogram is corrupt: {0}")]
    Corrupt(String),
    /// HDF5 failed.
    #[error("cannot write the histogram '{path}' to HDF5: {source}")]
    Hdf5 {
        /// Path of the histogram, or of the group that holds it.
        path: String,
        /// What HDF5 says.
        source: hdf5::Error,
    },
    /// What is in an HDF5 group cannot be read as a histogram.
    #[error("cannot read the histogram '{path}': {reason}")]
    Read {
        /// Path of the histogram.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("cannot {action} the histogram file {}: {source}", file.display())]
    File {
        /// What was being done.
        action: &'static str,
        /// The file.
        file: std::path::PathBuf,
        /// Why it failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// The same merge error, told of a path rather than of a title.
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
