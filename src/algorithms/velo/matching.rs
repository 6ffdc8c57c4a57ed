//! Matching between tracks and true particles.

/// The true particle with more than 70 % of a track's hits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    /// The row of the particle.
    pub particle: u32,
    /// The number of the track's hits that belong to the particle.
    pub hits: u32,
}

/// The links between an event's particles and hits.
///
/// ```
/// use gaudi_mpi::algorithms::velo::matching::Links;
///
/// let mut links = Links::default();
/// links.fill(1, 4, [(0, 0), (0, 1), (0, 2)].into_iter());
/// assert_eq!(links.find(&[0, 1, 2]).map(|found| found.particle), Some(0));
/// assert_eq!(links.find(&[0, 1, 3]), None);
/// ```
#[derive(Default)]
pub struct Links {
    /// The particles of hit `i` are `particles[ends[i]..ends[i + 1]]`.
    ends: Vec<u32>,
    particles: Vec<u32>,
    /// The number of hits of each particle.
    hits_of: Vec<u32>,
    /// Buffers used by `find`: the number of hits in common with each particle, and the particles that have any.
    counts: Vec<u32>,
    seen: Vec<u32>,
}

impl Links {
    /// Sets the links from pairs of rows (particle, hit). Pairs in which a row is out of range are ignored.
    pub fn fill(&mut self, particles: usize, hits: usize, pairs: impl Iterator<Item = (i32, i32)> + Clone) {
        let good = |&(particle, hit): &(i32, i32)| {
            (0..particles as i64).contains(&i64::from(particle)) && (0..hits as i64).contains(&i64::from(hit))
        };
        self.ends.clear();
        self.ends.resize(hits + 2, 0);
        self.hits_of.clear();
        self.hits_of.resize(particles, 0);
        self.counts.clear();
        self.counts.resize(particles, 0);
        for (particle, hit) in pairs.clone().filter(good) {
            self.ends[hit as usize + 2] += 1;
            self.hits_of[particle as usize] += 1;
        }
        for hit in 2..self.ends.len() {
            self.ends[hit] += self.ends[hit - 1];
        }
        self.particles.clear();
        self.particles.resize(self.ends[hits + 1] as usize, 0);
        for (particle, hit) in pairs.filter(good) {
            let place = &mut self.ends[hit as usize + 1];
            self.particles[*place as usize] = particle as u32;
            *place += 1;
        }
    }

    /// Returns the number of a particle's hits.
    pub fn hits_of(&self, particle: u32) -> u32 {
        self.hits_of[particle as usize]
    }

    /// Returns the match for a track with these hits, or `None` if the track is a ghost.
    pub fn find(&mut self, hits: &[u32]) -> Option<Match> {
        self.seen.clear();
        for &hit in hits {
            for place in self.ends[hit as usize]..self.ends[hit as usize + 1] {
                let particle = self.particles[place as usize];
                if self.counts[particle as usize] == 0 {
                    self.seen.push(particle);
                }
                self.counts[particle as usize] += 1;
            }
        }
        let mut best: Option<Match> = None;
        for &particle in &self.seen {
            let hits = std::mem::take(&mut self.counts[particle as usize]);
            // Among particles with the same number of hits, the first particle is chosen.
            let better = best.is_none_or(|best| (hits, best.particle) > (best.hits, particle));
            if better {
                best = Some(Match { particle, hits });
            }
        }
        best.filter(|best| 10 * best.hits as usize > 7 * hits.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_needs_more_than_seventy_percent_of_the_hits() {
        let mut links = Links::default();
        // Particle 0 has hits 0 to 6, particle 1 has hits 6 to 9.
        let pairs = (0..7).map(|hit| (0, hit)).chain((6..10).map(|hit| (1, hit)));
        links.fill(2, 11, pairs);
        assert_eq!((links.hits_of(0), links.hits_of(1)), (7, 4));
        let found = |links: &mut Links, hits: &[u32]| links.find(hits).map(|found| (found.particle, found.hits));
        assert_eq!(found(&mut links, &[0, 1, 2]), Some((0, 3)));
        assert_eq!(found(&mut links, &[0, 1, 2, 7]), Some((0, 3)));
        assert_eq!(found(&mut links, &[0, 1, 7]), None);
        // Seven hits out of ten are not more than 70 %.
        assert_eq!(found(&mut links, &[0, 1, 2, 3, 4, 5, 6, 10, 10, 10]), None);
        assert_eq!(found(&mut links, &[6, 7, 8, 9]), Some((1, 4)));
        assert_eq!(found(&mut links, &[10]), None);
        assert_eq!(found(&mut links, &[]), None);
    }

    #[test]
    fn links_out_of_range_are_ignored() {
        let mut links = Links::default();
        links.fill(1, 1, [(-1, 0), (0, -1), (5, 0), (0, 7), (0, 0)].into_iter());
        assert_eq!(links.hits_of(0), 1);
    }
}
