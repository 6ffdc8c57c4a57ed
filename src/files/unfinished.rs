//! Files that receive their final names only once they are complete, so that a final name never refers to an incomplete
//! file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A file written under a temporary name in its final folder. Dropping an unfinished file removes it from disk.
#[must_use]
#[derive(Debug)]
pub(crate) struct Unfinished {
    path: PathBuf,
    temporary: PathBuf,
    finished: bool,
}

impl Unfinished {
    /// Chooses a temporary name that no other process on this host uses. Does not create the file.
    ///
    /// # Errors
    /// If the path is a folder or has no file name.
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

    /// The temporary path, to which the contents are written.
    pub(crate) fn temporary(&self) -> &Path {
        &self.temporary
    }

    /// Renames the complete file, replacing an existing file.
    ///
    /// # Errors
    /// If the file cannot be renamed; it is then removed.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        fs::rename(&self.temporary, &self.path)?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.finished {
            // The file may not exist. The error that prevented its completion is reported elsewhere.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Writes a whole file.
///
/// # Errors
/// If the file cannot be written; an existing file of that name is left unchanged.
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
