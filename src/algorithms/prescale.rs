//! `Prescale`: lets a part of the events pass.

use crate::app::prelude::*;
use crate::error::Result;

/// Lets a part of the events pass, chosen by chance: a function of the job's seed, the event's number and the
/// algorithm's name.
///
/// ```toml
/// [[algorithm]]
/// type = "Prescale"
/// fraction = 0.1
/// ```
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prescale {
    /// From 0, none, to 1, all.
    pub fraction: f64,
}

impl Algorithm for Prescale {
    fn initialize(&mut self, _: &mut Setup) -> Result<()> {
        if !(0.0..=1.0).contains(&self.fraction) {
            return Err(format!("'fraction' is a part of the events, from 0 to 1, not {}", self.fraction).into());
        }
        Ok(())
    }

    fn execute(&mut self, event: &mut Event) -> Result<bool> {
        Ok(event.random().uniform(0.0, 1.0) < self.fraction)
    }
}
