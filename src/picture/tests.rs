//! Tests properties that all pictures must have: words stay within the picture and do not overlap, boxes cover no
//! contents, and any numbers can be drawn.

use proptest::prelude::*;

use super::drawing::{Drawing, Rect, Shape};
use super::*;

/// Numbers of all magnitudes, and non-finite numbers.
fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -1e3..1e3,
        2 => any::<f64>(),
        1 => prop::sample::select(vec![0.0, -0.0, 1.0, 1e300, -1e300, 1e-300, 5e-324, f64::MAX]),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY]),
    ]
}

/// Typical histogram contents, which are of similar magnitude and mostly positive.
fn contents(bins: usize) -> impl Strategy<Value = Vec<f64>> {
    let unit = prop_oneof![8 => 0.0..1.0, 1 => -0.2..0.0, 1 => Just(0.0), 1 => Just(f64::NAN)];
    (prop::collection::vec(unit, bins), -12i32..12)
        .prop_map(|(values, exponent)| values.iter().map(|v| v * 10f64.powi(exponent)).collect())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("m(J/ψ φ)".to_string()),
        Just("a title that is much too long to fit into any pad at all, whatever is done".into()),
        "\\PC{0,12}",
    ]
}

fn bins() -> impl Strategy<Value = Bins> {
    let magnitude = (-12i32..12).prop_map(|exponent| 10f64.powi(exponent));
    let uniform = (1usize..60, -1.0..1.0, 0.01..2.0, magnitude)
        .prop_map(|(n, low, width, unit)| Bins::uniform(n, low * unit, (low + width) * unit));
    let variable = prop::collection::btree_set(-1000i32..1000, 2..30)
        .prop_map(|edges| Bins::Edges(edges.into_iter().map(f64::from).collect()));
    let names = prop::collection::vec("[A-Za-zµφ]{1,14}", 1..30).prop_map(Bins::Categories);
    prop_oneof![uniform, variable, names]
}

fn curve(bins: Bins) -> impl Strategy<Value = Curve> {
    let n = bins.len();
    (contents(n), any::<bool>(), any::<bool>(), text()).prop_map(move |(values, steps, bars, name)| {
        let errors = values.iter().map(|v| v.abs().sqrt()).collect();
        let curve = match steps {
            true => Curve::steps(bins.clone(), values),
            false => Curve::points(bins.clone(), values),
        };
        let curve = if bars { curve.errors(errors) } else { curve };
        curve.name(name)
    })
}

fn pad() -> impl Strategy<Value = Pad> {
    let curves = bins().prop_flat_map(|bins| prop::collection::vec(curve(bins), 1..4));
    let curves = curves.prop_map(|curves| {
        let mut curves = curves.into_iter();
        let first = Pad::new(curves.next().expect("at least one curve"));
        curves.fold(first, Pad::overlay)
    });
    let map = (bins(), bins()).prop_flat_map(|(x, y)| {
        contents(x.len() * y.len()).prop_map(move |values| Pad::map(x.clone(), y.clone(), values))
    });
    let statistics = prop::collection::vec((text(), text()), 0..6);
    let words = (text(), text(), text(), text(), statistics);
    (prop_oneof![3 => curves, 1 => map], words, any::<bool>()).prop_map(
        |(pad, (title, x, unit, y, statistics), log)| {
            let pad = pad.title(title).x(x, unit).y(y, "").statistics(statistics);
            if log { pad.log_y().log_z() } else { pad }
        },
    )
}

fn texts(drawing: &Drawing) -> Vec<(String, Rect)> {
    let text = |shape: &Shape| match shape {
        Shape::Text(text) => Some((text.text.clone(), text.bounds())),
        _ => None,
    };
    drawing.shapes.iter().filter_map(text).collect()
}

fn overlap(a: &Rect, b: &Rect) -> bool {
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 100, ..Default::default() })]

    #[test]
    fn words_are_on_the_paper_and_apart(
        pads in prop::collection::vec(pad(), 4),
        columns in 1usize..3,
        size in (700u32..1600, 600u32..1200),
    ) {
        let mut canvas = Canvas::new(size.0, size.1);
        canvas.divide(columns, columns);
        for pad in pads.into_iter().take(columns * columns) {
            canvas.draw(pad).unwrap();
        }
        let drawing = canvas.drawing().unwrap();
        let texts = texts(&drawing);
        let (width, height) = (f64::from(size.0), f64::from(size.1));
        for (i, (text, a)) in texts.iter().enumerate() {
            let inside = a.left >= 0.0 && a.right <= width && a.top >= 0.0 && a.bottom <= height;
            prop_assert!(inside, "\"{}\" leaves the paper: {:?}", text, a);
            for (other, b) in &texts[..i] {
                prop_assert!(!overlap(a, b), "\"{}\" {:?} and \"{}\" {:?} overlap", text, a, other, b);
            }
        }
    }

    #[test]
    fn boxes_cover_no_contents(pad in pad(), size in (700u32..1600, 600u32..1200)) {
        let statistics = pad.statistics.len();
        let mut canvas = Canvas::new(size.0, size.1);
        canvas.draw(pad.clone()).unwrap();
        let drawing = canvas.drawing().unwrap();
        if pad.map.is_some() || statistics == 0 {
            return Ok(());
        }
        // The statistics box is the only white rectangle wider than a tenth of a pad.
        let tenth = f64::from(size.0) / 10.0;
        let white = |shape: &Shape| match shape {
            Shape::Rect(rect, (255, 255, 255)) if rect.width() > tenth => Some(*rect),
            _ => None,
        };
        let Some(hidden) = drawing.shapes.iter().find_map(white) else {
            return Ok(());
        };
        for shape in &drawing.shapes {
            let Shape::Line { points, colour, .. } = shape else { continue };
            let curve = *colour != (0, 0, 0);
            for ends in points.windows(2).filter(|_| curve) {
                let piece = Rect {
                    left: ends[0].0.min(ends[1].0),
                    right: ends[0].0.max(ends[1].0) + 1e-9,
                    top: ends[0].1.min(ends[1].1),
                    bottom: ends[0].1.max(ends[1].1) + 1e-9,
                };
                prop_assert!(!overlap(&piece, &hidden), "{:?} is behind {:?}", piece, hidden);
            }
        }
    }

    #[test]
    fn any_numbers_are_drawn(
        edges in prop::collection::vec(any_number(), 2..12),
        values in prop::collection::vec(any_number(), 144),
        errors in prop::collection::vec(any_number(), 12),
        log in any::<bool>(),
    ) {
        let mut edges = edges;
        edges.retain(|edge| edge.abs() <= limits::MAX_NUMBER);
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        prop_assume!(edges.len() > 1);
        let n = edges.len() - 1;
        let curve = |steps: bool| {
            let (bins, values) = (edges.clone(), values[..n].to_vec());
            let curve = if steps { Curve::steps(bins, values) } else { Curve::points(bins, values) };
            curve.errors(errors[..n].to_vec()).name("curve")
        };
        let statistics = [("Entries", "12")];
        let pads = [
            Pad::new(curve(true)).statistics(statistics),
            Pad::new(curve(false)),
            Pad::map(edges.clone(), edges.clone(), values[..n * n].to_vec()),
            Pad::map_of_means(edges.clone(), edges.clone(), values[..n * n].to_vec()),
        ];
        let mut canvas = Canvas::new(500, 400);
        canvas.divide(2, 2);
        for pad in pads {
            canvas.draw(if log { pad.log_y().log_z() } else { pad }).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        for name in ["picture.svg", "picture.png"] {
            canvas.save(folder.path().join(name)).unwrap();
        }
        let svg = std::fs::read_to_string(folder.path().join("picture.svg")).unwrap();
        prop_assert!(!svg.contains("NaN"));
        let coordinates = svg.split("points=\"").skip(1).flat_map(|rest| {
            rest.split('"').next().unwrap_or("").split([' ', ',']).filter(|word| !word.is_empty())
        });
        for coordinate in coordinates {
            let value: f64 = coordinate.parse().unwrap();
            prop_assert!((-100.0..=5100.0).contains(&value), "{} is off the paper", value);
        }
    }
}
