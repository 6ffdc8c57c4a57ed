//! `Prescale`: passes a random fraction of the events.

use crate::app::prelude::*;
use crate::error::Result;

/// Passes a random fraction of the events. The choice depends only on the job's seed, the event's number and the
/// algorithm's name.
///
/// ```
/// # gaudi_mpi::algorithms::register_all();
/// # let job = gaudi_mpi::app::JobConfig::parse(r#"
/// # input.events = 10
/// # [[algorithm]]
/// # type = "ToyDecays"
/// [[algorithm]]
/// type = "Prescale"
/// fraction = 0.1
/// # "#)?;
/// # gaudi_mpi::app::AppMgr::from_config(job).events(1)?.next()?;
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prescale {
    /// The fraction of events that pass, from 0 (none) to 1 (all).
    pub fraction: f64,
}

impl Algorithm for Prescale {
    fn initialize(&mut self, _: &mut Setup) -> Result<()> {
        if !(0.0..=1.0).contains(&self.fraction) {
            return Err(format!(
                "'fraction' is a fraction of the events, from 0 to 1, not {}",
                self.fraction
            )
            .into());
        }
        Ok(())
    }

    fn execute(&mut self, event: &mut Event) -> Result<bool> {
        Ok(event.random().uniform(0.0, 1.0) < self.fraction)
    }
}
