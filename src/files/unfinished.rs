//! Files that get their names only when they are complete, so that a name never stands for half a file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A file that is written under a temporary name beside its own. Dropped unfinished, it is removed.
#[must_use]
#[derive(Debug)]
pub(crate) struct Unfinished {
    path: PathBuf,
    temporary: PathBuf,
    finished: bool,
}

impl Unfinished {
    /// Chooses the temporary name of a file, one that no other process of this host uses. Creates nothing.
    ///
    /// # Errors
    /// If the path is a folder's or has no file name.
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        let name = path
            .file_name()
            .ok_or_else(|| io::Error::other("the path does not end in a file name"))?;
        if path.is_dir() {
            return Err(io::Error::other("it is a folder"));
        }
        let mut temporary = name.to_os_string();
        temporary.push(format!(".{}.part", std::process::id()));
        Ok(Self {
            path: path.into(),
            temporary: path.with_file_name(temporary),
            finished: false,
        })
    }

    /// Where the contents go.
    pub(crate) fn temporary(&self) -> &Path {
        &self.temporary
    }

    /// Gives the complete file its name, in place of an older file.
    ///
    /// # Errors
    /// If it cannot be renamed; it is removed then.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        fs::rename(&self.temporary, &self.path)?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.finished {
            // It may never have been created. The error that matters is the one that kept it from being finished.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Writes a whole file.
///
/// # Errors
/// If it cannot be written; an older file of that name is left as it was.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = Unfinished::new(path)?;
    fs::write(unfinished.temporary(), bytes)?;
    unfinished.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_has_its_name_when_it_is_complete_and_leaves_nothing_when_it_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        write(&path, b"old").unwrap();
        let unfinished = Unfinished::new(&path).unwrap();
        fs::write(unfinished.temporary(), b"half").unwrap();
        assert_eq!(names(folder.path()).len(), 2);
        drop(unfinished);
        assert_eq!(
            (names(folder.path()), fs::read(&path).unwrap()),
            (vec!["out".into()], b"old".to_vec())
        );
        write(&path, b"new").unwrap();
        assert_eq!(
            (names(folder.path()), fs::read(&path).unwrap()),
            (vec!["out".into()], b"new".to_vec())
        );
    }

    #[test]
    fn a_folder_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        assert!(write(folder.path(), b"").is_err());
        assert!(write(Path::new("/"), b"").is_err());
    }
}
