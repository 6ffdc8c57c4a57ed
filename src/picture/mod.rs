//! Pictures of histograms: curves, points and maps on a canvas of pads, saved as SVG or PNG.
//!
//! A [`Canvas`] is divided into pads, like ROOT's `TCanvas`. A [`Pad`] shows one or more [`Curve`]s over common
//! [`Bins`], or a two-dimensional map; its axes, titles, statistics box and legend are arranged automatically. A
//! [`Plane`] shows points and lines. This module takes plain numbers and does not depend on histogram types. The font
//! is compiled into the program, so pictures do not depend on the fonts installed on the machine. Equal canvases give
//! identical files, byte for byte.

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
