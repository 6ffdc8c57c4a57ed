//! Picture errors.

use std::path::PathBuf;

/// An error that occurred while drawing or saving a picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An axis has no bins.
    #[error("{what} has no bins, so there is nothing to draw; give it at least one bin")]
    NoBins {
        /// The axis and its pad.
        what: String,
    },
    /// The edges do not define bins, because they do not increase or are out of range.
    #[error(
        "the edges of {what} must be finite numbers within ±1e304 that increase from bin to bin, \
         but edge {index} is {edge}"
    )]
    Edges {
        /// The axis and its pad.
        what: String,
        /// The index of the first invalid edge, counting from 0.
        index: usize,
        /// The value of that edge.
        edge: f64,
    },
    /// The number of values does not match the number of bins.
    #[error("{what} has {found} {of} but its bins need {expected}")]
    Length {
        /// The curve or map, and its pad.
        what: String,
        /// The kind of the numbers: "values" or "errors".
        of: &'static str,
        /// The expected number of values.
        expected: usize,
        /// The actual number of values.
        found: usize,
    },
    /// The curves of a pad cannot share an x axis.
    #[error(
        "the curves of {what} cannot share one x axis: draw numbers over numbers, or categories \
         over the same categories"
    )]
    MixedBins {
        /// The pad.
        what: String,
    },
    /// A curve was overlaid on a map.
    #[error("{what} is a map, and curves cannot be laid over a map; draw them in another pad")]
    CurveOverMap {
        /// The pad.
        what: String,
    },
    /// The canvas has no pad with this number.
    #[error(
        "pad {number} was asked for, but the canvas is divided into {columns} × {rows} pads, \
         numbered from 1; divide it into more"
    )]
    NoSuchPad {
        /// The requested pad.
        number: usize,
        /// The number of pads in a row.
        columns: usize,
        /// The number of rows.
        rows: usize,
    },
    /// The canvas is too small for its pads, or too large for memory.
    #[error(
        "a canvas of {width} × {height} pixels in {columns} × {rows} pads cannot be drawn: each pad \
         needs at least {min_width} × {min_height} pixels, the canvas at most {max_pixels} in all",
        min_width = super::limits::MIN_PAD_WIDTH,
        min_height = super::limits::MIN_PAD_HEIGHT,
        max_pixels = super::limits::MAX_PIXELS,
    )]
    Size {
        /// The width in pixels.
        width: u32,
        /// The height in pixels.
        height: u32,
        /// The number of pads in a row.
        columns: usize,
        /// The number of rows.
        rows: usize,
    },
    /// The file name does not determine the format.
    #[error("cannot tell the format of the picture {}: its name must end in .svg or .png", .path.display())]
    Extension {
        /// The requested file.
        path: PathBuf,
    },
    /// The file could not be written.
    #[error("cannot write the picture {}: {source}", .path.display())]
    Write {
        /// The requested file.
        path: PathBuf,
        /// The error reported by the system.
        source: std::io::Error,
    },
}

/// The result of drawing or saving a picture.
pub type Result<T, E = Error> = std::result::Result<T, E>;
