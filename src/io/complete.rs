//! Files that are complete, and have yet to get their names.

use super::error::{Error, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// A file that is complete, but for its name: it is removed unless it gets that.
#[must_use]
pub(crate) struct Complete {
    path: PathBuf,
    temporary: PathBuf,
    named: bool,
}

impl Complete {
    pub(super) fn new(temporary: &Path, path: &Path) -> Self {
        Self {
            path: path.into(),
            temporary: temporary.into(),
            named: false,
        }
    }

    /// Gives it its name.
    ///
    /// # Errors
    /// If the system does not.
    pub(crate) fn name(mut self) -> Result<()> {
        fs::rename(&self.temporary, &self.path).map_err(|error| Error::write(&self.path, error))?;
        self.named = true;
        Ok(())
    }
}

impl Drop for Complete {
    fn drop(&mut self) {
        if !self.named {
            // Why it is not wanted is what matters.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}
