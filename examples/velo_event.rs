//! Draws an event written by `brunel`, with its hits, tracks and primary vertices in two projections.
//!
//! ```sh
//! target/release/examples/velo_event brunel-output/rec.h5 --event 1 --output velo_event.png
//! ```

use clap::Parser;
use gaudi_mpi::app::AppMgr;
use gaudi_mpi::picture::Plane;
use gaudi_mpi::prelude::*;
use std::path::PathBuf;

#[derive(Parser)]
struct Arguments {
    /// File written by `brunel`
    file: PathBuf,
    /// Event number
    #[arg(long, default_value_t = 0)]
    event: u64,
    /// Picture to write, SVG or PNG
    #[arg(short, long, default_value = "velo_event.png")]
    output: PathBuf,
}

// Colour indices for tracks, vertices, hits on tracks, and other hits.
const TRACK: usize = 0;
const VERTEX: usize = 1;
const ON_TRACK: usize = 2;
const LEFT: usize = 3;

fn main() -> Result<()> {
    let arguments: Arguments = gaudi_mpi::parse();
    let mut app = AppMgr::new();
    app.input(&arguments.file.to_string_lossy());
    let input = &mut app.config_mut().input;
    (input.first, input.events) = (arguments.event, Some(1));
    let mut events = app.events(1)?;
    let hits = ["x", "y", "z"].map(|name| events.read::<f64>(&format!("Raw/Velo/Hits/{name}")));
    let [hit_x, hit_y, hit_z] = hits;
    let hits = [hit_x?, hit_y?, hit_z?];
    let track = events.read::<i32>("Rec/Track/VeloHits/track")?;
    let hit = events.read::<i32>("Rec/Track/VeloHits/hit")?;
    let states = ["x", "y", "z", "tx", "ty"].map(|name| events.read::<f64>(&format!("Rec/Track/Velo/{name}")));
    let [x, y, z, tx, ty] = states;
    let states = [x?, y?, z?, tx?, ty?];
    let vertices = ["x", "y", "z"].map(|name| events.read::<f64>(&format!("Rec/Vertex/Primary/{name}")));
    let [x, y, z] = vertices;
    let vertices = [x?, y?, z?];
    let Some(event) = events.next()? else {
        return Err(format!("{} has no event {}", arguments.file.display(), arguments.event).into());
    };

    let hits = hits.map(|column| event.get(column));
    let [x, y, z, tx, ty] = states.map(|column| event.get(column));
    let vertices = vertices.map(|column| event.get(column));
    let links: Vec<(usize, usize)> = event
        .get(track)
        .iter()
        .zip(event.get(hit))
        .map(|(&track, &hit)| (track as usize, hit as usize))
        .collect();
    let plane = |label: &str| Plane::new([-320.0, 780.0], [-50.0, 50.0], [100.0, 20.0]).labels("z [mm]", label);
    let mut planes = [plane("x [mm]"), plane("y [mm]")];
    for (axis, plane) in planes.iter_mut().enumerate() {
        let (start, slope) = [(x, tx), (y, ty)][axis];
        for track in 0..z.len() {
            // Each track is drawn from the beam to its farthest hit.
            let ends = links
                .iter()
                .filter(|(of, _)| *of == track)
                .map(|&(_, hit)| hits[2][hit]);
            let end = ends.fold(z[track], |far, end| {
                if (end - z[track]).abs() > (far - z[track]).abs() {
                    end
                } else {
                    far
                }
            });
            let at = |z_there: f64| [z_there, start[track] + slope[track] * (z_there - z[track])];
            plane.line(at(z[track]), at(end), TRACK);
        }
        let mut used = vec![false; hits[2].len()];
        links.iter().for_each(|&(_, hit)| used[hit] = true);
        for hit in 0..used.len() {
            let colour = if used[hit] { ON_TRACK } else { LEFT };
            plane.point([hits[2][hit], hits[axis][hit]], 1.3, colour);
        }
        for (place, z) in vertices[axis].iter().zip(vertices[2]) {
            plane.point([*z, *place], 4.0, VERTEX);
        }
    }
    Plane::save(&planes, 1200, 500, &arguments.output)?;
    Ok(())
}
