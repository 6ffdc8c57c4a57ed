//! Pictures of histograms: curves, points and maps on a canvas of pads, saved as SVG or PNG.
//!
//! A [`Canvas`] is divided into pads as ROOT's `TCanvas::Divide` does; a [`Pad`] shows one or more
//! [`Curve`]s over common [`Bins`], or a two-dimensional map; axes, titles, statistics box and
//! legend arrange themselves around the contents; a [`Plane`] has points and lines. This module takes plain numbers and knows
//! nothing of histogram types. It carries its font with it, so pictures are the same on a machine
//! without any, and the same canvas always gives the same bytes.

mod axis;
mod bins;
mod boxes;
mod canvas;
mod colours;
mod curve;
mod error;
mod font;
mod frame;
mod heat;
mod layout;
mod limits;
mod marks;
mod pad;
mod plane;
mod png;
mod range;
mod save;
mod scale;
mod sheet;
mod sizes;
mod svg;
mod table;
#[cfg(test)]
mod tests;
mod ticks;

pub use bins::Bins;
pub use canvas::Canvas;
pub use curve::Curve;
pub use error::{Error, Result};
pub use pad::{AxisTitle, Pad};
pub use plane::Plane;
pub use ticks::plain_number;
