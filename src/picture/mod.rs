//! Pictures of histograms: curves, points and maps on a canvas of pads, saved as SVG or PNG.
//!
//! A [`Canvas`] is divided into pads as ROOT's `TCanvas::Divide` does; a [`Pad`] shows one or more
//! [`Curve`]s over common [`Bins`], or a two-dimensional map; axes, titles, statistics box and
//! legend arrange themselves around the contents; a [`Plane`] has points and lines. This module takes plain numbers and knows
//! nothing of histogram types. It carries its font with it, so pictures are the same on a machine
//! without any, and the same canvas always gives the same bytes.

mod axis_range;
mod bins;
mod box_placement;
mod canvas;
mod colours;
mod curve;
mod draw_curves;
mod draw_map;
mod draw_pad;
mod drawing;
mod error;
mod font;
mod labelled_axis;
mod layout;
mod limits;
mod number_text;
mod pad;
mod plane;
mod png;
mod save;
mod sizes;
mod svg;
#[cfg(test)]
mod tests;
mod text_box;
mod ticks;
mod y_range;

pub use bins::Bins;
pub use canvas::Canvas;
pub use curve::Curve;
pub use error::{Error, Result};
pub use number_text::plain_number;
pub use pad::Pad;
pub use plane::Plane;
