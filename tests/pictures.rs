//! Draws every kind of picture and checks the files.
//!
//! The files stay in `target/tmp/pictures` for inspection.

use std::fs;
use std::path::PathBuf;

use gaudi_mpi::picture::{Bins, Canvas, Curve, Error, Pad, plain_number};
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256PlusPlus;

fn generator(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

fn file(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

/// Saves a canvas in both formats, runs the checks common to all pictures, and returns the SVG.
fn save(name: &str, (width, height): (u32, u32), canvas: &Canvas) -> String {
    let (svg, png) = (file(&format!("{name}.svg")), file(&format!("{name}.png")));
    canvas.save(&svg).unwrap();
    canvas.save(&png).unwrap();
    let image = fs::read(&png).unwrap();
    assert_eq!(&image[..8], b"\x89PNG\r\n\x1a\n");
    let number = |at: usize| u32::from_be_bytes(image[at..at + 4].try_into().unwrap());
    assert_eq!((number(16), number(20)), (width, height), "the size in the PNG header");
    let text = fs::read_to_string(&svg).unwrap();
    let size = format!("<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width}0 {height}0\"");
    assert!(text.starts_with(&size), "{}", &text[..120]);
    assert!(text.trim_end().ends_with("</svg>"));
    // A pixel has ten units. Letters must be at least a hundredth of the picture's height.
    let sizes = text.split("font-size=\"").skip(1);
    let smallest = sizes.map(|rest| rest[..rest.find('"').unwrap()].parse().unwrap());
    let smallest = smallest.fold(f64::INFINITY, f64::min) / 10.0;
    assert!(
        smallest > f64::from(height) / 100.0,
        "{name}: letters of {smallest} pixels"
    );
    assert!(!text.contains("NaN") && !text.contains("inf\""), "{name}");
    text
}

/// The texts in an SVG, in drawing order.
fn texts(svg: &str) -> Vec<String> {
    let ends = svg.split("<text ").skip(1);
    let inner = ends.map(|t| t.split('>').nth(1).unwrap().split('<').next().unwrap());
    inner
        .map(|t| t.trim().replace("&apos;", "'").replace("&amp;", "&"))
        .collect()
}

fn assert_has(svg: &str, wanted: &[&str]) {
    let found = texts(svg);
    for text in wanted {
        assert!(found.iter().any(|f| f == text), "\"{text}\" is not among {found:?}");
    }
}

fn count(values: impl Iterator<Item = f64>, bins: usize, low: f64, high: f64) -> Vec<f64> {
    let mut counts = vec![0.0; bins];
    for value in values {
        let z = (value - low) / (high - low) * bins as f64;
        if z >= 0.0 && (z as usize) < bins {
            counts[z as usize] += 1.0;
        }
    }
    counts
}

fn gaussians(seed: u64, n: usize, mean: f64, sigma: f64) -> Vec<f64> {
    let mut random = generator(seed);
    (0..n)
        .map(|_| mean + sigma * random.sample::<f64, _>(StandardNormal))
        .collect()
}

fn mass_values() -> Vec<f64> {
    let mut random = generator(1);
    let flat = (0..20_000).map(|_| 5200.0 - 250.0 * (1.0 - 0.7 * random.random::<f64>()).ln());
    let mut values: Vec<f64> = flat.collect();
    values.extend(gaussians(2, 9_000, 5366.9, 8.0));
    values
}

fn roots(values: &[f64]) -> Vec<f64> {
    values.iter().map(|v| v.sqrt()).collect()
}

#[test]
fn mass_peak() {
    let values = mass_values();
    let counts = count(values.into_iter(), 100, 5200.0, 5500.0);
    let errors = roots(&counts);
    let entries: f64 = counts.iter().sum();
    let mut canvas = Canvas::new(1000, 700);
    let pad = Pad::new(Curve::steps(Bins::uniform(100, 5200.0, 5500.0), counts).errors(errors))
        .title("Mass of B cand")
        .x("m(J/ψ φ)", "MeV")
        .counted("Candidates")
        .statistics([
            ("hbmass", String::new()),
            ("Entries", plain_number(entries, 9)),
            ("Mean", "5350.7".to_string()),
            ("Std Dev", "72.31".to_string()),
        ]);
    canvas.draw(pad).unwrap();
    let svg = save("mass_peak", (1000, 700), &canvas);
    assert_has(
        &svg,
        &["Mass of B cand", "m(J/ψ φ) [MeV]", "Candidates / (3 MeV)", "hbmass"],
    );
    assert_has(&svg, &["Entries", "Mean", "Std Dev", "5350.7", "5200", "5500", "0"]);
    assert!(svg.contains("font-family=\"DejaVu Sans, sans-serif\""));
}

#[test]
fn nine_gaussians() {
    let mut canvas = Canvas::new(1500, 1200);
    canvas.divide(3, 3);
    for i in 0..9u32 {
        let n = 10usize.pow(1 + i / 2);
        let counts = count(gaussians(u64::from(i), n, 0.0, 1.0).into_iter(), 100, -5.0, 5.0);
        let scaled = counts.iter().map(|c| c * 10f64.powi(i as i32)).collect();
        let pad = Pad::new(Curve::steps(Bins::uniform(100, -5.0, 5.0), scaled))
            .title(format!("Gaussian {}", i + 1))
            .x("x", "")
            .statistics([
                ("Entries", plain_number(n as f64, 9)),
                ("Mean", "−0.000123".to_string()),
                ("Std Dev", "1.0002".to_string()),
            ]);
        canvas.draw(pad).unwrap();
    }
    let svg = save("nine_gaussians", (1500, 1200), &canvas);
    for i in 1..=9 {
        assert_has(&svg, &[&format!("Gaussian {i}")]);
    }
    let titles = texts(&svg).iter().filter(|t| *t == "Entries / 0.1").count();
    assert_eq!(titles, 9);
    assert!(texts(&svg).iter().any(|t| t.starts_with("×10")));
}

fn dalitz(log: bool) -> Pad {
    let mut random = generator(5);
    let (n, low, high) = (60, 0.0, 30.0);
    let mut counts = vec![0.0; n * n];
    let mut filled = 0;
    while filled < 60_000 {
        let (x, y): (f64, f64) = (random.random_range(1.0..29.0), random.random_range(1.0..29.0));
        let resonance = 1.0 / (1.0 + (x - 5.0).powi(2)) + 1.0 / (1.0 + (y - 5.0).powi(2));
        if x + y < 28.5 && x * y > 12.0 && random.random::<f64>() < 0.05 + 0.6 * resonance {
            let bin = |v: f64| ((v - low) / (high - low) * n as f64) as usize;
            counts[bin(x) * n + bin(y)] += 1.0;
            filled += 1;
        }
    }
    let bins = || Bins::uniform(n, low, high);
    let pad = Pad::map(bins(), bins(), counts)
        .title("Dalitz plot of B⁺ → K⁺K⁺K⁻")
        .x("m²(K⁺K⁻) low", "GeV²")
        .y("m²(K⁺K⁻) high", "GeV²")
        .statistics([("Entries", "60000"), ("Mean x", "9.21"), ("Mean y", "9.24")]);
    if log { pad.log_z() } else { pad }
}

#[test]
fn dalitz_map() {
    for (name, log) in [("dalitz", false), ("dalitz_log", true)] {
        let mut canvas = Canvas::new(1000, 700);
        canvas.draw(dalitz(log)).unwrap();
        let svg = save(name, (1000, 700), &canvas);
        assert_has(&svg, &["m²(K⁺K⁻) low [GeV²]", "m²(K⁺K⁻) high [GeV²]", "Entries"]);
        assert!(texts(&svg).iter().any(|t| t.contains("Mean x 9.21")));
        assert!(svg.contains("#440154") || log, "the lowest content is not drawn");
    }
}

fn profile() -> Pad {
    let bins: Vec<f64> = (0..=20).map(|i| f64::from(i) * 0.5).collect();
    let values = (0..20).map(|i| {
        let x = f64::from(i) * 0.5 + 0.25;
        if i == 13 {
            f64::NAN
        } else {
            12.0 + 3.0 * (x / 2.0).sin()
        }
    });
    let errors = (0..20).map(|i| 0.1 + 0.04 * f64::from(i)).collect();
    Pad::new(Curve::points(bins, values.collect()).errors(errors))
        .title("Hits per track")
        .x("p", "GeV")
        .y("⟨hits⟩", "")
        .statistics([("Entries", "20000"), ("Mean", "4.98"), ("Mean y", "12.7")])
}

#[test]
fn the_same_picture_has_the_same_bytes() {
    for name in ["same.svg", "same.png"] {
        let saved = || {
            let mut canvas = Canvas::new(800, 600);
            canvas.divide(2, 2);
            for pad in [profile(), dalitz(false), overlay(), spectrum()] {
                canvas.draw(pad).unwrap();
            }
            canvas.save(file(name)).unwrap();
            fs::read(file(name)).unwrap()
        };
        assert!(saved() == saved(), "{name} differs between two runs");
    }
}

#[test]
fn profile_points() {
    let mut canvas = Canvas::new(1000, 700);
    canvas.draw(profile()).unwrap();
    let svg = save("profile", (1000, 700), &canvas);
    assert_has(&svg, &["p [GeV]", "⟨hits⟩"]);
    assert_eq!(svg.matches("<circle").count(), 19, "the empty bin has a point");
}

fn decays(names: Vec<String>) -> Pad {
    let n = names.len();
    let counts: Vec<f64> = (0..n).map(|i| 4000.0 / (1.0 + i as f64)).collect();
    let errors = roots(&counts);
    Pad::new(Curve::steps(names, counts).errors(errors))
        .title("Selected decays")
        .x("channel", "")
        .statistics([("Entries", "10310")])
}

fn channels() -> Vec<String> {
    let names = ["J/ψ φ", "D⁺π⁻", "K⁺π⁻", "μ⁺μ⁻", "Λ_c p"];
    names.map(String::from).to_vec()
}

fn triggers() -> Vec<String> {
    let lines = [
        "TrackMVA",
        "TwoTrackMVA",
        "DiMuonHighMass",
        "DiMuonLowMass",
        "SingleHighPtMuon",
    ];
    (0..15).map(|i| format!("Hlt1{}{}", lines[i % 5], i / 5)).collect()
}

#[test]
fn categories() {
    let mut canvas = Canvas::new(1500, 1200);
    canvas.divide(2, 2);
    canvas.draw(decays(channels())).unwrap();
    canvas.draw(decays(triggers()).y("Events", "")).unwrap();
    let matrix: Vec<f64> = (0..25).map(|i| f64::from(i % 6) * 100.0).collect();
    canvas
        .draw(Pad::map(channels(), channels(), matrix).x("true", "").y("found", ""))
        .unwrap();
    let many: Vec<String> = (0..120).map(|i| format!("module {i}")).collect();
    canvas.draw(decays(many)).unwrap();
    let svg = save("categories", (1500, 1200), &canvas);
    assert_has(
        &svg,
        &["J/ψ φ", "K⁺π⁻", "Hlt1DiMuonHighMass1", "module 0", "channel", "Entries"],
    );
}

fn spectrum() -> Pad {
    let mut counts: Vec<f64> = (0..60).map(|i| (2e6 * (-0.25 * f64::from(i)).exp()).round()).collect();
    counts[45] = 0.0;
    counts[50] = -3.0;
    let errors = roots(&counts);
    Pad::new(Curve::steps(Bins::uniform(60, 0.0, 120.0), counts).errors(errors))
        .title("Transverse momentum")
        .x("p_T", "GeV")
        .log_y()
        .statistics([("Entries", "9041732"), ("Mean", "7.04")])
}

#[test]
fn logarithmic() {
    let mut canvas = Canvas::new(1000, 700);
    canvas.draw(spectrum()).unwrap();
    let svg = save("log_y", (1000, 700), &canvas);
    assert_has(&svg, &["1", "10", "10²", "10⁶"]);
}

fn overlay() -> Pad {
    let bins = || Bins::uniform(50, -3.0, 6.0);
    let counts = |seed, n, mean, sigma| count(gaussians(seed, n, mean, sigma).into_iter(), 50, -3.0, 6.0);
    let (signal, background) = (counts(1, 20_000, 2.0, 0.8), counts(2, 15_000, 0.0, 1.2));
    let sum: Vec<f64> = signal.iter().zip(&background).map(|(s, b)| s + b).collect();
    let data = Curve::points(bins(), sum.clone()).errors(roots(&sum));
    Pad::new(Curve::steps(bins(), signal).name("signal"))
        .overlay(Curve::steps(bins(), background).name("combinatorial background"))
        .overlay(data.name("data"))
        .title("Fisher discriminant")
        .x("F", "")
        .statistics([("Entries", "35000"), ("Mean", "1.14")])
}

#[test]
fn overlay_with_legend() {
    let mut canvas = Canvas::new(1000, 700);
    canvas.draw(overlay()).unwrap();
    let svg = save("overlay", (1000, 700), &canvas);
    assert_has(&svg, &["signal", "combinatorial background", "data", "Entries / 0.18"]);
}

#[test]
fn all_kinds_on_one_canvas() {
    let edges = vec![0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 40.0, 100.0];
    let values = vec![5.0, 30.0, 80.0, 120.0, 90.0, -20.0, 10.0];
    let errors = values.iter().map(|v: &f64| v.abs().sqrt()).collect();
    let variable = Pad::new(Curve::steps(edges, values).errors(errors))
        .title("Variable bins, weights of both signs")
        .x("t", "ps");
    let runs = Pad::new(Curve::steps(
        Bins::uniform(10, 256_000.0, 266_000.0),
        (1..=10).map(|i| f64::from(i) * 31_000.0).collect(),
    ))
    .x("run", "")
    .statistics([("Entries", "1705000")]);
    let momenta = Pad::new(Curve::steps(
        Bins::uniform(40, 0.0, 200_000.0),
        (0..40).map(|i| 5.0 + 3.0 * f64::from(i % 7)).collect(),
    ))
    .title("Momentum")
    .x("p", "MeV");
    let tiny: Vec<f64> = (0..10).map(|i| f64::from(i) * 2e-7).collect();
    let tiny = Pad::new(Curve::points(Bins::uniform(10, 0.0, 2e-6), tiny))
        .x("t", "s")
        .y("I", "A");
    let flat = Pad::new(Curve::steps(Bins::uniform(10, 0.0, 1.0), vec![7.0; 10]))
        .title("Flat")
        .statistics([("Entries", "70")]);
    let mut canvas = Canvas::new(1500, 1200);
    canvas.divide(3, 3);
    let pads = [
        profile(),
        dalitz(false),
        overlay(),
        spectrum(),
        variable,
        runs,
        momenta,
        tiny,
        flat,
    ];
    for pad in pads {
        canvas.draw(pad).unwrap();
    }
    let svg = save("all_kinds", (1500, 1200), &canvas);
    assert_has(&svg, &["Entries / bin", "p [10³ MeV]", "t [10⁻⁶ s]", "I [A]", "Flat"]);
}

#[test]
fn nothing_to_see() {
    let bins = || Bins::uniform(10, 0.0, 1.0);
    let broken = vec![
        f64::NAN,
        f64::INFINITY,
        1.0,
        f64::NEG_INFINITY,
        2.0,
        0.0,
        1e308,
        1.0,
        1.0,
        1.0,
    ];
    let mut canvas = Canvas::new(1500, 1200);
    canvas.divide(3, 3);
    let steps = |values| Pad::new(Curve::steps(bins(), values));
    canvas
        .draw(steps(vec![0.0; 10]).title("empty").statistics([("Entries", "0")]))
        .unwrap();
    canvas.draw(steps(vec![0.0; 10]).title("empty, log").log_y()).unwrap();
    canvas
        .draw(Pad::map(bins(), bins(), vec![0.0; 100]).title("empty map"))
        .unwrap();
    canvas
        .draw(Pad::new(Curve::steps(Bins::uniform(1, 2.0, 3.0), vec![5.0])).title("one bin"))
        .unwrap();
    canvas.draw(steps(vec![-5.0; 10]).title("negative")).unwrap();
    canvas.draw(steps(broken.clone()).title("not numbers")).unwrap();
    canvas
        .draw(steps(broken.iter().map(|v| v * 1e300).collect()).title("huge"))
        .unwrap();
    canvas
        .draw(steps(broken.iter().map(|v| v.clamp(-1.0, 2.0) * 1e-300).collect()).title("tiny"))
        .unwrap();
    canvas
        .draw(Pad::new(Curve::points(bins(), vec![f64::NAN; 10])).title("empty profile"))
        .unwrap();
    let svg = save("nothing", (1500, 1200), &canvas);
    assert_has(&svg, &["empty", "one bin", "huge", "×10³⁰⁰", "×10⁻³⁰⁰"]);
}

/// The message of the error that refuses a pad.
fn refused(pad: Pad) -> String {
    Canvas::new(600, 400).draw(pad).unwrap_err().to_string()
}

#[test]
fn what_is_no_picture_is_refused_with_a_reason() {
    let bins = || Bins::uniform(2, 0.0, 1.0);
    let none = refused(Pad::new(Curve::steps(Vec::<f64>::new(), vec![])).title("mass"));
    assert!(none.contains("the x axis of pad 1 (\"mass\") has no bins"), "{none}");
    let falling = refused(Pad::new(Curve::steps(vec![0.0, 2.0, 1.0], vec![1.0, 1.0])));
    assert!(falling.contains("edge 2 is 1"), "{falling}");
    let infinite = refused(Pad::new(Curve::steps(vec![0.0, f64::INFINITY], vec![1.0])));
    assert!(infinite.contains("edge 1 is inf"), "{infinite}");
    let short = refused(Pad::new(Curve::points(bins(), vec![1.0]).name("data")));
    assert!(
        short.contains("the curve \"data\" of pad 1 has 1 values but its bins need 2"),
        "{short}"
    );
    let errors = refused(Pad::new(Curve::steps(bins(), vec![1.0; 2]).errors(vec![1.0; 3])));
    assert!(errors.contains("has 3 errors"), "{errors}");
    let map = refused(Pad::map(bins(), bins(), vec![0.0; 5]));
    assert!(
        map.contains("the map of pad 1 has 5 values but its bins need 4"),
        "{map}"
    );
    let over = Pad::map(bins(), bins(), vec![0.0; 4]).overlay(Curve::steps(bins(), vec![0.0; 2]));
    assert!(refused(over).contains("cannot be laid over a map"));
    let mixed = Pad::new(Curve::steps(bins(), vec![0.0; 2])).overlay(Curve::steps(["a", "b"], vec![0.0; 2]));
    assert!(refused(mixed).contains("cannot share one x axis"));
}

#[test]
fn pads_are_numbered_as_text_is_read() {
    let pad = || Pad::new(Curve::steps(Bins::uniform(1, 0.0, 1.0), vec![1.0]));
    let mut canvas = Canvas::new(800, 600);
    canvas.divide(2, 2);
    canvas.draw_in(4, pad().title("fourth")).unwrap();
    canvas.draw(pad().title("first")).unwrap();
    canvas.draw(pad().title("second")).unwrap();
    canvas.draw_in(2, pad().title("second again")).unwrap();
    canvas.draw(pad().title("third")).unwrap();
    assert!(matches!(canvas.draw(pad()), Err(Error::NoSuchPad { number: 5, .. })));
    assert!(matches!(
        canvas.draw_in(0, pad()),
        Err(Error::NoSuchPad { number: 0, .. })
    ));
    let svg = save("pads", (800, 600), &canvas);
    let place = |title: &str| {
        let before = &svg[..svg.find(&format!("\n{title}\n")).unwrap()];
        let tag = &before[before.rfind("<text").unwrap()..];
        let number = |name: &str| -> f64 {
            let value = &tag[tag.find(name).unwrap() + name.len()..];
            value[..value.find('"').unwrap()].parse().unwrap()
        };
        (number(" x=\"") > 4000.0, number(" y=\"") > 3000.0)
    };
    assert_eq!(place("first"), (false, false));
    assert_eq!(place("second again"), (true, false));
    assert_eq!(place("third"), (false, true));
    assert_eq!(place("fourth"), (true, true));
    assert!(!texts(&svg).contains(&"second".to_string()));
}

#[test]
fn files_that_cannot_be_written_say_why() {
    let mut canvas = Canvas::new(800, 600);
    canvas
        .draw(Pad::new(Curve::steps(Bins::uniform(1, 0.0, 1.0), vec![1.0])))
        .unwrap();
    for name in ["picture.pdf", "picture", ".svg"] {
        let error = canvas.save(file(name)).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(".svg or .png"), "{error}");
    }
    let error = canvas.save(file("no_such_folder/x.svg")).unwrap_err().to_string();
    assert!(error.contains("cannot write the picture") && error.contains("no_such_folder"));
    canvas.divide(20, 20);
    assert!(matches!(
        canvas.save(file("small.svg")),
        Err(Error::Size { columns: 20, .. })
    ));
    for (width, height) in [(0, 0), (100_000, 100_000), (u32::MAX, u32::MAX)] {
        let canvas = Canvas::new(width, height);
        assert!(matches!(canvas.save(file("size.png")), Err(Error::Size { .. })));
    }
    let left = fs::read_dir(file("").parent().unwrap()).unwrap();
    let mut names = left.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(names.all(|name| !name.contains("small") && !name.contains("size")));
}

#[test]
fn text_that_is_not_xml_is_made_so() {
    let title = "a < b && \"c\" > 'd' \u{0} \u{1b}[1m";
    let mut canvas = Canvas::new(800, 600);
    canvas
        .draw(Pad::new(Curve::steps(["<&>"], vec![1.0])).title(title))
        .unwrap();
    let svg = save("xml", (800, 600), &canvas);
    assert!(svg.contains("a &lt; b &amp;&amp; &quot;c&quot; &gt; &apos;d&apos;"));
    assert!(svg.chars().all(|c| c == '\n' || !c.is_control()));
}

/// Draws large histograms, whose files must stay small.
#[test]
fn many_bins() {
    let n = 300_000;
    let wave: Vec<f64> = (0..n).map(|i| 50.0 + 40.0 * (f64::from(i) * 3e-5).sin()).collect();
    let noise = wave
        .iter()
        .enumerate()
        .map(|(i, v)| v + (i * 7919 % 101) as f64 * 0.1)
        .collect();
    let map: Vec<f64> = (0..1000 * 1000).map(|i| f64::from(i % 2003)).collect();
    let mut canvas = Canvas::new(1200, 500);
    canvas.divide(2, 1);
    canvas
        .draw(Pad::new(Curve::steps(Bins::uniform(n as usize, 0.0, 3e5), noise)))
        .unwrap();
    let bins = || Bins::uniform(1000, 0.0, 1.0);
    canvas.draw(Pad::map(bins(), bins(), map)).unwrap();
    let svg = save("many_bins", (1200, 500), &canvas);
    assert!(svg.len() < 30_000_000, "{} bytes", svg.len());
}
