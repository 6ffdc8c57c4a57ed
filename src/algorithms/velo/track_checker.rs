//! `TrackChecker`: measures the tracking efficiency.

use super::efficiency_table::{CATEGORIES, COUNTS, table};
use super::matching::Links;
use super::table_paths::{HITS, LINKS, PARTICLES, tracks};
use crate::app::JobOutput;
use crate::app::prelude::*;
use crate::numbers::counter::Counter;

/// Compares tracks with the true particles, and prints efficiencies at the end of the job.
///
/// ```toml
/// [[algorithm]]
/// type = "TrackChecker"
/// tracks = "Rec/Track/Velo"          # these are the defaults
/// hits = "Raw/Velo/Hits"
/// particles = "MC/Particles"
/// links = "MC/Links"
/// ```
///
/// A track matches the particle that made more than 70 % of the track's hits; a track without a match is a ghost. A
/// particle is reconstructed if at least one track matches it. Additional matching tracks are clones; the clone
/// fraction is relative to all matching tracks in the category. Electrons belong to no category, but tracks that match
/// electrons do not count as ghosts. Purity is the fraction of a track's hits that belong to its particle. Hit
/// efficiency is the fraction of a particle's hits that are on its track. Both are averaged over tracks. The counters
/// are also saved in the file records.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrackChecker {
    /// The table of tracks.
    pub tracks: String,
    /// The table of hits.
    pub hits: String,
    /// The table of true particles.
    pub particles: String,
    /// The table of links from particles to hits.
    pub links: String,
    #[serde(skip)]
    columns: Columns,
    #[serde(skip)]
    counters: Counters,
    #[serde(skip)]
    matched: Links,
}

#[derive(Default)]
struct Columns {
    hits: TableHandle,
    number: ColumnHandle<u32>,
    hit: ColumnHandle<i32>,
    pid: ColumnHandle<i32>,
    p: ColumnHandle<f64>,
    has_velo: ColumnHandle<bool>,
    is_long: ColumnHandle<bool>,
    from_beauty: ColumnHandle<bool>,
    link: [ColumnHandle<i32>; 2],
}

#[derive(Default)]
struct Counters {
    events: CounterHandle,
    tracks: CounterHandle,
    ghosts: CounterHandle,
    /// The counters for each category, in the order of `COUNTS`.
    of: [[CounterHandle; COUNTS.len()]; CATEGORIES.len()],
}

impl Default for TrackChecker {
    fn default() -> Self {
        Self {
            tracks: tracks(),
            hits: HITS.into(),
            particles: PARTICLES.into(),
            links: LINKS.into(),
            columns: Columns::default(),
            counters: Counters::default(),
            matched: Links::default(),
        }
    }
}

/// The PDG identifier of the electron.
const ELECTRON: i32 = 11;

impl Algorithm for TrackChecker {
    fn initialize(&mut self, setup: &mut Setup) -> Result<()> {
        let Self {
            tracks,
            particles,
            links,
            ..
        } = &*self;
        self.columns = Columns {
            hits: setup.read_table(&self.hits)?,
            number: setup.read(&format!("{tracks}/hits"))?,
            hit: setup.read(&format!("{tracks}Hits/hit"))?,
            pid: setup.read(&format!("{particles}/pid"))?,
            p: setup.read(&format!("{particles}/p"))?,
            has_velo: setup.read(&format!("{particles}/has_velo"))?,
            is_long: setup.read(&format!("{particles}/is_long"))?,
            from_beauty: setup.read(&format!("{particles}/from_beauty"))?,
            link: [
                setup.read(&format!("{links}/particle"))?,
                setup.read(&format!("{links}/hit"))?,
            ],
        };
        self.counters.events = setup.counter("events");
        self.counters.tracks = setup.counter("tracks");
        self.counters.ghosts = setup.counter("ghosts");
        for (of, category) in self.counters.of.iter_mut().zip(CATEGORIES) {
            for (counter, count) in of.iter_mut().zip(COUNTS) {
                *counter = setup.counter(&format!("{category}/{count}"));
            }
        }
        Ok(())
    }

    fn execute(&mut self, event: &mut Event) -> Result<bool> {
        let columns = &self.columns;
        let hits = event.rows(columns.hits).len();
        let (pid, p) = (event.get(columns.pid).to_vec(), event.get(columns.p).to_vec());
        let [has_velo, is_long, from_beauty] =
            [columns.has_velo, columns.is_long, columns.from_beauty].map(|column| event.get(column).to_vec());
        let kinds = |particle: usize| -> [bool; CATEGORIES.len()] {
            let counted = pid[particle].abs() != ELECTRON;
            let long = counted && is_long[particle];
            [
                counted && has_velo[particle],
                long,
                long && p[particle] > 5000.0,
                long && from_beauty[particle],
            ]
        };
        let [particles_of, hits_of] = columns.link.map(|column| event.get(column));
        let pairs = particles_of.iter().copied().zip(hits_of.iter().copied());
        self.matched.fill(pid.len(), hits, pairs);

        let numbers = event.get(columns.number).to_vec();
        let all: Vec<i32> = event.get(columns.hit).to_vec();
        let mut rest = all.as_slice();
        let mut found = vec![0u32; pid.len()];
        let mut ghosts = 0u32;
        for (track, &number) in numbers.iter().enumerate() {
            let Some((own, others)) = rest.split_at_checked(number as usize) else {
                return Err(format!(
                    "{}Hits has fewer rows than the tracks have hits: use the tables of one VeloTracking",
                    self.tracks
                )
                .into());
            };
            rest = others;
            if let Some(hit) = own.iter().find(|hit| !(0..hits as i64).contains(&i64::from(**hit))) {
                return Err(format!(
                    "track {track} refers to hit {hit}, which does not exist in {}",
                    self.hits
                )
                .into());
            }
            let own: Vec<u32> = own.iter().map(|hit| *hit as u32).collect();
            let Some(best) = self.matched.find(&own) else {
                ghosts += 1;
                continue;
            };
            let particle = best.particle as usize;
            found[particle] += 1;
            let purity = f64::from(best.hits) / own.len() as f64;
            let efficiency = f64::from(best.hits) / f64::from(self.matched.hits_of(best.particle));
            for (counters, is) in self.counters.of.iter().zip(kinds(particle)) {
                if is {
                    event.count(counters[3], purity);
                    event.count(counters[4], efficiency);
                }
            }
        }
        let mut sums = [[0u32; 3]; CATEGORIES.len()];
        for (particle, &tracks) in found.iter().enumerate() {
            for (sums, is) in sums.iter_mut().zip(kinds(particle)) {
                if is {
                    sums[0] += 1;
                    sums[1] += u32::from(tracks > 0);
                    sums[2] += tracks.saturating_sub(1);
                }
            }
        }
        for (counters, sums) in self.counters.of.iter().zip(sums) {
            for (counter, sum) in counters.iter().zip(sums) {
                event.count(*counter, f64::from(sum));
            }
        }
        event.count(self.counters.events, 1.0);
        event.count(self.counters.tracks, numbers.len() as f64);
        event.count(self.counters.ghosts, f64::from(ghosts));
        Ok(true)
    }

    fn report(&self, name: &str, output: &JobOutput) -> Option<String> {
        let counter = |count: &str| -> Counter {
            let wanted = format!("{name}/{count}");
            let found = output.counters.iter().find(|(known, _)| *known == wanted);
            found.map(|(_, counter)| counter.clone()).unwrap_or_default()
        };
        Some(table(name, counter))
    }
}
