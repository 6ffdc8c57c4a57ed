//! Limits on the magnitudes of numbers and on the sizes of pads and canvases in pictures.

/// The largest magnitude that is drawn. The limit keeps axis ranges and the space above the contents finite.
pub(super) const MAX_NUMBER: f64 = 1e304;
/// The minimum size, in pixels, at which a pad still shows its contents.
pub(super) const MIN_PAD_WIDTH: u32 = 80;
/// The minimum size, in pixels, at which a pad still shows its contents.
pub(super) const MIN_PAD_HEIGHT: u32 = 60;
/// The maximum number of pixels in a picture. Drawing takes about 30 bytes of memory per pixel.
pub(super) const MAX_PIXELS: u64 = 40_000_000;

/// Returns whether a number can be drawn. A NaN cannot be drawn.
pub(super) fn drawable(value: f64) -> bool {
    value.abs() <= MAX_NUMBER
}
