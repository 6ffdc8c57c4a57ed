//! A task for the tests that succeeds, fails, panics, sleeps or dies, depending on its options. It writes the results,
//! which must be the same on any number of ranks.

use clap::Parser;
use gaudi_mpi::{ExactSum, prelude::*};
use serde::{Deserializer, Serializer, de::Error as _, ser::Error as _};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

/// Does as it is told
#[derive(Parser, Serialize, Deserialize)]
struct Arguments {
    /// Number of items
    #[arg(long, default_value_t = 100)]
    items: u64,
    /// Calls of `process`
    #[arg(long, default_value_t = 1)]
    passes: u64,
    /// Items that fail every time
    #[arg(long, value_delimiter = ',')]
    fail: Vec<u64>,
    /// Items that panic every time
    #[arg(long, value_delimiter = ',')]
    panic: Vec<u64>,
    /// Items at which the process dies every time
    #[arg(long, value_delimiter = ',')]
    die: Vec<u64>,
    /// How the process dies: abort, segfault, kill, exit, hang, eat (allocates without end), freeze
    #[arg(long, default_value = "abort")]
    die_by: String,
    /// A hook in which the process dies, in the way of `--die-by`
    #[arg(long)]
    die_in: Option<String>,
    /// A hook in which the process reports that it sleeps, and sleeps for `--nap`
    #[arg(long)]
    nap_in: Option<String>,
    /// Megabytes that initialize_remote allocates
    #[arg(long, default_value_t = 0)]
    megabytes: usize,
    /// Megabytes that the program allocates before it has a WorkManager
    #[arg(long, default_value_t = 0)]
    common_megabytes: usize,
    /// Items that fail only on rank 0
    #[arg(long, value_delimiter = ',')]
    fail_on_root: Vec<u64>,
    /// Items that report that they sleep, and sleep for `--nap`
    #[arg(long, value_delimiter = ',')]
    sleep: Vec<u64>,
    /// Milliseconds of a nap
    #[arg(long, default_value_t = 60_000)]
    nap: u64,
    /// Milliseconds that every item sleeps
    #[arg(long, default_value_t = 0)]
    milliseconds: u64,
    /// Microseconds that every item spins
    #[arg(long, default_value_t = 0)]
    microseconds: u64,
    /// A hook that fails; or a use: {write,read}_{task,output,reply}
    #[arg(long)]
    fail_in: Option<String>,
    /// A hook that panics; or a use: {write,read}_{task,output,reply}, {gather,join,finish}_output
    #[arg(long)]
    panic_in: Option<String>,
    /// The failing hook fails on this rank only
    #[arg(long)]
    fail_rank: Option<usize>,
    /// Milliseconds that the failing hook takes to fail
    #[arg(long, default_value_t = 0)]
    fail_after: u64,
    /// After a failed call of `process`, call it again and print its error
    #[arg(long)]
    again: bool,
    /// This rank panics outside all hooks, before it processes anything
    #[arg(long)]
    panic_outside: Option<usize>,
    /// Size of each reply in bytes
    #[arg(long, default_value_t = 0)]
    reply: usize,
    /// Milliseconds that `local_process` takes for each item
    #[arg(long, default_value_t = 0)]
    slow_local: u64,
    /// Size of the output in megabytes
    #[arg(long, default_value_t = 0)]
    output: usize,
    /// Print an environment variable and the working directory of each rank
    #[arg(long)]
    environment: Option<String>,
    /// Print the peak memory of each rank in kB
    #[arg(long)]
    peak: bool,
    /// Rank 0 leaves before it processes anything
    #[arg(long)]
    root_leaves: bool,
    /// Rank 1 leaves before it processes anything
    #[arg(long)]
    other_leaves: bool,
    /// Where to write the results
    #[arg(long)]
    out: Option<PathBuf>,
    #[command(flatten)]
    #[serde(skip)]
    farm: Options,
}

mergeable! {
    struct Output {
        items: u64,
        sum: f64,
        exact: ExactSum,
        numbers: Vec<u64>,
        by_key: BTreeMap<u64, Vec<u64>>,
        delicate: Delicate,
        large: Option<Large>,
    }
}

/// A part of the task, the output and the replies that fails or panics on request when it is written, read, gathered,
/// joined or finished.
#[derive(Clone)]
struct Delicate {
    part_of: String,
    fail_in: Option<String>,
    panic_in: Option<String>,
}

impl Delicate {
    fn is_used(&self, verb: &str) -> Result<(), String> {
        let use_ = Some(format!("{verb}_{}", self.part_of));
        assert!(self.panic_in != use_, "{verb}_{} was told to panic", self.part_of);
        if self.fail_in == use_ {
            return Err(format!("{verb}_{} was told to fail", self.part_of));
        }
        Ok(())
    }
}

impl Serialize for Delicate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.is_used("write").map_err(S::Error::custom)?;
        (&self.part_of, &self.fail_in, &self.panic_in).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Delicate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (part_of, fail_in, panic_in) = Deserialize::deserialize(deserializer)?;
        let delicate = Self {
            part_of,
            fail_in,
            panic_in,
        };
        delicate.is_used("read").map_err(D::Error::custom)?;
        Ok(delicate)
    }
}

impl Merge for Delicate {
    type Gathered = Self;
    fn gather(self, _: std::ops::Range<u64>) -> Self {
        self.is_used("gather").unwrap_or_else(|error| panic!("{error}"));
        self
    }
    fn join(into: &mut Self, _: Self) {
        into.is_used("join").unwrap_or_else(|error| panic!("{error}"));
    }
    fn finish(gathered: Self) -> Self {
        gathered.is_used("finish").unwrap_or_else(|error| panic!("{error}"));
        gathered
    }
}

/// A large output, to measure the memory that reductions take.
#[derive(Serialize, Deserialize)]
struct Large(Vec<u64>);

impl Merge for Large {
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

impl Arguments {
    fn delicate(&self, part_of: &str) -> Delicate {
        Delicate {
            part_of: part_of.into(),
            fail_in: self.fail_in.clone(),
            panic_in: self.panic_in.clone(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Probe {
    arguments: Arguments,
    delicate: Delicate,
    ready: bool,
    #[serde(skip)]
    geometry: Vec<u8>,
    #[serde(skip)]
    log: String,
    #[serde(skip)]
    next: usize,
    skipped: Vec<u64>,
}

impl Probe {
    fn hook(&self, name: &str) -> Result<()> {
        if self.arguments.fail_rank.is_some_and(|rank| rank != rank_here()) {
            return Ok(());
        }
        let is_meant = |hook: &Option<String>| hook.as_deref() == Some(name);
        if is_meant(&self.arguments.nap_in) {
            // A single write keeps the lines of several processes intact.
            let line = format!("process {} naps in {name}\n", std::process::id());
            eprint!("{line}");
            std::thread::sleep(Duration::from_millis(self.arguments.nap));
        }
        if is_meant(&self.arguments.die_in) {
            die(&self.arguments.die_by);
        }
        let (fails, panics) = (is_meant(&self.arguments.fail_in), is_meant(&self.arguments.panic_in));
        if fails || panics {
            std::thread::sleep(Duration::from_millis(self.arguments.fail_after));
        }
        assert!(!panics, "{name} was told to panic");
        if fails {
            return Err(format!("{name} was told to fail").into());
        }
        Ok(())
    }
}

impl Task for Probe {
    type Item = (u64, u64);
    type Output = Output;
    type Reply = (u64, String, Delicate);

    fn initialize_local(&mut self) -> Result<()> {
        self.hook("initialize_local")
    }

    fn initialize_remote(&mut self) -> Result<()> {
        self.ready = true;
        self.geometry = vec![1; self.arguments.megabytes * 1_000_000];
        self.hook("initialize_remote")
    }

    fn finalize_remote(&mut self) -> Result<()> {
        assert!(std::mem::take(&mut self.ready), "finalize_remote was called too early");
        self.hook("finalize_remote")
    }

    fn new_output(&self) -> Output {
        if let Err(error) = self.hook("new_output") {
            panic!("{error}");
        }
        let large = (self.arguments.output > 0).then(|| Large(vec![0; self.arguments.output * 125_000]));
        Output {
            items: 0,
            sum: 0.0,
            exact: ExactSum::new(),
            numbers: vec![],
            by_key: BTreeMap::new(),
            delicate: self.arguments.delicate("output"),
            large,
        }
    }

    fn process(&mut self, &(number, value): &(u64, u64), output: &mut Output) -> Result<Self::Reply> {
        assert!(self.ready, "initialize_remote was not called");
        assert_eq!(gaudi_mpi::current_item(), Some(number));
        let mut random = item_random();
        // Values added before a failure must not count.
        output.items += 1;
        let x = random.uniform(-1.0, 1.0) * 10f64.powf(random.uniform(-15.0, 15.0));
        output.sum += x;
        output.exact.add(x);
        output.numbers.push(number);
        output.by_key.entry(number % 7).or_default().push(value);
        if let Some(Large(bins)) = &mut output.large {
            let bin = number as usize % bins.len();
            bins[bin] += u64::MAX / 1_000_000;
        }
        let arguments = &self.arguments;
        if arguments.fail.contains(&number) || (rank_here() == 0 && arguments.fail_on_root.contains(&number)) {
            return Err(format!("item {number} was told to fail").into());
        }
        if arguments.die.contains(&number) {
            die(&arguments.die_by);
        }
        if arguments.panic.contains(&number) {
            panic!("item {number} was told to panic");
        }
        if arguments.sleep.contains(&number) {
            // A single write keeps the lines of several ranks intact.
            let line = format!("item {number} sleeps on rank {}\n", rank_here());
            eprint!("{line}");
            std::thread::sleep(Duration::from_millis(arguments.nap));
        }
        if arguments.milliseconds > 0 {
            std::thread::sleep(Duration::from_millis(arguments.milliseconds));
        }
        if arguments.microseconds > 0 {
            let start = std::time::Instant::now();
            while start.elapsed() < Duration::from_micros(arguments.microseconds) {
                std::hint::spin_loop();
            }
        }
        Ok((
            number,
            letter(number).repeat(arguments.reply),
            arguments.delicate("reply"),
        ))
    }

    fn local_process(&mut self, &(number, _): &(u64, u64), (reply, text, _): Self::Reply) -> Result<()> {
        assert_eq!(number, reply, "a reply belongs to another item");
        assert!(
            text == letter(number).repeat(self.arguments.reply),
            "a reply changed in transit"
        );
        assert!(number as usize >= self.next, "replies are not in item order");
        self.skipped.extend(self.next as u64..number);
        self.next = number as usize + 1;
        if self.arguments.slow_local > 0 {
            std::thread::sleep(Duration::from_millis(self.arguments.slow_local));
        }
        self.hook("local_process")
    }

    fn finalize(&mut self, output: Output, statistics: &Statistics) -> Result<()> {
        let Output {
            items,
            sum,
            exact,
            numbers,
            by_key,
            large,
            ..
        } = output;
        self.skipped.extend(self.next as u64..self.arguments.items);
        assert_eq!(items, statistics.items());
        assert_eq!(items + self.skipped.len() as u64, self.arguments.items);
        let (sum, exact) = (sum.to_bits(), exact.value().to_bits());
        writeln!(self.log, "{items} items, sum {sum:x}, exact {exact:x}")?;
        writeln!(self.log, "skipped {:?}\n{numbers:?}\n{by_key:?}", self.skipped)?;
        if let Some(Large(bins)) = large {
            let filled = bins.iter().filter(|&&bin| bin > 0).count();
            writeln!(self.log, "{filled} of {} bins", bins.len())?;
        }
        self.hook("finalize")?;
        self.next = 0;
        self.skipped.clear();
        Ok(())
    }
}

/// Ends or disables this process.
fn die(how: &str) {
    use nix::sys::signal::{Signal, raise};
    match how {
        // SAFETY: none. The write must crash the process.
        "segfault" => unsafe { std::ptr::without_provenance_mut::<u8>(64).write_volatile(1) },
        "kill" => raise(Signal::SIGKILL).unwrap(),
        "freeze" => raise(Signal::SIGSTOP).unwrap(),
        "exit" => std::process::exit(7),
        "hang" => std::thread::sleep(Duration::from_secs(3600)),
        "eat" => {
            let mut eaten = vec![];
            loop {
                eaten.push(vec![1_u8; 10_000_000]);
                std::hint::black_box(&eaten);
            }
        }
        _ => std::process::abort(),
    }
}

/// The letter that fills an item's reply.
fn letter(number: u64) -> &'static str {
    let letter = number as usize % 26;
    &"abcdefghijklmnopqrstuvwxyz"[letter..=letter]
}

fn rank_here() -> usize {
    std::env::var("OMPI_COMM_WORLD_RANK")
        .or_else(|_| std::env::var("PMI_RANK"))
        .ok()
        .and_then(|rank| rank.parse().ok())
        .unwrap_or(0)
}

fn main() -> JobResult {
    let arguments: Arguments = gaudi_mpi::parse();
    let common = vec![1_u8; arguments.common_megabytes * 1_000_000];
    let mut manager = WorkManager::new(arguments.farm.clone())?;
    if let Some(name) = &arguments.environment {
        // A single write keeps the lines of several ranks intact.
        let line = format!(
            "rank {}: {name}={:?} in {:?}\n",
            manager.rank(),
            std::env::var(name).ok(),
            std::env::current_dir().ok()
        );
        print!("{line}");
    }
    if arguments.root_leaves && manager.is_root() || arguments.other_leaves && manager.rank() == 1 {
        return Ok(Summary::default());
    }
    if arguments.panic_outside == Some(manager.rank()) {
        panic!("rank {} was told to panic", manager.rank());
    }
    let Arguments {
        items,
        passes,
        again,
        peak,
        ..
    } = arguments;
    let out = arguments.out.clone();
    let mut probe = Probe {
        delicate: arguments.delicate("task"),
        arguments,
        ready: false,
        geometry: vec![],
        log: String::new(),
        next: 0,
        skipped: vec![],
    };
    let mut summary = Summary::default();
    for pass in 0..passes {
        let numbers = || (0..items).map(|item| (item, item * item + pass));
        summary = match manager.process(&mut probe, numbers()) {
            Err(error) if again => {
                let second = manager.process(&mut probe, numbers());
                eprintln!(
                    "once more: {}",
                    second.err().map_or("succeeded".into(), |error| error.to_string())
                );
                return Err(error);
            }
            result => result?,
        };
    }
    std::hint::black_box(&common);
    if peak {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let most = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        let line = format!("peak of rank {}: {}\n", manager.rank(), most.unwrap_or("unknown"));
        print!("{line}");
    }
    if let (Some(out), true) = (out, manager.is_root()) {
        std::fs::write(&out, probe.log).map_err(|source| gaudi_mpi::Error::File {
            action: "write",
            path: out,
            source,
        })?;
    }
    Ok(summary)
}
