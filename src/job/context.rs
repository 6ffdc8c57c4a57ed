//! Information for a task about the item that it is processing.

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

/// Returns the number of the item that this thread is processing, counted from 0 in item order; `None` outside
/// `process`.
///
/// ```
/// assert_eq!(gaudi_mpi::current_item(), None);
/// ```
pub fn current_item() -> Option<u64> {
    CURRENT.get().map(|current| current.item)
}

/// Returns the random number generator of the item that this thread is processing. The generator's numbers depend only
/// on the job's `--seed`, the item's number and the number of earlier calls of `WorkManager::process`, so an item gets
/// the same numbers on every rank and at every attempt.
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
/// If called outside `process`.
pub fn item_random() -> Random {
    match CURRENT.get() {
        Some(Current { seed, pass, item }) => Random::with_stream(seed, item, pass),
        None => panic!(
            "item_random returns the random numbers of the item in process, and there is none here: use Random::new instead"
        ),
    }
}
