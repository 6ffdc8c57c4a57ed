//! A task with empty items, for jobs of millions of items: counts them, sums their numbers and squares, and checks the
//! order of the replies.

use clap::Parser;
use gaudi_mpi::prelude::*;

#[derive(Parser)]
struct Arguments {
    /// Number of items
    #[arg(long)]
    items: u64,
    #[command(flatten)]
    farm: Options,
}

#[derive(Serialize, Deserialize, Default)]
struct Count {
    replies: u64,
}

impl Task for Count {
    type Item = u64;
    /// Items, the sum of their numbers, and of the squares of the numbers modulo 1009.
    type Output = (u64, u64, u64);
    type Reply = u64;

    fn new_output(&self) -> (u64, u64, u64) {
        (0, 0, 0)
    }

    fn process(&mut self, &item: &u64, (items, sum, squares): &mut (u64, u64, u64)) -> Result<u64> {
        *items += 1;
        *sum += item;
        *squares += (item % 1009) * (item % 1009);
        Ok(item)
    }

    fn local_process(&mut self, &item: &u64, reply: u64) -> Result<()> {
        if (item, reply) != (self.replies, self.replies) {
            return Err(format!("reply {reply} of item {item} came as number {}", self.replies).into());
        }
        self.replies += 1;
        Ok(())
    }

    fn finalize(&mut self, (items, sum, squares): (u64, u64, u64), statistics: &Statistics) -> Result<()> {
        println!(
            "{items} items, sum {sum}, squares {squares}, {} replies, {} in the statistics",
            self.replies,
            statistics.items()
        );
        Ok(())
    }
}

fn main() -> JobResult {
    let Arguments { items, farm } = gaudi_mpi::parse();
    WorkManager::new(farm)?.process(&mut Count::default(), 0..items)
}
