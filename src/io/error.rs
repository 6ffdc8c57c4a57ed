//! Errors in handling event files.

use std::path::{Path, PathBuf};

/// An error in reading or writing an event file. The error names the file and, where applicable, the path inside the
/// file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be opened, or is not an event file.
    #[error("cannot read {}: {reason}", file.display())]
    Open {
        /// The file.
        file: PathBuf,
        /// The reason.
        reason: String,
    },
    /// An object in the file is invalid.
    #[error("{path} in {}: {reason}", file.display())]
    Content {
        /// The file.
        file: PathBuf,
        /// The object's path in the file.
        path: String,
        /// Why the object is invalid.
        reason: String,
    },
    /// The file has no such table or column.
    #[error("{} has no {path}; {hint}", file.display())]
    Missing {
        /// The file.
        file: PathBuf,
        /// The requested path.
        path: String,
        /// A hint that lists what the file has instead.
        hint: String,
    },
    /// The file cannot be written.
    #[error("cannot write {}: {reason}", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// The reason.
        reason: String,
    },
    /// The input cannot be processed.
    #[error("{0}")]
    Input(String),
    /// An error in handling events in memory.
    #[error(transparent)]
    Event(#[from] crate::event::Error),
}

/// The result of an operation on event files.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Turns an error about a missing column into an error about that column's table.
    pub(crate) fn of_table(self, table: String) -> Self {
        match self {
            Self::Missing { file, hint, .. } => Self::Missing {
                file,
                path: table,
                hint,
            },
            other => other,
        }
    }

    pub(super) fn open(file: &Path, reason: impl ToString) -> Self {
        Self::Open {
            file: file.into(),
            reason: plain(reason.to_string()),
        }
    }

    pub(super) fn content(file: &Path, path: &str, reason: impl ToString) -> Self {
        Self::Content {
            file: file.into(),
            path: path.into(),
            reason: plain(reason.to_string()),
        }
    }

    pub(crate) fn write(file: &Path, reason: impl ToString) -> Self {
        Self::Write {
            file: file.into(),
            reason: plain(reason.to_string()),
        }
    }
}

/// The operating system's message, without the internal details that HDF5 adds.
fn plain(reason: String) -> String {
    let system = |reason: &str| {
        let (_, rest) = reason.split_once(", errno = ")?;
        let (_, rest) = rest.split_once(", error message = '")?;
        Some(rest.split_once('\'')?.0.to_string())
    };
    system(&reason).unwrap_or(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_told_in_its_words() {
        let error = Error::write(
            Path::new("out.h5"),
            "/Event/A/x: H5Dwrite_chunk(): can't write chunk: file write failed: time = Sun Nov 22 12:00:11 2026\n, \
             filename = 'out.h5.1.part', file descriptor = 3, errno = 28, error message = 'No space left on device', \
             buf = 0x55d3dba684c4, total write size = 10028",
        );
        assert_eq!(error.to_string(), "cannot write out.h5: No space left on device");
    }
}
