//! Measures the farm itself: items per second, the utilisation of many ranks, the cost of waiting, and the memory that
//! a large output takes. `scripts/bench/farm` runs it and prints the figures.

use clap::{Parser, ValueEnum};
use gaudi_mpi::prelude::*;
use std::time::{Duration, Instant};

#[derive(Parser)]
struct Arguments {
    what: What,
    /// Number of items [default: ten million that do nothing, or a hundred for each rank]
    #[arg(long)]
    items: Option<u64>,
    /// Milliseconds that an item sleeps
    #[arg(long, default_value_t = 20.0)]
    milliseconds: f64,
    /// Megabytes of output
    #[arg(long, default_value_t = 200)]
    megabytes: usize,
    #[command(flatten)]
    farm: Options,
}

#[derive(ValueEnum, Clone, Copy, PartialEq)]
enum What {
    /// Items that do nothing: items per second
    Empty,
    /// Items that sleep: the number that sleep at a time
    Sleep,
    /// A large output: seconds, and memory per rank
    Reduce,
}

#[derive(Serialize, Deserialize)]
struct Bench {
    milliseconds: f64,
    bins: usize,
    #[serde(skip)]
    start: Option<Instant>,
    #[serde(skip)]
    elapsed: Duration,
}

impl Task for Bench {
    type Item = u64;
    type Output = (u64, Sums);
    type Reply = ();

    fn initialize_local(&mut self) -> Result<()> {
        self.start = Some(Instant::now());
        Ok(())
    }
    fn new_output(&self) -> (u64, Sums) {
        (0, Sums(vec![0; self.bins]))
    }
    fn process(&mut self, item: &u64, (count, Sums(sums)): &mut (u64, Sums)) -> Result<()> {
        *count += 1;
        if !sums.is_empty() {
            sums.iter_mut().for_each(|sum| *sum += (item + 1) << 40); // as many bytes on the wire as in memory
        }
        if self.milliseconds > 0.0 {
            std::thread::sleep(Duration::from_secs_f64(self.milliseconds / 1e3));
        }
        Ok(())
    }
    fn finalize(&mut self, _: (u64, Sums), _: &Statistics) -> Result<()> {
        self.elapsed = self.start.map_or(Duration::ZERO, |start| start.elapsed());
        Ok(())
    }
}

/// Many sums, like the bins of large histograms.
#[derive(Serialize, Deserialize)]
struct Sums(Vec<u64>);

impl Merge for Sums {
    type Gathered = Self;
    fn gather(self, _: std::ops::Range<u64>) -> Self {
        self
    }
    fn join(into: &mut Self, other: Self) {
        into.0.iter_mut().zip(other.0).for_each(|(into, other)| *into += other);
    }
    fn finish(gathered: Self) -> Self {
        gathered
    }
}

fn main() -> JobResult {
    let arguments: Arguments = gaudi_mpi::parse();
    let mut manager = WorkManager::new(arguments.farm.quiet())?;
    let mut bench = Bench {
        milliseconds: if arguments.what == What::Sleep {
            arguments.milliseconds
        } else {
            0.0
        },
        bins: if arguments.what == What::Reduce {
            arguments.megabytes * 125_000
        } else {
            0
        },
        start: None,
        elapsed: Duration::ZERO,
    };
    let items = arguments.items.unwrap_or(if arguments.what == What::Empty {
        10_000_000
    } else {
        100 * manager.size() as u64
    });
    let summary = manager.process(&mut bench, 0..items)?;
    let seconds = bench.elapsed.as_secs_f64();
    match arguments.what {
        What::Empty if manager.is_root() => println!("{:.2}", items as f64 / seconds / 1e6),
        What::Sleep if manager.is_root() => {
            println!("{:.2}", items as f64 * arguments.milliseconds / 1e3 / seconds)
        }
        What::Reduce => {
            let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
            let peak = status.lines().find_map(|line| {
                line.strip_prefix("VmHWM:")?
                    .trim()
                    .strip_suffix(" kB")?
                    .parse::<f64>()
                    .ok()
            });
            println!(
                "{} {:.2} {seconds:.2}",
                manager.rank(),
                peak.unwrap_or(f64::NAN) * 1024.0 / (arguments.megabytes as f64 * 1e6)
            );
        }
        _ => {}
    }
    Ok(summary)
}
