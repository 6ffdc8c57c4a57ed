//! The peer of `hist_task`: the same fills in a bare loop, without the farm and the histogram library. Prints millions
//! of fills per second.

use gaudi_mpi::Random;
use std::hint::black_box;
use std::time::Instant;

/// A minimal histogram. A fill finds the bin, counts, and adds to the sums for the mean and the standard deviation.
struct Bare {
    counts: [u64; 102],
    sum: f64,
    sum_of_squares: f64,
}

impl Bare {
    #[inline]
    fn fill(&mut self, x: f64) {
        let z = (x + 20.0) / 40.0;
        let bin = if z < 1.0 {
            if z >= 0.0 { 1 + (z * 100.0) as usize } else { 0 }
        } else {
            101
        };
        self.counts[bin] += 1;
        if (1..=100).contains(&bin) {
            self.sum += x;
            self.sum_of_squares += x * x;
        }
    }
}

fn main() {
    let (items, histograms, entries) = (100, 9, 100_000);
    let start = Instant::now();
    let mut all: Vec<Bare> = (0..histograms)
        .map(|_| Bare {
            counts: [0; 102],
            sum: 0.0,
            sum_of_squares: 0.0,
        })
        .collect();
    for item in 0..items {
        let mut random = Random::new(1, item);
        for (number, histogram) in all.iter_mut().enumerate() {
            let sigma = (number + 1) as f64;
            for _ in 0..entries {
                histogram.fill(random.gaussian(0.0, sigma));
            }
        }
    }
    for histogram in &all {
        black_box((&histogram.counts, histogram.sum, histogram.sum_of_squares));
    }
    println!(
        "{:.1}",
        (items * histograms * entries) as f64 / start.elapsed().as_secs_f64() / 1e6
    );
}
