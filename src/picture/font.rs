//! The font used in all pictures. It is compiled into the program, so pictures look the same even on machines without
//! fonts.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, Glyph, OutlinedGlyph, PxScale, ScaleFont, point};

/// The font name in SVG files, where the viewer renders the text.
pub(super) const FAMILY: &str = "DejaVu Sans, sans-serif";

/// The height of capitals and digits, in units of the font size.
pub(super) const CAP_HEIGHT: f64 = 0.73;

/// The depth to which brackets and letters such as g extend below the base line, in units of the font size.
pub(super) const DESCENT: f64 = 0.24;

static FONT: LazyLock<FontRef<'static>> =
    LazyLock::new(|| FontRef::try_from_slice(dejavu::sans::regular()).expect("the font compiled in is a font"));

/// `ab_glyph` scales fonts by their line height, whereas sizes in this module refer to the em square.
fn scale(size: f64) -> PxScale {
    let em = FONT.units_per_em().unwrap_or(2048.0);
    PxScale::from(size as f32 * FONT.height_unscaled() / em)
}

/// Places the glyphs of a string one after another, starting at x = 0 on the base line y = 0. Returns the glyphs and
/// the total width.
fn place(text: &str, size: f64) -> (Vec<Glyph>, f32) {
    let font = FONT.as_scaled(scale(size));
    let mut x = 0.0;
    let mut previous = None;
    let mut glyphs = Vec::new();
    for letter in text.chars() {
        let id = font.glyph_id(letter);
        if let Some(previous) = previous {
            x += font.kern(previous, id);
        }
        glyphs.push(id.with_scale_and_position(font.scale(), point(x, 0.0)));
        x += font.h_advance(id);
        previous = Some(id);
    }
    (glyphs, x)
}

/// The width of a string set in this font size, in the same unit as the size.
pub(super) fn width(text: &str, size: f64) -> f64 {
    f64::from(place(text, size).1)
}

/// The outlines of a string's letters, relative to the start of its base line. The y axis points down.
pub(super) fn outlines(text: &str, size: f64) -> impl Iterator<Item = OutlinedGlyph> {
    place(text, size)
        .0
        .into_iter()
        .filter_map(|glyph| FONT.outline_glyph(glyph))
}

/// Makes a string fit into `max_width` by reducing the font size and, if that is not enough, shortening the string.
pub(super) fn fit(text: &str, size: f64, max_width: f64) -> (String, f64) {
    let smallest = 0.7;
    let natural = width(text, size);
    if natural <= max_width {
        return (text.to_string(), size);
    }
    let smaller = size * (max_width / natural).max(smallest);
    (shorten(text, smaller, max_width), smaller)
}

/// Shortens a string to `max_width`: if it is too wide, its end is replaced with "…".
pub(super) fn shorten(text: &str, size: f64, max_width: f64) -> String {
    if width(text, size) <= max_width {
        return text.to_string();
    }
    let mut letters: Vec<char> = text.chars().collect();
    // All letters that cannot possibly fit are dropped first, so even a long string takes only a few iterations.
    letters.truncate((max_width / (size * 0.2)).max(1.0) as usize);
    while letters.pop().is_some() {
        let kept: String = letters.iter().collect();
        let shortened = format!("{}…", kept.trim_end());
        if width(&shortened, size) <= max_width {
            return shortened;
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letters_of_physics_are_in_the_font() {
        for letter in "B⁰→J/ψφ μ⁺μ⁻ K⁺K⁻ πΛΞΩ √ ± × 10³ 10⁻⁶ −1 χ² …⁰¹²³⁴⁵⁶⁷⁸⁹ °½".chars()
        {
            assert_ne!(FONT.glyph_id(letter).0, 0, "no glyph for {letter}");
        }
    }

    #[test]
    fn width_grows_with_size_and_text() {
        assert!((width("mass", 20.0) - 2.0 * width("mass", 10.0)).abs() < 1e-3);
        assert!(width("mass of B", 10.0) > width("mass", 10.0));
        // The advance of a digit in DejaVu Sans is 1303/2048 of the font size.
        assert!((width("0", 100.0) - 63.6).abs() < 0.1);
    }

    #[test]
    fn long_text_is_set_smaller_then_shortened() {
        let text = "a title that is rather long";
        let room = width(text, 10.0);
        assert_eq!(fit(text, 10.0, room * 1.01).1, 10.0);
        let (kept, size) = fit(text, 10.0, room * 0.8);
        assert!(kept == text && size < 10.0 && width(&kept, size) <= room * 0.801);
        let (cut, size) = fit(text, 10.0, room * 0.3);
        assert!(cut.ends_with('…') && width(&cut, size) <= room * 0.3);
        assert_eq!(shorten(text, 10.0, 0.0), "");
    }
}
