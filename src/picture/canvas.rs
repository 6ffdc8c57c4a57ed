//! The canvas: one or more pads in a picture.

use std::path::Path;

use super::draw_pad;
use super::drawing::{Drawing, Rect};
use super::error::{Error, Result};
use super::layout::{Layout, Margins};
use super::limits::{MAX_PIXELS, MIN_PAD_HEIGHT, MIN_PAD_WIDTH};
use super::pad::Pad;
use super::save::save;
use super::sizes::Sizes;

/// A picture that consists of one pad, or of several pads after a call of [`divide`](Canvas::divide), like ROOT's
/// `TCanvas`.
///
/// ```
/// use gaudi_mpi::picture::{Bins, Canvas, Curve, Pad};
///
/// # let folder = tempfile::tempdir()?;
/// # let file = folder.path().join("gaussians.svg");
/// let mut canvas = Canvas::new(900, 400);
/// canvas.divide(2, 1);
/// for title in ["left", "right"] {
///     let curve = Curve::steps(Bins::uniform(4, -2.0, 2.0), vec![2.0, 5.0, 6.0, 1.0]);
///     canvas.draw(Pad::new(curve).title(title).x("x", "mm"))?;
/// }
/// canvas.save(&file)?;
/// # assert!(std::fs::read_to_string(&file)?.contains("right"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Canvas {
    width: u32,
    height: u32,
    columns: usize,
    rows: usize,
    /// Pad number `i + 1` is at index `i`. The vector is shorter than the number of pads if the last pads have not been
    /// drawn yet.
    pads: Vec<Option<Pad>>,
}

impl Canvas {
    /// Returns a canvas of this size in pixels, with one pad that covers it.
    ///
    /// An SVG picture can be scaled without loss, so its size in pixels determines only the proportions.
    pub fn new(width: u32, height: u32) -> Self {
        Canvas {
            width,
            height,
            columns: 1,
            rows: 1,
            pads: Vec::new(),
        }
    }

    /// Divides the canvas into pads of equal size, numbered from 1 in reading order: from left to right, then from top
    /// to bottom. Pads that have already been drawn keep their numbers.
    pub fn divide(&mut self, columns: usize, rows: usize) -> &mut Self {
        self.columns = columns;
        self.rows = rows;
        self
    }

    /// Draws into the first free pad.
    ///
    /// # Errors
    /// When no pad is free, or the data cannot be drawn because there are no bins, the edges do not increase, or the
    /// number of values does not match the number of bins.
    pub fn draw(&mut self, pad: Pad) -> Result<&mut Self> {
        let free = self.pads.iter().position(Option::is_none).unwrap_or(self.pads.len());
        self.draw_in(free + 1, pad)
    }

    /// Draws into the pad with this number, replacing any previous contents.
    ///
    /// # Errors
    /// When there is no pad with this number, or the data cannot be drawn, as described for [`draw`](Canvas::draw).
    pub fn draw_in(&mut self, number: usize, pad: Pad) -> Result<&mut Self> {
        self.check_number(number)?;
        pad.check(number)?;
        if self.pads.len() < number {
            self.pads.resize_with(number, || None);
        }
        self.pads[number - 1] = Some(pad);
        Ok(self)
    }

    /// Writes the picture to a file whose name ends in `.svg` or `.png`. Equal canvases give identical files, byte for
    /// byte. The file is written under a temporary name and renamed when complete.
    ///
    /// # Errors
    /// When the file name has a different ending, the canvas is too large, the canvas is too small for its pads, or the
    /// file cannot be written.
    pub fn save(&self, file: impl AsRef<Path>) -> Result<()> {
        save(file.as_ref(), || self.drawing())
    }

    fn check_number(&self, number: usize) -> Result<()> {
        if (1..=self.columns.saturating_mul(self.rows)).contains(&number) {
            return Ok(());
        }
        Err(Error::NoSuchPad {
            number,
            columns: self.columns,
            rows: self.rows,
        })
    }

    /// Returns the whole canvas as a drawing made of shapes.
    pub(super) fn drawing(&self) -> Result<Drawing> {
        let Canvas {
            width,
            height,
            columns,
            rows,
            ..
        } = *self;
        if columns == 0
            || rows == 0
            || (width as usize / columns) < MIN_PAD_WIDTH as usize
            || (height as usize / rows) < MIN_PAD_HEIGHT as usize
            || u64::from(width) * u64::from(height) > MAX_PIXELS
        {
            return Err(Error::Size {
                width,
                height,
                columns,
                rows,
            });
        }
        self.check_number(self.pads.len().max(1))?;
        let (w, h) = (f64::from(width), f64::from(height));
        let pad_size = (w / columns as f64, h / rows as f64);
        let sizes = Sizes::new((w, h), pad_size);
        let placed: Vec<PlacedPad> = self
            .pads
            .iter()
            .enumerate()
            .filter_map(|(index, pad)| Some(self.place(index, pad.as_ref()?)))
            .collect();
        let mut drawing = Drawing::new(width, height);
        let (layouts, sizes) = layouts(&placed, sizes);
        for (one, layout) in placed.iter().zip(layouts) {
            draw_pad::draw(&mut drawing, one.pad, &one.area, &layout, &sizes);
        }
        Ok(drawing)
    }

    /// Returns a pad and the area that it covers. The index counts from 0.
    fn place<'a>(&self, index: usize, pad: &'a Pad) -> PlacedPad<'a> {
        let (column, row) = (index % self.columns, index / self.columns);
        let share = |total: u32, i: usize, n: usize| (f64::from(total) * i as f64 / n as f64).round();
        let area = Rect {
            left: share(self.width, column, self.columns),
            right: share(self.width, column + 1, self.columns),
            top: share(self.height, row, self.rows),
            bottom: share(self.height, row + 1, self.rows),
        };
        PlacedPad { pad, column, row, area }
    }
}

/// A pad and its position on the canvas.
struct PlacedPad<'a> {
    pad: &'a Pad,
    column: usize,
    row: usize,
    area: Rect,
}

/// Returns the layouts of the pads, and sizes that let everything fit. If some words are too long for their pad, the
/// sizes are reduced for all pads.
fn layouts(placed: &[PlacedPad], sizes: Sizes) -> (Vec<Layout>, Sizes) {
    let mut sizes = sizes;
    loop {
        let (layouts, margins) = aligned(placed, &sizes);
        let fit = |(one, margins): (&PlacedPad, &Margins)| margins.fit(&one.area);
        if placed.iter().zip(&margins).all(fit) || sizes.label < ILLEGIBLE {
            return (layouts, sizes);
        }
        sizes = sizes.scaled(0.9);
    }
}

/// Letters smaller than this, in pixels, are illegible. Sizes are not reduced any further; words are cut off instead.
const ILLEGIBLE: f64 = 2.0;

/// Returns layouts and margins with aligned frames: frames in a column share their left edge, and frames in a row share
/// their top and bottom edges.
fn aligned(placed: &[PlacedPad], sizes: &Sizes) -> (Vec<Layout>, Vec<Margins>) {
    let all = |margins: &[Margins]| -> Vec<Layout> {
        let one = |(one, margins): (&PlacedPad, &Margins)| Layout::new(one.pad, &one.area, margins, sizes);
        placed.iter().zip(margins).map(one).collect()
    };
    let guess = Margins {
        left: 5.0 * sizes.label,
        right: sizes.label,
        top: 2.0 * sizes.label,
        bottom: 3.0 * sizes.label,
    };
    let mut layouts = all(&vec![guess; placed.len()]);
    let mut margins = vec![Margins::default(); placed.len()];
    // The margins determine which labels fit, and the labels determine the margins. The first guess is replaced by the
    // margins that its layouts need, and these then grow until no layout needs wider margins. This usually takes two or
    // three rounds.
    for _ in 0..8 {
        let needed = share(placed, &layouts, sizes);
        if needed
            .iter()
            .zip(&margins)
            .all(|(needed, margins)| needed.within(margins))
        {
            break;
        }
        for (margins, needed) in margins.iter_mut().zip(&needed) {
            *margins = margins.widened_to(needed);
        }
        layouts = all(&margins);
    }
    (layouts, margins)
}

/// Returns the margins that the layouts need, made equal for pads in the same row or column.
fn share(placed: &[PlacedPad], layouts: &[Layout], sizes: &Sizes) -> Vec<Margins> {
    let needed = |(one, layout): (&PlacedPad, &Layout)| layout.margins(one.pad, sizes);
    let needed: Vec<Margins> = placed.iter().zip(layouts).map(needed).collect();
    let mut shared = needed.clone();
    for (i, margins) in shared.iter_mut().enumerate() {
        for (j, other) in needed.iter().enumerate() {
            if placed[i].column == placed[j].column {
                margins.left = margins.left.max(other.left);
            }
            if placed[i].row == placed[j].row {
                margins.top = margins.top.max(other.top);
                // Long names below one pad would take up too much room in all other pads of the same row.
                if layouts[i].x.upwards == layouts[j].x.upwards {
                    margins.bottom = margins.bottom.max(other.bottom);
                }
            }
        }
    }
    shared
}
