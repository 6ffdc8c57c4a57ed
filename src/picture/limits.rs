//! What a picture can show: the ranges of numbers, pads and canvases.

/// The largest magnitude that is drawn. It keeps axis ranges and the space above the contents finite.
pub(super) const MAX_NUMBER: f64 = 1e304;
/// The smallest pad that still shows its contents, in pixels.
pub(super) const MIN_PAD_WIDTH: u32 = 80;
/// The smallest pad that still shows its contents, in pixels.
pub(super) const MIN_PAD_HEIGHT: u32 = 60;
/// The largest picture, in pixels. Drawing takes about 30 bytes of memory per pixel.
pub(super) const MAX_PIXELS: u64 = 40_000_000;

/// Returns whether a number can be drawn. A NaN cannot.
pub(super) fn drawable(value: f64) -> bool {
    value.abs() <= MAX_NUMBER
}
