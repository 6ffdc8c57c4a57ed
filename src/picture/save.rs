//! Writes a drawing to a file, in the format given by the file name's ending.

use std::io;
use std::path::Path;

use super::drawing::Drawing;
use super::error::{Error, Result};
use super::{png, svg};
use crate::files::unfinished;

/// Writes a picture as SVG or PNG. The file name is checked before anything is drawn.
pub(super) fn save(file: &Path, drawing: impl FnOnce() -> Result<Drawing>) -> Result<()> {
    let path = || file.to_path_buf();
    let extension = file.extension().map(|e| e.to_string_lossy().to_lowercase());
    let encode: fn(&Drawing) -> io::Result<Vec<u8>> = match extension.as_deref() {
        Some("svg") => svg::encode,
        Some("png") => png::encode,
        _ => return Err(Error::Extension { path: path() }),
    };
    let written = encode(&drawing()?).and_then(|bytes| unfinished::write(file, &bytes));
    written.map_err(|source| Error::Write { path: path(), source })
}
