//! Colours that even people with colour blindness can tell apart.

/// Red, green and blue.
pub(super) type Colour = (u8, u8, u8);

pub(super) const BLACK: Colour = (0, 0, 0);
pub(super) const WHITE: Colour = (255, 255, 255);

/// The colours of curves, from M. Okabe and K. Ito, "Color Universal Design" (2008). Their yellow is left out: it is
/// too pale for lines on white.
const CURVES: [Colour; 7] = [
    (0, 114, 178),
    (213, 94, 0),
    (0, 158, 115),
    (204, 121, 167),
    (230, 159, 0),
    (86, 180, 233),
    (0, 0, 0),
];

/// The colour of a curve, given its number within the pad.
pub(super) fn of_curve(index: usize) -> Colour {
    CURVES[index % CURVES.len()]
}

/// Mixes a colour with white. An amount of 1 gives the pure colour; an amount of 0 gives white.
pub(super) fn lighten(colour: Colour, amount: f64) -> Colour {
    mix(WHITE, colour, amount)
}

/// The colour map viridis (S. van der Walt, N. Smith, E. Firing; CC0) sampled at 17 equally spaced points. Its
/// lightness increases evenly, even when seen in greyscale or with colour blindness.
const VIRIDIS: [Colour; 17] = [
    (68, 1, 84),
    (72, 24, 106),
    (71, 45, 123),
    (66, 64, 134),
    (59, 82, 139),
    (51, 99, 141),
    (44, 114, 142),
    (38, 130, 142),
    (33, 145, 140),
    (31, 160, 136),
    (40, 174, 128),
    (63, 188, 115),
    (94, 201, 98),
    (132, 212, 75),
    (173, 220, 48),
    (216, 226, 25),
    (253, 231, 37),
];

/// The number of colours in a map. More colours could not be told apart; fewer would make bins with different contents
/// look alike.
pub(super) const MAP_COLOURS: usize = 128;

/// The colour for a level of the colour scale, from dark at 0 to bright at `MAP_COLOURS - 1`.
pub(super) fn of_map(level: usize) -> Colour {
    let at = level.min(MAP_COLOURS - 1) as f64 / (MAP_COLOURS - 1) as f64 * 16.0;
    let below = (at as usize).min(15);
    mix(VIRIDIS[below], VIRIDIS[below + 1], at - below as f64)
}

fn mix(from: Colour, to: Colour, amount: f64) -> Colour {
    let part = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * amount).round() as u8;
    (part(from.0, to.0), part(from.1, to.1), part(from.2, to.2))
}
