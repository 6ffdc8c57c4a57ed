//! A task for jobs with very many items, which cost nothing: it counts the items, sums their numbers and squares, and
//! checks the order of the replies.

use clap::Parser;
use gaudi_mpi::prelude::*;
use std::time::Duration;

#[derive(Parser)]
struct Arguments {
    /// Number of items
    #[arg(long)]
    items: u64,
    /// Take the items from a generator of unknown length
    #[arg(long)]
    generate: bool,
    /// Bytes of each item, in addition to its number
    #[arg(long, default_value_t = 0)]
    padding: usize,
    /// Milliseconds that the generator takes per item
    #[arg(long, default_value_t = 0)]
    slow: u64,
    /// The generator panics at this item
    #[arg(long)]
    panic_at: Option<u64>,
    #[command(flatten)]
    farm: Options,
}

#[derive(Serialize, Deserialize, Default)]
struct Count {
    replies: u64,
}

#[derive(Serialize, Deserialize)]
struct Padded {
    number: u64,
    padding: String,
}

impl Task for Count {
    type Item = Padded;
    /// The number of items, the sum of their numbers, and the sum of the squares of the numbers modulo 1009.
    type Output = (u64, u64, u64);
    type Reply = u64;

    fn new_output(&self) -> (u64, u64, u64) {
        (0, 0, 0)
    }

    fn process(&mut self, item: &Padded, (items, sum, squares): &mut (u64, u64, u64)) -> Result<u64> {
        *items += 1;
        *sum += item.number;
        *squares += (item.number % 1009) * (item.number % 1009);
        Ok(item.number)
    }

    fn local_process(&mut self, item: &Padded, reply: u64) -> Result<()> {
        if (item.number, reply) != (self.replies, self.replies) {
            let number = item.number;
            return Err(format!("reply {reply} of item {number} came as number {}", self.replies).into());
        }
        self.replies += 1;
        Ok(())
    }

    fn describe(&self, item: &Padded) -> String {
        format!("number {}", item.number)
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
    let Arguments {
        items,
        generate,
        padding,
        slow,
        panic_at,
        farm,
    } = gaudi_mpi::parse();
    let item = move |number| {
        assert!(Some(number) != panic_at, "told to panic at {number}");
        if slow > 0 {
            std::thread::sleep(Duration::from_millis(slow));
        }
        Padded {
            number,
            padding: "x".repeat(padding),
        }
    };
    let mut manager = WorkManager::new(farm)?;
    if generate {
        manager.process(
            &mut Count::default(),
            (0..).take_while(|&number| number < items).map(item),
        )
    } else {
        manager.process(&mut Count::default(), (0..items).map(item))
    }
}
