//! What can be wrong with a picture.

use std::path::PathBuf;

/// Why a picture could not be drawn or saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An axis without bins.
    #[error("{what} has no bins, so there is nothing to draw; give it at least one bin")]
    NoBins {
        /// The axis and the pad it belongs to.
        what: String,
    },
    /// Edges that do not describe bins.
    #[error(
        "the edges of {what} must be finite numbers within ±1e304 that increase from bin to bin, \
         but edge {index} is {edge}"
    )]
    Edges {
        /// The axis and the pad it belongs to.
        what: String,
        /// The first edge that is wrong, counted from 0.
        index: usize,
        /// Its value.
        edge: f64,
    },
    /// Values that do not match the bins.
    #[error("{what} has {found} {of} but its bins need {expected}")]
    Length {
        /// The curve or map and the pad it belongs to.
        what: String,
        /// "values" or "errors".
        of: &'static str,
        /// How many the bins ask for.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// Curves in one pad whose x axes cannot be shared.
    #[error(
        "the curves of {what} cannot share one x axis: draw numbers over numbers, or categories \
         over the same categories"
    )]
    MixedBins {
        /// The pad.
        what: String,
    },
    /// A curve laid over a map.
    #[error("{what} is a map, and curves cannot be laid over a map; give them a pad of their own")]
    CurveOverMap {
        /// The pad.
        what: String,
    },
    /// More was drawn than the canvas has pads.
    #[error(
        "pad {number} was asked for, but the canvas is divided into {columns} × {rows} pads, \
         numbered from 1; divide it into more"
    )]
    NoSuchPad {
        /// The pad asked for.
        number: usize,
        /// Pads side by side.
        columns: usize,
        /// Pads one above the other.
        rows: usize,
    },
    /// A canvas that is too small for its pads, or too large for memory.
    #[error(
        "a canvas of {width} × {height} pixels in {columns} × {rows} pads cannot be drawn: each pad \
         needs at least {min_width} × {min_height} pixels, the canvas at most {max_pixels} in all",
        min_width = super::limits::MIN_PAD_WIDTH,
        min_height = super::limits::MIN_PAD_HEIGHT,
        max_pixels = super::limits::MAX_PIXELS,
    )]
    Size {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Pads side by side.
        columns: usize,
        /// Pads one above the other.
        rows: usize,
    },
    /// A file name that does not say which format is wanted.
    #[error("cannot tell the format of the picture {}: its name must end in .svg or .png", .path.display())]
    Extension {
        /// The file asked for.
        path: PathBuf,
    },
    /// The file could not be written.
    #[error("cannot write the picture {}: {source}", .path.display())]
    Write {
        /// The file asked for.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// What pictures return.
pub type Result<T, E = Error> = std::result::Result<T, E>;
