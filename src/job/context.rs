//! What the code of a task can ask about the item it is processing.

use crate::numbers::random::Random;
use std::cell::Cell;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Current {
    pub seed: u64,
    pub pass: u64,
    pub item: u64,
}

thread_local! {
    static CURRENT: Cell<Option<Current>> = const { Cell::new(None) };
}

pub(crate) fn set_current(current: Option<Current>) {
    CURRENT.set(current);
}

/// The number of the item that this thread is processing, from 0 in the order the items were given; `None` outside
/// `process`.
///
/// ```
/// assert_eq!(gaudi_mpi::current_item(), None);
/// ```
pub fn current_item() -> Option<u64> {
    CURRENT.get().map(|current| current.item)
}

/// The random numbers of the item that this thread is processing: a function of the job's `--seed`, the item's number,
/// and (for a program that calls `WorkManager::process` several times) the number of calls before. The same item gets
/// the same numbers on any rank, at any attempt.
///
/// ```
/// use gaudi_mpi::prelude::*;
///
/// #[derive(Serialize, Deserialize, Default)]
/// struct Throw(Vec<f64>);
///
/// impl Task for Throw {
///     type Item = u32;
///     type Output = Vec<f64>;
///     type Reply = ();
///
///     fn new_output(&self) -> Vec<f64> {
///         Vec::new()
///     }
///     fn process(&mut self, count: &u32, output: &mut Vec<f64>) -> Result<()> {
///         let mut random = gaudi_mpi::item_random();
///         output.extend((0..*count).map(|_| random.uniform(0.0, 1.0)));
///         Ok(())
///     }
///     fn finalize(&mut self, output: Vec<f64>, _: &Statistics) -> Result<()> {
///         self.0 = output;
///         Ok(())
///     }
/// }
///
/// let mut throw = Throw::default();
/// WorkManager::new(Options::default().quiet())?.process(&mut throw, [2, 1])?;
/// assert_eq!(throw.0[2], Random::new(Options::default().seed, 1).uniform(0.0, 1.0));
/// # Ok::<(), gaudi_mpi::Error>(())
/// ```
///
/// # Panics
/// Outside `process`, where there is no item.
pub fn item_random() -> Random {
    match CURRENT.get() {
        Some(Current { seed, pass, item }) => Random::with_stream(seed, item, pass),
        None => panic!(
            "item_random gives the random numbers of the item in process; here is none, so make them with Random::new"
        ),
    }
}
